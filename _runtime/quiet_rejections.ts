/**
 * Rejections of promises that are nobody's, and no reason to end the program.
 *
 * Deno asks by an event. Node has no way to answer for a single promise: a listener would answer for all. So there, what
 * emits the question is replaced, and all others are passed on.
 *
 * On both, the question is asked in the asynchronous context in which the promise was made or was rejected.
 *
 * @module
 */

import process from "node:process";

const EVENT = "unhandledrejection";
const NODE_EVENT = "unhandledRejection";

/** Asks a function about every rejection that nobody handles; if it says `true`, the program goes on. Called once. */
export function quietRejections(isQuiet: (reason: unknown) => boolean): void {
  if ("deno" in process.versions) {
    globalThis.addEventListener(EVENT, (event) => {
      if (!isQuiet((event as Event & { reason: unknown }).reason)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    });
    return;
  }
  const { emit } = process;
  process.emit = function (this: unknown, ...args: unknown[]): boolean {
    if (args[0] === NODE_EVENT && isQuiet(args[1])) return true;
    return Reflect.apply(emit, this, args);
  } as typeof emit;
}
