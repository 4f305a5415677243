/**
 * Where everything lies in the memory of a pool.
 *
 * A pool has one block of shared memory of a fixed size. Tasks go through two submission rings (urgent ones have their
 * own), which all workers read; each worker has a seat with a result ring that the owner of the pool reads.
 *
 * ```text
 * control    HEADER words, one cache line each     tails and heads of the submission rings, the owner's bell
 * idle       one cache line per 30 seats           who sleeps, and who is looking for work
 * seats      one per seat                          its hazard, its bell, its counters, and a lane for each task that it runs
 * functions  FN_MAX entries, FN_BYTES bytes        functions, each sent once
 * main ring, urgent ring, one result ring a seat   records
 * ```
 *
 * Positions in rings count units of 8 bytes and wrap at 2 ** 30. A record never wraps: padding fills the end.
 *
 * ```text
 * task    len | STATE | slot | op | length | sent | [first, count of a batch] | [key of buffers] | body
 * result  len | slot | op | length |               [run, wait time] | [first, count] | [key of buffers] | body
 * ```
 *
 * @module
 */

/** How large a pool's memory is: plain numbers, which the workers get, too. */
export interface TaskGeometry {
  /** Seats for workers, more than there are workers: a successor never sits down where a dead worker has sat. */
  seats: number;
  /** Tasks that one worker runs at once. */
  lanes: number;
  /** Bytes of the main ring, a power of two. */
  mainBytes: number;
  /** Bytes of the urgent ring, a power of two. */
  urgentBytes: number;
  /** Bytes of a result ring, a power of two. */
  resultBytes: number;
}

/** Positions are numbers of this many bits. */
export const POSITIONS = 0x3fffffff;
/** In a hazard or a lane: the position is one of the urgent ring. */
export const URGENT: number = 1 << 30;
/** No hazard. */
export const NONE = -1;

/** Control: end of the main ring. */
export const TAIL = 16;
/** Control: where workers claim in the main ring. */
export const HEAD = 32;
/** Control: end of the urgent ring. */
export const URGENT_TAIL = 48;
/** Control: where workers claim in the urgent ring. */
export const URGENT_HEAD = 64;
/** Control: the owner's bell; 0, or `ARMED`, or `ARMED_FOR_ROOM`. */
export const OWNER_BELL = 80;
/** Control: one of the `STOP_…` values: what workers do when they find nothing to do. */
export const STOP = 96;
/** Control: functions in the table. */
export const FN_COUNT = 112;
/** Control, in memory that processes share: what the owner is among them. */
export const OWNER_AGENT = 113;
/** Owner's bell: he sleeps until there is a result. */
export const ARMED = 1;
/** Owner's bell: he sleeps until there is a result, or a task was claimed: others wait for room in the ring. */
export const ARMED_FOR_ROOM = 2;
/** First of the words that say who sleeps. */
export const IDLE = 128;
/** Seats that share one such word. */
export const IDLE_SEATS = 30;
/** In such a word: one of its seats has the search role. */
export const SEARCHING: number = 1 << 30;
const LINE = 16;

/** Seat: the record that must not be overwritten. */
export const S_HAZARD = 0;
/** Seat: end of the result ring. */
export const S_RESULT_TAIL = 16;
/** Seat: how far the owner has read. */
export const S_RESULT_HEAD = 32;
/** Seat: the worker waits for room in its result ring. */
export const S_FULL = 33;
/** Seat: the bell; 1 = rung. */
export const S_BELL = 48;
/** Seat: one of the `SEAT_…` states. */
export const S_STATE = 64;
/** Seat: `DRAIN_…`. */
export const S_DRAIN = 65;
/** Seat: the agent that the worker is. */
export const S_AGENT = 66;
/** Seat: a page of the heap that the worker is about to hand over. */
export const S_PAGE = 67;
/** Seat: tasks that ended. */
export const S_TASKS = 68;
/** Seat: when the worker was ready, as a 64-bit number of milliseconds since the epoch. */
export const S_READY_AT = 70;
/** Seat: how long it had nothing to do, as a 64-bit number of milliseconds. */
export const S_IDLE_TIME = 72;
/** Seat: since when it has nothing to do, as a 64-bit number of milliseconds since the epoch; 0 = it has. */
export const S_IDLE_SINCE = 74;
/** Seat: the first lane. */
export const S_LANES = 80;

/** Lane: the slot of the task plus 1; 0 = free. */
export const L_SLOT = 0;
/** Lane: the position of its record, and `URGENT`. */
export const L_POSITION = 1;
/** Lane: in a batch, the item that runs. */
export const L_ITEM = 2;
/** Lane: why the task is to stop: 0, or `ABORT_…`, or a page of the heap plus `ABORT_PAGE`. */
export const L_ABORT = 3;
/** Words of a lane. */
export const LANE_WORDS = 4;

/** Workers leave. */
export const STOP_LEAVE = 1;
/** Workers go back to their event loops for ever: the program ends. */
export const STOP_RETURN = 2;

