/** What runs in executors whose processes are ended. */

import process from "node:process";
import { task } from "../../_core/task.ts";
import type { Value } from "../../process/mod.ts";

export const computeForEver = task(import.meta, (runs: Value<"i">): never => {
  runs.add(1);
  for (;;);
});

export const count = task(import.meta, (runs: Value<"i">): void => {
  runs.add(1);
});

/** Says its pid, and adds 100 when it is asked to end; `stays` says that it does not end then. */
export const cleanUp = task(
  import.meta,
  (runs: Value<"i">, stays: boolean): Promise<never> => {
    process.on("SIGTERM", () => {
      runs.add(100);
      if (!stays) process.exit(0);
    });
    runs.add(1);
    return new Promise(() => {});
  },
);
