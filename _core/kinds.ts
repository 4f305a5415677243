/**
 * Which kind of queue each type of object has.
 *
 * @module
 */

import { barrierKind } from "./barrier_kind.ts";
import { conditionKind } from "./condition_kind.ts";
import { eventKind } from "./event_kind.ts";
import type { Kind } from "./kind.ts";
import * as layout from "./layout.ts";
import { lockKind } from "./lock_kind.ts";
import { pipeKind } from "./pipe_kind.ts";
import { queueKind } from "./queue_kind.ts";
import { rwlockKind } from "./rwlock_kind.ts";
import { semaphoreKind } from "./semaphore_kind.ts";

/** The kind of every type. */
export const KINDS: ReadonlyMap<number, Kind> = new Map([
  [layout.TYPE_LOCK, lockKind],
  [layout.TYPE_RLOCK, lockKind],
  [layout.TYPE_CONDITION, conditionKind],
  [layout.TYPE_EVENT, eventKind],
  [layout.TYPE_SEMAPHORE, semaphoreKind],
  [layout.TYPE_BARRIER, barrierKind],
  [layout.TYPE_RWLOCK, rwlockKind],
  [layout.TYPE_QUEUE, queueKind],
  [layout.TYPE_PIPE, pipeKind],
]);
