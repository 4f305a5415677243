/**
 * The options of pools and executors, and of their calls.
 *
 * @module
 */

import { checkRuntimeOptions, type RuntimeOptions } from "../process/process_options.ts";
import { checkTimeout } from "../_core/wait_options.ts";
import type { ResultCallbacks } from "./async_result.ts";
import type { Progress } from "./progress.ts";
import { type ContextVariable, isContextVariable } from "./context_variable.ts";
import type { EngineOptions } from "./engine_types.ts";
import type { ProcessHostOptions } from "./process_host.ts";
import type { AnyFunction } from "./function_table.ts";

/** How the workers of a pool or an executor are made, and what they may do. */
export interface WorkerOptions {
  /** Called in every worker before its first task: a task, or a self-contained function. */
  initializer?: (...args: never[]) => unknown;
  /** Arguments for the initializer. Default: none. */
  initargs?: readonly unknown[];
  /** How many async tasks run at once in a worker. Default: 1. */
  concurrency?: number;
  /**
   * Milliseconds that a task has to end by itself after it was aborted; then its worker is replaced. Default: 1000.
   */
  grace?: number;
  /**
   * The most memory that a worker may use, in megabytes: a worker that needs more is lost, and no other with it. Default:
   * the runtime's, beyond which the whole program ends.
   */
  memoryLimit?: number;
  /** The size of a worker's stack, in megabytes. Default: the runtime's. */
  stackSize?: number;
  /** The `AsyncLocalStorage`s whose values travel with the tasks, made by `contextVariable`. Default: none. */
  context?: readonly ContextVariable[];
}

/** How a pool is made. */
export interface PoolOptions extends WorkerOptions {
  /** A worker is replaced after so many tasks. Default: never. */
  maxtasksperchild?: number;
  /** The names of the threads begin with it. Default: `ThreadPool-N`. */
  name?: string;
}

/** How an executor is made. */
export interface ThreadPoolExecutorOptions extends WorkerOptions {
  /** How many threads there are at most. Default: the number of cores plus 4, at most 32. */
  maxWorkers?: number;
  /** The names of the threads begin with it. Default: `ThreadPoolExecutor-N`. */
  threadNamePrefix?: string;
}

/** How a pool of processes is made. */
export interface ProcessPoolOptions extends Omit<PoolOptions, "stackSize">, RuntimeOptions {}

/** How an executor of processes is made. */
export interface ProcessPoolExecutorOptions
  extends Omit<WorkerOptions, "stackSize">, RuntimeOptions {
  /** How many processes there are at most. Default: the number of cores. */
  maxWorkers?: number;
  /** A process is replaced after so many tasks. Default: never. */
  maxTasksPerChild?: number;
}

/** How one task is run while the calling thread is blocked. */
export interface ApplySyncOptions {
  /** Milliseconds from the call to the result; then the task is aborted. Default: no limit. */
  timeout?: number;
  /** A task of a higher priority is run before others that wait. Default: 0. */
  priority?: number;
  /** Buffers in the arguments that are moved and not copied: they are detached here. */
  transfer?: readonly ArrayBuffer[];
  /** How often the task is run again when its worker is lost. Default: 0. */
  retries?: number;
}

/** How one task is run. */
export interface ApplyOptions extends ApplySyncOptions {
  /** Aborts the task. The promise rejects with the signal's `reason`. */
  signal?: AbortSignal;
}

/** How one task is run, and who is told of its result. */
export interface ApplyAsyncOptions<R> extends ApplyOptions, ResultCallbacks<R> {}

/** How the items of an iterable are run, while the calling thread is blocked. */
export interface MapSyncOptions {
  /**
   * How many items go to a worker together. If the worker is lost, the item that it ran fails, and the rest of the chunk
   * is run by others; with them, items that had ended in the last milliseconds before may be run again. With 1, none is.
   */
  chunksize?: number;
  /** Milliseconds for all of it. What is not done by then is aborted. Default: no limit. */
  timeout?: number;
  /** Items of a higher priority are run before others that wait. Default: 0. */
  priority?: number;
  /** How often an item is run again whose worker was lost. Default: 0. */
  retries?: number;
  /** Called with how far it is, at most every 50 ms and at the end. What it throws is printed. */
  onProgress?: (progress: Progress) => void;
}

