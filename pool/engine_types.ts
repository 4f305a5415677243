/**
 * What the pools ask of their engine.
 *
 * @module
 */

import type { ContextVariable } from "./context_variable.ts";
import type { Percentiles } from "./engine_histogram.ts";
import type { AnyFunction } from "./function_table.ts";

/** How an engine is made. */
export interface EngineOptions {
  /** How many workers there are. */
  workers: number;
  /** Whether workers are started only when tasks need them. */
  lazy: boolean;
  /** Gives the name of a worker, by its number from 0; a successor gets a number of its own. */
  name: (index: number) => string;
  /** What every worker runs first. */
  initializer?: AnyFunction | undefined;
  /** Its arguments. */
  initargs?: readonly unknown[] | undefined;
  /** A worker is replaced after so many tasks; a batch is one. Default: never. */
  maxTasksPerChild?: number | undefined;
  /** Tasks that may be in flight at once in a worker: asynchronous ones. Default: 1. */
  concurrency?: number | undefined;
  /** From the abortion of a task to the end of its worker, in milliseconds. Default: 1000. */
  grace?: number | undefined;
  /** The context that goes with every task. */
  context?: readonly ContextVariable[] | undefined;
  /** Sizes and times, for tests. */
  tuning?: EngineTuning | undefined;
}

/** Sizes and times of an engine: for tests. */
export interface EngineTuning {
  /** Bytes of the main ring, a power of two. */
  mainBytes?: number;
  /** Bytes of the urgent ring, a power of two. */
  urgentBytes?: number;
  /** Bytes of a result ring, a power of two. */
  resultBytes?: number;
  /** Who waits looks again at least so often, in milliseconds. */
  slice?: number;
  /** So long a worker looks for work before it sleeps, in microseconds. */
  spin?: number;
}

/** What a task may be given. */
export interface TaskOptions {
  /** Milliseconds from the call to the result; then the task is aborted, and fails with a `TimeoutError`. */
  timeout?: number | undefined;
  /** Cancels the task, or aborts it if it has begun: it fails with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Tasks above 0 overtake those that wait; tasks below 0 wait until nothing else is queued. Default: 0. */
  priority?: number | undefined;
  /** Buffers in the arguments that are moved and not copied: they are detached here. */
  transfer?: readonly ArrayBuffer[] | undefined;
  /** How often the task is run again when its worker is lost. Default: 0. */
  retries?: number | undefined;
}

/** Who hears how a task ends: exactly one of the two, once, unless the task is cancelled or aborted first. */
export interface TaskSink {
  /** The task has returned. */
  resolve(value: unknown): void;
  /** The task has failed. */
  reject(error: unknown): void;
}

/** Who hears of the items of a batch. */
export interface BatchSink {
  /** An item has a result. */
  item(index: number, value: unknown): void;
  /** An item has failed. */
  itemFailed(index: number, error: unknown): void;
  /** Nothing more comes. */
  end(): void;
}

/** A worker, in the statistics. */
export interface WorkerStatistics {
  /** Its name. */
  name: string;
  /** Tasks and batches that have ended. */
  tasks: number;
  /** Which part of its time it has worked, from 0 to 1. */
  utilisation: number;
}

/** What a pool is doing, and has done. */
export interface PoolStatistics {
  /** Tasks that wait. */
  queued: number;
  /** Tasks that run. */
  running: number;
  /** Tasks that have returned. */
  done: number;
  /** Tasks that have failed. */
  failed: number;
  /** Tasks that were cancelled before they began, or aborted. */
  cancelled: number;
  /** Tasks that were lost with their worker. */
  lost: number;
  /** How often a task was run again after the loss of its worker. */
  retried: number;
  /** Workers that died and were replaced. */
  workersLost: number;
  /** The workers that are there. */
  workers: WorkerStatistics[];
  /** From the call to the beginning, in milliseconds, from a sample. */
  waitTime: Percentiles;
  /** From the beginning to the end, in milliseconds, from a sample. */
  runTime: Percentiles;
}