/** Seat state: a worker is being started. */
export const SEAT_STARTING = 1;
/** Seat state: the worker runs tasks. */
export const SEAT_READY = 2;
/** Seat state: the worker has left in order, with nothing begun. */
export const SEAT_LEFT = 3;

/** Nobody asked the worker to take no more tasks. */
export const DRAIN_NO = 0;
/** The worker is asked to take no more tasks. */
export const DRAIN_ASKED = 1;
/** The worker has heard it: its event loop goes round. */
export const DRAIN_HEARD = 2;

/** The task was cancelled. */
export const ABORT_CANCELLED = 1;
/** The task has run out of time. */
export const ABORT_TIMEOUT = 2;
/** Above this: the page with the encoded reason. */
export const ABORT_PAGE = 16;

/** Words before the body of a task. */
export const TASK_WORDS = 6;
/** Words before the body of a result. */
export const RESULT_WORDS = 4;

/** Record state: in the ring. */
export const QUEUED = 1;
/** Record state: a worker runs it, or has run it. */
export const BEGUN = 2;
/** Record state: never to begin; the worker that claims it answers nothing. */
export const CANCELLED = 3;
/** Record state: fills the end of the ring. */
export const PAD = 4;
/** Record state: sent again, after the death of its claimer. */
export const MOVED = 5;

// -- the word `op` of a task and of a result --

/** Body: nothing; as a value, `undefined`. */
export const K_NONE = 0;
/** Body: one number. */
export const K_NUMBER = 1;
/** Body: numbers. */
export const K_NUMBERS = 2;
/** Body: what the codec has written. */
export const K_CODED = 3;
/** Body: nothing; the value is `true`. */
export const K_TRUE = 4;
/** Body: nothing; the value is `false`. */
export const K_FALSE = 5;
/** Bits of the kind of the body. */
export const KIND = 7;
/** The body is in the heap: its page. */
export const PAGED = 1 << 3;
/** Buffers go beside it. */
export const BUFFERS = 1 << 4;
/** Several values, of items of a batch. */
export const ITEMS = 1 << 5;
/** Task: the items are lists of arguments. */
export const STAR = 1 << 6;
/** Task: what follows a failure in the batch is not run. */
export const STOP_AT_FAILURE = 1 << 7;
/** Task: the arguments stand behind the values of context variables. */
export const CONTEXT = 1 << 8;
/** Task: the function goes with the arguments. */
export const INLINE_FUNCTION = 1 << 9;
/** Task: the buffers are needed again if it is run again. */
export const KEEP_BUFFERS = 1 << 10;
/** Result: the value is an error. */
export const FAILED = 1 << 6;
/** Result: the task has ended with it. */
export const LAST = 1 << 8;
/** Result: times stand before the body. */
export const TIMED = 1 << 9;
/** Result: the initializer has failed, the value is its error. */
export const NOT_READY = 1 << 10;
/** Task: the number of the function is above this bit. */
export const FN_SHIFT = 12;
/** Functions in the table. */
export const FN_MAX = 4096;
/** Bytes for functions. */
export const FN_BYTES: number = 1 << 18;
/** Task: how often the task was begun before, above this bit. */
export const ATTEMPT_SHIFT = 24;
/** The largest number of attempts that is told. */
export const ATTEMPT_MAX = 127;

/** What is larger, in bytes, goes through the heap. */
export const INLINE_LIMIT: number = 1 << 16;

/** Where the parts are: words, but for the rings, which are units. */
export class TaskLayout {
  /** Words that say who sleeps. */
  readonly idleWords: number;
  /** First seat. */
  readonly seats: number;
  /** Words of a seat. */
  readonly seatWords: number;
  /** First entry of the table of functions: offset in bytes and length. */
  readonly functions: number;
  /** First byte of the functions. */
  readonly functionBytes: number;
  /** First unit of the main ring. */
  readonly main: number;
  /** First unit of the urgent ring. */
  readonly urgent: number;
  /** First unit of the result rings. */
  readonly results: number;
  /** Units of a result ring. */
  readonly resultUnits: number;
  /** Bytes of the whole. */
  readonly bytes: number;

  /** Lays out the memory. */
  constructor(geometry: TaskGeometry) {
    const { seats, lanes, mainBytes, urgentBytes, resultBytes } = geometry;
    this.idleWords = Math.ceil(seats / IDLE_SEATS);
    this.seats = IDLE + this.idleWords * LINE;
    this.seatWords = S_LANES + Math.ceil(lanes * LANE_WORDS / LINE) * LINE;
    this.functions = this.seats + seats * this.seatWords;
    this.functionBytes = (this.functions + FN_MAX * 2) * 4;
    this.main = Math.ceil((this.functionBytes + FN_BYTES) / 64) * 8;
    this.urgent = this.main + mainBytes / 8;
    this.results = this.urgent + urgentBytes / 8;
    this.resultUnits = resultBytes / 8;
    this.bytes = (this.results + seats * this.resultUnits) * 8;
  }

  /** Gives the first word of a seat. */
  seat(index: number): number {
    return this.seats + index * this.seatWords;
  }
}
