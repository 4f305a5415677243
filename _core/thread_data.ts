/**
 * What a new thread is made of, and how a thread has ended.
 *
 * @module
 */

/** How a thread has ended: with a result, by an error that its target threw, or without either. */
export type Outcome = "none" | "result" | "error" | "lost";

/** The outcomes, by the number that stands for each in a record. */
export const OUTCOMES: readonly Outcome[] = ["none", "result", "error", "lost"];

/** Why a thread was lost when no exit code tells. */
export const NO_EXIT_CODE = -1;

/** How a thread has ended, in all detail. */
export interface Ending {
  /** How it has ended. */
  outcome: Outcome;
  /** The encoded result or error; `null` for the result `undefined`. */
  bytes: Uint8Array | null;
  /** The key of the shared buffers that go beside the bytes; 0 for none. */
  buffers: number;
  /** The exit code of the worker, if it ended with the thread. */
  exitCode: number;
  /** Whether the main thread shall report the error unless somebody joins. */
  report: boolean;
}

/** What a new thread is made of. */
export interface NewThread {
  /** Its name. */
  name: string;
  /** Whether the program ends without waiting for it. */
  daemon: boolean;
  /** The encoded request. */
  request: Uint8Array;
  /** The key of the shared buffers that go beside the request; 0 for none. */
  buffers: number;
  /** Largest size of its heap in megabytes; 0 for the runtime's own. */
  memoryLimit: number;
  /** Largest size of its stack in megabytes; 0 for the runtime's own. */
  stackLimit: number;
  /** Whether it is a process, which no worker of this one runs. Default: `false`. */
  isProcess?: boolean;
}
