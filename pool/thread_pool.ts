/**
 * The pool of threads.
 *
 * @module
 */

import { runtime } from "../_runtime/runtime.ts";
import { BasePool } from "./base_pool.ts";
import { PoolCore } from "./pool_core.ts";
import {
  checkCount,
  checkFunction,
  checkObject,
  checkPrefix,
  MOST_WORKERS,
  type PoolOptions,
  workerLimits,
  workerOptions,
} from "./pool_options.ts";
import { TaskEngine } from "./task_engine.ts";
import { limitedThreadHost } from "./thread_host.ts";

let pools = 0;

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
    const verb = "create thread pool";
    checkObject(options, verb, "{ maxtasksperchild: 100 }");
    const workers = checkCount(processes, verb, "processes", 1, MOST_WORKERS) ??
      runtime().parallelism();
    const { maxtasksperchild, name, concurrency = 1 } = options ?? {};
    checkCount(maxtasksperchild, verb, "maxtasksperchild");
    checkPrefix(name, verb, "name");
    const prefix = name ?? `ThreadPool-${++pools}`;
    const engine = new TaskEngine(limitedThreadHost(workerLimits(options ?? {}, verb)), {
      ...workerOptions(options ?? {}, verb),
      workers,
      lazy: false,
      name: (index: number) => `${prefix}_${index}`,
      ...(maxtasksperchild !== undefined && { maxTasksPerChild: maxtasksperchild }),
    });
    super(new PoolCore("thread pool", engine, workers, concurrency));
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
  static async with(...args: unknown[]): Promise<unknown> {
    const fn = args.pop() as (pool: ThreadPool) => unknown;
    checkFunction(fn, "use thread pool");
    const pool = new ThreadPool(...args as [number?, PoolOptions?]);
    let result: unknown;
    try {
      result = await fn(pool);
    } catch (error) {
      pool.terminate();
      await pool.join();
      throw error;
    }
    pool.close();
    await pool.join();
    return result;
  }
}
