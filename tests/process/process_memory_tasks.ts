/** What runs in the processes of the tests of shared memory. */

import { task } from "../../_core/task.ts";
import { Process, type SharedArray, type Value } from "../../process/mod.ts";
import { Queue } from "../../queue/mod.ts";
import type { Event, Lock } from "../../sync/mod.ts";
import { Thread } from "../../thread/mod.ts";

export const count = task(
  import.meta,
  (total: Value<"i">, cells: SharedArray<"i">, n: number, times: number): void => {
    for (let i = 0; i < times; i++) {
      const guard = total.getLock().acquireSync();
      total.value += 1;
      guard.release();
      cells[n] = cells[n] as number + 1;
    }
  },
);

export const produce = task(import.meta, (queue: Queue<number>, items: number): void => {
  for (let i = 0; i < items; i++) queue.putSync(i);
});

export const produceBelow = task(
  import.meta,
  async (queue: Queue<number>, items: number): Promise<void> => {
    await new Process({ target: produce, args: [queue, items] }).start().join();
  },
);

export const makeQueue = task(import.meta, async (item: string): Promise<Queue<string>> => {
  const queue = new Queue<string>(0, { scope: "process" });
  await queue.put(item);
  return queue;
});

export const holdForEver = task(import.meta, (lock: Lock, held: Event): Promise<never> => {
  lock.acquireSync();
  held.set();
  return new Promise(() => {});
});

export const countInThread = task(import.meta, async (total: Value<"i">): Promise<void> => {
  // The main thread touches nothing of it.
  await new Thread({ target: countTen, args: [total] }).start().join();
});

export const countTen = task(import.meta, (total: Value<"i">): void => {
  for (let i = 0; i < 10; i++) total.add(1);
});
