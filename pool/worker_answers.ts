/**
 * How a worker of a pool sends its results.
 *
 * What is small is written into the ring at once. What is large goes into pages of the heap, which the owner frees: the
 * worker names the page in its seat until the result is visible, so that none is lost when it dies in between. When the
 * ring is full, the worker blocks until the owner has read; while other tasks are in flight it keeps the rest and goes on.
 *
 * @module
 */

import { encode, encodeInto } from "../_core/codec.ts";
import * as layout from "../_core/task_layout.ts";
import type { TaskMemory } from "../_core/task_memory.ts";
import type { TaskSeat } from "../_core/task_seat.ts";
import { RemoteError } from "../errors.ts";
import { areNumbers } from "./body.ts";
import type { RunningTask } from "./current_task.ts";
import { Placement } from "./placement.ts";
import type { BufferBroker } from "./worker_host.ts";

/** A result that waits for room in the ring. */
interface Unsent {
  slot: number;
  op: number;
  length: number;
  run: number;
  waited: number;
  first: number;
  count: number;
  key: number;
  body: Body;
  /** The lane that is free after it, or -1. */
  lane: number;
}

type Body = Uint8Array | readonly number[] | number | null;

/** The results of one worker. */
export class WorkerAnswers {
  /** Whether results wait for room. */
  get waiting(): boolean {
    return this.#unsent.length > 0;
  }

  readonly #memory: TaskMemory;
  readonly #seat: TaskSeat;
  readonly #broker: BufferBroker;
  readonly #mayBlock: () => boolean;
  readonly #onRoom: () => void;
  readonly #slice: number;
  #unsent: Unsent[] = [];
  // How long the task of the next result ran and had waited, if that was measured.
  #run = 0;
  #waited = 0;

  /**
   * Makes the results of a seat.
   *
   * @param mayBlock Tells whether nothing else is in flight.
   * @param onRoom Called when nothing waits any more.
   * @param slice Who waits for room looks again at least so often, in milliseconds.
   */
  constructor(
    memory: TaskMemory,
    seat: TaskSeat,
    broker: BufferBroker,
    mayBlock: () => boolean,
    onRoom: () => void,
    slice: number,
  ) {
    this.#slice = slice;
    this.#memory = memory;
    this.#seat = seat;
    this.#broker = broker;
    this.#mayBlock = mayBlock;
    this.#onRoom = onRoom;
  }

  /** Says how long the task ran whose result comes next, in milliseconds. */
  time(run: number, waited: number): void {
    this.#run = run;
    this.#waited = waited;
  }

  /** Sends the result of a task, which ends with it. */
  value(task: RunningTask, value: unknown): void {
    if (typeof value === "number") {
      this.#write(task.slot, layout.K_NUMBER | layout.LAST, 1, 0, 0, 0, value, 1, task.lane);
    } else if (value === undefined || value === true || value === false) {
      const kind = value === undefined ? layout.K_NONE : value ? layout.K_TRUE : layout.K_FALSE;
      this.#write(task.slot, kind | layout.LAST, 0, 0, 0, 0, null, 0, task.lane);
    } else {
      this.#code(task, layout.LAST, value, 0, 0);
    }
  }

  /** Sends the error of a task, which ends with it. */
  failure(task: RunningTask, error: unknown): void {
    this.#codeError(task.slot, layout.FAILED | layout.LAST, error, 0, 0, task.lane);
  }

  /** Sends the results of some items of a batch. */
  items(task: RunningTask, first: number, values: readonly unknown[], last: boolean): void {
    const count = values.length;
    const end = last ? layout.LAST : 0;
    if (areNumbers(values)) {
      const op = layout.K_NUMBERS | layout.ITEMS | end;
      const lane = last ? task.lane : -1;
      // A large list of numbers takes more than one record: a record has to fit into the ring.
      const most = layout.INLINE_LIMIT / 8;
      for (let from = 0; count > most && from < count; from += most) {
        const part = values.slice(from, from + most);
        this.items(task, first + from, part, last && from + most >= count);
        if (from + most >= count) return;
      }
      this.#write(task.slot, op, count, first, count, 0, values, count, lane);
      return;
    }
    try {
      this.#code(task, layout.ITEMS | end, values, first, count);
    } catch (error) {
      if (count === 1) return this.itemFailure(task, first, error, last);
      // Only the item that cannot travel fails.
      values.forEach((value, k) => this.items(task, first + k, [value], last && k === count - 1));
    }
  }

