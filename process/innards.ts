/**
 * What a process object holds.
 *
 * @module
 */

import { currentAgent } from "../_core/agent.ts";
import { InvalidStateError, UnshareableError } from "../errors.ts";
import type { HandleRecord } from "../_core/handle.ts";
import { ProcessFields } from "../_core/process_record.ts";
import type { Seat } from "../_core/spare_seats.ts";
import type { ThreadRecord } from "../_core/thread_record.ts";
import type { Permissions } from "../_runtime/permissions.ts";
import type { Settled } from "../thread/outcome.ts";
import { realm } from "../thread/realm.ts";

/** What a process object holds, for the modules of this folder. */
export interface Innards {
  /** What it stands for: a process that this one starts, this one itself, or the one that has started it. */
  kind: "child" | "current" | "parent";
  name: string;
  daemon: boolean;
  /** The number of the record, from the start. */
  ident: number | null;
  target: ((...args: never[]) => unknown) | null;
  args: unknown[];
  /** Where the record is, from the start. */
  address: number;
  /** The record, while a reference to it is held. */
  record: ThreadRecord | null;
  settled: Settled | null;
  pid: number | null;
  exitcode: number | null;
  closed: boolean;
  /** The number of the process among the children of this one, after those of its ancestors. */
  identity: number[];
  permissions: Permissions | null;
  execArgv: string[] | null;
  config: string | null;
  /** Whether it hears of words that this process sets while it computes (`own_flags.ts`). */
  flagged: boolean;
  /** Where it says how it has ended, if it was a spare. */
  seat: Seat | null;
  /** What other waits take for the end of the process, once it was asked for. */
  sentinel: object | null;
}

/** Gives the innards of a process about which nothing is known. */
export function blankInnards(): Innards {
  return {
    kind: "child",
    name: "",
    daemon: false,
    ident: null,
    target: null,
    args: [],
    address: 0,
    record: null,
    settled: null,
    pid: null,
    exitcode: null,
    closed: false,
    identity: [],
    permissions: null,
    execArgv: null,
    config: null,
    flagged: false,
    seat: null,
    sentinel: null,
  };
}

/** Gives the innards of a process that was started; its record, to which a reference is held, tells all. */
export function innardsFor(record: ThreadRecord): Innards {
  const { ident, address, name, daemon } = record;
  return { ...blankInnards(), ident, address, name, daemon, record };
}

/** Gives what travels of a process that was started. */
export function handleOf(innards: Innards, target: "thread" | "process"): HandleRecord {
  const { ident, address, name, daemon, settled, pid, exitcode } = innards;
  if (target === "process") {
    throw new UnshareableError(
      `Cannot send process ${name}: only its parent knows it, send its pid`,
    );
  }
  if (ident === null) {
    throw new UnshareableError(`Cannot send process ${name}: it was not started here`);
  }
  // The record stays from now on: nobody knows for how long the message is under way.
  const pinned = realm().table.open(address, ident) !== null;
  const data = { ident, address, name, daemon };
  return {
    type: "process/Process",
    data: pinned || settled === null ? data : { ...data, settled, pid, exitcode },
  };
}

/** Gives the innards of a process that has arrived; a reference to its record is held if it is still there. */
export function innardsFrom(data: unknown): Innards {
  const given = data as Innards & { ident: number };
  const record = given.settled === undefined
    ? realm().table.open(given.address, given.ident)
    : null;
  return record === null ? { ...blankInnards(), ...given } : innardsFor(record);
}

/** Describes a process. */
export function describeProcess(innards: Innards, className: string): string {
  const { kind, record, ident, closed, settled } = innards;
  const name = record?.name ?? innards.name;
  const pid = record === null ? innards.pid : processFields().knownPid(record);
  const parts = [className, name];
  if (pid !== null) parts.push(`pid=${pid}`);
  if (closed) parts.push("closed");
  else if (kind !== "child") parts.push(kind);
  else if (ident === null) parts.push("initial");
  else if (record !== null ? record.ended : settled !== null) {
    const code = record === null ? innards.exitcode : processFields().exitCode(record);
    parts.push("stopped", `exitcode=${code}`);
  } else parts.push("started");
  if (innards.daemon) parts.push("daemon");
  return `<${parts.join(" ")}>`;
}

let fields: ProcessFields | null = null;

/** Gives what the records of processes hold besides those of threads. */
export function processFields(): ProcessFields {
  return fields ??= new ProcessFields(currentAgent(), realm().memory);
}

/** Refuses what cannot be done with a process that was closed. */
export function checkOpen({ closed, name }: Innards, verb: string): void {
  if (closed) throw new InvalidStateError(`Cannot ${verb} process ${name}: it was closed`);
}
