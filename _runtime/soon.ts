/**
 * Microtasks without further ado.
 *
 * On Node, `queueMicrotask` makes an `AsyncResource` of each, which costs more than the promise of a reaction. On Deno it is
 * the other way round.
 *
 * @module
 */

import process from "node:process";

const RESOLVED: Promise<void> = Promise.resolve();

/** Calls back after the code that is running. What the callback throws is an uncaught error, or an unhandled rejection. */
export const soon: (callback: () => void) => void = "deno" in process.versions
  ? queueMicrotask
  : (callback) => void RESOLVED.then(callback);
