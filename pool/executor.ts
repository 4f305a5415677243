/**
 * The executor of Python's `concurrent.futures`, wherever its workers run.
 *
 * @module
 */

import { UnshareableError } from "../errors.ts";
import { HANDLE, type HandleRecord } from "../_core/handle.ts";
import { closeWhenDropped } from "./dropped.ts";
import type { Future } from "./future.ts";
import { type AnyIterable, zippedInput } from "./input.ts";
import type { MapIterator } from "./map_iterator.ts";
import type { PoolCore } from "./pool_core.ts";
import {
  checkCount,
  checkFunction,
  checkMap,
  checkObject,
  type SubmitOptions,
} from "./pool_options.ts";
import type { PoolStatistics, TaskOptions } from "./engine_types.ts";
import type { AnyFunction } from "./function_table.ts";

/** Where tasks are submitted with options: what {@linkcode Executor.options} gives. */
export interface Submitter {
  /**
   * Submits a task with the options.
   *
   * @param fn What to run: a task, or a self-contained function.
   * @param args Its arguments.
   * @throws As {@linkcode Executor.submit}.
   */
  submit<A extends unknown[], R>(
    fn: (...args: A) => R | PromiseLike<R>,
    ...args: NoInfer<A>
  ): Future<R>;
  /**
   * Runs a function for each item with the options.
   *
   * @param fn What to run: a task, or a self-contained function.
   * @param iterables The arguments: an iterable for each parameter.
   * @throws As {@linkcode Executor.map}.
   */
  map<A extends unknown[], R>(
    fn: (...args: A) => R | PromiseLike<R>,
    ...iterables: Iterables<A>
  ): MapIterator<R>;
}

/** An iterable, or async iterable, for each parameter of a function. */
export type Iterables<A extends unknown[]> = { [K in keyof A]: AnyIterable<A[K]> };

/** How an executor is shut down. */
export interface ExecutorShutdownOptions {
  /** Whether the promise waits until all work is done and all workers have ended. Default: `true`. */
  wait?: boolean;
  /** Whether futures that have not begun are cancelled. Default: `false`. */
  cancelFutures?: boolean;
}

/**
 * What all executors can do: Python's `concurrent.futures.Executor`.
 *
 * An executor belongs to the thread that made it. Workers are started as they are needed; an idle executor does not keep
 * the program alive, pending work does. A worker that is lost fails the task that it ran, with a `WorkerLostError`, and
 * is replaced. An executor that nobody has any more is shut down when it is collected: what was submitted is still run.
 *
 * @example Usage
 * ```ts
 * import { type Executor, ThreadPoolExecutor } from "@nogil/std/pool";
 * import { assertEquals } from "@std/assert";
 *
 * // Works on whatever it is given.
 * function square(executor: Executor, x: number): Promise<number> {
 *   return executor.submit((x: number) => x * x, x);
 * }
 *
 * await using executor = new ThreadPoolExecutor({ maxWorkers: 2 });
 * assertEquals(await square(executor, 7), 49);
 * ```
 */
export abstract class Executor implements AsyncDisposable {
  readonly #core: PoolCore;

  /**
   * Is for the executors themselves.
   *
   * @ignore
   */
  protected constructor(core: PoolCore) {
    this.#core = core;
    closeWhenDropped(this, core);
  }

  /**
   * Submits a task.
   *
   * @param fn What to run: a task, or a self-contained function. An async function is awaited in the worker.
   * @param args Its arguments.
   * @returns The future of its result.
   * @throws {TypeError} If `fn` is no function.
   * @throws {UnshareableError} If the function or an argument cannot travel.
   * @throws {InvalidStateError} If the executor was shut down.
   * @throws {BrokenPoolError} If the initializer keeps failing.
   */
  submit<A extends unknown[], R>(
    fn: (...args: A) => R | PromiseLike<R>,
    ...args: NoInfer<A>
  ): Future<R> {
    return this.#submit(fn as AnyFunction, args, undefined) as Future<R>;
  }

  /**
   * Runs a function for each item, and gives the results one after the other, in the order of the items.
   *
   * Tasks run at once, but the input is taken no farther ahead of the results that are asked for than `buffersize`, so
   * that it may be endless. After an item that failed, the iterator goes on with the next. Leaving it early keeps what has
   * not begun from running.
   *
   * @param fn What to run: a task, or a self-contained function.
   * @param iterables The arguments: an iterable or async iterable for each parameter; the shortest ends it.
   * @throws {TypeError} If `fn` is no function, or there is no iterable.
   * @throws {UnshareableError} If the function cannot travel.
   * @throws {InvalidStateError} If the executor was shut down.
   */
  map<A extends unknown[], R>(
    fn: (...args: A) => R | PromiseLike<R>,
    ...iterables: Iterables<A>
  ): MapIterator<R> {
    return this.#map(fn as AnyFunction, iterables, undefined) as MapIterator<R>;
  }

