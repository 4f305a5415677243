/** A module that only the main thread of the tests can load: workers get an error. */

import { task } from "../../_core/task.ts";

if (!((Symbol.for("nogil.tests.main") as symbol) in globalThis)) {
  throw new RangeError("this module is broken");
}

export const broken = task(import.meta, (): number => 7);
