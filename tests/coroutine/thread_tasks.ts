/** Tasks for the tests of functions on threads. */

import { task } from "../../_core/task.ts";
import { gather, monkey, run, sleep, TaskGroup } from "../../coroutine/mod.ts";
import type { Queue } from "../../queue/mod.ts";
import type { Event, RLock, Semaphore } from "../../sync/mod.ts";

/** Says that it has begun, and blocks its thread until it is let go. */
export const holdThread = task(import.meta, (inside: Semaphore, release: Event): void => {
  inside.release();
  release.waitSync();
});

/** Runs tasks of its own on a thread, patched for itself. */
export const runTasks = task(import.meta, async (n: number): Promise<unknown[]> => {
  const before = monkey.isPatched();
  monkey.patch({ timers: true });
  const sum = await run(async () => {
    let sum = 0;
    await TaskGroup.run((group) => {
      for (let i = 1; i <= n; i++) {
        group.createTask(async () => {
          await new Promise((resolve) => setTimeout(resolve, 1));
          sum += i;
        });
      }
    });
    await gather(() => sleep(1));
    return sum;
  });
  monkey.unpatch();
  return [before, sum];
});

/** Acquires a lock, and gives what is thrown, and whether it is held then. */
export const acquireAbandoned = task(
  import.meta,
  (lock: RLock, ready: Event): [string, boolean] => {
    ready.set();
    try {
      lock.acquireSync();
      return ["nothing", true];
    } catch (error) {
      return [(error as Error).name, lock.locked()];
    }
  },
);

/** Asks for squares, one after the other, and blocks until they are here; gives their sum. */
export const askGreenlets = task(
  import.meta,
  (requests: Queue<number | null>, answers: Queue<number>, n: number): number => {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      requests.putSync(i);
      sum += answers.getSync();
    }
    requests.putSync(null);
    return sum;
  },
);
