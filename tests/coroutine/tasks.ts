/** Tasks for the tests of greenlets in threads. */

import { task } from "../../_core/task.ts";
import { getCurrent, RawGreenlet } from "../../coroutine/mod.ts";

/** Counts by a greenlet in the thread that calls this. */
export const countInGreenlet = task(import.meta, (n: number): number => {
  const main = getCurrent();
  const greenlet = new RawGreenlet(function* () {
    for (let i = 0; i < n; i++) yield main.switch(i);
    return n;
  });
  let last = greenlet.switch<number>();
  while (!greenlet.dead) last = greenlet.switch<number>();
  return last;
});
