/**
 * The keeper: it makes the processes of this one and sees their end. It lives on the supervisor, which never blocks: so a
 * process can be started and joined while every thread is blocked.
 *
 * What is to be done stands in the record of the process; what has come of it is written there.
 *
 * @module
 */

import { decode, encode } from "../_core/codec.ts";
import { refusalOf } from "../_core/confined.ts";
import { NO_EXIT_CODE, type ThreadRecord } from "../_core/thread_record.ts";
import { NO_SLOT, STARTING_PROCESS } from "../_core/thread_state.ts";
import type { ChildCommand } from "../_runtime/child_command.ts";
import { type ChildEnd, signalNumber } from "../_runtime/child_process.ts";
import { lineage } from "../_runtime/lineage.ts";
import { surroundings } from "../_runtime/permissions.ts";
import { WorkerLostError } from "../errors.ts";
import { realm } from "../thread/realm.ts";
import { Child, type ChildEvents, requestFrame, type Sent } from "./child.ts";
import { endRecord } from "./end_record.ts";
import { FrameReader } from "./frames.ts";
import { processFields } from "./innards.ts";
import { KeeperSeats, type Shelf } from "./keeper_seats.ts";
import type { Order, Prewarmed, ToKeeper } from "./orders.ts";

/** Where this module was loaded from. */
export const keeperUrl: string = import.meta.url;

/** Spares are replaced when none was taken for so long, in milliseconds. */
const CALM = 100;
/** So often the taking of a spare is rehearsed. */
const REHEARSALS = 30;

/** The processes that run, by the numbers of their records. */
const children: Map<number, Child> = new Map();
/** Signals for processes whose start is still under way. */
const early: Map<number, string[]> = new Map();

/** `undefined` until the first spare. */
let seats: KeeperSeats | null | undefined;

const shelves: Map<string, Shelf> = new Map();
/** The modules that processes have needed, by the way in which they were started. */
const used: Map<string, Set<string>> = new Map();
/** So many of them are remembered. */
const MOST_MODULES = 32;

/** Makes a process that waits for that. */
export function startProcess(record: ThreadRecord): void {
  if (!record.claim(NO_SLOT, STARTING_PROCESS)) return;
  const order = decode(record.takeRequest().bytes) as Order;
  const { command, lineage: { confined } } = order;
  learn(command, order.modules);
  const spare = takeSpare(command);
  const child: Child = spare ?? new Child(command, NOBODY);
  bind(child, record, confined);
  if (spare !== null) child.events.onSpawn(spare.pid);
  child.assign(order);
}

/** Nobody is told of a child at first; it tells nothing before its constructor has returned. */
const NOBODY: ChildEvents = { onSpawn: () => {}, onReady: () => {}, onGone: () => {} };

/** Says which process a child is. */
function bind(child: Child, record: ThreadRecord, confined: boolean): void {
  child.events = {
    onSpawn: (pid: number) => processFields().setPid(record, pid),
    onReady: () => {},
    onGone: (end, sent) => finish(record, child, end, confined ? plain(sent) : sent),
    onBuried: () => seats?.leave(child),
  };
  children.set(record.ident, child);
  for (const signal of early.get(record.ident) ?? []) child.signal(signal);
  early.delete(record.ident);
}

/** The main thread has given a process to a spare: from now on that is looked after like any other. */
function bindSeated({ address, seat, modules }: ToKeeper & { type: "seated" }): void {
  const { child, shelf, end, isBuried } = (seats as KeeperSeats).taken(seat);
  learn(shelf.command, modules);
  shelf.spares.delete(child);
  restock(shelf);
  bind(child, realm().table.at(address), false);
  if (end !== null) child.events.onGone(end.end, end.sent);
  if (isBuried) child.events.onBuried?.();
}

