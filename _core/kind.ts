/**
 * What a primitive adds to the wait queue.
 *
 * A kind says who may go (`settle`), how a waiter takes what it waited for (`take`), and what a death changes. Every
 * method runs under the object's latch and may be run again at any time by anybody: decisions are functions of words that
 * stay true, never of an event.
 *
 * @module
 */

import type { WaitQueue } from "./wait_queue.ts";

/** How a wait ended. */
export type Outcome = 0 | 1 | 2 | 3 | 4 | 5;
/** Not yet, or gave up. */
export const NOTHING = 0;
/** Has it. */
export const TAKEN = 1;
/** Has it, and its last holder died. */
export const TAKEN_ABANDONED = 2;
/** Was turned away. */
export const TURNED_AWAY = 3;
/** Its item cannot be compared with those that are there. */
export const NOT_COMPARABLE = 4;
/** There is no memory for its item. */
export const NO_MEMORY = 5;

/** Puts kinds where the type of an object finds them. */
export function byType(kinds: ReadonlyMap<number, Kind>): readonly (Kind | undefined)[] {
  const all: (Kind | undefined)[] = [];
  for (const [type, kind] of kinds) all[type] = kind;
  return all;
}

/** The part of an algorithm that differs from one primitive to the next. */
export interface Kind {
  /** Number of lists of waiters that objects of this kind have. */
  readonly lists: number;
  /** Whether waiters are granted in strict order, so that a blocking wait may not overtake a promise of its own thread. */
  readonly strict: boolean;
  /** Wakes or grants everybody who may go. `force` repeats wake-ups that may have been lost. */
  settle(q: WaitQueue, o: number, force: boolean): void;
  /** Lets a queued waiter take what it waits for; `late`: out of turn, after its wake-up did not come. */
  take(q: WaitQueue, o: number, s: number, late: boolean): Outcome;
  /** Announces a new waiter before the last look. */
  announce(q: WaitQueue, o: number, list: number): void;
  /** Puts a woken waiter back that came too late; `passedOver`: it has waited for long. */
  back(q: WaitQueue, o: number, s: number, passedOver: boolean): void;
  /** A waiter left its list without success. `wasFirst`: it was the first, or woken. */
  left(q: WaitQueue, o: number, list: number, wasFirst: boolean): void;
  /** Forgets what is derived from the lists, before they are rebuilt. */
  reset(q: WaitQueue, o: number): void;
  /** A dead agent's waiter is gone; `granted`: it had what it waited for and cannot use it. */
  buried(q: WaitQueue, o: number, s: number, granted: boolean): void;
  /** An agent died: what it held comes back. */
  holderDied(q: WaitQueue, o: number, dead: number): void;
  /** Finishes a change of the holders that a dead agent had begun. */
  redo(q: WaitQueue, o: number): void;
}
