/**
 * Waiting for the end of a thread.
 *
 * @module
 */

import { TimeoutError } from "../errors.ts";
import type { ThreadRecord } from "../_core/thread_record.ts";
import type { WaitOptions } from "../_core/wait_options.ts";

/** While a promise waits for a thread, this timer keeps the event loop alive. */
let keepAlive: ReturnType<typeof setInterval> | null = null;
let waiters = 0;
/** Milliseconds; a timer of more than 2 ** 31 - 1 fires at once. */
const FOREVER = 2 ** 30;

/** Blocks until the thread has ended. */
export function waitForEndSync(
  record: ThreadRecord,
  timeout: number | undefined,
  name: string,
): void {
  record.addJoiner();
  if (record.waitForEnd(timeout ?? Infinity)) return;
  record.removeJoiner();
  throw timedOut(name, timeout);
}

/** Resolves when the thread has ended. */
export async function waitForEnd(
  record: ThreadRecord,
  { timeout, signal }: WaitOptions,
  name: string,
): Promise<void> {
  signal?.throwIfAborted();
  record.addJoiner();
  if (waiters++ === 0) keepAlive = setInterval(() => {}, FOREVER);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let onAbort: (() => void) | undefined;
  const since = performance.now();
  try {
    const givenUp = new Promise<never>((_, reject) => {
      if (timeout !== undefined && timeout !== Infinity) {
        const expire = (): void => {
          const left = since + timeout - performance.now();
          if (left > 0) timer = setTimeout(expire, Math.min(Math.ceil(left), FOREVER));
          else reject(timedOut(name, timeout));
        };
        timer = setTimeout(expire, Math.min(Math.ceil(timeout), FOREVER));
      }
      onAbort = () => reject(signal?.reason);
      signal?.addEventListener("abort", onAbort);
    });
    while (!record.ended) await Promise.race([record.endChange(), givenUp]);
  } catch (error) {
    record.removeJoiner();
    throw error;
  } finally {
    clearTimeout(timer);
    if (onAbort !== undefined) signal?.removeEventListener("abort", onAbort);
    if (--waiters === 0 && keepAlive !== null) clearInterval(keepAlive);
  }
}

function timedOut(name: string, timeout: number | undefined): TimeoutError {
  return new TimeoutError(`Cannot join thread ${name}: it has not ended within ${timeout} ms`);
}