  /** Sends the error of an item of a batch. */
  itemFailure(task: RunningTask, item: number, error: unknown, last: boolean): void {
    const op = layout.ITEMS | layout.FAILED | (last ? layout.LAST : 0);
    this.#codeError(task.slot, op, error, item, 1, last ? task.lane : -1);
  }

  /** Sends a result that is in its final form: `op` says what it is. */
  ready(
    { slot, lane }: RunningTask,
    op: number,
    body: Uint8Array | number | null,
    first: number,
    count: number,
  ): void {
    const free = (op & layout.LAST) === 0 ? -1 : lane;
    if (body instanceof Uint8Array) {
      return this.#bytes(slot, op, body, body.length, first, count, 0, free);
    }
    const units = body === null ? 0 : 1;
    const number = (op & layout.ITEMS) !== 0 && body !== null ? [body] : body;
    this.#write(slot, op, units, first, count, 0, number, units, free);
  }

  /** Says that the initializer has failed, with the encoded error. */
  notReadyAs(bytes: Uint8Array): void {
    const op = layout.NOT_READY | layout.FAILED | layout.K_CODED;
    this.#bytes(0, op, bytes, bytes.length, 0, 0, 0, -1);
  }

  /** Says that a cancelled task was not begun. */
  skipped(slot: number, lane: number): void {
    this.#write(slot, layout.K_NONE | layout.LAST, 0, 0, 0, 0, null, 0, lane);
  }

  /** Says that the initializer has failed. */
  notReady(error: unknown): void {
    this.#codeError(0, layout.NOT_READY | layout.FAILED, error, 0, 0, -1);
  }

