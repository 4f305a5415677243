/**
 * The reports of the errors that nobody joins: made by the main thread, for all threads.
 *
 * @module
 */

import type { ThreadRecord } from "../_core/thread_record.ts";
import { runtime } from "../_runtime/runtime.ts";
import { callExceptHook } from "./except_hook.ts";
import { loadOutcome, loadOutcomeSync } from "./outcome.ts";
import { realm } from "./realm.ts";
import type { AnyThread } from "./thread.ts";

let watching = false;

/** Reports failures from now on. Nothing is kept alive; what is left when the program ends is reported then. */
export function watchFailures(threadOf: (record: ThreadRecord) => AnyThread | null): void {
  if (watching) return;
  watching = true;
  void watch();
  runtime().onBeforeExit(() => void reportAll(true));
  runtime().onProcessExit(() => {
    for (const record of realm().table.takeFailures(true)) {
      if (!record.joined) report(record, () => loadOutcomeSync(record).value);
      record.release();
    }
  });

  async function watch(): Promise<void> {
    const { table } = realm();
    for (;;) {
      const seen = table.failures();
      await reportAll(false);
      await table.failuresChange(seen);
    }
  }

  async function reportAll(atEnd: boolean): Promise<void> {
    for (const record of realm().table.takeFailures(atEnd)) {
      if (!record.joined) {
        let error: unknown;
        try {
          error = (await loadOutcome(record)).value;
        } catch (cause) {
          error = cause;
        }
        report(record, () => error);
      }
      record.release();
    }
  }

  function report(record: ThreadRecord, load: () => unknown): void {
    const { isProcess, name } = record;
    const thread = threadOf(isProcess ? realm().table.main() : record);
    if (thread === null) return;
    let error: unknown;
    try {
      error = load();
    } catch (cause) {
      error = cause;
    }
    callExceptHook(isProcess ? { error, thread, process: { name } } : { error, thread });
  }
}
