/**
 * What a pool asks of the place where its workers run: threads of this process, say.
 *
 * @module
 */

import type { TaskGeometry } from "../_core/task_layout.ts";
import type { TaskMemory } from "../_core/task_memory.ts";

/** Memory that goes beside a message: shared, or moved. */
export type LooseBuffers = ArrayBufferLike[];

/** Brings buffers, which cannot lie in a ring, to the other side. */
export interface BufferBroker {
  /**
   * Hands buffers over, and gives the key for them.
   *
   * @param moved Those that are moved: they are detached here.
   */
  put(buffers: LooseBuffers, moved: readonly ArrayBuffer[]): number;
  /** Gets the buffers of a key; `keep` leaves a copy for the next. Blocks for a moment. */
  take(key: number, keep: boolean): LooseBuffers;
  /** Forgets buffers that nobody will take. */
  drop(key: number): void;
}

/** What a worker is started with. */
export interface WorkerBoot {
  /** The memory of the pool. */
  buffer: TaskMemory["buffer"];
  /** How large it is. */
  geometry: TaskGeometry;
  /** The seat of the worker. */
  seat: number;
  /** The initializer and its arguments, encoded; or `null`. */
  initializer: Uint8Array | null;
  /** The key of the buffers beside them, or 0. */
  initializerBuffers: number;
  /** The worker leaves after so many tasks; 0 = never. */
  maxTasks: number;
  /** It looks for work for so many microseconds before it sleeps. */
  spin: number;
  /** It looks around at least so often while it sleeps, in milliseconds. */
  slice: number;
}

/** How a worker has ended. */
export interface WorkerEnd {
  /** What ended it, or `null`. */
  cause: unknown;
  /** Its exit code, or `null` when there is none. */
  exitcode: number | null;
  /** Says it in words, for messages: "it was killed". */
  reason: string;
  /** The signal that has ended it, if it was a process. */
  signal?: string | null;
  /** What the system called it, if it was a process. */
  pid?: number | null;
}

/** A worker that was started. */
export interface WorkerHandle {
  /** Resolves when the worker is gone, and keeps nothing alive. */
  readonly exited: Promise<void>;
  /** Tells whether the worker is gone, also while this thread is blocked. */
  hasExited(): boolean;
  /** Says how the worker has ended. */
  end(): WorkerEnd;
  /** Ends the worker by force. */
  kill(): void;
  /** Asks the worker to end, as the system asks processes; where there is no such way, it is not there. */
  terminate?(): void;
}

/** Where workers run. */
export interface WorkerHost {
  /** What a lost worker is called in a `WorkerLostError`. */
  readonly kind: "thread" | "process";
  /** Buffers on their way to the workers and back. */
  readonly broker: BufferBroker;
  /** Makes the memory of a pool. */
  createMemory(geometry: TaskGeometry): TaskMemory;
  /**
   * Calls both functions when the program ends, the first ones of all pools first; what it returns prevents that. Where
   * workers are not interrupted by the end of the program, it is not there.
   *
   * @param wait Waits until a time, on the clock of `performance.now()`.
   */
  onProgramEnd?(dismiss: () => void, wait: (end: number) => void): () => void;
  /** The pool is over. */
  dispose?(): void;
  /** Starts a worker. */
  start(boot: WorkerBoot, name: string): WorkerHandle;
}
