/**
 * What ends with the thread that runs in a worker, although the worker goes on.
 *
 * @module
 */

const closers: Set<() => void> = new Set();

/** Calls a function at the end of each thread that runs here. */
export function atThreadEnd(close: () => void): void {
  closers.add(close);
}

/** Says that the thread that ran here has ended. */
export function endThread(): void {
  for (const close of closers) close();
}
