/**
 * What the supervisor and the others tell each other. Messages are hints and carry no state but raw shared buffers:
 * what is to be done stands in the {@linkcode ThreadTable}.
 *
 * @module
 */

import type { Encoded } from "../_core/codec.ts";

/** Raw shared buffers, which cannot lie in shared memory themselves. */
export type Buffers = Encoded["buffers"];

/** A message to the supervisor, from the main thread or from any worker. */
export type ToSupervisor =
  /** A thread waits for a worker. */
  | { type: "start"; address: number }
  /** A thread is to be killed. */
  | { type: "kill"; address: number; ident: number }
  /** Keep these buffers under a key. */
  | { type: "put"; key: number; buffers: Buffers }
  /** Post the buffers that are kept under a key to the port. */
  | { type: "take"; key: number; keep: boolean; port: MessagePort }
  /** Nobody will take what is kept under a key. */
  | { type: "drop"; key: number };

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
}
