/**
 * What a thread object holds.
 *
 * @module
 */

import { InvalidStateError, UnshareableError } from "../errors.ts";
import type { HandleRecord } from "../_core/handle.ts";
import type { ThreadRecord } from "../_core/thread_record.ts";
import { MAIN_IDENT } from "../_core/thread_table.ts";
import type { Settled } from "./outcome.ts";
import { realm } from "./realm.ts";

/** What a thread object holds, for the modules of this folder. */
export interface Innards {
  name: string;
  daemon: boolean;
  ident: number | null;
  target: ((...args: never[]) => unknown) | null;
  args: unknown[];
  /** Where the thread's record is, from its start. */
  address: number;
  /** The record, while a reference to it is held. */
  record: ThreadRecord | null;
  settled: Settled | null;
  controller: AbortController | null;
  memoryLimit: number;
  stackLimit: number;
  /** How long a timer waits before it runs the target, in milliseconds; -1 for other threads. */
  delay: number;
  /** Whether a timer was cancelled before it was started. */
  cancelled: boolean;
}

/** Gives the innards of a thread about which nothing is known. */
export function blankInnards(): Innards {
  return {
    name: "",
    daemon: false,
    ident: null,
    target: null,
    args: [],
    address: 0,
    record: null,
    settled: null,
    controller: null,
    memoryLimit: 0,
    stackLimit: 0,
    delay: -1,
    cancelled: false,
  };
}

/** Gives the innards of a thread that was started; its record, to which a reference is held, tells all. */
export function innardsFor(record: ThreadRecord): Innards {
  const { ident, address, name, daemon } = record;
  return { ...blankInnards(), ident, address, name, daemon, record };
}

/** Describes a thread of a class. */
export function describeThread(innards: Innards, className: string): string {
  const { ident, record, settled, daemon } = innards;
  const parts = [className, record?.name ?? innards.name];
  if (ident === null) parts.push("initial");
  else {
    const isOver = record === null ? settled !== null : record.ended;
    parts.push(`ident=${ident}`, isOver ? "stopped" : "started");
  }
  if (daemon) parts.push("daemon");
  return `<${parts.join(" ")}>`;
}

/** Gives what travels of a thread that was started. */
export function handleOf(innards: Innards, target: "thread" | "process"): HandleRecord {
  const { ident, address, name, daemon, settled } = innards;
  if (target === "process") {
    throw new UnshareableError(`Cannot send thread ${name}: it belongs to its process`);
  }
  if (ident === null) {
    throw new UnshareableError(
      `Cannot send thread ${name}: it was not started, call start() first`,
    );
  }
  // The record stays from now on: nobody knows for how long the message is under way.
  const pinned = realm().table.open(address, ident) !== null;
  const data = { ident, address, name, daemon };
  return {
    type: "thread/Thread",
    data: pinned || settled === null ? data : { ...data, settled },
  };
}

/** Gives the result of a thread that has ended, or throws its error. */
export function resultOf({ settled }: Innards): unknown {
  if (settled?.kind === "result") return settled.value;
  throw settled?.value;
}

/**
 * Gives the record of a thread that is to be stopped; `null` if it has ended.
 *
 * @throws {InvalidStateError} If it was not started, or is the main one.
 */
export function stoppable({ ident, name, record }: Innards, verb: string): ThreadRecord | null {
  if (ident === null) {
    throw new InvalidStateError(`Cannot ${verb} thread ${name}: it was not started`);
  }
  if (ident === MAIN_IDENT) throw new InvalidStateError(`Cannot ${verb} the main thread`);
  return record;
}

/** Gives the innards of a thread that has arrived; a reference to its record is held if it is still there. */
export function innardsFrom(data: unknown): Innards {
  const { ident, address, name, daemon, settled } = data as Innards & { ident: number };
  const record = settled === undefined ? realm().table.open(address, ident) : null;
  if (record !== null) return innardsFor(record);
  return { ...blankInnards(), ident, address, name, daemon, settled: settled ?? null };
}
