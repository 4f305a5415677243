/**
 * Pools of threads and of processes, executors and futures, as in Python's `multiprocessing.pool` and `concurrent.futures`.
 *
 * ```ts
 * import { ThreadPool, ThreadPoolExecutor } from "@nogil/std/pool";
 *
 * const square = (x: number) => x * x;
 *
 * await using pool = new ThreadPool();
 * console.log(await pool.map(square, [1, 2, 3])); // [1, 4, 9]
 *
 * await using executor = new ThreadPoolExecutor();
 * const future = executor.submit(square, 7);
 * console.log(await future.result({ timeout: 30_000 })); // 49
 * ```
 *
 * @module
 */

export {
  ALL_COMPLETED,
  asCompleted,
  type AsCompletedOptions,
  type CompletedIterator,
  type CompletedSteps,
  FIRST_COMPLETED,
  FIRST_EXCEPTION,
  type ReturnWhen,
  wait,
  type Waitable,
  type WaitManyOptions,
  type WaitObject,
  type WaitResult,
} from "../_core/waitable.ts";
export type { SyncWaitOptions, WaitOptions } from "../_core/wait_options.ts";
export { AsyncResult, type ResultCallbacks } from "./async_result.ts";
export { BasePool } from "./base_pool.ts";
export {
  type AsyncLocalStorageLike,
  type ContextCoding,
  type ContextVariable,
  contextVariable,
} from "./context_variable.ts";
export { type CurrentTask, currentTask } from "./current_task.ts";
export type { PoolStatistics, WorkerStatistics } from "./engine_types.ts";
export type { Percentiles } from "./engine_histogram.ts";
export {
  Executor,
  type ExecutorShutdownOptions,
  type Iterables,
  type Submitter,
} from "./executor.ts";
export { Future } from "./future.ts";
export type { AnyIterable } from "./input.ts";
export { MapIterator } from "./map_iterator.ts";
export { Pool } from "./pool.ts";
export type {
  ApplyAsyncOptions,
  ApplyOptions,
  ApplySyncOptions,
  ImapOptions,
  MapAsyncOptions,
  MapOptions,
  MapSyncOptions,
  PoolOptions,
  ProcessPoolExecutorOptions,
  ProcessPoolOptions,
  SubmitOptions,
  ThreadPoolExecutorOptions,
  WorkerOptions,
} from "./pool_options.ts";
export { ProcessPoolExecutor } from "./process_pool_executor.ts";
export type { ProcessPermissions, RuntimeOptions } from "../process/process_options.ts";
export type { Progress } from "./progress.ts";
export { ThreadPool } from "./thread_pool.ts";
export { ThreadPoolExecutor } from "./thread_pool_executor.ts";
