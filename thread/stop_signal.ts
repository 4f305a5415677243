/**
 * The signal by which a thread learns that it is asked to stop.
 *
 * @module
 */

import { CancelledError } from "../errors.ts";
import { decode } from "../_core/codec.ts";
import type { ThreadRecord } from "../_core/thread_record.ts";
import { MAIN_IDENT } from "../_core/thread_table.ts";
import type { Innards } from "./innards.ts";

/** Gives the signal of a thread; a loop that never yields sees it aborted as soon as it asks for it again. */
export function stopSignal(innards: Innards): AbortSignal {
  if (innards.controller === null) {
    innards.controller = new AbortController();
    watchStop(innards, innards.controller);
  }
  const { controller, record } = innards;
  if (record?.stopRequested && !controller.signal.aborted) controller.abort(stopReason(record));
  return controller.signal;
}

/** Aborts the signal when the thread is asked to stop; keeps nothing alive. */
function watchStop({ record, ident }: Innards, controller: AbortController): void {
  if (record === null || ident === null || ident === MAIN_IDENT) return;
  if (record.ended || !record.retain(ident)) return;
  const look = (): void => {
    if (record.stopRequested) controller.abort(stopReason(record));
    else if (!record.ended) return watch();
    record.release();
  };
  const watch = (): void => {
    const change = record.stopChange();
    if (change === null) look();
    else change.then(look);
  };
  watch();
}

function stopReason(record: ThreadRecord): unknown {
  const bytes = record.stopReason();
  const standard = `Cannot finish thread ${record.name}: it was asked to stop`;
  if (bytes.length === 0) return new CancelledError(standard);
  try {
    return decode(bytes);
  } catch (cause) {
    return new CancelledError(standard, { cause });
  }
}
