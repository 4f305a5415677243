/**
 * Where everything lies in an arena.
 *
 * An arena is one block of 32-bit words; index 0 means "none" wherever an index is stored. Untouched
 * pages cost nothing, so the tables are generous.
 *
 * ```text
 * header   64 words           counters of the whole arena
 * agents   MAX_AGENTS  x 32   one a thread: state, doorbell; a cache line of what it has in hand
 * process  MAX_PROCESSES x 16 one a process, in the arena of a family of processes
 * objects  MAX_OBJECTS x 32   one a lock, event, …; a cache line of queue, a cache line of state
 * chunks   MAX_CHUNKS  x 2064 256 wait slots each, claimed whole by one agent
 * pages    MAX_PAGES   x 1    the page table of the heap
 * heap     4 KiB pages        arguments, results, shared arrays, items of queues
 * ```
 *
 * @module
 */

/** Header: identifies the layout, so that different versions refuse each other. */
export const MAGIC = 1;
/** Header: objects handed out so far. */
export const OBJECTS = 2;
/** Header: chunks handed out so far. */
export const CHUNKS = 3;
/** Header: agents handed out so far. */
export const AGENTS = 4;
/** Header: where the search for a free agent id begins. */
export const NEXT_AGENT = 5;
/** Header, arena of processes: pages of the heap for which there is memory. */
export const GROWN = 6;
/** Header, arena of processes: the number of this family, never 0. */
export const FAMILY = 7;
/** Header, arena of processes: process slots handed out so far. */
export const PROCESSES = 8;
/** Header, arena of threads: the latch of what follows, which is how this process takes part in its family. */
export const FAMILY_LATCH = 16;
/** Header, arena of threads: this process' tag in the family; 0 = it has none yet. */
export const FAMILY_TAG = 17;
/** Header, arena of threads: where the family's memory is mapped, the lower and the upper half. */
export const FAMILY_ADDRESS = 18;
/** Header, arena of threads: how long it is, in pages. */
export const FAMILY_PAGES = 20;
/** Header, arena of threads: the descriptor of the family's memory. */
export const FAMILY_FD = 21;
/** Header, arena of threads: 1 = the family's memory has a name, and waits look again and again. */
export const FAMILY_POLLS = 22;
/** Header, arena of threads: the state of the sleeper. */
export const FAMILY_SLEEPER = 23;
/** Header, arena of threads: threads that load or use the C library where they must not be ended; see `own_ffi.ts`. */
export const FFI_LOADING = 24;
/** What `MAGIC` holds. */
export const LAYOUT_VERSION = 0x6e6f0003;

/** Agents (threads) at one time. An agent's index fits in 16 bits. */
export const MAX_AGENTS = 4096;
/** Processes of a family at one time. A process' number fits in 10 bits. */
export const MAX_PROCESSES = 1024;
/** Objects at one time. */
export const MAX_OBJECTS = 1 << 20;
/** Chunks of wait slots at one time. */
export const MAX_CHUNKS = 4096;
/** Pages of the heap. */
export const MAX_PAGES = 1 << 20;
/** Bytes of a page of the heap. */
export const PAGE_BYTES = 4096;

/** Words of an agent record. */
export const AGENT_WORDS = 32;
/** Words of a process record. */
export const PROCESS_WORDS = 16;
/** Words of an object record. */
export const OBJECT_WORDS = 32;
/** Words of a wait slot. */
export const SLOT_WORDS = 8;
/** Wait slots of a chunk. */
export const CHUNK_SLOTS = 256;
/** Words of a chunk before its slots: owner, summary, 8 words of ready bits. */
export const CHUNK_HEADER = 16;
/** Words of a chunk. */
export const CHUNK_WORDS = CHUNK_HEADER + CHUNK_SLOTS * SLOT_WORDS;

