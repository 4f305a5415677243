/**
 * The states of a record; see `thread_record.ts`.
 *
 * @module
 */

import type { NewThread } from "./thread_data.ts";

/** State: not in use. */
export const FREE = 0;
/** State: taken by who starts a thread, and not visible yet. */
export const RESERVED = 1;
/** State: waits for a worker. */
export const STARTING = 2;
/** State: waits for the worker that is made for it. */
export const STARTING_LIMITED = 3;
/** State: a process that waits for the keeper. */
export const STARTING_PROCESS = 4;
/** State: taken; the slot of the worker that has it, or {@linkcode NO_SLOT}, stands above the lowest 8 bits. */
export const RUNNING = 5;
/** In place of a slot: it was taken to be buried, or it is the main thread. */
export const NO_SLOT = 0xffff;

/** Whether a state is that of a thread, or a process, that nobody has taken yet. */
export function isStarting(state: number): boolean {
  return state === STARTING || state === STARTING_LIMITED || state === STARTING_PROCESS;
}

/** Whether a thread has a limit: it needs a worker of its own. */
export function isLimited(
  { memoryLimit, stackLimit }: Pick<NewThread, "memoryLimit" | "stackLimit">,
): boolean {
  return memoryLimit > 0 || stackLimit > 0;
}

/** The state in which a thread, or a process, waits to be taken. */
export function startOf(thread: NewThread): number {
  if (thread.isProcess === true) return STARTING_PROCESS;
  return isLimited(thread) ? STARTING_LIMITED : STARTING;
}
