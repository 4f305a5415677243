/**
 * The queue: first in, first out.
 *
 * @module
 */

import { EmptyError, FullError } from "../errors.ts";
import { HANDLE, type HandleRecord } from "../_core/handle.ts";
import { TYPE_QUEUE } from "../_core/layout.ts";
import { adopt, checkScope, createPlace, type Place } from "../_core/place.ts";
import { QueueCore, type QueueOrder } from "../_core/queue_core.ts";
import {
  checkSyncWait,
  checkWait,
  type SyncWaitOptions,
  type WaitOptions,
} from "../_core/wait_options.ts";
import { itemsOf } from "./items.ts";
import {
  checkImmediate,
  checkMaxsize,
  checkOrderFunctions,
  type OrderFunctions,
  type QueueOptions,
  refuseBlock,
  type ShutdownOptions,
} from "./settings.ts";
import { queueHandle, registerQueue, takeRevived } from "./travel.ts";

/** The key of what a class says about the order of its items. */
export const ORDER: unique symbol = Symbol("nogil.order");

/** The key of the type of a class's handles. */
export const TYPE: unique symbol = Symbol("nogil.type");

/** The types of handles, by the order of the items. */
const TYPES: Readonly<Record<QueueOrder, string>> = {
  fifo: "queue/Queue",
  lifo: "queue/LifoQueue",
  priority: "queue/PriorityQueue",
};

/**
 * A queue between coroutines and threads: items come out in the order in which they were put.
 *
 * Pass it to a thread as an argument, in another queue, anywhere in a value: it arrives, and it is the same queue. Items
 * are copied, by the time that `put` returns, as `structuredClone` would copy them; tasks, functions, locks, queues and
 * instances of shareable classes may be among them. A queue of scope `"local"` holds any values by reference.
 *
 * Who waits is served in the order in which he came; somebody who is just running may go first, for a millisecond at most.
 * `qsize()`, `empty()` and `full()` are exact at the moment of the call.
 *
 * Threads may die at any instant. What `put` was given is in the queue whole if its thread died after the put, and not at
 * all if it died before; an item on its way out of the queue returns to its front, unless `get` had returned it; waiters
 * that died are skipped. What a dead consumer had got and not reported as done is lost: who joins is told, see
 * {@linkcode Queue.join}.
 *
 * Subclasses may override the public methods: `putNowait` calls `tryPut`, `getNowait` calls `tryGet`, and `for await`
 * calls `get`. (Python's `_init`, `_put`, `_get` and `_qsize` have no counterpart: no user code runs while a queue is
 * locked.) An object of a subclass travels if the subclass is `shareable`: with its fields, without running its
 * constructor.
 *
 * @example Usage
 * ```ts
 * import { Queue } from "@nogil/std/queue";
 * import { Thread } from "@nogil/std/thread";
 * import { assertEquals } from "@std/assert";
 *
 * const numbers = new Queue<number>(10);
 * const squares = new Queue<number>();
 *
 * async function work(numbers: Queue<number>, squares: Queue<number>): Promise<void> {
 *   for await (const n of numbers) await squares.put(n * n);
 * }
 *
 * const thread = new Thread({ target: work, args: [numbers, squares] }).start();
 * for (const n of [1, 2, 3]) await numbers.put(n);
 * numbers.shutdown();
 * await thread.join();
 * assertEquals([squares.getSync(), squares.getSync(), squares.getSync()], [1, 4, 9]);
 * ```
 *
 * @typeParam T The type of the items.
 */
export class Queue<T = unknown> implements AsyncIterable<T> {
  readonly #place: Place;
  readonly #core: QueueCore;
  readonly #functions: OrderFunctions;

  /**
   * Creates a queue.
   *
   * @param maxsize How many items find room before `put` waits. Default: 0, which as any number below is no limit.
   * @param options `scope`: `"thread"` (default) to share it between threads, `"process"` between processes too, `"local"`
   * for the promises of one thread.
   * @throws {TypeError} If an argument has a wrong type, or the scope is unknown.
   * @throws {NotSupportedError} If the scope is `"process"` and FFI is not granted (Deno) or `koffi` not installed (Node).
   * @throws {RangeError} If `maxsize` is no integer.
   */
  constructor(maxsize?: number, options?: QueueOptions) {
    const what = new.target.name;
    const order = this[ORDER];
    const limit = checkMaxsize(`create ${what}`, maxsize === undefined ? 0 : maxsize);
    const scope = checkScope(options, what);
    this.#functions = order === "priority" ? checkOrderFunctions(what, options) : {};
    const known = takeRevived();
    this.#place = known ?? createPlace(TYPE_QUEUE, scope);
    const core = new QueueCore(this.#place, {
      order,
      maxsize: limit,
      scope,
      counted: true,
      ...this.#functions,
    });
    this.#core = core;
    if (known === null) adopt(this.#place, core, core.disposer());
  }

