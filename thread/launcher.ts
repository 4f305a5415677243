/**
 * How threads get their workers: a cached one by one store into shared memory, or a new one from the supervisor.
 *
 * @module
 */

import { InvalidStateError } from "../errors.ts";
import { currentAgent } from "../_core/agent.ts";
import { leaveFamily } from "../_core/process_family.ts";
import { setBufferBroker } from "../_core/buffer_broker.ts";
import { setProgramEnd } from "../_core/program_end.ts";
import type { NewThread, ThreadRecord } from "../_core/thread_record.ts";
import { isLimited, NO_SLOT } from "../_core/thread_state.ts";
import { runtime, type WorkerHandle } from "../_runtime/runtime.ts";
import { bootUrl } from "./boot.ts";
import { printIgnored } from "../_core/ignored_error.ts";
import { doomOwn, spawnOwn, terminateDoomed } from "./own_workers.ts";
import type { BootData, Buffers } from "./protocol.ts";
import {
  connectSupervisor,
  dropBuffers,
  hasRealm,
  putBuffers,
  type Realm,
  realm,
  takeBuffers,
  tellSupervisor,
} from "./realm.ts";
import { checkNotImporting } from "./request.ts";

/** So often a start looks for a worker that has just finished and is about to be idle. */
const PATIENCE = 200;
/** While the main thread waits for the others at the end, it looks at least so often, in milliseconds. */
const LOOK_AGAIN = 250;

/** Processes that are daemons have so long to end after a `SIGTERM`, in milliseconds; with this one, they all do. */
const LAST_BREATH = 1000;

let supervised = false;
/** Whether this thread has told the supervisor where the module is that makes processes. */
let isKeeperTold = false;
let exiting = false;

/** Starts a thread, and returns its record with a reference. */
export function launch(thread: Omit<NewThread, "buffers">, buffers: Buffers): ThreadRecord {
  checkNotImporting(thread.name, "thread");
  if (exiting) {
    throw new InvalidStateError(`Cannot start thread ${thread.name}: the program is ending`);
  }
  const own = realm();
  if (own.isMain && !supervised) startSupervisor();
  const key = buffers.length === 0 ? 0 : putBuffers(buffers);
  const record = own.table.add({ ...thread, buffers: key });
  const fresh = isLimited(thread);
  // Only the maker of a worker learns that it ran out of memory: with a limit, that is the supervisor, which never blocks.
  if (!fresh && (assign(own, record) || (own.isMain && spawnOwn(record)))) return record;
  tellSupervisor({ type: "start", address: record.address });
  return record;
}

/**
 * Starts a process, and returns its record with a reference.
 *
 * @param keeper The URL of the module that makes it, on the supervisor.
 */
export function launchProcess(keeper: string, process: Omit<NewThread, "buffers">): ThreadRecord {
  checkProcessStart(process.name);
  // First: whoever starts a process and dies at once leaves a record that the keeper finds.
  if (!isKeeperTold) tellKeeper(keeper, { type: "load" });
  const record = realm().table.add({ ...process, buffers: 0, isProcess: true });
  tellSupervisor({ type: "start", address: record.address });
  return record;
}

/**
 * Gives the record of a process that is there already, with a reference. Only for the main thread, which tells the maker of
 * processes of it: no other thread would look after the process if this one died before.
 */
export function adoptProcess({ name, daemon }: Pick<NewThread, "name" | "daemon">): ThreadRecord {
  checkProcessStart(name);
  const unlimited = { memoryLimit: 0, stackLimit: 0, buffers: 0 };
  const request = new Uint8Array(0);
  const record = realm().table.add({ name, daemon, request, ...unlimited, isProcess: true });
  record.claim(NO_SLOT);
  return record;
}

function checkProcessStart(name: string): void {
  checkNotImporting(name, "process");
  if (!exiting) return;
  throw new InvalidStateError(`Cannot start process ${name}: the program is ending`);
}

/** Sends a message to the module of the supervisor that makes processes. */
export function tellKeeper(url: string, message: unknown, transfer: Transferable[] = []): void {
  if (realm().isMain && !supervised) startSupervisor();
  tellSupervisor({ type: "keeper", url, message }, transfer);
  isKeeperTold = true;
}

