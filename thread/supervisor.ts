/**
 * The supervisor: a worker that makes all workers of threads and sees their end.
 *
 * It never blocks and runs no code of the program. So a thread that dies is noticed while all others, the main thread
 * included, are blocked; and making a worker, which blocks its maker, holds up nobody else.
 *
 * @module
 */

import { WorkerLostError } from "../errors.ts";
import { currentAgent, installAgent } from "../_core/agent.ts";
import { encode } from "../_core/codec.ts";
import { NO_EXIT_CODE, NO_SLOT, type ThreadRecord } from "../_core/thread_record.ts";
import { runtime, type SpawnOptions, type WorkerHandle } from "../_runtime/runtime.ts";
import { bootUrl } from "./boot.ts";
import type { BootData, Buffers, ToSupervisor } from "./protocol.ts";
import { realm } from "./realm.ts";

/** A terminated worker of Deno may run on for up to 3 ms after its exit was reported; in milliseconds. */
const GRACE = 30;

/** A worker, as the supervisor knows it. */
interface Worker {
  /** The thread that the worker was made for. */
  readonly first: number;
  readonly slot: number;
  readonly agent: number;
  handle: WorkerHandle | null;
  /** The thread for which the worker was terminated. */
  doomed: ThreadRecord | null;
  /** What ended the worker. */
  error: unknown;
}

const workers: Set<Worker> = new Set();
const kept: Map<number, Buffers> = new Map();
const takers: Map<number, MessagePort> = new Map();

/** Serves the main thread and all workers. */
export function supervise(data: BootData): void {
  installAgent(data.arena, data.agent);
  runtime().onParentMessage(onMessage);
}

function onMessage(data: unknown): void {
  const message = data as ToSupervisor;
  switch (message.type) {
    case "start":
      return start(realm().table.at(message.address));
    case "kill":
      return kill(message.address, message.ident);
    case "put":
      return put(message.key, message.buffers);
    case "take":
      return take(message.key, message.keep, message.port);
    case "drop":
      kept.delete(message.key);
  }
}

/** Finds or makes a worker for a thread that waits for one. */
function start(record: ThreadRecord): void {
  const { slots } = realm();
  if (!record.starting) return;
  if (record.killed) return bury(record, describeLoss(record, null, NO_EXIT_CODE));
  const limited = record.memoryLimit > 0 || record.stackLimit > 0;
  if (!limited && slots.assign(record.address)) return;
  const agent = currentAgent().reserveId();
  const slot = slots.reserve(record.address, agent);
  if (slot < 0) {
    currentAgent().reap(agent);
    return bury(record, new WorkerLostError("Cannot start thread: there are too many threads"));
  }
  try {
    spawn(record, slot, agent);
  } catch (cause) {
    slots.free(slot);
    currentAgent().reap(agent);
    bury(record, new WorkerLostError("Cannot start thread: its worker does not start", { cause }));
  }
}

function spawn(record: ThreadRecord, slot: number, agent: number): void {
  const worker: Worker = {
    first: record.ident,
    slot,
    agent,
    handle: null,
    doomed: null,
    error: null,
  };
  const data: BootData = {
    nogil: "thread",
    arena: currentAgent().arena.buffer as Buffers[number],
    threads: realm().memory,
    agent,
    slot,
  };
  const resourceLimits: SpawnOptions["resourceLimits"] = {};
  if (record.memoryLimit > 0) resourceLimits.maxOldGenerationSizeMb = record.memoryLimit;
  if (record.stackLimit > 0) resourceLimits.stackSizeMb = record.stackLimit;
  worker.handle = runtime().spawnWorker(bootUrl, data, {
    name: `nogil worker ${slot}`,
    resourceLimits,
    onMessage,
    onError: (error) => worker.error = error,
    onExit: (code) => onExit(worker, code),
  });
  workers.add(worker);
}

/** A worker is gone: its locks are abandoned, its thread is lost, those who wait for it learn so. */
function onExit(worker: Worker, code: number): void {
  const forced = worker.doomed !== null || isOutOfMemory(worker.error);
  if (forced && runtime().name === "deno") setTimeout(() => finish(worker, code), GRACE);
  else finish(worker, code);
}

function finish(worker: Worker, code: number): void {
  const { table, slots } = realm();
  workers.delete(worker);
  currentAgent().reap(worker.agent);
  const address = slots.job(worker.slot);
  const record = worker.doomed ?? (address === null ? null : table.at(address));
  if (record !== null) {
    // A thread that was given to a cached worker in its last moment starts elsewhere, below.
    if (record.starting && record.ident === worker.first) record.claim(worker.slot);
    if (record.runsIn(worker.slot)) {
      if (record.ended) record.announceEnd();
      else if (code === 0 && worker.doomed === null) {
        record.end({ outcome: "result", bytes: null, buffers: 0, exitCode: 0, report: false });
      } else lose(record, describeLoss(record, worker, code), code);
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
      if (!realm().slots.doom(worker.slot, address)) continue;
      worker.doomed = record;
      void worker.handle?.terminate();
    }
  }
  record.release();
}

/** Ends a thread that nobody runs. */
function bury(record: ThreadRecord, error: WorkerLostError): void {
  if (!record.claim(NO_SLOT)) return;
  lose(record, error, NO_EXIT_CODE);
  record.releaseRun();
}

function lose(record: ThreadRecord, error: WorkerLostError, code: number): void {
  const { bytes } = encode(error, "thread");
  record.end({ outcome: "lost", bytes, buffers: 0, exitCode: code, report: !record.killed });
}

function describeLoss(record: ThreadRecord, worker: Worker | null, code: number): WorkerLostError {
  const cause = worker?.error ?? null;
  const reason = record.killed
    ? "it was killed"
    : isOutOfMemory(cause)
    ? "it ran out of memory"
    : cause !== null
    ? `its worker failed: ${(cause as Partial<Error>).message}`
    : `its worker exited with code ${code}`;
  return new WorkerLostError(`Cannot finish thread ${record.name}: ${reason}`, {
    kind: "thread",
    exitcode: record.killed || code === NO_EXIT_CODE ? null : code,
    task: record.name,
    ...(cause === null ? {} : { cause }),
  });
}

function isOutOfMemory(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === "ERR_WORKER_OUT_OF_MEMORY";
}

function put(key: number, buffers: Buffers): void {
  kept.set(key, buffers);
  const port = takers.get(key);
  if (port === undefined) return;
  takers.delete(key);
  take(key, false, port);
}

function take(key: number, keep: boolean, port: MessagePort): void {
  const buffers = kept.get(key);
  if (buffers === undefined) {
    // The message that brings them comes from another thread and may be slower.
    takers.set(key, port);
    return;
  }
  if (keep) return port.postMessage(buffers);
  kept.delete(key);
  // What is not shared was moved here, and is moved on.
  port.postMessage(buffers, buffers.filter((buffer) => buffer instanceof ArrayBuffer));
}