  /**
   * In which order items come out: fixed by the class.
   *
   * @ignore
   */
  get [ORDER](): QueueOrder {
    return "fifo";
  }

  /**
   * What handles of the class are called.
   *
   * @ignore
   */
  get [TYPE](): string {
    return TYPES[this[ORDER]];
  }

  /** How many items find room before `put` waits; 0 when there is no limit. */
  get maxsize(): number {
    return this.#core.maxsize;
  }

  /**
   * Sets how many items find room, for all threads. Those that are in the queue stay there; who waits for room that there
   * is now goes on.
   */
  set maxsize(maxsize: number) {
    this.#core.maxsize = checkMaxsize("set maxsize", maxsize);
  }

  /** How many items were put and not yet reported by {@linkcode Queue.taskDone}. */
  get unfinishedTasks(): number {
    return this.#core.unfinishedTasks;
  }

  /** Whether the queue was shut down. */
  get isShutdown(): boolean {
    return this.#core.isShutdown;
  }

  /** Counts the items in the queue. */
  qsize(): number {
    return this.#core.qsize();
  }

  /** Whether no item is in the queue. */
  empty(): boolean {
    return this.#core.qsize() === 0;
  }

  /** Whether there is no room: `put` would wait. */
  full(): boolean {
    const { maxsize } = this.#core;
    return maxsize > 0 && this.#core.qsize() >= maxsize;
  }

