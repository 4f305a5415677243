/**
 * The executor on threads.
 *
 * @module
 */

import { runtime } from "../_runtime/runtime.ts";
import { Executor } from "./executor.ts";
import { PoolCore } from "./pool_core.ts";
import {
  checkCount,
  checkObject,
  checkPrefix,
  MOST_WORKERS,
  type ThreadPoolExecutorOptions,
  workerLimits,
  workerOptions,
} from "./pool_options.ts";
import { TaskEngine } from "./task_engine.ts";
import { limitedThreadHost } from "./thread_host.ts";

/** More threads than that have to be asked for. */
const MOST_BY_ITSELF = 32;

let executors = 0;

/**
 * An executor that runs tasks in threads: Python's `concurrent.futures.ThreadPoolExecutor`, with threads that run in
 * parallel.
 *
 * Threads are started as they are needed; one that is idle is used before another is started. They are called
 * `prefix_0`, `prefix_1`…
 *
 * @example Usage
 * ```ts
 * import { asCompleted, ThreadPoolExecutor } from "@nogil/std/pool";
 * import { assertEquals } from "@std/assert";
 *
 * await using executor = new ThreadPoolExecutor({ maxWorkers: 2 });
 * const futures = [3, 4].map((n) => executor.submit((n: number) => n * n, n));
 * let sum = 0;
 * for await (const future of asCompleted(futures)) sum += await future.result();
 * assertEquals(sum, 25);
 * ```
 */
export class ThreadPoolExecutor extends Executor {
  /**
   * Creates an executor. No thread is started yet.
   *
   * @param options `maxWorkers`, `threadNamePrefix`, `initializer` and `initargs` for each thread, `concurrency`,
   * `grace`, `context`, `memoryLimit`, `stackSize`.
   * @throws {RangeError} If a number is out of range.
   * @throws {TypeError} If an option has a wrong type.
   * @throws {UnshareableError} If the initializer or its arguments cannot travel.
   */
  constructor(options?: ThreadPoolExecutorOptions) {
    const verb = "create executor";
    checkObject(options, verb, "{ maxWorkers: 4 }");
    const { maxWorkers, threadNamePrefix, concurrency = 1 } = options ?? {};
    const workers = checkCount(maxWorkers, verb, "maxWorkers", 1, MOST_WORKERS) ??
      Math.min(MOST_BY_ITSELF, runtime().parallelism() + 4);
    checkPrefix(threadNamePrefix, verb, "threadNamePrefix");
    // As in Python, every executor counts, whatever it is called.
    const number = executors++;
    const prefix = threadNamePrefix || `ThreadPoolExecutor-${number}`;
    const engine = new TaskEngine(limitedThreadHost(workerLimits(options ?? {}, verb)), {
      ...workerOptions(options ?? {}, verb),
      workers,
      lazy: true,
      name: (index: number) => `${prefix}_${index}`,
    });
    super(new PoolCore("executor", engine, workers, concurrency));
  }
}
