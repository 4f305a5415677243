/**
 * What can be done with a process object, and what it keeps when its process has ended.
 *
 * @module
 */

import { InvalidStateError } from "../errors.ts";
import type { ThreadRecord } from "../_core/thread_record.ts";
import { releaseHandle } from "../thread/handles.ts";
import { realm } from "../thread/realm.ts";
import { checkOpen, type Innards, processFields } from "./innards.ts";

/** Gives the record of a process that is to be joined; `null` when it is known how it has ended. */
export function joinable(innards: Innards): ThreadRecord | null {
  const ident = startedIdent(innards, "join");
  if (innards.settled !== null) return null;
  innards.record ??= realm().table.open(innards.address, ident);
  if (innards.record === null) {
    throw new InvalidStateError(`Cannot join process ${innards.name}: its result is gone`);
  }
  return innards.record;
}

/** Gives the record of a process that is to get a signal; `null` when it has ended. */
export function signallable(innards: Innards, verb: string): ThreadRecord | null {
  startedIdent(innards, verb);
  const { record } = innards;
  return record === null || record.ended ? null : record;
}

/** Gives back the record of a process that has ended, and keeps what it tells. */
export function giveBack(process: object, innards: Innards, record: ThreadRecord): void {
  innards.name = record.name;
  innards.pid = processFields().knownPid(record);
  innards.exitcode = processFields().exitCode(record);
  innards.record = null;
  innards.seat = null;
  releaseHandle(process, record);
}

function startedIdent(innards: Innards, verb: string): number {
  checkOpen(innards, verb);
  const { kind, ident, name } = innards;
  if (kind !== "child") {
    throw new InvalidStateError(`Cannot ${verb} process ${name}: it is the ${kind} one`);
  }
  if (ident === null) {
    throw new InvalidStateError(
      `Cannot ${verb} process ${name}: it was not started, call start() first`,
    );
  }
  return ident;
}
