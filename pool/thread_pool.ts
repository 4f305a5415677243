/**
 * The pool of threads.
 *
 * @module
 */

import { BasePool } from "./base_pool.ts";
import { makePoolCore, type PoolKind, usePool } from "./pool_maker.ts";
import { type PoolOptions, workerLimits } from "./pool_options.ts";
import { limitedThreadHost } from "./thread_host.ts";

const KIND: PoolKind<PoolOptions> = {
  name: "thread pool",
  prefix: "ThreadPool",
  count: 0,
  host: (options, verb) => limitedThreadHost(workerLimits(options, verb)),
};

/**
 * A pool of threads that run tasks: Python's `multiprocessing.pool.ThreadPool`, with threads that run in parallel.
 *
 * Leaving an `await using` block closes the pool and waits for its work; {@linkcode ThreadPool.with} also ends it when
 * the block throws. An idle pool does not keep the program alive.
 *
 * @example Usage
 * ```ts
 * import { ThreadPool } from "@nogil/std/pool";
 * import { assertEquals } from "@std/assert";
 *
 * await using pool = new ThreadPool(2);
 * assertEquals(await pool.map((x: number) => x * x, [1, 2, 3]), [1, 4, 9]);
 * assertEquals(await pool.apply((a: number, b: number) => a + b, [1, 2]), 3);
 * ```
 */
export class ThreadPool extends BasePool {
  /**
   * Creates a pool and starts its threads.
   *
   * @param processes How many threads. Default: as many as there are cores.
   * @param options `initializer` and `initargs` for each thread, `maxtasksperchild`, `concurrency`, `grace`, `context`,
   * `memoryLimit`, `stackSize`, `name`.
   * @throws {RangeError} If a number is out of range.
   * @throws {TypeError} If an option has a wrong type.
   * @throws {UnshareableError} If the initializer or its arguments cannot travel.
   */
  constructor(processes?: number, options?: PoolOptions) {
    super(makePoolCore(KIND, processes, options));
  }

  /**
   * Makes a pool for the time of a function. When the function has ended, the pool is closed and its work finished; when
   * it throws, the pool is terminated.
   *
   * @param fn What to do with the pool; its result, awaited, is the result.
   */
  static with<T>(fn: (pool: ThreadPool) => T | PromiseLike<T>): Promise<T>;
  /**
   * Makes a pool of some threads for the time of a function.
   *
   * @param processes How many threads; `undefined` for as many as there are cores.
   * @param fn What to do with the pool; its result, awaited, is the result.
   */
  static with<T>(
    processes: number | undefined,
    fn: (pool: ThreadPool) => T | PromiseLike<T>,
  ): Promise<T>;
  /**
   * Makes a pool with options for the time of a function.
   *
   * @param processes How many threads; `undefined` for as many as there are cores.
   * @param options As for the constructor.
   * @param fn What to do with the pool; its result, awaited, is the result.
   */
  static with<T>(
    processes: number | undefined,
    options: PoolOptions | undefined,
    fn: (pool: ThreadPool) => T | PromiseLike<T>,
  ): Promise<T>;
  static with(...args: unknown[]): Promise<unknown> {
    return usePool(
      KIND.name,
      args,
      (processes?: number, options?: PoolOptions) => new ThreadPool(processes, options),
    );
  }
}