  /**
   * Puts an item, waiting for room as long as it takes. The item is copied before this method returns its promise.
   *
   * @param item What to put.
   * @param options `timeout` in milliseconds, `signal` to give up; the item is not in the queue then.
   * @throws {TimeoutError} If time runs out.
   * @throws {ShutDownError} If the queue was shut down, or is meanwhile.
   * @throws {UnshareableError} If the item cannot travel.
   * @throws {RangeError} If the item is too large for any queue.
   */
  put(item: T, options?: WaitOptions): Promise<void> {
    try {
      refuseBlock("put item", options, "tryPut() or putNowait()");
      return this.#core.put(item, checkWait(options, "put item"), options?.signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Puts an item, blocking this thread until there is room.
   *
   * @param item What to put.
   * @param options `timeout` in milliseconds.
   * @throws {TimeoutError} If time runs out.
   * @throws {ShutDownError} If the queue was shut down, or is meanwhile.
   * @throws {UnshareableError} If the item cannot travel.
   * @throws {RangeError} If the item is too large for any queue.
   * @throws {DeadlockError} If the wait could never end: no other thread knows the queue, or its scope is `"local"`.
   */
  putSync(item: T, options?: SyncWaitOptions): void {
    refuseBlock("put item", options, "tryPut() or putNowait()");
    this.#core.putSync(item, checkSyncWait(options, "put item"));
  }

  /**
   * Puts an item if there is room; tells whether it did.
   *
   * @param item What to put.
   * @throws {ShutDownError} If the queue was shut down.
   * @throws {UnshareableError} If the item cannot travel.
   * @throws {RangeError} If the item is too large for any queue.
   */
  tryPut(item: T): boolean {
    return this.#core.tryPut(item);
  }

  /**
   * Puts an item, or throws if there is no room.
   *
   * @param item What to put.
   * @throws {FullError} If there is no room.
   * @throws {ShutDownError} If the queue was shut down.
   * @throws {UnshareableError} If the item cannot travel.
   * @throws {RangeError} If the item is too large for any queue.
   */
  putNowait(item: T): void {
    if (!this.tryPut(item)) throw new FullError("Cannot put item: the queue is full");
  }

  /**
   * Takes the next item, waiting for one as long as it takes.
   *
   * While it waits at a queue that other threads know, the program goes on; at one that no other thread knows, it ends as
   * with any promise that nobody can resolve.
   *
   * @param options `timeout` in milliseconds, `signal` to give up; no item is taken then.
   * @throws {TimeoutError} If time runs out.
   * @throws {ShutDownError} If the queue was shut down and is empty, or becomes so meanwhile.
   */
  get(options?: WaitOptions): Promise<T> {
    try {
      refuseBlock("get item", options, "tryGet() or getNowait()");
      return this.#core.get(checkWait(options, "get item"), options?.signal) as Promise<T>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Takes the next item, blocking this thread until there is one.
   *
   * @param options `timeout` in milliseconds.
   * @throws {TimeoutError} If time runs out.
   * @throws {ShutDownError} If the queue was shut down and is empty, or becomes so meanwhile.
   * @throws {DeadlockError} If the wait could never end: no other thread knows the queue, or its scope is `"local"`.
   */
  getSync(options?: SyncWaitOptions): T {
    refuseBlock("get item", options, "tryGet() or getNowait()");
    return this.#core.getSync(checkSyncWait(options, "get item")) as T;
  }

  /**
   * Takes the next item, as `{ value }`, or gives `null` if there is none.
   *
   * @throws {ShutDownError} If the queue was shut down and is empty.
   */
  tryGet(): { value: T } | null {
    return this.#core.tryGet() as { value: T } | null;
  }

  /**
   * Takes the next item, or throws if there is none.
   *
   * @throws {EmptyError} If the queue is empty.
   * @throws {ShutDownError} If the queue was shut down and is empty.
   */
  getNowait(): T {
    const found = this.tryGet();
    if (found === null) throw new EmptyError("Cannot get item: the queue is empty");
    return found.value;
  }

  /**
   * Reports that the work on an item is done: consumers call it once for each item that they got, if anybody joins. Call it
   * in a `finally`, so that an item at which the work failed is reported too.
   *
   * Any thread may report what any thread has got. A report counts for an item that this thread has got itself; if there is
   * none, for one that was lost with a dead thread; if there is none, for one that another thread has got.
   *
   * @throws {InvalidStateError} If it is called more often than items were put.
   */
  taskDone(): void {
    this.#core.taskDone();
  }

  /**
   * Waits until every item that was put has been got and reported by {@linkcode Queue.taskDone}.
   *
   * Where Python would wait for ever, this does not: items that a thread has got and not reported are lost when it dies
   * (when it is killed, crashes or exits, or its target throws). As soon as nothing but lost items is unfinished, all who
   * join are told. Whoever puts the lost work again, or gives it up, calls `taskDone()` once for each lost item; then the
   * queue can be joined as before.
   *
   * A thread that returns has lost nothing: another one may report what it has got, and until then `join` waits. Where some
   * threads get and others report, nobody can tell whose items were reported: after the death of one that gets, everything
   * that may be lost counts as lost, and reports count for that first. Such a program should watch its threads itself.
   *
   * @param options `timeout` in milliseconds, `signal` to give up.
   * @throws {TimeoutError} If time runs out.
   * @throws {AbandonedError} If all items that are unfinished were lost with threads that died.
   */
  async join(options?: WaitOptions): Promise<void> {
    const timeout = checkWait(options, "join queue");
    await this.#core.join(timeout, options?.signal);
  }

  /**
   * Blocks this thread until every item that was put has been got and reported by {@linkcode Queue.taskDone}. For what a
   * dead thread has not reported, see {@linkcode Queue.join}.
   *
   * @param options `timeout` in milliseconds.
   * @throws {TimeoutError} If time runs out.
   * @throws {AbandonedError} If all items that are unfinished were lost with threads that died.
   * @throws {DeadlockError} If the wait could never end: no other thread knows the queue, or its scope is `"local"`.
   */
  joinSync(options?: SyncWaitOptions): void {
    this.#core.joinSync(checkSyncWait(options, "join queue"));
  }

  /**
   * Shuts the queue down, for good and for all threads: nothing can be put any more, and who waits to put is turned away.
   *
   * Items that are left can still be got; then who gets, or waits to get, is turned away with a {@linkcode ShutDownError}
   * too, and `for await` ends.
   *
   * @param options `immediate`: throws the items that are left away. They count as done, so that joiners go on. What threads
   * have got is still theirs to report.
   * @throws {TypeError} If `immediate` is no boolean.
   */
  shutdown(options?: ShutdownOptions): void {
    this.#core.shutdown(checkImmediate(options));
  }

  /**
   * Takes items until the queue is shut down and empty.
   *
   * Several loops, in any threads, share the items. A loop that is left has taken what its body has seen, and no more.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<T> {
    return itemsOf((options) => this.get(options));
  }

  /** Describes the queue, as `<Queue qsize=3/10>`. */
  toString(): string {
    const { maxsize, isShutdown } = this;
    return `<${this.constructor.name} qsize=${this.qsize()}${maxsize > 0 ? `/${maxsize}` : ""}${
      isShutdown ? " shutdown" : ""
    }>`;
  }

  /**
   * Gives what travels of the queue.
   *
   * @ignore
   */
  [HANDLE](target: "thread" | "process"): HandleRecord {
    return queueHandle(this.#place, this, this[TYPE], target, this.#functions);
  }
}

registerQueue(TYPES.fifo, import.meta.url, Queue, () => new Queue());
