/** A module that loads in the thread of a test no sooner than it says; in workers at once. */

import { task } from "../../_core/task.ts";

const gate = (globalThis as { gatedModule?: Promise<void> }).gatedModule;
if (gate !== undefined) await gate;

/** A value that can be received only where this module is loaded. */
export const seven = task(import.meta, () => 7);