/** Has a thread killed by the supervisor. */
export function killThread(record: ThreadRecord): void {
  if (record.ended) return;
  record.kill();
  tellSupervisor({ type: "kill", address: record.address, ident: record.ident });
  if (realm().isMain) doomOwn(record);
}

/** Gives the thread to an idle worker, or to one that has ended its thread and will be idle in a moment. */
function assign({ slots, table }: Realm, record: ThreadRecord): boolean {
  for (let attempt = 0; attempt < PATIENCE; attempt++) {
    if (slots.assign(record.address)) return true;
    if (!slots.jobs().some((job) => table.at(job).ended)) return false;
  }
  return false;
}

function startSupervisor(): void {
  const worker = spawnSupervisor();
  supervised = true;
  worker.unref();
  connectSupervisor((message, transfer) => worker.post(message, transfer));
  runtime().onBeforeExit(waitForThreads);
  runtime().onProcessExit(() => {
    exiting = true;
    endDaemons();
    realm().slots.dismiss();
    realm().slots.endBlocked(currentAgent().arena.words);
    leaveFamily();
  });
}

function spawnSupervisor(): WorkerHandle {
  const agent = currentAgent();
  const id = agent.reserveId();
  const data: BootData = {
    nogil: "supervisor",
    arena: agent.arena.buffer as Buffers[number],
    threads: realm().memory,
    agent: id,
    slot: -1,
    ident: 0,
  };
  try {
    return runtime().spawnWorker(bootUrl, data, {
      name: "nogil supervisor",
      onMessage: terminateDoomed,
      onError: (error) => printIgnored("the supervisor of threads", error),
    });
  } catch (error) {
    agent.reap(id);
    throw error;
  }
}

let waiting = false;

/** When the main thread has nothing left to do, it waits for the threads that are no daemons. */
function waitForThreads(): void {
  const { table } = realm();
  if (waiting || !isAnyAlive()) return;
  waiting = true;
  const keepAlive = setInterval(look, LOOK_AGAIN);
  function look(): void {
    if (isAnyAlive()) return;
    clearInterval(keepAlive);
    waiting = false;
  }
  async function watch(): Promise<void> {
    while (waiting) {
      const epoch = table.epoch();
      look();
      if (waiting) await table.epochChange(epoch);
    }
  }
  void watch();
}

/** Gives what resolves when no thread or process runs any more that the program waits for at its end; `null` if none does. */
function allEnded(): Promise<void> | null {
  return hasRealm() && isAnyAlive() ? waitForAll() : null;
}

async function waitForAll(): Promise<void> {
  const { table } = realm();
  for (let epoch = table.epoch(); isAnyAlive(); epoch = table.epoch()) {
    const change = table.epochChange(epoch);
    if (change === null || !isAnyAlive()) continue;
    await Promise.race([change, new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN))]);
  }
}

/** Ends the processes that are daemons, and waits for their end, but not for long. */
function endDaemons(): void {
  const daemons = realm().table.aliveProcesses().filter(({ daemon }) => daemon);
  if (daemons.length === 0) return;
  for (const { address, ident } of daemons) {
    const message = { type: "signal", address, ident, signal: "SIGTERM" };
    tellSupervisor({ type: "keeper", url: null, message });
  }
  const end = performance.now() + LAST_BREATH;
  for (const daemon of daemons) daemon.waitForEnd(Math.max(0, end - performance.now()));
}

function isAnyAlive(): boolean {
  return realm().table.unfinished().some(({ ident, daemon }) => !daemon && ident !== realm().ident);
}

/** The supervisor as the keeper of the buffers in tasks, and in the items that lie in queues. It starts when there is one. */
export const threadBroker = {
  put(buffers: ArrayBufferLike[], moved: readonly ArrayBuffer[] = []): number {
    if (realm().isMain && !supervised) startSupervisor();
    return putBuffers(buffers, moved);
  },
  take: takeBuffers,
  drop: dropBuffers,
};

setBufferBroker(threadBroker);

setProgramEnd(allEnded);