/** How the items of an iterable are run. */
export interface MapOptions extends MapSyncOptions {
  /** Aborts what is not done. The promise rejects with the signal's `reason`. */
  signal?: AbortSignal;
  /**
   * Draws a bar on the standard error stream, with the rate and the time left. Where that is no terminal: a plain line
   * every ten seconds, and one at the end. Default: `false`.
   */
  progress?: boolean;
}

/** How the items of an iterable are run, and who is told of the results. */
export interface MapAsyncOptions<R> extends MapOptions, ResultCallbacks<R[]> {}

/** How the items of an iterable are run, and how far ahead of who fetches the results. */
export interface ImapOptions extends MapOptions {
  /**
   * How many chunks are taken from the input before their results are asked for. Default: four for each task that can
   * run at once, at least 16.
   */
  buffersize?: number;
}

/** How an executor runs what is submitted through {@linkcode ThreadPoolExecutor.options}. */
export interface SubmitOptions extends ImapOptions {
  /** Buffers in the arguments of `submit` that are moved and not copied: they are detached here. */
  transfer?: readonly ArrayBuffer[];
}

/** So many workers there may be at most. */
export const MOST_WORKERS = 4000;

/** Checks the options of a call: they may be left out, but not be something else. */
export function checkObject(
  options: unknown,
  verb: string,
  example: string = "{ timeout: 5000 }",
): void {
  if (options === undefined || typeof options === "object" && options !== null) return;
  throw new TypeError(
    `Cannot ${verb}: options must be an object, as ${example}: received ${kindOf(options)}`,
  );
}

/** Checks what is to be run. */
export function checkFunction(fn: unknown, verb: string, name = "fn"): void {
  if (typeof fn === "function") return;
  const advice = name === "fn" ? ", give the function itself, not its result" : "";
  throw new TypeError(
    `Cannot ${verb}: '${name}' must be a function: received ${kindOf(fn)}${advice}`,
  );
}

/** Checks the arguments of a task. */
export function checkArgs(args: unknown, verb: string, name = "args"): readonly unknown[] {
  if (args === undefined) return [];
  if (Array.isArray(args)) return args;
  throw new TypeError(
    `Cannot ${verb}: '${name}' must be an array of arguments: received ${kindOf(args)}`,
  );
}

/** Checks a number of something, which may be left out. */
export function checkCount(
  count: number | undefined,
  verb: string,
  name: string,
  least: number = 1,
  most: number = Infinity,
): number | undefined {
  if (count === undefined) return undefined;
  if (typeof count !== "number") {
    const advice = name === "processes" && typeof count === "object" && count !== null
      ? `, options come second, as new ${
        verb === "create pool" ? "Pool" : "ThreadPool"
      }(4, options)`
      : "";
    throw new TypeError(
      `Cannot ${verb}: '${name}' must be a number: received ${kindOf(count)}${advice}`,
    );
  }
  if (Number.isSafeInteger(count) && count >= least && count <= most) return count;
  const range = most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new RangeError(
    `Cannot ${verb}: '${name}' must be an integer ${range}: received ${count}`,
  );
}

/** Checks the options of a task: they may be left out. */
export function checkTask(options: ApplyOptions | undefined, verb: string): void {
  checkObject(options, verb);
  if (options === undefined) return;
  const { timeout, signal, priority, retries, transfer } = options;
  checkTimeout(timeout, verb);
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError(`Cannot ${verb}: 'signal' must be an AbortSignal`);
  }
  if (priority !== undefined && (typeof priority !== "number" || Number.isNaN(priority))) {
    throw new TypeError(`Cannot ${verb}: 'priority' must be a number: received ${priority}`);
  }
  checkCount(retries, verb, "retries", 0);
  if (transfer !== undefined) checkTransfer(transfer, verb);
}

function checkTransfer(transfer: unknown, verb: string): void {
  const wanted = `Cannot ${verb}: 'transfer' must be an array of ArrayBuffers: received`;
  if (!Array.isArray(transfer)) throw new TypeError(`${wanted} ${kindOf(transfer)}`);
  transfer.forEach((buffer, i) => {
    if (!(buffer instanceof ArrayBuffer)) {
      const given = ArrayBuffer.isView(buffer) ? "a view, give its 'buffer'" : kindOf(buffer);
      throw new TypeError(`${wanted} ${given} at transfer[${i}]`);
    }
    if (transfer.indexOf(buffer) < i) {
      throw new TypeError(`Cannot ${verb}: transfer[${i}] stands twice in 'transfer'`);
    }
  });
}

