/**
 * What queues are made with, and its checks.
 *
 * @module
 */

import type { Scope } from "../_core/handle.ts";
import type { SyncWaitOptions } from "../_core/wait_options.ts";

/** What a queue is made with. */
export interface QueueOptions {
  /**
   * How far the queue travels: `"thread"`, `"process"` to other processes too, `"local"` for the promises of one thread, by
   * reference. Default: `"thread"`.
   */
  scope?: Scope;
}

/** What a priority queue is made with. */
export interface PriorityQueueOptions<T> extends QueueOptions {
  /**
   * Gives what an item is compared by: a number, a string, a bigint, a boolean, or an array of them. It is called once an
   * item, when that is put. To be sent to another thread it must be a task or a self-contained function.
   */
  key?: (item: T) => unknown;
  /**
   * Compares two items as for `Array.sort`: negative if `a` comes first. It is called in whatever thread puts or gets,
   * also for items that others have put, and must not use the queue. To be sent to another thread it must be a task or a
   * self-contained function. A key is faster.
   */
  compare?: (a: T, b: T) => number;
}

/** How a queue is shut down. */
export interface ShutdownOptions {
  /** Whether the items that are left are thrown away. Default: `false`. */
  immediate?: boolean;
}

/** The functions by which items are ordered. */
export interface OrderFunctions {
  /** Gives what an item is compared by. */
  key?: (item: unknown) => unknown;
  /** Compares two items. */
  compare?: (a: unknown, b: unknown) => number;
}

const MAX_MAXSIZE = 2 ** 31 - 1;

/** Gives the number of items that find room; 0 when there is no limit. */
export function checkMaxsize(what: string, maxsize: number): number {
  if (typeof maxsize !== "number") {
    const received = maxsize === null ? "null" : typeof maxsize;
    const advice = received === "object" ? ", options come second, as new Queue(0, options)" : "";
    throw new TypeError(
      `Cannot ${what}: 'maxsize' must be a number: received ${received}${advice}`,
    );
  }
  if (maxsize === Infinity) return 0;
  if (!Number.isInteger(maxsize) || maxsize > MAX_MAXSIZE) {
    throw new RangeError(
      `Cannot ${what}: 'maxsize' must be an integer up to ${MAX_MAXSIZE}, 0 for no limit: received ${maxsize}`,
    );
  }
  return Math.max(maxsize, 0);
}

/** Gives the functions of a priority queue's options. */
export function checkOrderFunctions(what: string, options: object | undefined): OrderFunctions {
  const functions: OrderFunctions = {};
  for (const name of ["key", "compare"] as const) {
    const given: unknown = (options as OrderFunctions | undefined)?.[name];
    if (given === undefined) continue;
    if (typeof given !== "function") {
      throw new TypeError(
        `Cannot create ${what}: '${name}' must be a function: received ${typeof given}`,
      );
    }
    functions[name] = given as (...args: unknown[]) => number;
  }
  if (functions.key !== undefined && functions.compare !== undefined) {
    throw new TypeError(`Cannot create ${what}: give 'key' or 'compare', not both`);
  }
  return functions;
}

/** Tells whether a shutdown is immediate. */
export function checkImmediate(options: ShutdownOptions | undefined): boolean {
  if (options === undefined) return false;
  if (typeof options !== "object" || options === null) {
    throw new TypeError(
      `Cannot shut down queue: options must be an object, as { immediate: true }: received ${typeof options}`,
    );
  }
  const immediate = options.immediate ?? false;
  if (typeof immediate !== "boolean") {
    throw new TypeError(
      `Cannot shut down queue: 'immediate' must be a boolean: received ${typeof immediate}`,
    );
  }
  return immediate;
}

/** Refuses Python's `block` where options belong, and names the method that does not wait. */
export function refuseBlock(
  what: string,
  options: SyncWaitOptions | undefined,
  instead: string,
): void {
  if (typeof options !== "boolean") return;
  throw new TypeError(
    `Cannot ${what}: options must be an object: received boolean, use ${instead} in order not to wait`,
  );
}
