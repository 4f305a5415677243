/** Who locks each other out. */

import { task } from "../../_core/task.ts";
import { AbandonedError } from "../../errors.ts";
import type { Barrier, Lock } from "../../sync/mod.ts";

/** Takes one lock, and when the others have theirs, another one; tells whether its holder has died. */
export const embrace = task(
  import.meta,
  (one: Lock, two: Lock, meeting: Barrier): boolean => {
    one.acquireSync();
    meeting.waitSync();
    try {
      two.acquireSync();
      return false;
    } catch (error) {
      return error instanceof AbandonedError;
    }
  },
);
