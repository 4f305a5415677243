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
 * @throws {TypeError} If the time is no number.
 * @throws {RangeError} If the time is negative or NaN.
 */
export function sleepSync(milliseconds: number): void {
  if (typeof milliseconds !== "number") {
    throw new TypeError(
      `Cannot sleep: the time must be a number of milliseconds: received ${typeof milliseconds}`,
    );
  }
  if (!(milliseconds >= 0)) {
    throw new RangeError(
      `Cannot sleep: the time must be a number of milliseconds >= 0: received ${milliseconds}`,
    );
  }
  realm().table.pause(milliseconds);
}
