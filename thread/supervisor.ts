/**
 * The supervisor: a worker that makes workers for the threads that threads start, adopts those that the main thread has
 * made, and sees the end of all.
 *
 * It never blocks and runs no code of the program. So a thread that dies is noticed while all others, the main thread
 * included, are blocked; and a thread can be started while the main thread is blocked.
 *
 * A worker is dead when its port closes: that is the last that happens to it, after its last instruction. Its `exit` comes
 * earlier on Deno, which goes on running a terminated worker for some time, and tells why it has ended.
 *
 * @module
 */

import { WorkerLostError } from "../errors.ts";
import { currentAgent, installAgent } from "../_core/agent.ts";
import { BusyError } from "../_core/busy_error.ts";
import { decode, encode } from "../_core/codec.ts";
import { serveFamily } from "../_core/process_family.ts";
import { NO_EXIT_CODE, type ThreadRecord } from "../_core/thread_record.ts";
import { NO_SLOT } from "../_core/thread_state.ts";
import { runtime, type SpawnOptions, type WorkerHandle } from "../_runtime/runtime.ts";
import { bootUrl } from "./boot.ts";
import { ASK_AGAIN, askToEnd, hasHadTime, isOutOfMemory } from "./own_workers.ts";
import type { BootData, Buffers, Failure, Keeper, ToMain, ToSupervisor } from "./protocol.ts";
import { realm } from "./realm.ts";

/** So long the maker of a worker may take to say why it has ended: the main thread may be blocked. In milliseconds. */
const LAST_WORDS = 300;
/** So long it may take until this thread hears why a worker of its own has ended, in milliseconds. */
const OWN_WORDS = 5000;
/** So long the port of a worker may stay open when its end was announced, in milliseconds. */
const LAST_BREATH = 1000;
/** So long the supervisor waits for a latch, and until it tries again: its holder may have died, too. In milliseconds. */
const PATIENCE = 20;

/** A worker, as the supervisor knows it. */
interface Worker {
  /** The thread that the worker was made for. */
  readonly first: number;
  readonly slot: number;
  readonly agent: number;
  /** What terminates the worker; `null` if the main thread has made it. */
  handle: WorkerHandle | null;
  /** The thread for which the worker was terminated. */
  doomed: ThreadRecord | null;
  /** What ended the worker. */
  error: unknown;
  /** Whether there was no memory left. */
  outOfMemory: boolean;
  /** The exit code, when it is known. */
  code: number;
  /** Whether it is known why the worker has ended. */
  explained: boolean;
  /** Whether the worker's port is closed. */
  closed: boolean;
}

const workers: Set<Worker> = new Set();
const kept: Map<number, Buffers> = new Map();
/** Who waits for buffers that are still under way. */
const takers: Map<number, { keep: boolean; port: MessagePort }[]> = new Map();

/** What makes processes. */
let keeper: Promise<Keeper> | null = null;

/** Serves the main thread and all workers. */
export function supervise(data: BootData): void {
  installAgent(data.arena, data.agent);
  currentAgent().q.patience = PATIENCE;
  serveFamily();
  runtime().onParentMessage(onMessage);
}

function onMessage(data: unknown): void {
  const message = data as ToSupervisor;
  switch (message.type) {
    case "start":
      return start(realm().table.at(message.address));
    case "kill":
      return kill(message.address, message.ident);
    case "adopt":
      return adopt(message.ident, message.slot, message.agent, message.port);
    case "gone":
      return lastWords(message.agent, message.code, message.error);
    case "exit":
      return;
    case "keeper":
      return tellKeeper(message.url, message.message);
    case "put":
      return put(message.key, message.buffers);
    case "take":
      return take(message.key, message.keep, message.port);
    case "drop":
      kept.delete(message.key);
  }
}

/** Passes a message on to the module that makes processes, which the first message loads. */
function tellKeeper(url: string | null, message: unknown): void {
  if (url !== null) keeper ??= import(url) as Promise<Keeper>;
  void keeper?.then((module) => module.onKeeperMessage(message));
}

