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
export const STARTING_LIMITED = 4;
/** State: a process that waits for the keeper. */
export const STARTING_PROCESS = 5;
/** State: taken; the slot of the worker that has it, or {@linkcode NO_SLOT}, stands above the lowest 8 bits. */
export const RUNNING = 3;
/** In place of a slot: it was taken to be buried, or it is the main thread. */
export const NO_SLOT = 0xffff;

/** Whether a state is that of a thread, or a process, that nobody has taken yet. */
export function isStarting(state: number): boolean {
  return state === STARTING || state === STARTING_LIMITED || state === STARTING_PROCESS;
}

/** The state in which a thread, or a process, waits to be taken. */
export function startOf({ isProcess, memoryLimit, stackLimit }: NewThread): number {
  if (isProcess === true) return STARTING_PROCESS;
  return memoryLimit > 0 || stackLimit > 0 ? STARTING_LIMITED : STARTING;
}
