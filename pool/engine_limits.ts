/**
 * What ends a task from outside: its deadline, and its signal.
 *
 * @module
 */

import { callOnAbort } from "../_core/abort_calls.ts";
import { TimeoutError } from "../errors.ts";
import type { Alarms } from "./engine_alarms.ts";
import { Batch, extraOf, type Job } from "./engine_job.ts";
import type { TaskOptions } from "./engine_types.ts";

/** Who ends tasks. */
interface Aborter {
  abort(ticket: Job | Batch, reason: unknown): void;
}

/** Has a task end at its deadline, and with its signal; both are forgotten when it is over. */
export function heedLimits(
  ticket: Job | Batch,
  { timeout, signal }: TaskOptions,
  alarms: Alarms,
  engine: Aborter,
): void {
  let forget: (() => void) | null = null;
  let ignore: (() => void) | null = null;
  if (timeout !== undefined && timeout !== Infinity) {
    forget = alarms.after(timeout, () => {
      engine.abort(ticket, lateTask(timeout));
    });
  }
  if (signal?.aborted) queueMicrotask(() => engine.abort(ticket, signal.reason));
  else if (signal !== undefined) {
    ignore = callOnAbort(signal, () => engine.abort(ticket, signal.reason));
  }
  if (forget === null && ignore === null) return;
  const release = (): void => {
    forget?.();
    ignore?.();
  };
  if (ticket instanceof Batch) ticket.release = release;
  else extraOf(ticket).release = release;
}

/** What a task fails with that has not ended in time. */
export function lateTask(timeout: number): TimeoutError {
  return new TimeoutError(`Cannot finish task: it has not ended within ${timeout} ms`);
}
