/**
 * What ends a task from outside: its deadline, and its signal.
 *
 * @module
 */

import { callOnAbort } from "../_core/abort_calls.ts";
import { TimeoutError } from "../errors.ts";
import type { Alarms } from "./engine_alarms.ts";
import type { TaskOptions } from "./engine_types.ts";

/** Has a task end at its deadline, and with its signal. Gives the function that prevents both, `null` if it has neither. */
export function heedLimits(
  { timeout, signal }: TaskOptions,
  alarms: Alarms,
  abort: (reason: unknown) => void,
): (() => void) | null {
  let forget: (() => void) | null = null;
  let ignore: (() => void) | null = null;
  if (timeout !== undefined && timeout !== Infinity) {
    forget = alarms.after(timeout, () => {
      abort(new TimeoutError(`Cannot finish task: it has not ended within ${timeout} ms`));
    });
  }
  if (signal?.aborted) queueMicrotask(() => abort(signal.reason));
  else if (signal !== undefined) ignore = callOnAbort(signal, () => abort(signal.reason));
  if (forget === null && ignore === null) return null;
  return () => {
    forget?.();
    ignore?.();
  };
}
