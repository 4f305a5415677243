/**
 * What stands behind a future: the executor that it comes from, and the words for how it ends.
 *
 * @module
 */

import { CancelledError, TimeoutError } from "../errors.ts";
import { className } from "../_core/unshareable_reason.ts";

/** What a future asks the executor that it comes from. */
export interface FutureOwner {
  /** Takes in what results are there, without waiting. */
  poll(): void;
  /** Whether the work has begun. */
  begun(): boolean;
  /** Takes the work back; `false` if it has begun. Rejecting the future with a `CancelledError` meanwhile cancels it. */
  cancel(): boolean;
  /** Blocks this thread, taking in results, until `isDone` holds; `false` when time (in milliseconds) was up. */
  waitSync(isDone: () => boolean, timeout: number): boolean;
}

/** What whoever waits for a cancelled future is thrown. */
export function cancelledError(): CancelledError {
  return new CancelledError("Cannot get result: the future was cancelled");
}

/** What is thrown when time is up. */
export function late(timeout: number): TimeoutError {
  return new TimeoutError(`Cannot get result: the future is not done after ${timeout} ms`);
}

/** Names what a future holds: the class of an object, the type of any other value. */
export function typeName(value: unknown): string {
  if (value === null || typeof value !== "object") return value === null ? "null" : typeof value;
  return value instanceof Error ? value.name : className(value);
}
