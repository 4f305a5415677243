/**
 * The queue without a limit and without tasks.
 *
 * @module
 */

import { EmptyError } from "../errors.ts";
import { HANDLE, type HandleRecord } from "../_core/handle.ts";
import { TYPE_QUEUE } from "../_core/layout.ts";
import { adopt, checkScope, createPlace, type Place } from "../_core/place.ts";
import { QueueCore } from "../_core/queue_core.ts";
import {
  checkSyncWait,
  checkWait,
  type SyncWaitOptions,
  type WaitOptions,
} from "../_core/wait_options.ts";
import { itemsOf } from "./items.ts";
import {
  checkImmediate,
  type QueueOptions,
  refuseBlock,
  type ShutdownOptions,
} from "./settings.ts";
import { queueHandle, registerQueue, takeRevived } from "./travel.ts";

const TYPE = "queue/SimpleQueue";

/**
 * A queue without a limit: `put` never waits. First in, first out.
 *
 * It is a {@linkcode Queue} without `maxsize`, `full`, `taskDone` and `join`, and holds what a queue holds when threads
 * die. (Python's `SimpleQueue` cannot be shut down; this one can.)
 *
 * @example Usage
 * ```ts
 * import { SimpleQueue } from "@nogil/std/queue";
 * import { assertEquals } from "@std/assert";
 *
 * const queue = new SimpleQueue<number>();
 * queue.putSync(1);
 * queue.putSync(2);
 * assertEquals(queue.qsize(), 2);
 * assertEquals(await queue.get(), 1);
 * ```
 *
 * @typeParam T The type of the items.
 */
export class SimpleQueue<T = unknown> implements AsyncIterable<T> {
  readonly #place: Place;
  readonly #core: QueueCore;

  /**
   * Creates a queue.
   *
   * @param options `scope`: `"thread"` (default) to share it between threads, `"process"` between processes too, `"local"`
   * for the promises of one thread.
   * @throws {TypeError} If the scope is unknown.
   * @throws {NotSupportedError} If the scope is `"process"` and FFI is not granted (Deno) or `koffi` not installed (Node).
   */
  constructor(options?: QueueOptions) {
    const scope = checkScope(options, new.target.name);
    const known = takeRevived();
    this.#place = known ?? createPlace(TYPE_QUEUE, scope);
    const core = new QueueCore(this.#place, { order: "fifo", maxsize: 0, scope, counted: false });
    this.#core = core;
    if (known === null) adopt(this.#place, core, core.disposer());
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

  /**
   * Puts an item. The item is copied before this method returns its promise.
   *
   * @param item What to put.
   * @param options Taken for the likeness with {@linkcode Queue.put}: there is nothing to wait for.
   * @throws {ShutDownError} If the queue was shut down.
   * @throws {UnshareableError} If the item cannot travel.
   * @throws {RangeError} If the item is too large for any queue.
   */
  put(item: T, options?: WaitOptions): Promise<void> {
    try {
      checkWait(options, "put item");
      this.tryPut(item);
      return Promise.resolve();
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Puts an item.
   *
   * @param item What to put.
   * @param options Taken for the likeness with {@linkcode Queue.putSync}: there is nothing to wait for.
   * @throws {ShutDownError} If the queue was shut down.
   * @throws {UnshareableError} If the item cannot travel.
   * @throws {RangeError} If the item is too large for any queue.
   */
  putSync(item: T, options?: SyncWaitOptions): void {
    checkSyncWait(options, "put item");
    this.tryPut(item);
  }

  /**
   * Puts an item; there is always room.
   *
   * @param item What to put.
   * @returns `true`.
   * @throws {ShutDownError} If the queue was shut down.
   * @throws {UnshareableError} If the item cannot travel.
   * @throws {RangeError} If the item is too large for any queue.
   */
  tryPut(item: T): boolean {
    return this.#core.tryPut(item);
  }

  /**
   * Puts an item, as {@linkcode SimpleQueue.putSync} does.
   *
   * @param item What to put.
   * @throws {ShutDownError} If the queue was shut down.
   * @throws {UnshareableError} If the item cannot travel.
   * @throws {RangeError} If the item is too large for any queue.
   */
  putNowait(item: T): void {
    this.tryPut(item);
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
   * Shuts the queue down, for good and for all threads: nothing can be put any more.
   *
   * Items that are left can still be got; then who gets, or waits to get, is turned away with a {@linkcode ShutDownError},
   * and `for await` ends.
   *
   * @param options `immediate`: throws the items that are left away.
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

  /** Describes the queue, as `<SimpleQueue qsize=3>`. */
  toString(): string {
    const shutdown = this.isShutdown ? " shutdown" : "";
    return `<${this.constructor.name} qsize=${this.qsize()}${shutdown}>`;
  }

  /**
   * Gives what travels of the queue.
   *
   * @ignore
   */
  [HANDLE](target: "thread" | "process"): HandleRecord {
    return queueHandle(this.#place, this, TYPE, target, {});
  }
}

registerQueue(TYPE, import.meta.url, SimpleQueue, () => new SimpleQueue());
