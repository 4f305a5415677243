/**
 * What this thread knows of threads: one per worker, and one on the main thread.
 *
 * @module
 */

import { currentAgent } from "../_core/agent.ts";
import { setAgentNames } from "../_core/agent_names.ts";
import { ThreadTable } from "../_core/thread_table.ts";
import { WorkerSlots } from "../_core/worker_slots.ts";
import { ThreadMemory } from "../_core/thread_memory.ts";
import { InvalidStateError } from "../errors.ts";
import { runtime } from "../_runtime/runtime.ts";
import { bootData } from "./boot.ts";
import type { Buffers, ToSupervisor } from "./protocol.ts";

/** A JavaScript world of its own, with its place among the others. */
export interface Realm {
  /** The memory of all threads. */
  readonly memory: Buffers[number];
  /** All threads. */
  readonly table: ThreadTable;
  /** All workers. */
  readonly slots: WorkerSlots;
  /** Whether this is the main thread. */
  readonly isMain: boolean;
  /** The ident of the thread that runs here. */
  ident: number;
  /** The attributes of this thread in each `ThreadLocal`. */
  locals: WeakMap<object, object>;
}

let current: Realm | null = null;

/** Gives the realm of this thread. */
export function realm(): Realm {
  return current ??= createRealm();
}

/** Whether this thread has one: otherwise no thread of this process has started any. */
export function hasRealm(): boolean {
  return current !== null;
}

function createRealm(): Realm {
  const data = bootData();
  const agent = currentAgent();
  const memory = new ThreadMemory(agent.arena.heap, agent.id, data?.threads);
  const table = new ThreadTable(memory);
  if (data === null) table.enterMain("MainThread", agent.id);
  const slots = new WorkerSlots(memory);
  setAgentNames((agent) => {
    const address = agent === table.mainAgent ? table.main().address : slots.jobOf(agent);
    return address === null ? `a thread that has ended` : table.at(address).name;
  });
  return {
    memory: memory.buffer,
    table,
    slots,
    isMain: data === null,
    ident: data === null ? table.main().ident : 0,
    locals: new WeakMap(),
  };
}

/** So long it takes at most, in milliseconds, until shared buffers arrive, also on a busy machine. */
const PATIENCE = 30_000;

let postToSupervisor: ((message: ToSupervisor, transfer: Transferable[]) => void) | null = null;

/** Says how messages reach the supervisor from the main thread. */
export function connectSupervisor(
  post: (message: ToSupervisor, transfer: Transferable[]) => void,
): void {
  postToSupervisor = post;
}

/** Sends a message to the supervisor, which is the parent of every worker. */
export function tellSupervisor(message: ToSupervisor, transfer: Transferable[] = []): void {
  if (postToSupervisor !== null) postToSupervisor(message, transfer);
  else runtime().postToParent(message, transfer);
}

/**
 * Gives the supervisor buffers to keep, and returns their key.
 *
 * @param moved Those that are no shared buffers and are moved: they are detached here.
 */
export function putBuffers(
  buffers: ArrayBufferLike[],
  moved: readonly ArrayBuffer[] = [],
): number {
  const key = realm().table.nextKey();
  tellSupervisor({ type: "put", key, buffers: buffers as Buffers }, [...moved]);
  return key;
}

/** Says that nobody will take the buffers of a key. */
export function dropBuffers(key: number): void {
  tellSupervisor({ type: "drop", key });
}

/** Gets the buffers of a key. Blocks until the supervisor, which never blocks, has answered. */
export function takeBuffers(key: number, keep: boolean): Buffers {
  const { port1, port2 } = runtime().createChannel();
  try {
    tellSupervisor({ type: "take", key, keep, port: port2 }, [port2]);
    const end = performance.now() + PATIENCE;
    while (performance.now() < end) {
      const answer = runtime().receiveMessageSync(port1);
      if (answer !== null) return answer.message as Buffers;
      realm().table.pause(0.2);
    }
    throw new InvalidStateError("Cannot receive shared buffers: the thread that sent it is gone");
  } finally {
    port1.close();
  }
}
