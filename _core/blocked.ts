/**
 * What a thread has to do from time to time even while it is blocked, and who is to know that it is.
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

/** Who is told when this thread blocks. */
export interface Parking {
  /** It is about to block on a word. */
  park(words: object, index: number): void;
  /** It does not block any more. */
  leave(): void;
  /** Whether it is to be ended. */
  isDoomed(): boolean;
}

/** Who is told when this thread blocks, if anybody is. */
export let parking: Parking | null = null;

/** Says who is told when this thread blocks. */
export function setParking(told: Parking): void {
  parking = told;
}
