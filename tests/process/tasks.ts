/** Tasks for the tests of `process/`. */

import { task } from "../../_core/task.ts";
import type { SharedArray, Value } from "../../process/mod.ts";
import type { Barrier, RLock } from "../../sync/mod.ts";

/** Counts without a lock, at the same time as the others. */
export const addMany = task(
  import.meta,
  (count: Value<"i">, times: number, start: Barrier): void => {
    start.waitSync();
    for (let i = 0; i < times; i++) count.add(1);
  },
);

/** Adds halves without a lock, at the same time as the others. */
export const addHalves = task(
  import.meta,
  (sum: Value<"d">, times: number, start: Barrier): void => {
    start.waitSync();
    for (let i = 0; i < times; i++) sum.add(0.5);
  },
);

/** Counts under the lock of the value, which was sent by itself. */
export const addLocked = task(
  import.meta,
  (count: Value<"q">, lock: RLock, times: number): boolean => {
    for (let i = 0; i < times; i++) {
      const guard = lock.acquireSync();
      count.value += 1n;
      guard.release();
    }
    return lock === count.getLock();
  },
);

/** Changes what it is given, as in Python's documentation. */
export const negate = task(import.meta, (pi: Value<"d">, numbers: SharedArray<"i">): void => {
  pi.value = 3.1415927;
  for (let i = 0; i < numbers.length; i++) numbers[i] = -(numbers[i] as number);
});

/** Writes its number all over an array, and says whether nobody disturbed it. */
export const fillLocked = task(
  import.meta,
  (row: SharedArray<"i">, id: number, times: number): boolean => {
    let alone = true;
    for (let i = 0; i < times; i++) {
      const guard = row.getLock().acquireSync();
      row.fill(id);
      alone &&= row.every((item) => item === id);
      guard.release();
    }
    return alone;
  },
);

/** Makes a value and an array in another thread. */
export const makeShared = task(
  import.meta,
  async (): Promise<[Value<"u">, SharedArray<"d">]> => {
    const { SharedArray, Value } = await import("../../process/mod.ts");
    return [new Value("u", "ñ"), SharedArray("d", [1.5, 2.5])];
  },
);
