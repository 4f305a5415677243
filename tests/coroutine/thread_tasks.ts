/** Tasks for the tests of functions on threads. */

import { task } from "../../_core/task.ts";
import type { Event, Semaphore } from "../../sync/mod.ts";

/** Says that it has begun, and blocks its thread until it is let go. */
export const holdThread = task(import.meta, (inside: Semaphore, release: Event): void => {
  inside.release();
  release.waitSync();
});
