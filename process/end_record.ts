/**
 * Writing down what has come of a process.
 *
 * @module
 */

import { encode } from "../_core/codec.ts";
import type { Ending, ThreadRecord } from "../_core/thread_record.ts";
import { WorkerLostError } from "../errors.ts";

/** Commits the outcome of a process, and wakes all who wait for it. */
export function endRecord(record: ThreadRecord, ending: Ending): void {
  try {
    record.end(ending);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    // The memory is full: this finds room in the record itself.
    const brief = new WorkerLostError("Cannot finish process: no memory is left for its result");
    brief.stack = "";
    const bytes = encode(brief, "thread").bytes;
    record.end({ ...ending, outcome: "lost", bytes, report: true });
  }
}
