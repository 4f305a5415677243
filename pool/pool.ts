/**
 * The pool of processes.
 *
 * @module
 */

import { BasePool } from "./base_pool.ts";
import { makePoolCore, type PoolKind, usePool } from "./pool_maker.ts";
import { processOptions, type ProcessPoolOptions } from "./pool_options.ts";
import { processHost } from "./process_host.ts";

const KIND: PoolKind<ProcessPoolOptions> = {
  name: "pool",
  prefix: "Pool",
  count: 0,
  host: (options, verb) => processHost(processOptions(options, verb)),
};

/**
 * A pool of processes that run tasks: Python's `multiprocessing.Pool`. It does what {@linkcode ThreadPool} does; its
 * workers have memory of their own, can be ended at any moment, may be restricted by `permissions`, and take nobody with
 * them when they crash: the task of a worker that was killed fails, and a new worker takes its place.
 *
 * Leaving an `await using` block closes the pool and waits for its work; {@linkcode Pool.with} also ends it when the block
 * throws. An idle pool does not keep the program alive. Tasks may make pools of their own.
 *
 * Arguments and results are copied; objects of scope `"process"` are passed by reference. With `--allow-ffi` on Deno, or
 * the package `koffi` on Node, the processes share memory with the pool. Without, all goes over sockets, with the same
 * results: some tens of times slower for small tasks.
 *
 * @example Usage
 * ```ts
 * import { Pool } from "@nogil/std/pool";
 * import { assertEquals } from "@std/assert";
 *
 * await using pool = new Pool(2);
 * assertEquals(await pool.map((x: number) => x * x, [1, 2, 3]), [1, 4, 9]);
 * assertEquals(await pool.apply((a: number, b: number) => a + b, [1, 2]), 3);
 * ```
 */
export class Pool extends BasePool {
  /**
   * Creates a pool and starts its processes.
   *
   * @param processes How many processes. Default: as many as there are cores.
   * @param options `initializer` and `initargs` for each process, `maxtasksperchild`, `concurrency`, `grace`, `context`,
   * `memoryLimit`, `name`; `permissions`, `execArgv` and `config` as for a `Process`.
   * @throws {RangeError} If a number is out of range, or there is no memory.
   * @throws {TypeError} If an option has a wrong type.
   * @throws {UnshareableError} If the initializer or its arguments cannot travel.
   * @throws {NotSupportedError} For the reasons for which `Process.start` throws it.
   */
  constructor(processes?: number, options?: ProcessPoolOptions) {
    super(makePoolCore(KIND, processes, options));
  }

  /**
   * Makes a pool for the time of a function. When the function has ended, the pool is closed and its work finished; when
   * it throws, the pool is terminated.
   *
   * @param fn What to do with the pool; its result, awaited, is the result.
   */
  static with<T>(fn: (pool: Pool) => T | PromiseLike<T>): Promise<T>;
  /**
   * Makes a pool of some processes for the time of a function.
   *
   * @param processes How many processes; `undefined` for as many as there are cores.
   * @param fn What to do with the pool; its result, awaited, is the result.
   */
  static with<T>(
    processes: number | undefined,
    fn: (pool: Pool) => T | PromiseLike<T>,
  ): Promise<T>;
  /**
   * Makes a pool with options for the time of a function.
   *
   * @param processes How many processes; `undefined` for as many as there are cores.
   * @param options As for the constructor.
   * @param fn What to do with the pool; its result, awaited, is the result.
   */
  static with<T>(
    processes: number | undefined,
    options: ProcessPoolOptions | undefined,
    fn: (pool: Pool) => T | PromiseLike<T>,
  ): Promise<T>;
  static with(...args: unknown[]): Promise<unknown> {
    return usePool(
      KIND.name,
      args,
      (processes?: number, options?: ProcessPoolOptions) => new Pool(processes, options),
    );
  }
}