/** Takes a message from any thread. */
export function onKeeperMessage(data: unknown): void {
  const message = data as ToKeeper;
  switch (message.type) {
    case "load":
      return;
    case "seated":
      return bindSeated(message);
    case "signal":
      return signal(message.address, message.ident, message.signal);
    case "line":
      return connectLine(message.ident, message.port);
    case "prewarm":
      return prewarm(message.command, message.count, message.port);
  }
}

function connectLine(ident: number, port: MessagePort): void {
  const child = children.get(ident);
  if (child === undefined) port.close();
  else child.connectLine(port);
}

function signal(address: number, ident: number, name: string): void {
  const child = children.get(ident);
  if (child !== undefined) return child.signal(name);
  const record = realm().table.open(address, ident);
  if (record === null) return;
  // One that the main thread has started without the keeper is not known here yet.
  if (!record.ended) early.set(ident, [...early.get(ident) ?? [], name]);
  record.release();
}

/** Gives what a process in a sandbox has sent, or an error if that is more than plain data. */
function plain(sent: Sent | null): Sent | null {
  const refusal = sent === null ? null : refusalOf(sent.bytes, sent.kind);
  return refusal === null ? sent : { kind: "error", bytes: encode(refusal, "thread").bytes };
}

/** A process is gone: those who wait for it learn what has come of it. */
function finish(
  record: ThreadRecord,
  child: Child,
  end: ChildEnd | Error,
  sent: Sent | null,
): void {
  children.delete(record.ident);
  if (seats?.settle(child) === false) return record.releaseRun();
  if (child.pid === 0) processFields().setPid(record, null);
  const code = exitCodeOf(end);
  if (code !== null) processFields().setExitCode(record, code);
  const exitCode = code === null || code < 0 ? NO_EXIT_CODE : code;
  const ending = { buffers: 0, exitCode };
  if (sent?.kind === "error") {
    endRecord(record, { ...ending, outcome: "error", bytes: sent.bytes, report: true });
  } else if (sent !== null && exitCode !== NO_EXIT_CODE) {
    endRecord(record, { ...ending, outcome: "result", bytes: sent.bytes, report: false });
  } else if (code === 0) {
    endRecord(record, { ...ending, outcome: "result", bytes: null, report: false });
  } else {
    const bytes = encode(describeLoss(record, child, end), "thread").bytes;
    endRecord(record, { ...ending, outcome: "lost", bytes, report: !child.signalled });
  }
  record.releaseRun();
}

/** Gives the exit code as Python does: that of the process, or the number of its signal below 0. */
function exitCodeOf(end: ChildEnd | Error): number | null {
  if (end instanceof Error) return null;
  return end.signal === null ? end.code : -signalNumber(end.signal);
}

function describeLoss(record: ThreadRecord, child: Child, end: ChildEnd | Error): WorkerLostError {
  const { name } = record;
  if (end instanceof Error) {
    return new WorkerLostError(`Cannot start process ${name}: ${end.message}`, {
      kind: "process",
      task: name,
      cause: end,
    });
  }
  const { code, signal } = end;
  const reason = signal === null ? `it exited with code ${code}` : `it was ended by ${signal}`;
  const message = child.hasReported || child.signalled
    ? `Cannot finish process ${name}: ${reason}`
    : `Cannot start process ${name}: ${reason} before it was ready; what it has printed may tell why`;
  const options = { kind: "process", exitcode: code, signal, pid: child.pid, task: name } as const;
  return new WorkerLostError(message, options);
}

/** Remembers what the work of a process needs: the next spares that are started in the same way load it beforehand. */
function learn(command: ChildCommand, modules: readonly string[]): void {
  if (modules.length === 0) return;
  const known = modulesOf(JSON.stringify(command));
  for (const url of modules) if (known.size < MOST_MODULES) known.add(url);
}

function modulesOf(key: string): Set<string> {
  let modules = used.get(key);
  if (modules === undefined) used.set(key, modules = new Set());
  return modules;
}