  /**
   * Gives the same two methods, for tasks with options.
   *
   * @example Usage
   * ```ts
   * import { ThreadPoolExecutor } from "@nogil/std/pool";
   * import { assertEquals } from "@std/assert";
   *
   * await using executor = new ThreadPoolExecutor({ maxWorkers: 2 });
   * const urgent = executor.options({ priority: 10, timeout: 30_000 });
   * assertEquals(await urgent.submit((x: number) => x + 1, 1), 2);
   * ```
   *
   * @param options For each task: `timeout` in milliseconds and `signal`, which abort it, `priority`, `retries`,
   * `transfer`, which is for `submit` alone. For `map`, where `timeout` and `signal` hold for all of it: `chunksize`, by
   * default 1, `buffersize`, `onProgress`, `progress`.
   * @throws {TypeError} If an option has a wrong type.
   * @throws {RangeError} If a number is out of range.
   */
  options(options: SubmitOptions): Submitter {
    const verb = "set options";
    checkMap(options, verb);
    checkCount(options.chunksize, verb, "chunksize");
    checkCount(options.buffersize, verb, "buffersize");
    return {
      submit: (fn, ...args) => this.#submit(fn as AnyFunction, args, options) as never,
      map: (fn, ...iterables) => this.#map(fn as AnyFunction, iterables, options) as never,
    };
  }

  /**
   * Takes no more tasks, and waits until all work is done and all workers have ended.
   *
   * An iterator whose results are not fetched yet reads the rest of its input now, and keeps the results. If it does not
   * know how long its input is (a generator, say), it keeps 100 000 results at most, and then reads on as they are fetched:
   * until it is read to the end, or left, the shutdown goes on.
   *
   * @param options `wait: false` to return at once, `cancelFutures: true` to cancel what has not begun.
   */
  async shutdown(options?: ExecutorShutdownOptions): Promise<void> {
    this.#close(options);
    if (options?.wait !== false) await this.#core.join(undefined);
  }

  /**
   * Does the same, and blocks this thread until all work is done and all workers have ended.
   *
   * @param options As for {@linkcode shutdown}.
   * @throws {DeadlockError} If a map under way reads an async iterable, or an iterator that nobody reads keeps as many
   * results as it can.
   */
  shutdownSync(options?: ExecutorShutdownOptions): void {
    this.#close(options);
    if (options?.wait !== false) this.#core.joinSync(undefined);
  }

  /** Gives what the executor has done and how its workers are used, at this moment. */
  statistics(): PoolStatistics {
    return this.#core.engine.statistics();
  }

  /** Describes the executor, as `<ThreadPoolExecutor workers=2 open>`. */
  toString(): string {
    return this.#core.describe(this.constructor.name);
  }

  /** Shuts the executor down and waits until all work is done, however the block has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
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

  #close(options: ExecutorShutdownOptions | undefined): void {
    checkObject(options, "shut down executor", "{ wait: false }");
    if (options?.cancelFutures === true) this.#core.cancelPending();
    this.#core.close();
  }

  #submit(
    fn: AnyFunction,
    args: readonly unknown[],
    options: TaskOptions | undefined,
  ): Future<unknown> {
    checkFunction(fn, "submit");
    this.#core.checkOpen("submit");
    return this.#core.submit(fn, args, options);
  }

  #map(
    fn: AnyFunction,
    iterables: readonly unknown[],
    options: SubmitOptions | undefined,
  ): MapIterator<unknown> {
    checkFunction(fn, "map");
    const { chunksize = 1, transfer } = options ?? {};
    if (transfer !== undefined) {
      throw new TypeError("Cannot map: 'transfer' is for submit(), the items of a map are copied");
    }
    if (iterables.length === 0) {
      throw new TypeError("Cannot map: there must be an iterable for each parameter of 'fn'");
    }
    this.#core.checkOpen("map");
    const input = zippedInput(iterables, "map");
    const request = { verb: "map", fn, input, star: true, chunksize, options };
    return this.#core.iterate(request, true);
  }
}
