/**
 * Functions that the caller passes.
 *
 * @module
 */

import { isThenable } from "../_core/thenable.ts";

/**
 * Checks that something is a function.
 *
 * @throws {TypeError} If it is none.
 */
export function checkFunction(name: string, value: unknown, what: string): void {
  if (typeof value === "function") return;
  throw new TypeError(`Cannot ${what}: '${name}' must be a function: received ${typeof value}`);
}

/** Calls the predicate of a condition. A promise, which is always truthy, would be taken for yes. */
export function look<T>(predicate: () => T): T {
  const value = predicate();
  if (!isThenable(value)) return value;
  throw new TypeError(
    "Cannot wait on condition: 'predicate' must answer at once: it has returned a promise",
  );
}
