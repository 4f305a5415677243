/**
 * What can be awaited.
 *
 * @module
 */

/** Tells whether a value has to be awaited. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (typeof value === "object" && value !== null || typeof value === "function") &&
    "then" in value && typeof value.then === "function";
}
