/**
 * Pools of threads, executors and futures, as in Python's `concurrent.futures` and `multiprocessing.pool`.
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
export { Future } from "./future.ts";
