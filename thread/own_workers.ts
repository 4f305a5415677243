/**
 * The workers that the main thread makes itself.
 *
 * On Deno a worker that was made by a worker waits half a second for a debugger before it starts; one made by the main
 * thread does not. So the main thread makes the workers of the threads that it starts, and the supervisor adopts them: it
 * sees their end by their port, which closes, even while the main thread is blocked. Only the maker can terminate a
 * worker: the supervisor dooms it, and the main thread looks for doomed workers when it is told to, and from time to time
 * while it is blocked.
 *
 * A doomed worker that loads modules, or blocks, is let end by itself, within limits: see `_core/worker_slots.ts`.
 *
 * @module
 */

import { currentAgent } from "../_core/agent.ts";
import { setChore } from "../_core/blocked.ts";
import { encode } from "../_core/codec.ts";
import { isFfiLoading } from "../_core/own_ffi.ts";
import type { ThreadRecord } from "../_core/thread_record.ts";
import { runtime, type TimerHandle, type WorkerHandle } from "../_runtime/runtime.ts";
import { bootUrl } from "./boot.ts";
import type { BootData, Buffers, Failure } from "./protocol.ts";
import { realm, tellSupervisor } from "./realm.ts";

/** So long a doomed worker may go on loading modules, or the C library, in milliseconds. */
const LOADING_TIME = 2000;
/** So long a doomed worker that is blocked may take to end, in milliseconds. */
const WAKING_TIME = 1000;
/** So often a doomed worker is asked to end, in milliseconds. */
export const ASK_AGAIN = 10;
/** So many times it is asked at least: when its time seems to be up, the machine may have stood still. */
const LEAST_ASKED = 8;

/** The workers, by their slots. */
const workers: Map<number, WorkerHandle> = new Map();
/** Since when, and how often, doomed workers were asked to end by themselves, by their slots. */
const spared: Map<number, { readonly since: number; asked: number }> = new Map();
let asking: TimerHandle | null = null;

/** Makes a worker for a thread; `false` when that is not possible. */
export function spawnOwn(record: ThreadRecord): boolean {
  const { slots, memory } = realm();
  const agent = currentAgent();
  let id: number;
  try {
    id = agent.reserveId();
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
  const slot = slots.reserve(record.address, id);
  if (slot < 0) {
    agent.reap(id);
    return false;
  }
  const { port1, port2 } = runtime().createChannel();
  const data: BootData = {
    nogil: "thread",
    arena: agent.arena.buffer as Buffers[number],
    threads: memory,
    agent: id,
    slot,
    ident: record.ident,
    port: port1,
  };
  let failure: Failure | null = null;
  try {
    const worker = runtime().spawnWorker(bootUrl, data, {
      name: `nogil worker ${slot}`,
      transfer: [port1],
      onError: (error) => failure = describe(error),
      onExit: (code) => {
        if (workers.get(slot) === worker) forget(slot);
        tellSupervisor({ type: "gone", agent: id, code, error: failure });
      },
    });
    worker.unref();
    workers.set(slot, worker);
  } catch {
    // The supervisor tries the same, and reports what it meets.
    port2.close();
    slots.free(slot);
    agent.reap(id);
    return false;
  }
  setChore(terminateDoomed);
  tellSupervisor({ type: "adopt", ident: record.ident, slot, agent: id, port: port2 }, [port2]);
  return true;
}

/** Terminates the worker of a thread, if the main thread has made it. */
export function doomOwn(record: ThreadRecord): void {
  for (const slot of workers.keys()) {
    if (record.runsIn(slot)) realm().slots.doom(slot, record.address);
  }
  terminateDoomed();
}

/** Terminates the workers that are doomed. */
export function terminateDoomed(): void {
  const { slots } = realm();
  for (const [slot, worker] of workers) {
    if (!slots.isDoomed(slot) || isSpared(slot)) continue;
    forget(slot);
    void worker.terminate();
  }
}

/** Asks a doomed worker to end by itself, if it can; gives the time that it has for it, in milliseconds. */
export function askToEnd(slot: number): number {
  const { slots } = realm();
  if (slots.isLoading(slot) || isFfiLoading()) return LOADING_TIME;
  return slots.wake(slot, currentAgent().arena.words) ? WAKING_TIME : 0;
}

/** Whether a doomed worker that has so many milliseconds to end has had them, and was asked often enough. */
export function hasHadTime(time: number, since: number, asked: number): boolean {
  return time === 0 || performance.now() - since >= time && asked >= LEAST_ASKED;
}

/** Whether a doomed worker is let end by itself. */
function isSpared(slot: number): boolean {
  const patience = spared.get(slot) ?? { since: performance.now(), asked: 0 };
  if (hasHadTime(askToEnd(slot), patience.since, patience.asked)) return false;
  patience.asked++;
  spared.set(slot, patience);
  asking ??= setTimeout(() => {
    asking = null;
    terminateDoomed();
  }, ASK_AGAIN);
  runtime().unrefTimer(asking);
  return true;
}

function forget(slot: number): void {
  workers.delete(slot);
  spared.delete(slot);
}

/** Whether an error says that there was no memory left. */
export function isOutOfMemory(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === "ERR_WORKER_OUT_OF_MEMORY";
}

function describe(error: unknown): Failure {
  const outOfMemory = isOutOfMemory(error);
  try {
    return { bytes: encode(error, "thread").bytes, outOfMemory };
  } catch {
    return { bytes: encode(new Error(String(error)), "thread").bytes, outOfMemory };
  }
}