/** Lets spares stand by. */
function prewarm(command: ChildCommand, count: number, port: MessagePort): void {
  const key = JSON.stringify(command);
  let shelf = shelves.get(key);
  if (shelf === undefined) {
    shelf = { command, wanted: 0, spares: new Set(), waiting: [], timer: undefined };
    shelves.set(key, shelf);
  }
  if (count > 0) rehearse(command);
  shelf.wanted = count;
  shelf.waiting.push(port);
  for (const spare of [...shelf.spares].slice(count)) {
    if (seats?.claim(spare) === false) continue;
    shelf.spares.delete(spare);
    spare.signal("SIGKILL");
  }
  fill(shelf);
  answer(shelf);
}

/** Does what will be done when a spare is taken, so often that the engine has compiled it by then. */
function rehearse(command: ChildCommand): void {
  const work = encode({ args: [1] }, "process").bytes;
  const order: Order = { command, modules: [], shares: true, lineage: lineage(), work };
  const request = encode(order, "thread").bytes;
  for (let i = 0; i < REHEARSALS; i++) {
    const order = decode(request) as Order;
    modulesOf(JSON.stringify(order.command));
    surroundings();
    new FrameReader(() => {}).push(requestFrame(order, null));
  }
}

function fill(shelf: Shelf): void {
  while (shelf.spares.size < shelf.wanted) {
    const spare: Child = new Child(shelf.command, {
      onSpawn: () => {},
      onReady: () => answer(shelf),
      onGone(end, sent) {
        if (seats?.claim(spare) === false) return seats.hold(spare, end, sent);
        // One that dies is not replaced before the next is taken: it might go on for ever.
        if (shelf.spares.delete(spare)) fail(shelf, spare, end);
      },
      onBuried: () => seats?.leave(spare),
    });
    spare.findSeat = () => {
      seats ??= seats === undefined ? KeeperSeats.create() : null;
      return seats?.offer(spare, shelf) ?? null;
    };
    spare.surroundings = surroundings();
    spare.preload = [...modulesOf(JSON.stringify(shelf.command))];
    shelf.spares.add(spare);
  }
}

/** Fills a shelf when nobody has taken a spare for a moment. */
function restock(shelf: Shelf): void {
  clearTimeout(shelf.timer);
  shelf.timer = setTimeout(() => fill(shelf), CALM);
}

function answer(shelf: Shelf): void {
  const ready = [...shelf.spares].filter((spare) => spare.ready).length;
  if (ready < shelf.wanted) return;
  for (const port of shelf.waiting.splice(0)) reply(port, { ready, seats: seats?.mapping ?? null });
}

function fail(shelf: Shelf, spare: Child, end: ChildEnd | Error): void {
  const cause = end instanceof Error ? end : undefined;
  const reason = cause?.message ??
    `it ended with ${(end as ChildEnd).signal ?? `code ${(end as ChildEnd).code}`}`;
  const error = new WorkerLostError(`Cannot prewarm a process: ${reason}`, {
    kind: "process",
    pid: spare.pid,
    exitcode: exitCodeOf(end),
    ...(cause === undefined ? {} : { cause }),
  });
  const failure = encode(error, "thread").bytes;
  for (const port of shelf.waiting.splice(0)) reply(port, { failure });
}

function reply(port: MessagePort, message: Prewarmed): void {
  port.postMessage(message);
}

function takeSpare(command: ChildCommand): Child | null {
  const shelf = shelves.get(JSON.stringify(command));
  if (shelf === undefined) return null;
  restock(shelf);
  const now = surroundings();
  for (const spare of shelf.spares) {
    const isAlike = spare.surroundings === now;
    if (isAlike && !spare.ready) continue;
    if (seats?.claim(spare) === false) continue;
    shelf.spares.delete(spare);
    if (isAlike) return spare;
    spare.signal("SIGKILL");
  }
  return null;
}
