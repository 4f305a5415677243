/** A module that does not load in a worker. */

import { isMainThread } from "node:worker_threads";
import { task } from "../../_core/task.ts";

export const early = task(import.meta, (x: number) => x);
if (!isMainThread) throw new RangeError("half a module");
export const late = task(import.meta, (x: number) => x + 1);
