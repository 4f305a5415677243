/**
 * The main thread of a child process: it says hello, hears what it shall do, does it, and says what has come of it.
 *
 * The connection to the parent stays open to the end. When it breaks, the parent is gone, and so is this process; a thread
 * of its own sees to that while this one computes or blocks (see `parent_watch.ts`).
 *
 * Every module that is imported here costs time at every start. So all that a simple target does not need is loaded when
 * it is needed: the object that stands for this process, threads, and the memory that it shares with its relatives.
 *
 * @module
 */

import { encodeAnyError } from "../_core/any_error.ts";
import { decode, encode, requiredModules } from "../_core/codec_core.ts";
import { encodePlainError, refusalOf } from "../_core/confined.ts";
import { importForTask, importModules } from "../_core/module_registry.ts";
import { ownFlags } from "../_core/own_flags.ts";
import { programEnd } from "../_core/program_end.ts";
import { NoSourceReader } from "../_core/source_reader.ts";
import type { Seat } from "../_core/spare_seats.ts";
import {
  announceEnd,
  callExitListeners,
  type ChildArguments,
  exit,
  exitCode,
  expectUncaught,
  isEndObserved,
  onUncaught,
  setArguments,
  takeVariable,
} from "../_runtime/child_self.ts";
import { connectToParent, isFile, removeFromChild } from "../_runtime/child_socket.ts";
import { neighbour } from "../_runtime/neighbour.ts";
import { lineage, setLineage } from "../_runtime/lineage.ts";
import type { LocalSocket } from "../_runtime/local_socket.ts";
import { parentBond } from "../_runtime/parent_bond.ts";
import { dieWithParent, killSelf } from "../_runtime/parent_watch.ts";
import {
  ALONE,
  CONTROL,
  ERROR,
  exiting,
  frame,
  FrameReader,
  hello,
  isWelcome,
  KEY_VARIABLE,
  LINE,
  PREPARE,
  PREPARED,
  REQUEST,
  RESULT,
  WATCH,
  WELCOME,
} from "./frames.ts";
import { joinBytes } from "./join_bytes.ts";
import type { Assignment, Preparation, Work } from "./orders.ts";
import { connectLine, receiveLine } from "./own_line.ts";
import { doWork, dropWork, takeWork } from "./own_work.ts";

/** So often a spare rehearses. */
const REHEARSALS = 30;

/** Runs this process as the child of the one at an address; `imported` says that its own modules are there. */
export async function runChild(
  bootUrl: string,
  { address, flagged }: ChildArguments,
  imported: () => void,
): Promise<void> {
  const key = takeVariable(KEY_VARIABLE, !isFile(address));
  let bond = flagged ? null : parentBond(address);
  if (bond === null) await dieWithParent(address, hello(WATCH, key), ownFlags());
  let assign: (bytes: Uint8Array) => void = () => {};
  const assigned = new Promise<Uint8Array>((resolve) => assign = resolve);
  let isWelcomed = false;
  const reader = new FrameReader((type, payload) => {
    // The name of a parent that is gone may be anybody's.
    if (!isWelcomed && !(type === WELCOME && isWelcome(payload, key))) killSelf();
    isWelcomed = true;
    // The parent has removed its socket by now, which nobody could if both were gone.
    if (bond !== null) {
      if (!bond.tie()) killSelf();
      bond = null;
    }
    if (type === REQUEST) assign(payload);
    else if (type === LINE) receiveLine(payload);
    else if (type === PREPARE) void standBy(decode(payload) as Preparation);
  });
  let place: Place = { ticket: null, seat: null };
  const greeting = hello(bond === null ? CONTROL : ALONE, key);
  let socket: LocalSocket;
  try {
    socket = await connectToParent(address, {
      onData: (bytes) => reader.push(bytes),
      onClose: () => void endWithParent(address),
    });
  } catch {
    return await endWithParent(address);
  }
  connectLine((bytes) => socket.send(frame(LINE, bytes)));
  socket.send(greeting);
  const request = await assigned;
  const run = new Run(socket, place.seat, exit);
  onUncaught((error) => void run.end("error", error));
  await perform(request, run, place.ticket, imported);

  async function standBy(preparation: Preparation): Promise<void> {
    place = await prepare(bootUrl, preparation);
    place.seat?.offer();
    socket.send(frame(PREPARED, new Uint8Array(0)));
    await socket.flush();
    const request = place.seat?.sleep() ?? null;
    if (request !== null) return assign(request);
    place = { ticket: null, seat: null };
  }
}

/** What a spare has. */
interface Place {
  /** Its ticket to the memory of its relatives, if its work comes without one. */
  readonly ticket: unknown;
  /** Where it gets its work, and says what has come of it. */
  readonly seat: Seat | null;
}

/** Does what a request says. */
async function perform(
  request: Uint8Array,
  run: Run,
  ticket: unknown,
  imported: () => void,
): Promise<void> {
  const { lineage, work } = decode(request) as Assignment;
  lineage.ticket ??= ticket;
  setLineage(lineage);
  await run.begin(work, lineage.argv, imported);
}

/** Ends this process, whose parent is gone, which may not have had the time to remove its socket. */
async function endWithParent(address: string): Promise<void> {
  try {
    await removeFromChild(address);
  } finally {
    killSelf();
  }
}