/** First agent record (agent 0 does not exist). */
export const AGENT_BASE = 64;
/** First process record (process 0 does not exist). */
export const PROCESS_BASE = AGENT_BASE + MAX_AGENTS * AGENT_WORDS;
/** First object record (object 0 does not exist). */
export const OBJECT_BASE = PROCESS_BASE + MAX_PROCESSES * PROCESS_WORDS;
/** First chunk. */
export const CHUNK_BASE = OBJECT_BASE + MAX_OBJECTS * OBJECT_WORDS;
/** First word of the page table. */
export const PAGE_BASE = CHUNK_BASE + MAX_CHUNKS * CHUNK_WORDS;
/** Words before the heap. */
export const CONTROL_WORDS = PAGE_BASE + MAX_PAGES;
/** Byte offset of the heap, on a page boundary. */
export const HEAP_BYTE_BASE = Math.ceil(CONTROL_WORDS * 4 / PAGE_BYTES) * PAGE_BYTES;
/** Word index of the heap. */
export const HEAP_WORD_BASE = HEAP_BYTE_BASE / 4;
/** Words of a page of the heap. */
export const PAGE_WORDS = PAGE_BYTES / 4;

// -- agent record --

// The first word is one of the `AGENT_…` states.

/** Agent: doorbell; 1 = rung. */
export const A_BELL = 1;
/** Of a doorbell: its agent naps. */
export const BELL_PARKED = 3;
/** Agent: who cleans up after it. */
export const A_REAPER = 2;
/** Agent, arena of processes: the tag of its process. */
export const A_PROCESS = 3;
/** Agent, arena of processes: the agent that it is among the threads of its process. */
export const A_THREAD = 4;
/** Agent, arena of threads: the agent that it is among the threads of its family of processes; 0 = none. */
export const A_FAMILY = 5;
/** Agent, arena of threads: changes whenever the doorbell of its agent in the family was rung. */
export const A_FAMILY_BELL = 6;
/** Agent: the queue from which it took the item in its hand. */
export const A_HAND_QUEUE = 16;
/** Agent: the item that it has taken from a queue and not returned yet; negative once it is returned; 0 = none. */
export const A_HAND = 17;
/** Agent: where in the queue that item was. */
export const A_HAND_PLACE = 18;
/** Agent: how many items it will have got from that queue once the one in its hand is returned. */
export const A_HAND_GOT = 19;
/** Agent state: never used, or given back. */
export const AGENT_FREE = 0;
/** Agent state: running. */
export const AGENT_ALIVE = 1;
/** Agent state: known to be dead, not yet cleaned up. */
export const AGENT_DEAD = 2;
/** Agent state, with the tag of its process above: about to be alive. */
export const AGENT_TAKEN = 3;

// -- process record --

/** Process: its generation above, one of the `PROCESS_…` states in the last two bits. */
export const P_STATE = 0;
/** Process: the id that the system gives it. */
export const P_PID = 1;
/** Process: when it began, as the system counts. */
export const P_START = 2;
/** Process: the generation that the two words before belong to. */
export const P_BOUND = 3;
/** Process: the tag of its parent. */
export const P_PARENT = 4;
/** Process: one bit for those of its threads whose doorbell was rung; its sleeper waits on it. */
export const P_RUNG = 5;
/** Process: when somebody last looked whether it lives, in milliseconds. */
export const P_CHECKED = 6;
/** Process: its generation, once it is about to end. */
export const P_LEFT = 7;
/** Process state: not in use. */
export const PROCESS_FREE = 0;
/** Process state: for a child that is about to come. */
export const PROCESS_RESERVED = 1;
/** Process state: running. */
export const PROCESS_ALIVE = 2;
/** Process state: known to be dead, its agents not yet all cleaned up. */
export const PROCESS_DEAD = 3;

// -- object record --

/** Object: the latch; agent id of its holder, and `CONTENDED`. */
export const LATCH = 0;
/** Object: one of the `TYPE_…` constants; 0 = free record. */
export const TYPE = 1;
/** Object: `SHARED` and what the type adds. */
export const FLAGS = 2;
/** Object: the agent that made it; it dies with him while nobody else knows it. */
export const OWNER = 3;
/** Object: its state, on a cache line of its own. */
export const MAIN = 16;

