/**
 * The pool of Python's `multiprocessing`, wherever its workers run.
 *
 * @module
 */

import { UnshareableError } from "../errors.ts";
import { reachable } from "../_core/deadline.ts";
import { HANDLE, type HandleRecord } from "../_core/handle.ts";
import { checkSyncWait, type SyncWaitOptions, type WaitOptions } from "../_core/wait_options.ts";
import type { AsyncResult } from "./async_result.ts";
import { checkApply, imapRequest, mapRequest, withoutTimeout } from "./calls.ts";
import { closeWhenDropped } from "./dropped.ts";
import type { AnyIterable } from "./input.ts";
import type { MapIterator } from "./map_iterator.ts";
import type { PoolCore } from "./pool_core.ts";
import type {
  ApplyAsyncOptions,
  ApplyOptions,
  ApplySyncOptions,
  ImapOptions,
  MapAsyncOptions,
  MapOptions,
  MapSyncOptions,
} from "./pool_options.ts";
import type { PoolStatistics } from "./engine_types.ts";
import type { AnyFunction } from "./function_table.ts";
import { submitSync } from "./submit_sync.ts";

/**
 * What all pools can do: Python's `multiprocessing.Pool`.
 *
 * A pool belongs to the thread that made it. Its workers are idle until they get work; an idle pool does not keep the
 * program alive, pending work does. A worker that is lost fails the task that it ran, with a `WorkerLostError`, and is
 * replaced. A pool that nobody has any more is closed when it is collected.
 *
 * @example Usage
 * ```ts
 * import { type BasePool, ThreadPool } from "@nogil/std/pool";
 * import { assertEquals } from "@std/assert";
 *
 * // Works on whatever it is given.
 * function squares(pool: BasePool, numbers: number[]): Promise<number[]> {
 *   return pool.map((x: number) => x * x, numbers);
 * }
 *
 * await using pool = new ThreadPool(2);
 * assertEquals(await squares(pool, [1, 2, 3]), [1, 4, 9]);
 * ```
 */
export abstract class BasePool implements AsyncDisposable {
  readonly #core: PoolCore;

  /**
   * Is for the pools themselves.
   *
   * @ignore
   */
  protected constructor(core: PoolCore) {
    this.#core = core;
    closeWhenDropped(this, core);
  }

