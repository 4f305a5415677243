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
  throw timedOut(name, timeout);
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
    if (!inTime) throw timedOut(name, timeout);
  } catch (error) {
    record.join(-1);
    throw error;
  }
}

function timedOut(name: string, timeout: number | undefined): TimeoutError {
  return new TimeoutError(`Cannot join thread ${name}: it has not ended within ${timeout} ms`);
}