/** Flag: the object was passed to another thread, or may have been. */
export const SHARED = 1;

/** Object records begin with up to three lists of waiters, at these offsets. */
export const LISTS: readonly number[] = [4, 10, 26];
/** List: first slot. */
export const HEAD = 0;
/** List: last slot. */
export const TAIL = 1;
/** List: first slot that was not woken. */
export const CURSOR = 2;
/** List: slots that are woken. */
export const WOKENS = 3;
/** List: last ticket given. */
export const TICKET = 4;
/** List: everyone with this ticket or an earlier one has been granted. */
export const UPTO = 5;

/** Type: `Lock`. */
export const TYPE_LOCK = 1;
/** Type: `RLock`. */
export const TYPE_RLOCK = 2;
/** Type: `Condition`. */
export const TYPE_CONDITION = 3;
/** Type: `Event`. */
export const TYPE_EVENT = 4;
/** Type: `Semaphore`. */
export const TYPE_SEMAPHORE = 5;
/** Type: `Barrier`. */
export const TYPE_BARRIER = 6;
/** Type: `RWLock`. */
export const TYPE_RWLOCK = 7;
/** Type: `Queue`, `LifoQueue`, `PriorityQueue`. */
export const TYPE_QUEUE = 8;
/** Type: `Pipe`. */
export const TYPE_PIPE = 9;

// -- the words of locks (in MAIN) and latches --

/** Bits of the holder's agent id. */
export const ID = 0xffff;
/** In place of an id: the holder's thread has returned and left the lock held. */
export const DETACHED = 0xffff;
/** Somebody waits. */
export const WAITERS = 1 << 16;
/** A woken waiter is on its way. */
export const PENDING = 1 << 17;
/** No barging: the head was passed over for too long. */
export const HANDOFF = 1 << 18;
/** The holder died. */
export const ABANDONED = 1 << 19;
/** Latch: somebody sleeps on it. */
export const CONTENDED = 1 << 20;

// -- wait slot --

/** Slot: one of the slot states. */
export const S_STATE = 0;
/** Slot: the object it is queued at. */
export const S_OBJECT = 1;
/** Slot: place in the queue. A holder slot: its intent. */
export const S_TICKET = 2;
/** Slot: next in the list. A holder slot: how much it holds. */
export const S_NEXT = 3;
/** Slot: previous in the list. */
export const S_PREV = 4;
/** Slot: bit 0 = a promise waits; bits 1, 2: number of the list; bit 3: it has overtaken promises of its own thread. */
export const S_KIND = 5;
/** Slot: what the type keeps with a waiter. */
export const S_AUX = 6;
/** Slot: agent that owns it. */
export const S_OWNER = 7;
/** Holder slot: set while a fast path is between its two stores. */
export const S_INTENT = S_TICKET;
/** Holder slot: permits (or read locks) held. */
export const S_COUNT = S_NEXT;

/** Slot state: not in use. */
export const FREE = 0;
/** Slot state: queued. */
export const WAITING = 1;
/** Slot state: queued, and may try now. */
export const WOKEN = 2;
/** Slot state: has what it waited for. */
export const GRANTED = 3;
/** Slot state: a dead agent's grant is being passed on. */
export const PASSING = 4;
/** Slot state: turned away (broken or reset barrier). */
export const REFUSED = 5;
/** Slot state: not a waiter, counts what its agent holds of the object. */
export const HOLDER = 6;

/** Word index of process record `slot`. */
export function processRecord(slot: number): number {
  return PROCESS_BASE + slot * PROCESS_WORDS;
}

/** Word index of agent record `id`. */
export function agentRecord(id: number): number {
  return AGENT_BASE + id * AGENT_WORDS;
}