/** Loads the whole library, which the module of most tasks imports, and what others have needed; finds the seat. */
async function prepare(
  bootUrl: string,
  { modules, ticket, seat: place }: Preparation,
): Promise<Place> {
  const all = bootUrl.replace(/process\/[^/]*(\.\w+)$/, "mod$1");
  // What cannot be loaded now cannot be loaded later, and is missed then.
  await importModules([all]).catch(() => {});
  await importForTask(modules).catch(() => {});
  await rehearse();
  if (place === null) return { ticket: null, seat: null };
  const url = neighbour(import.meta, "../_core/spare_seats");
  const { SpareSeats } = await import(url) as typeof import("../_core/spare_seats.ts");
  const seat = SpareSeats.open(place);
  for (let i = 0; i < REHEARSALS; i++) seat?.rehearse();
  return { ticket, seat };
}

/** Does what will be done with the request, so often that the engine has compiled it by then. */
async function rehearse(): Promise<void> {
  // A module that was loaded beforehand may listen for the end, which has not come.
  if (programEnd() !== null || isEndObserved()) return;
  const target = (x: number): number => x;
  const work = encode({ args: [1], target }, "process").bytes;
  const request = frame(REQUEST, encode({ lineage: lineage(), work }, "thread").bytes);
  expectUncaught();
  for (let i = 0; i < REHEARSALS; i++) {
    let assign: (bytes: Uint8Array) => void = () => {};
    const assigned = new Promise<Uint8Array>((resolve) => assign = resolve);
    new FrameReader((_, payload) => assign(payload)).push(request);
    const stage: LocalSocket = { send() {}, flush: () => Promise.resolve(), close() {} };
    await perform(await assigned, new Run(stage, null, () => {}), null, () => {});
  }
  dropWork();
}

/** On Deno it takes time to get the `process` of Node, which few self-contained functions ask for. */
function asksForProcess(target: Work["target"]): boolean {
  return /process/.test(String(target));
}

/** What the process is for, from its assignment to its end. */
class Run {
  readonly #socket: LocalSocket;
  readonly #seat: Seat | null;
  readonly #leave: (code: number) => void;
  #over = false;

  constructor(socket: LocalSocket, seat: Seat | null, leave: (code: number) => void) {
    this.#socket = socket;
    this.#seat = seat;
    this.#leave = leave;
  }

  async begin(bytes: Uint8Array, argv: readonly string[], imported: () => void): Promise<void> {
    try {
      const modules = requiredModules(bytes);
      if (modules.length > 0) {
        setArguments(argv);
        await importForTask(modules);
      }
      imported();
      const work = takeWork(bytes);
      if (modules.length === 0 && asksForProcess(work.target)) setArguments(argv);
      await this.end("result", await doWork(work));
    } catch (error) {
      await this.end("error", error);
    }
  }

  /** Reports the outcome, the first one, and ends the process when nothing is left that it waits for. */
  async end(kind: "result" | "error", value: unknown): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    const { type, bytes } = await outcomeOf(kind, value);
    const outcome = frame(type, bytes);
    const failed = type === ERROR;
    if (programEnd() === null && !isEndObserved()) {
      // Nothing can happen in between.
      const code = failed ? 1 : exitCode();
      if (this.#seat?.fits(bytes)) {
        this.#seat.giveWay();
        this.#seat.finish({ failed, code, bytes });
      }
      return await this.#exit(code, outcome);
    }
    this.#socket.send(outcome);
    await this.#socket.flush();
    announceEnd();
    await programEnd();
    await this.#exit(callExitListeners(failed ? 1 : exitCode()));
  }

  async #exit(code: number, ...frames: Uint8Array[]): Promise<void> {
    this.#socket.send(joinBytes([...frames, exiting(code)]));
    await this.#socket.flush();
    this.#leave(code);
  }
}

/** The type of a frame, and what it holds. */
interface Outcome {
  type: number;
  bytes: Uint8Array;
}

/** Encodes an outcome, and loads before what a plain function among it needs. */
async function outcomeOf(kind: "result" | "error", value: unknown): Promise<Outcome> {
  try {
    return encodeOutcome(kind, value);
  } catch (error) {
    if (!(error instanceof NoSourceReader)) throw error;
    const url = neighbour(import.meta, "../_core/codec");
    const failure = await import(url).then(() => null, (failure: unknown) => ({ failure }));
    return failure === null ? encodeOutcome(kind, value) : encodeOutcome("error", failure.failure);
  }
}

function encodeOutcome(kind: "result" | "error", value: unknown): Outcome {
  const { confined } = lineage();
  const encodeError = confined
    ? encodePlainError
    : (error: unknown) => encodeAnyError(error, "process").bytes;
  if (kind === "error" && confined) return { type: ERROR, bytes: encodeError(value) };
  try {
    const { bytes } = encode(value, "process", "result");
    const refusal = confined ? refusalOf(bytes, "result") : null;
    if (refusal !== null) throw refusal;
    return { type: kind === "result" ? RESULT : ERROR, bytes };
  } catch (error) {
    if (error instanceof NoSourceReader) throw error;
    return { type: ERROR, bytes: encodeError(kind === "error" ? value : error) };
  }
}