  /**
   * Runs a function in a worker, and gives its result.
   *
   * @param fn What to run: a task, or a self-contained function. An async function is awaited in the worker.
   * @param args Its arguments: an array.
   * @param options `timeout` in milliseconds and `signal`, which abort the task; `priority`, `retries`, `transfer`.
   * @throws {TimeoutError} If time runs out.
   * @throws {UnshareableError} If the function or an argument cannot travel.
   * @throws {WorkerLostError} If the worker is lost, and no retry is left.
   * @throws {InvalidStateError} If the pool is closed or terminated.
   * @throws {BrokenPoolError} If the initializer keeps failing.
   */
  apply<R>(
    fn: () => R | PromiseLike<R>,
    args?: readonly [],
    options?: ApplyOptions,
  ): Promise<R>;
  /**
   * Runs a function in a worker, and gives its result.
   *
   * @param fn What to run: a task, or a self-contained function. An async function is awaited in the worker.
   * @param args Its arguments: an array.
   * @param options `timeout` in milliseconds and `signal`, which abort the task; `priority`, `retries`, `transfer`.
   */
  apply<A extends unknown[], R>(
    fn: (...args: A) => R | PromiseLike<R>,
    args: NoInfer<A>,
    options?: ApplyOptions,
  ): Promise<R>;
  apply(fn: AnyFunction, args?: readonly unknown[], options?: ApplyOptions): Promise<unknown> {
    const promise = new Promise((resolve, reject) => {
      const list = checkApply(this.#core, fn, args, options);
      this.#core.send(fn, list, options, { resolve, reject });
    });
    return reachable(promise, "pool.apply()");
  }

  /**
   * Runs a function in a worker, and blocks this thread until its result is there.
   *
   * @param fn What to run: a task, or a self-contained function.
   * @param args Its arguments: an array.
   * @param options `timeout` in milliseconds, after which the task is aborted; `priority`, `retries`, `transfer`.
   * @throws As {@linkcode BasePool.apply}.
   */
  applySync<R>(
    fn: () => R | PromiseLike<R>,
    args?: readonly [],
    options?: ApplySyncOptions,
  ): R;
  /**
   * Runs a function in a worker, and blocks this thread until its result is there.
   *
   * @param fn What to run: a task, or a self-contained function.
   * @param args Its arguments: an array.
   * @param options `timeout` in milliseconds, after which the task is aborted; `priority`, `retries`, `transfer`.
   */
  applySync<A extends unknown[], R>(
    fn: (...args: A) => R | PromiseLike<R>,
    args: NoInfer<A>,
    options?: ApplySyncOptions,
  ): R;
  applySync(fn: AnyFunction, args?: readonly unknown[], options?: ApplySyncOptions): unknown {
    const timeout = checkSyncWait(options, "apply");
    const list = checkApply(this.#core, fn, args, options);
    return submitSync(this.#core.engine, fn, list, withoutTimeout(options), timeout);
  }

  /**
   * Runs a function in a worker; its result can be awaited, or asked for later.
   *
   * @param fn What to run: a task, or a self-contained function. An async function is awaited in the worker.
   * @param args Its arguments: an array.
   * @param options As for {@linkcode BasePool.apply}, and `callback` and `errorCallback`, one of which is called in this
   * thread when the task is over. What they throw is printed.
   * @throws {UnshareableError} If the function or an argument cannot travel.
   * @throws {InvalidStateError} If the pool is closed or terminated.
   * @throws {BrokenPoolError} If the initializer keeps failing.
   */
  applyAsync<R>(
    fn: () => R | PromiseLike<R>,
    args?: readonly [],
    options?: ApplyAsyncOptions<NoInfer<R>>,
  ): AsyncResult<R>;
  /**
   * Runs a function in a worker; its result can be awaited, or asked for later.
   *
   * @param fn What to run: a task, or a self-contained function. An async function is awaited in the worker.
   * @param args Its arguments: an array.
   * @param options As for {@linkcode BasePool.apply}, and `callback` and `errorCallback`.
   */
  applyAsync<A extends unknown[], R>(
    fn: (...args: A) => R | PromiseLike<R>,
    args: NoInfer<A>,
    options?: ApplyAsyncOptions<NoInfer<R>>,
  ): AsyncResult<R>;
  applyAsync(
    fn: AnyFunction,
    args?: readonly unknown[],
    options?: ApplyAsyncOptions<unknown>,
  ): AsyncResult<unknown> {
    const list = checkApply(this.#core, fn, args, options);
    return this.#core.applyAsync(fn, list, options, options);
  }

  /**
   * Runs a function for each item, and gives the results in the order of the items.
   *
   * Items go to the workers in chunks. If an item fails, the rest of its chunk is not run, but the other chunks are; then
   * the promise rejects with the error that came first.
   *
   * If a worker is lost in a chunk, items of the chunk that had ended just before may be run a second time. With
   * `chunksize: 1`, every item is run once, unless there are `retries`.
   *
   * @param fn What to run: a task, or a self-contained function of one argument.
   * @param iterable The items: an iterable or async iterable. An error that it throws is what the promise rejects with.
   * @param options `chunksize`: by default each worker gets four chunks, or the chunk is one item if the input is async;
   * `timeout` in milliseconds for all of it, `signal`, `priority`, `retries`, `onProgress`, `progress`.
   * @throws {TimeoutError} If time runs out. What is not done is aborted.
   * @throws {UnshareableError} If the function or an item cannot travel.
   * @throws {WorkerLostError} If a worker is lost, and no retry is left.
   * @throws {InvalidStateError} If the pool is closed or terminated.
   */
  map<T, R>(
    fn: (item: T) => R | PromiseLike<R>,
    iterable: AnyIterable<T>,
    options?: MapOptions,
  ): Promise<R[]> {
    return this.#core.collectPromise(() =>
      mapRequest(this.#core, "map", fn, iterable, false, options)
    ) as Promise<R[]>;
  }

  /**
   * Runs a function for each item, and blocks this thread until all results are there.
   *
   * @param fn What to run: a task, or a self-contained function of one argument.
   * @param iterable The items.
   * @param options As for {@linkcode BasePool.map}.
   * @throws As {@linkcode BasePool.map}.
   */
  mapSync<T, R>(
    fn: (item: T) => R | PromiseLike<R>,
    iterable: Iterable<T>,
    options?: MapSyncOptions,
  ): R[] {
    return this.#core.collectSync(
      mapRequest(this.#core, "map", fn, iterable, false, options),
    ) as R[];
  }

  /**
   * Runs a function for each item; the array of the results can be awaited, or asked for later.
   *
   * @param fn What to run: a task, or a self-contained function of one argument.
   * @param iterable The items: an iterable or async iterable.
   * @param options As for {@linkcode BasePool.map}, and `callback` and `errorCallback`, one of which is called in this
   * thread when all is done. What they throw is printed.
   * @throws {UnshareableError} If the function cannot travel.
   * @throws {InvalidStateError} If the pool is closed or terminated.
   */
  mapAsync<T, R>(
    fn: (item: T) => R | PromiseLike<R>,
    iterable: AnyIterable<T>,
    options?: MapAsyncOptions<NoInfer<R>>,
  ): AsyncResult<R[]> {
    const request = mapRequest(this.#core, "map", fn, iterable, false, options);
    return this.#core.collectAsync(request, options);
  }

  /**
   * Runs a function for each item, which is the array of its arguments, and gives the results in order.
   *
   * @param fn What to run: a task, or a self-contained function.
   * @param iterable The arrays of arguments: an iterable or async iterable.
   * @param options As for {@linkcode BasePool.map}.
   * @throws As {@linkcode BasePool.map}, and {TypeError} if an item is no array.
   */
  starmap<A extends unknown[], R>(
    fn: (...args: A) => R | PromiseLike<R>,
    iterable: AnyIterable<NoInfer<A>>,
    options?: MapOptions,
  ): Promise<R[]> {
    return this.#core.collectPromise(() =>
      mapRequest(this.#core, "starmap", fn, iterable, true, options)
    ) as Promise<R[]>;
  }

  /**
   * Runs a function for each array of arguments, and blocks this thread until all results are there.
   *
   * @param fn What to run: a task, or a self-contained function.
   * @param iterable The arrays of arguments.
   * @param options As for {@linkcode BasePool.map}.
   * @throws As {@linkcode BasePool.starmap}.
   */
  starmapSync<A extends unknown[], R>(
    fn: (...args: A) => R | PromiseLike<R>,
    iterable: Iterable<NoInfer<A>>,
    options?: MapSyncOptions,
  ): R[] {
    return this.#core.collectSync(
      mapRequest(this.#core, "starmap", fn, iterable, true, options),
    ) as R[];
  }

  /**
   * Runs a function for each array of arguments; the array of the results can be awaited, or asked for later.
   *
   * @param fn What to run: a task, or a self-contained function.
   * @param iterable The arrays of arguments: an iterable or async iterable.
   * @param options As for {@linkcode BasePool.mapAsync}.
   * @throws As {@linkcode BasePool.mapAsync}.
   */
  starmapAsync<A extends unknown[], R>(
    fn: (...args: A) => R | PromiseLike<R>,
    iterable: AnyIterable<NoInfer<A>>,
    options?: MapAsyncOptions<NoInfer<R>>,
  ): AsyncResult<R[]> {
    const request = mapRequest(this.#core, "starmap", fn, iterable, true, options);
    return this.#core.collectAsync(request, options);
  }

  /**
   * Runs a function for each item, and gives the results one after the other, in the order of the items.
   *
   * The input is taken as results are asked for, no farther ahead than `buffersize`, so that it may be endless. After an
   * item that failed, the iterator goes on with the next.
   *
   * @param fn What to run: a task, or a self-contained function of one argument.
   * @param iterable The items: an iterable or async iterable. An error that it throws comes after the results before it.
   * @param options As for {@linkcode BasePool.map}, where `chunksize` is 1 by default, and `buffersize`.
   * @throws {UnshareableError} If the function cannot travel.
   * @throws {InvalidStateError} If the pool is closed or terminated.
   */
  imap<T, R>(
    fn: (item: T) => R | PromiseLike<R>,
    iterable: AnyIterable<T>,
    options?: ImapOptions,
  ): MapIterator<R> {
    const request = imapRequest(this.#core, "imap", fn, iterable, options);
    return this.#core.iterate(request, true) as MapIterator<R>;
  }

  /**
   * Runs a function for each item, and gives the results one after the other, as they come.
   *
   * @param fn What to run: a task, or a self-contained function of one argument.
   * @param iterable The items: an iterable or async iterable. An error that it throws comes after all results.
   * @param options As for {@linkcode BasePool.imap}.
   * @throws As {@linkcode BasePool.imap}.
   */
  imapUnordered<T, R>(
    fn: (item: T) => R | PromiseLike<R>,
    iterable: AnyIterable<T>,
    options?: ImapOptions,
  ): MapIterator<R> {
    const request = imapRequest(this.#core, "imapUnordered", fn, iterable, options);
    return this.#core.iterate(request, false) as MapIterator<R>;
  }

  /**
   * Takes no more work. What was submitted is finished, also the maps under way.
   *
   * An iterator whose results are not fetched yet reads the rest of its input now, and keeps the results. If it does not
   * know how long its input is (a generator, say), it keeps 100 000 results at most, and then reads on as they are fetched:
   * until it is read to the end, or left, {@linkcode join} waits.
   */
  close(): void {
    this.#core.close();
  }

  /** Ends all work at once: whatever is pending rejects with a `CancelledError`, and the workers are stopped. */
  terminate(): void {
    this.#core.terminate();
  }

  /**
   * Waits until all work is done and all workers have ended. Call {@linkcode close} or {@linkcode terminate} before.
   *
   * @param options `timeout` in milliseconds, `signal` to give up waiting.
   * @throws {InvalidStateError} If the pool is still open.
   * @throws {TimeoutError} If time runs out.
   */
  async join(options?: WaitOptions): Promise<void> {
    await this.#core.join(options);
  }

  /**
   * Does the same as {@linkcode join}, and blocks this thread.
   *
   * @param options `timeout` in milliseconds.
   * @throws {InvalidStateError | TimeoutError} As {@linkcode join}.
   * @throws {DeadlockError} If a map under way reads an async iterable, or an iterator that nobody reads is full.
   */
  joinSync(options?: SyncWaitOptions): void {
    this.#core.joinSync(options);
  }

  /** Gives what the pool has done and how its workers are used, at this moment. */
  statistics(): PoolStatistics {
    return this.#core.engine.statistics();
  }

  /** Describes the pool, as `<ThreadPool workers=2 open>`. */
  toString(): string {
    return this.#core.describe(this.constructor.name);
  }

  /** Closes the pool and waits until all work is done, however the block has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.join();
  }

  /**
   * Refuses to travel.
   *
   * @ignore
   */
  [HANDLE](): HandleRecord {
    throw new UnshareableError(
      `Cannot send ${this.#core.kind}: it belongs to the thread that made it, make another one there, or send a Queue of work`,
    );
  }
}
