/** What runs in the processes of `process_bench.ts`. */

import { type Barrier, type Lock, type Queue, type RLock, task, type Value } from "@nogil/std";

export const square = task(import.meta, (x: number): number => x * x);

/** Adds 1 to a value, again and again under a lock, at the same time as the other; gives the milliseconds. */
export const increment = task(
  import.meta,
  (value: Value<"i">, lock: Lock | RLock | null, start: Barrier, count: number): number => {
    const held = lock ?? value.getLock();
    start.waitSync();
    const begun = performance.now();
    for (let i = 0; i < count; i++) {
      held.acquireSync();
      value.value++;
      held.release();
    }
    return performance.now() - begun;
  },
);

export const getAll = task(import.meta, (queue: Queue<number>, count: number): void => {
  for (let i = 0; i < count; i++) queue.getSync();
});

export const echo = task(
  import.meta,
  (questions: Queue<number>, answers: Queue<number>, count: number): void => {
    for (let i = 0; i < count; i++) answers.putSync(questions.getSync());
  },
);

export const echoAwaiting = task(
  import.meta,
  async (questions: Queue<number>, answers: Queue<number>, count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await answers.put(await questions.get());
  },
);
