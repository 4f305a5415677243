/**
 * Waiting for the end of a thread.
 *
 * @module
 */

import { TimeoutError } from "../errors.ts";
import { calledWithin } from "../_core/deadline.ts";
import type { ThreadRecord } from "../_core/thread_record.ts";
import type { WaitOptions } from "../_core/wait_options.ts";
import { onEnd } from "./end_watch.ts";

/** Blocks until the thread has ended. */
export function waitForEndSync(
  record: ThreadRecord,
  timeout: number | undefined,
  name: string,
): void {
  record.join(1);
  if (record.waitForEnd(timeout ?? Infinity)) return;
  record.join(-1);
  throw timedOut(record, name, timeout);
}

/** Resolves when the thread has ended. */
export async function waitForEnd(
  record: ThreadRecord,
  { timeout, signal }: WaitOptions,
  name: string,
): Promise<void> {
  signal?.throwIfAborted();
  record.join(1);
  if (record.ended) return;
  try {
    const subscribe = (onDone: () => void): () => void => onEnd(record, onDone);
    const inTime = await calledWithin(subscribe, timeout ?? Infinity, signal);
    if (!inTime) throw timedOut(record, name, timeout);
  } catch (error) {
    record.join(-1);
    throw error;
  }
}

function timedOut(
  { isProcess }: ThreadRecord,
  name: string,
  timeout: number | undefined,
): TimeoutError {
  const what = isProcess ? "process" : "thread";
  return new TimeoutError(`Cannot join ${what} ${name}: it has not ended within ${timeout} ms`);
}
