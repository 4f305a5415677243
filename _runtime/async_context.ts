/**
 * The asynchronous context of a call, for what goes on later in its name.
 *
 * @module
 */

import { AsyncResource } from "node:async_hooks";

/** Takes the present context down: gives a function that calls another one in it. */
export function takeContext(): <R>(fn: () => R) => R {
  const resource = new AsyncResource("nogil.call");
  return (fn) => resource.runInAsyncScope(fn);
}
