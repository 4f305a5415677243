/**
 * The options of what lies in shared memory.
 *
 * @module
 */

import type { Scope } from "../_core/handle.ts";

/** Options of a `Value` or a `SharedArray`. */
export interface SharedOptions {
  /** How far it travels: `"thread"` (default) between threads, `"process"` between processes too, `"local"` not at all. */
  scope?: Scope;
  /** Whether it has a lock. Default: true. */
  lock?: boolean;
}

/**
 * Gives the option `lock`.
 *
 * @throws {TypeError} If it is no boolean.
 */
export function checkLock(options: SharedOptions | undefined, what: string): boolean {
  const lock = options?.lock ?? true;
  if (typeof lock === "boolean") return lock;
  throw new TypeError(`Cannot create ${what}: 'lock' must be a boolean: received ${String(lock)}`);
}
