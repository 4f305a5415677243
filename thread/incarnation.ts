/**
 * The object that stands for a thread in its own worker.
 *
 * @module
 */

import type { ThreadRecord } from "../_core/thread_record.ts";
import { releaseHandle, rememberHandle } from "./handles.ts";
import { innardsFor } from "./innards.ts";
import type { Request } from "./request.ts";
import { type AnyThread, innardsOf, rebuild, Thread } from "./thread.ts";

/** Makes the object that stands for a thread in its own worker: of its own class, with its own fields. */
export function incarnate(record: ThreadRecord, request: Request): AnyThread {
  record.retainBody();
  const innards = innardsFor(record);
  innards.target = request.target ?? null;
  innards.args = request.args;
  const cls = (request.class ?? Thread) as typeof Thread;
  const thread = rebuild(cls, innards);
  Object.assign(thread, request.fields);
  rememberHandle(thread, record);
  return thread;
}

/** Ends the incarnation of a thread: it keeps no reference any more, and no arguments. */
export function disembody(thread: AnyThread): void {
  const innards = innardsOf(thread);
  const { record } = innards;
  innards.target = null;
  innards.args = [];
  if (record === null) return;
  innards.name = record.name;
  innards.record = null;
  if (record.takeBody()) releaseHandle(thread, record);
}

/** Tells whether an error is the very reason with which the thread was asked to stop. */
export function isOwnStopReason(thread: AnyThread, error: unknown): boolean {
  const signal = innardsOf(thread).controller?.signal;
  return signal?.aborted === true && signal.reason === error;
}
