/**
 * Whether a generator runs that is driven: what it begins to wait for need not be a promise.
 *
 * @module
 */

import type { WaitScope } from "./wait_scope.ts";

/** The scope of the generator whose step is running, if one is. */
export let stepping: WaitScope | null = null;

/** Says whose generator runs from now on; gives the one before. */
export function exchangeStepping(scope: WaitScope | null): WaitScope | null {
  const before = stepping;
  stepping = scope;
  return before;
}
