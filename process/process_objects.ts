/**
 * The objects of processes that were started: one for each process in each thread, so that `===` works.
 *
 * @module
 */

import { registerHandle } from "../_core/handle.ts";
import type { ThreadRecord } from "../_core/thread_record.ts";
import { knownThread, rememberHandle } from "../thread/handles.ts";
import { type Innards, innardsFor, innardsFrom } from "./innards.ts";
import { type AnyProcess, Process } from "./process.ts";
import { rebuildAs } from "./rebuilding.ts";

/** Gives the process of a record, of which the caller holds no reference: the same object as long as it lives. */
export function processOf(record: ThreadRecord): AnyProcess | null {
  const known = knownThread(record.ident);
  if (known !== null) return known as AnyProcess;
  if (!record.retain(record.ident)) return null;
  const process = rebuild(Process, innardsFor(record));
  rememberHandle(process, record);
  return process;
}

/** Makes a process object, of a class that may extend `Process`, without running a constructor of the program. */
export function rebuild(cls: typeof Process, innards: Innards): AnyProcess {
  return rebuildAs(innards, () => Reflect.construct(Process, [], cls) as AnyProcess);
}

registerHandle("process/Process", (data) => {
  const known = knownThread((data as { ident: number }).ident);
  if (known !== null) return known;
  const innards = innardsFrom(data);
  const process = rebuild(Process, innards);
  if (innards.record !== null) rememberHandle(process, innards.record);
  return process;
}, import.meta.url);