/** Finds or makes a worker for a thread that waits for one. */
function start(record: ThreadRecord): void {
  const { slots } = realm();
  if (!record.starting) return;
  if (record.isProcess) return void keeper?.then((module) => module.startProcess(record));
  if (record.killed) return bury(record, describeLoss(record, null, NO_EXIT_CODE));
  if (!record.isLimited && slots.assign(record.address)) return;
  let agent = 0;
  let slot = -1;
  try {
    agent = currentAgent().reserveId();
    slot = slots.reserve(record.address, agent);
    if (slot < 0) throw new RangeError("Cannot start thread: there are too many workers");
    spawn(record, slot, agent);
  } catch (cause) {
    if (slot >= 0) slots.free(slot);
    if (agent > 0) giveBack(agent);
    const { message } = cause as Partial<Error>;
    const reason = `its worker does not start: ${message}`;
    bury(record, new WorkerLostError(`Cannot start thread ${record.name}: ${reason}`, { cause }));
  }
}

/** Gives back an agent that has done nothing. */
function giveBack(agent: number): void {
  try {
    currentAgent().reap(agent);
  } catch (error) {
    if (!(error instanceof BusyError)) throw error;
    setTimeout(() => giveBack(agent), PATIENCE);
  }
}

function spawn(record: ThreadRecord, slot: number, agent: number): void {
  const { port1, port2 } = runtime().createChannel();
  const worker = newWorker(record.ident, slot, agent);
  const data: BootData = {
    nogil: "thread",
    arena: currentAgent().arena.buffer as Buffers[number],
    threads: realm().memory,
    agent,
    slot,
    ident: record.ident,
    port: port1,
  };
  try {
    worker.handle = runtime().spawnWorker(bootUrl, data, {
      name: `nogil worker ${slot}`,
      resourceLimits: limitsOf(record),
      transfer: [port1],
      onError: (error) => {
        worker.error = error;
        worker.outOfMemory = isOutOfMemory(error);
      },
      onExit: (code) => explain(worker, code),
    });
  } catch (error) {
    port2.close();
    throw error;
  }
  watch(worker, port2);
}

/** The limits of a thread's worker. */
function limitsOf(record: ThreadRecord): NonNullable<SpawnOptions["resourceLimits"]> {
  const limits: NonNullable<SpawnOptions["resourceLimits"]> = {};
  if (record.memoryLimit > 0) limits.maxOldGenerationSizeMb = record.memoryLimit;
  if (record.stackLimit > 0) limits.stackSizeMb = record.stackLimit;
  return limits;
}

function newWorker(ident: number, slot: number, agent: number): Worker {
  return {
    first: ident,
    slot,
    agent,
    handle: null,
    doomed: null,
    error: null,
    outOfMemory: false,
    code: NO_EXIT_CODE,
    explained: false,
    closed: false,
  };
}

/** Takes care of a worker that the main thread has made. */
function adopt(ident: number, slot: number, agent: number, port: MessagePort): void {
  watch(newWorker(ident, slot, agent), port);
}

function watch(worker: Worker, port: MessagePort): void {
  workers.add(worker);
  runtime().onPortMessage(port, (data) => {
    const message = data as ToSupervisor;
    if (message.type === "exit") worker.code = message.code;
    else onMessage(message);
  }, () => {
    worker.closed = true;
    currentAgent().declareDead(worker.agent);
    const isClear = worker.explained || worker.code !== NO_EXIT_CODE || worker.doomed !== null;
    const patience = worker.handle === null ? LAST_WORDS : OWN_WORDS;
    setTimeout(() => finish(worker), isClear ? 0 : patience);
  });
}

/** The main thread knows why a worker that it made has ended. */
function lastWords(agent: number, code: number, error: Failure | null): void {
  for (const worker of workers) {
    if (worker.agent !== agent) continue;
    if (error !== null) {
      worker.outOfMemory = error.outOfMemory;
      worker.error = decode(error.bytes);
    }
    explain(worker, code);
  }
}

function explain(worker: Worker, code: number): void {
  worker.code = code;
  worker.explained = true;
  setTimeout(() => finish(worker), worker.closed ? 0 : LAST_BREATH);
}

