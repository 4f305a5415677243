/** Programs for the tests of the pool's engine that watch a whole process; the first argument says which. */

import process from "node:process";
import { isMain, task } from "../../_core/task.ts";
import { TaskEngine } from "../../pool/task_engine.ts";
import { threadHost } from "../../pool/thread_host.ts";
import { later, square } from "./engine_tasks.ts";

export const programUrl: string = import.meta.url;

function makeEngine(): TaskEngine {
  return new TaskEngine(threadHost, { workers: 2, lazy: false, name: (index) => `${index}` });
}

/** Uses a pool, leaves one that is idle and one that was never used, and forgets a third with its thread. */
const PROGRAMS: Record<string, () => void> = {
  idle() {
    makeEngine();
    const engine = makeEngine();
    engine.submit(square, [7], undefined, {
      resolve: (value) => console.log(`result ${value}`),
      reject: console.error,
    });
  },
  pending() {
    const engine = makeEngine();
    engine.submit(later, [300], undefined, {
      resolve: (value) => console.log(`later ${value}`),
      reject: console.error,
    });
  },
};

/** Makes a pool and lets it be. */
export const makeAndForget = task(import.meta, (): Promise<number> => {
  const engine = makeEngine();
  return new Promise((resolve, reject) => {
    engine.submit(square, [7], undefined, {
      resolve: (value) => resolve(value as number),
      reject,
    });
  });
});

if (isMain(import.meta)) PROGRAMS[process.argv[2] ?? ""]?.();
