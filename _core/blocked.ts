/**
 * What a thread has to do from time to time even while it is blocked.
 *
 * @module
 */

/** A blocked thread that has something to do looks at least so often, in milliseconds. */
export const BLOCKED_SLICE = 50;

let chore: (() => void) | null = null;

/** Says what this thread has to do while it is blocked. */
export function setChore(work: () => void): void {
  chore = work;
}

/** Whether this thread has something to do while it is blocked. */
export function hasChore(): boolean {
  return chore !== null;
}

/** Does it; called between two slices of a blocking wait. */
export function doChore(): void {
  chore?.();
}