  #codeError(
    slot: number,
    op: number,
    error: unknown,
    first: number,
    count: number,
    lane: number,
  ): void {
    let bytes: Uint8Array;
    try {
      bytes = encode(error, this.#memory.scope, "error").bytes;
    } catch {
      bytes = encode(describe(error), this.#memory.scope, "error").bytes;
    }
    this.#bytes(slot, op | layout.K_CODED, bytes, bytes.length, first, count, 0, lane);
  }

  #code(task: RunningTask, op: number, value: unknown, first: number, count: number): void {
    const lane = (op & layout.LAST) === 0 ? -1 : task.lane;
    const placement = new Placement(this.#memory);
    try {
      encodeInto(
        value,
        this.#memory.scope,
        (bytes, length, buffers, placed) => {
          const key = buffers.length === 0 ? 0 : this.#broker.put(buffers, []);
          const page = placed ? placement.take() : 0;
          const coded = op | layout.K_CODED;
          this.#bytes(task.slot, coded, bytes, length, first, count, key, lane, page);
        },
        "result",
        undefined,
        placement.allocate,
      );
    } catch (error) {
      if ((op & layout.ITEMS) !== 0) throw error;
      this.failure(task, error);
    } finally {
      placement.clear();
    }
  }

  #bytes(
    slot: number,
    op: number,
    bytes: Uint8Array,
    length: number,
    first: number,
    count: number,
    key: number,
    lane: number,
    placed = 0,
  ): void {
    if (placed === 0 && length <= layout.INLINE_LIMIT) {
      this.#write(slot, op, length, first, count, key, bytes, (length + 7) >> 3, lane);
      return;
    }
    let page = placed;
    if (page === 0) {
      const { agent } = this.#memory;
      page = agent.arena.heap.allocate(length, agent.id);
      agent.arena.heap.bytesAt(page, length).set(bytes.subarray(0, length));
    }
    this.#write(slot, op | layout.PAGED, length, first, count, key, page, 1, lane);
  }

  #write(
    slot: number,
    op: number,
    length: number,
    first: number,
    count: number,
    key: number,
    body: Body,
    units: number,
    lane: number,
  ): void {
    const run = this.#run;
    const waited = this.#waited;
    if ((op & layout.LAST) !== 0) this.#run = this.#waited = 0;
    const timed = (op & layout.LAST) !== 0 && run > 0;
    const full = (timed ? op | layout.TIMED : op) | (key === 0 ? 0 : layout.BUFFERS);
    const unsent = this.#unsent.length > 0;
    while (unsent || !this.#put(slot, full, length, run, waited, first, count, key, body, units)) {
      if (!unsent && this.#mayBlock()) {
        this.#seat.waitForRoom(this.#slice);
        if (!this.#seat.stopped) continue;
      }
      const kept = body instanceof Uint8Array ? body.slice(0, length) : body;
      this.#unsent.push({
        slot,
        op: full,
        length,
        run,
        waited,
        first,
        count,
        key,
        body: kept,
        lane,
      });
      if (!unsent) this.#watch();
      return;
    }
    if (lane >= 0) this.#seat.leave(lane);
    this.#seat.ringOwner();
  }

  #put(
    slot: number,
    op: number,
    length: number,
    run: number,
    waited: number,
    first: number,
    count: number,
    key: number,
    body: Body,
    units: number,
  ): boolean {
    const { words, floats, bytes } = this.#memory;
    const timed = (op & layout.TIMED) !== 0;
    const isItems = (op & layout.ITEMS) !== 0;
    const prefix = (timed ? 2 : 0) + (isItems ? 1 : 0) + (key === 0 ? 0 : 1);
    let at = this.#seat.reserve(slot, op, length, prefix + units);
    if (at < 0) return false;
    const page = (op & layout.PAGED) === 0 ? 0 : body as number;
    if (page !== 0) {
      words.store(this.#seat.at + layout.S_PAGE, page);
      this.#memory.agent.arena.heap.publish(page);
    }
    if (timed) {
      floats[at++] = run;
      floats[at++] = waited;
    }
    if (isItems) {
      words.set(at * 2, first);
      words.set(at * 2 + 1, count);
      at++;
    }
    if (key !== 0) words.set(at++ * 2, key);
    if (typeof body === "number") {
      if (page === 0) floats[at] = body;
      else words.set(at * 2, page);
    } else if (body instanceof Uint8Array) {
      if (length < 64) { for (let i = 0; i < length; i++) bytes[at * 8 + i] = body[i] as number; }
      else bytes.set(body.subarray(0, length), at * 8);
    } else if (body !== null) {
      for (let i = 0; i < length; i++) floats[at + i] = body[i] as number;
    }
    this.#seat.publish();
    if (page !== 0) words.store(this.#seat.at + layout.S_PAGE, 0);
    return true;
  }

  #watch(): void {
    const change = this.#seat.roomChange();
    if (change === null) queueMicrotask(() => this.#flush());
    else void change.then(() => this.#flush());
  }

  #flush(): void {
    while (this.#unsent.length > 0) {
      const { slot, op, length, run, waited, first, count, key, body, lane } = this
        .#unsent[0] as Unsent;
      const units = body === null
        ? 0
        : typeof body === "number"
        ? 1
        : body instanceof Uint8Array
        ? (length + 7) >> 3
        : length;
      if (!this.#put(slot, op, length, run, waited, first, count, key, body, units)) {
        return this.#watch();
      }
      this.#unsent.shift();
      if (lane >= 0) this.#seat.leave(lane);
    }
    this.#seat.ringOwner();
    this.#onRoom();
  }
}

/** Gives an error that travels, for one that does not. */
function describe(error: unknown): RemoteError {
  const { name, message, stack } =
    (typeof error === "object" && error !== null ? error : { message: String(error) }) as Partial<
      Error
    >;
  return new RemoteError(String(message), {
    remoteName: String(name ?? typeof error),
    remoteStack: String(stack ?? ""),
  });
}
