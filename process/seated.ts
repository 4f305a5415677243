/**
 * The main thread's end of the seats of spares: it starts a process without the keeper, and hears of its end without it.
 * See `spare_seats.ts`.
 *
 * @module
 */

import { encode } from "../_core/codec.ts";
import { hash, type Seat, SpareSeats } from "../_core/spare_seats.ts";
import type { ThreadRecord } from "../_core/thread_record.ts";
import type { WaitOptions } from "../_core/wait_options.ts";
import type { ChildCommand } from "../_runtime/child_command.ts";
import type { Mapping } from "../_runtime/memory.ts";
import { surroundings } from "../_runtime/permissions.ts";
import { runtime } from "../_runtime/runtime.ts";
import { noticeEnd } from "../thread/end_watch.ts";
import { adoptProcess } from "../thread/launcher.ts";
import { realm } from "../thread/realm.ts";
import { waitForEnd, waitForEndSync } from "../thread/waiting.ts";
import { endRecord } from "./end_record.ts";
import { type Innards, processFields } from "./innards.ts";
import type { Assignment, Order, ToKeeper } from "./orders.ts";

/** So long this thread itself listens for the end of a process, in milliseconds; later it hears of it from the keeper. */
const [ATTENTION, ATTENTION_SYNC] = [100, 20];

/**
 * While the event loop has nothing else to do it sleeps on the seat for that long, and that often, in milliseconds: to wake a
 * thread that sleeps takes less time than to wake one and have its event loop told by another.
 */
const [NAP, NAPS] = [0.2, 15];
/** A turn of the event loop that has taken no longer had nothing else to do, in milliseconds. */
const IDLE_TURN = 0.1;

/**
 * Ends for which this thread listens at once while its event loop runs: each takes a thread of the runtime, of which Node has
 * four for all files, too. Of the others it hears from the keeper.
 */
const MOST_LISTENERS = 2;

let seats: SpareSeats | null = null;
let listeners = 0;

/** Learns where the seats are. */
export function learnSeats(mapping: Mapping | null): void {
  if (seats === null && mapping !== null && realm().isMain) seats = new SpareSeats(mapping);
}

/** Gives what a spare has to have in common with a process that is started. */
export function seatKey(command: ChildCommand, surroundings: string): string {
  return `${JSON.stringify(command)}\n${surroundings}`;
}

/** Does what comes before a start, without one. */
export function rehearseSeated({ command, lineage, work }: Order): void {
  hash(seatKey(command, surroundings()));
  const assignment: Assignment = { lineage, work };
  encode(assignment, "thread");
}

/** Gives a process to a spare, and returns its record with a reference; `null` if the keeper has to start it. */
export function startSeated(
  { command, modules, lineage, work, shares }: Order,
  innards: Innards,
  tell: (message: ToKeeper) => void,
): ThreadRecord | null {
  if (seats === null || !shares) return null;
  const assignment: Assignment = { lineage, work };
  const request = encode(assignment, "thread").bytes;
  if (!seats.fits(request)) return null;
  const seat = seats.take(seatKey(command, surroundings()));
  if (seat === null) return null;
  let record: ThreadRecord;
  try {
    record = adoptProcess(innards);
  } catch (error) {
    seat.putBack();
    throw error;
  }
  processFields().setPid(record, seat.pid);
  seat.give(request);
  innards.seat = seat;
  tell({ type: "seated", address: record.address, seat: seat.index, modules });
  return record;
}

/** Resolves when a process has ended. */
export async function waitForProcess(
  innards: Innards,
  record: ThreadRecord,
  options: WaitOptions,
): Promise<void> {
  const ended = waitForEnd(record, options, innards.name);
  void hearEnd(innards, record);
  await ended;
}

/** Blocks until a process has ended. */
export function waitForProcessSync(
  innards: Innards,
  record: ThreadRecord,
  timeout: number | undefined,
): void {
  if (timeout === undefined) hearEndSync(innards, record);
  waitForEndSync(record, timeout, innards.name);
}

/** Listens for the end of a process that was a spare, for a moment, and passes it on to those who wait for it. */
async function hearEnd(innards: Innards, record: ThreadRecord): Promise<void> {
  const { seat } = innards;
  if (seat === null) return;
  innards.seat = null;
  for (let n = 0; n < NAPS && seat.isBusy; n++) {
    const begun = performance.now();
    await new Promise<void>((resolve) => runtime().nextTurn(resolve));
    if (performance.now() - begun < IDLE_TURN) seat.wait(NAP);
  }
  if (listeners < MOST_LISTENERS) {
    listeners++;
    await seat.waitLater(ATTENTION).finally(() => listeners--);
  }
  if (endSeated(seat, record)) noticeEnd(record.ident);
}

/** Does that, and blocks. */
function hearEndSync(innards: Innards, record: ThreadRecord): void {
  const { seat } = innards;
  if (seat === null) return;
  innards.seat = null;
  seat.wait(ATTENTION_SYNC);
  endSeated(seat, record);
}

/** Writes down what the process itself says of its end, unless the keeper has done it. */
function endSeated(seat: Seat, record: ThreadRecord): boolean {
  const outcome = seat.settle();
  if (outcome === null) return false;
  const { failed, code, bytes } = outcome;
  processFields().setExitCode(record, code);
  const kind = failed ? "error" : "result";
  endRecord(record, { outcome: kind, bytes, buffers: 0, exitCode: code, report: failed });
  return true;
}