/** A worker is gone: its locks are abandoned, its thread is lost, those who wait for it learn so. */
function finish(worker: Worker): void {
  if (!workers.has(worker)) return;
  try {
    currentAgent().reap(worker.agent);
  } catch (error) {
    if (!(error instanceof BusyError)) throw error;
    setTimeout(() => finish(worker), PATIENCE);
    return;
  }
  workers.delete(worker);
  const { table, slots } = realm();
  const { code } = worker;
  const address = slots.job(worker.slot);
  const record = worker.doomed ??
    (address === null ? table.runningIn(worker.slot) : table.at(address));
  if (record !== null) {
    // A thread that was given to a cached worker in its last moment starts elsewhere, below.
    if (record.starting && record.ident === worker.first) record.claim(worker.slot);
    if (record.runsIn(worker.slot)) {
      if (record.ended) record.announceEnd();
      else if (code === 0 && worker.doomed === null && !record.killed) {
        record.end({ outcome: "result", bytes: null, buffers: 0, exitCode: 0, report: false });
      } else lose(record, describeLoss(record, worker, code), code);
      if (record.takeBody()) record.release();
      record.releaseRun();
    }
  }
  slots.free(worker.slot);
  // Who was to start a thread may have died before he said so.
  const taken = slots.jobs();
  for (const other of table.starting()) if (!taken.includes(other.address)) start(other);
}

function kill(address: number, ident: number): void {
  const record = realm().table.open(address, ident);
  if (record === null) return;
  if (record.claim(NO_SLOT)) {
    lose(record, describeLoss(record, null, NO_EXIT_CODE), NO_EXIT_CODE);
    record.releaseRun();
  } else if (!record.ended) {
    for (const worker of workers) {
      if (!record.runsIn(worker.slot)) continue;
      const { slots } = realm();
      if (!slots.doom(worker.slot, address) && !slots.isDoomed(worker.slot)) continue;
      worker.doomed = record;
      if (worker.handle === null) runtime().postToParent({ type: "terminate" } satisfies ToMain);
      else end(worker, worker.handle, performance.now(), 0);
    }
  }
  record.release();
}

/** Terminates a worker, unless it ends by itself in time. */
function end(worker: Worker, handle: WorkerHandle, since: number, asked: number): void {
  if (!workers.has(worker)) return;
  if (hasHadTime(askToEnd(worker.slot), since, asked)) void handle.terminate();
  else setTimeout(() => end(worker, handle, since, asked + 1), ASK_AGAIN);
}

/** Ends a thread that nobody runs. */
function bury(record: ThreadRecord, error: WorkerLostError): void {
  if (!record.claim(NO_SLOT)) return;
  lose(record, error, NO_EXIT_CODE);
  record.releaseRun();
}

function lose(record: ThreadRecord, error: WorkerLostError, code: number): void {
  const end = {
    outcome: "lost",
    buffers: 0,
    exitCode: code,
    report: !record.killed && !realm().slots.isEnding,
  } as const;
  try {
    record.end({ ...end, bytes: encode(error, "thread").bytes });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    // The memory is full: this finds room in the record itself.
    const brief = new WorkerLostError("Cannot finish thread: it was lost, and no memory is left");
    brief.stack = "";
    record.end({ ...end, bytes: encode(brief, "thread").bytes });
  }
}

function describeLoss(record: ThreadRecord, worker: Worker | null, code: number): WorkerLostError {
  const cause = worker?.error ?? null;
  const reason = record.killed
    ? "it was killed"
    : worker?.outOfMemory
    ? "it ran out of memory"
    : cause !== null
    ? `its worker failed: ${(cause as Partial<Error>).message}`
    : code === NO_EXIT_CODE
    ? "its worker has ended without a word, as when it runs out of memory"
    : `its worker exited with code ${code}`;
  return new WorkerLostError(`Cannot finish thread ${record.name}: ${reason}`, {
    kind: "thread",
    exitcode: record.killed || code === NO_EXIT_CODE ? null : code,
    task: record.name,
    ...(cause === null ? {} : { cause }),
  });
}

function put(key: number, buffers: Buffers): void {
  kept.set(key, buffers);
  const waiting = takers.get(key) ?? [];
  takers.delete(key);
  for (const { keep, port } of waiting) take(key, keep, port);
}

function take(key: number, keep: boolean, port: MessagePort): void {
  const buffers = kept.get(key);
  if (buffers === undefined) {
    // The message that brings them comes from another thread and may be slower.
    takers.set(key, [...takers.get(key) ?? [], { keep, port }]);
    return;
  }
  if (keep) return port.postMessage(buffers);
  kept.delete(key);
  // What is not shared was moved here, and is moved on.
  port.postMessage(buffers, buffers.filter((buffer) => buffer instanceof ArrayBuffer));
}
