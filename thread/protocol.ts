/**
 * What the supervisor and the others tell each other. Messages are hints and carry no state but raw shared buffers:
 * what is to be done stands in the {@linkcode ThreadTable}.
 *
 * @module
 */

import type { Encoded } from "../_core/codec.ts";
import type { ThreadRecord } from "../_core/thread_record.ts";

/** Raw shared buffers, which cannot lie in shared memory themselves. */
export type Buffers = Encoded["buffers"];

/** A message to the supervisor, from the main thread or from any worker. */
export type ToSupervisor =
  /** A thread waits for a worker. */
  | { type: "start"; address: number }
  /** A thread is to be killed. */
  | { type: "kill"; address: number; ident: number }
  /** The main thread makes a worker for a thread; the worker holds the other end of the port. */
  | { type: "adopt"; ident: number; slot: number; agent: number; port: MessagePort }
  /** A worker that the main thread made is gone. */
  | { type: "gone"; agent: number; code: number; error: Failure | null }
  /** The worker at the other end exits. */
  | { type: "exit"; code: number }
  /** A message for the module that makes processes. */
  | { type: "keeper"; url: string | null; message: unknown }
  /** Keep these buffers under a key. */
  | { type: "put"; key: number; buffers: Buffers }
  /** Post the buffers that are kept under a key to the port. */
  | { type: "take"; key: number; keep: boolean; port: MessagePort }
  /** Nobody will take what is kept under a key. */
  | { type: "drop"; key: number };

/** What ended a worker. */
export interface Failure {
  /** The error, encoded. */
  readonly bytes: Uint8Array;
  /** Whether it was that there was no memory left. */
  readonly outOfMemory: boolean;
}

/** The module that makes processes, on the supervisor. */
export interface Keeper {
  /** Makes a process that waits for that, or says that it is lost. */
  startProcess(record: ThreadRecord): void;
  /** Takes a message from any thread. */
  onKeeperMessage(message: unknown): void;
}

/** A message to the main thread: some of the workers that it made are to be terminated. */
export interface ToMain {
  type: "terminate";
}

/** What a worker is started with. */
export interface BootData {
  /** What the worker is: this also tells our workers from those of the program. */
  nogil: "supervisor" | "thread";
  /** The memory of the arena. */
  arena: Buffers[number];
  /** The memory of all threads. */
  threads: Buffers[number];
  /** The number of the agent that the worker is. */
  agent: number;
  /** The slot of a thread's worker. */
  slot: number;
  /** The number of the thread that the worker is made for. */
  ident: number;
  /** A worker's way to the supervisor. */
  port?: MessagePort;
}