/** Checks the options of a map, as far as they are not numbers of items. */
export function checkMap(options: ImapOptions | undefined, verb: string): void {
  checkTask(options, verb);
  if (options === undefined) return;
  const { onProgress, progress } = options;
  if (onProgress !== undefined) checkFunction(onProgress, verb, "onProgress");
  if (progress !== undefined && typeof progress !== "boolean") {
    throw new TypeError(
      `Cannot ${verb}: 'progress' must be a boolean: received ${kindOf(progress)}`,
    );
  }
}

/** Checks callbacks. */
export function checkCallbacks(
  options: ResultCallbacks<never> | undefined,
  verb: string,
): void {
  if (options?.callback !== undefined) checkFunction(options.callback, verb, "callback");
  if (options?.errorCallback !== undefined) {
    checkFunction(options.errorCallback, verb, "errorCallback");
  }
}

/** Checks how workers are made, and gives it to the engine. */
export function workerOptions(
  options: WorkerOptions,
  verb: string,
): Pick<EngineOptions, "initializer" | "initargs" | "concurrency" | "grace" | "context"> {
  const { initializer, concurrency, grace, context } = options;
  if (initializer !== undefined) checkFunction(initializer, verb, "initializer");
  const initargs = checkArgs(options.initargs, verb, "initargs");
  if (grace !== undefined && typeof grace !== "number") {
    throw new TypeError(`Cannot ${verb}: 'grace' must be a number: received ${kindOf(grace)}`);
  }
  if (grace !== undefined && !(grace >= 0)) {
    throw new RangeError(
      `Cannot ${verb}: 'grace' must be a number of milliseconds >= 0: received ${grace}`,
    );
  }
  if (context !== undefined && !(Array.isArray(context) && context.every(isContextVariable))) {
    throw new TypeError(
      `Cannot ${verb}: 'context' must be an array of what contextVariable() gives: received ${
        kindOf(context)
      }`,
    );
  }
  checkCount(concurrency, verb, "concurrency");
  return {
    initargs,
    ...(initializer !== undefined && { initializer: initializer as AnyFunction }),
    ...(concurrency !== undefined && { concurrency }),
    ...(grace !== undefined && { grace }),
    ...(context !== undefined && { context }),
  };
}

/** Checks what a worker may use. */
export function workerLimits(
  { memoryLimit, stackSize }: WorkerOptions,
  verb: string,
): Pick<WorkerOptions, "memoryLimit" | "stackSize"> {
  for (const [name, limit] of Object.entries({ memoryLimit, stackSize })) {
    if (limit === undefined) continue;
    if (typeof limit !== "number") {
      throw new TypeError(`Cannot ${verb}: '${name}' must be a number: received ${kindOf(limit)}`);
    }
    if (!(limit > 0)) {
      throw new RangeError(
        `Cannot ${verb}: '${name}' must be a positive number of megabytes: received ${limit}`,
      );
    }
  }
  return {
    ...(memoryLimit !== undefined && { memoryLimit }),
    ...(stackSize !== undefined && { stackSize }),
  };
}

/** Checks the beginning of the names of threads. */
export function checkPrefix(prefix: unknown, verb: string, name: string): void {
  if (prefix === undefined || typeof prefix === "string") return;
  throw new TypeError(`Cannot ${verb}: '${name}' must be a string: received ${kindOf(prefix)}`);
}

function kindOf(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "an array" : typeof value;
}

/** Checks how the processes of a pool are started, and what they may use. */
export function processOptions(
  options: Pick<WorkerOptions, "memoryLimit"> & RuntimeOptions,
  verb: string,
): ProcessHostOptions {
  const { memoryLimit } = workerLimits(options, verb);
  const { permissions, execArgv, config } = options;
  checkRuntimeOptions(options);
  return {
    ...(memoryLimit !== undefined && { memoryLimit }),
    ...(permissions !== undefined && { permissions }),
    ...(execArgv !== undefined && { execArgv }),
    ...(config !== undefined && { config }),
  };
}
