/**
 * Objects that stand for processes which exist already.
 *
 * @module
 */

import type { Innards } from "./innards.ts";

/** What the next instance stands for: its constructor must not make a new process. */
let rebuilt: Innards | null = null;

/** Calls a function that constructs a process object, which gets innards that exist already. */
export function rebuildAs<T>(innards: Innards, construct: () => T): T {
  rebuilt = innards;
  try {
    return construct();
  } finally {
    rebuilt = null;
  }
}

/** Gives the innards for the object that is being constructed; `null` if it is a new process. */
export function takeRebuilt(): Innards | null {
  const taken = rebuilt;
  rebuilt = null;
  return taken;
}
