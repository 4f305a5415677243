/**
 * Sleeping.
 *
 * @module
 */

import { realm } from "./realm.ts";

/**
 * Blocks the current thread for a time. Nothing else runs in this thread meanwhile, no timers and no promises.
 *
 * @example Usage
 * ```ts
 * import { sleepSync } from "@nogil/std/thread";
 *
 * sleepSync(5);
 * ```
 *
 * @param milliseconds How long to sleep.
 * @throws {RangeError} If the time is negative or no number.
 */
export function sleepSync(milliseconds: number): void {
  if (typeof milliseconds !== "number" || !(milliseconds >= 0)) {
    throw new RangeError(`Cannot sleep: the time must not be negative: ${milliseconds}`);
  }
  realm().table.pause(milliseconds);
}
