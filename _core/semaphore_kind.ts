/**
 * The semaphore: a number of permits, and who holds them.
 *
 * ```text
 * MAIN      value << 2 | FROZEN | WAITERS
 * INITIAL   permits at the beginning
 * FOREIGN   permits released by agents that held none (a semaphore as a signal)
 *
 * value = INITIAL + FOREIGN - sum of what all agents hold
 * ```
 *
 * While somebody waits, all queue: nobody barges. When an agent dies, those of its permits come back that nobody has
 * released since: of `living + dead - FOREIGN` that are outstanding, as many as it held.
 *
 * @module
 */

import { held, holderSlot, sumHoldings, waitForIntents, waitForThaw } from "./holders.ts";
import { type Kind, NOTHING, type Outcome, TAKEN } from "./kind.ts";
import { FREE, MAIN, PASSING, S_AUX, S_COUNT, S_INTENT, S_STATE, WOKEN } from "./layout.ts";
import type { WaitQueue } from "./wait_queue.ts";

const WAITING_BIT = 1;
const FROZEN = 2;
const ONE = 4;
const INITIAL = MAIN + 1;
const FOREIGN = MAIN + 2;
/** Largest number of permits. */
export const MAX_PERMITS = 2 ** 29 - 1;

/** How semaphores queue. */
export const semaphoreKind: Kind = {
  lists: 1,
  strict: false,

  settle(q, o, force) {
    const w = q.w;
    if (q.head(o, 0) === 0) {
      w.and(o + MAIN, ~WAITING_BIT);
      return;
    }
    const value = w.or(o + MAIN, WAITING_BIT) >> 2;
    q.wakeWhile(o, 0, value, force);
  },

  take(q, o, s, late) {
    const w = q.w;
    if (w.load(s + S_STATE) !== WOKEN && !late) return NOTHING;
    if (w.load(o + MAIN) < ONE) return NOTHING;
    const holder = holderSlot(q, o);
    w.store(holder + S_COUNT, w.load(holder + S_COUNT) + 1);
    w.add(o + MAIN, -ONE);
    q.leave(o, s);
    if (q.head(o, 0) === 0) w.and(o + MAIN, ~WAITING_BIT);
    return TAKEN;
  },

  announce(q, o) {
    q.w.or(o + MAIN, WAITING_BIT);
  },
  back() {},
  left() {},
  reset() {},
  buried() {},

  holderDied(q, o, dead) {
    const w = q.w;
    w.or(o + MAIN, FROZEN);
    waitForIntents(q, o);
    const sum = sumHoldings(q, o, dead);
    const foreign = w.load(o + FOREIGN);
    const back = Math.max(0, Math.min(sum.dead, sum.living + sum.dead - foreign));
    let first = true;
    for (const s of sum.slots) {
      w.set(s + S_AUX, first ? foreign - (sum.dead - back) : foreign);
      w.store(s + S_STATE, PASSING);
      first = false;
    }
    this.redo(q, o);
  },

  redo(q, o) {
    const w = q.w;
    if ((w.load(o + MAIN) & FROZEN) === 0) return;
    waitForIntents(q, o);
    const passing = sumHoldings(q, o, 0).slots;
    if (passing.length > 0) {
      w.store(o + FOREIGN, Math.min(...passing.map((s) => w.get(s + S_AUX))));
    }
    const { living } = sumHoldings(q, o, 0);
    const value = w.load(o + INITIAL) + w.load(o + FOREIGN) - living;
    w.store(o + MAIN, Math.max(0, value) << 2 | FROZEN | (w.load(o + MAIN) & WAITING_BIT));
    for (const s of passing) w.store(s + S_STATE, FREE);
    w.and(o + MAIN, ~FROZEN);
  },
};

/** Gives a new semaphore its permits. */
export function initializeSemaphore(q: WaitQueue, o: number, permits: number): void {
  q.w.store(o + INITIAL, permits);
  q.w.store(o + MAIN, permits << 2);
}

/** Number of permits left. */
export function permits(q: WaitQueue, o: number): number {
  return q.w.load(o + MAIN) >> 2;
}

/** Whether a permit is left and nobody waits. */
function isFree(word: number): boolean {
  return word >= ONE && (word & WAITING_BIT) === 0;
}

/** Takes a permit if one is left and nobody waits. */
export function tryPermit(q: WaitQueue, o: number): Outcome {
  const w = q.w;
  const s = holderSlot(q, o);
  w.store(s + S_INTENT, 1);
  let outcome: Outcome = NOTHING;
  for (let word = w.load(o + MAIN); (word & FROZEN) !== 0 || isFree(word);) {
    if ((word & FROZEN) !== 0) {
      w.store(s + S_INTENT, 0);
      waitForThaw(q, o);
      w.store(s + S_INTENT, 1);
      word = w.load(o + MAIN);
      continue;
    }
    const seen = w.compareExchange(o + MAIN, word, word - ONE);
    if (seen === word) {
      w.store(s + S_COUNT, w.load(s + S_COUNT) + 1);
      outcome = TAKEN;
      break;
    }
    word = seen;
  }
  w.store(s + S_INTENT, 0);
  return outcome;
}

/** Gives `n` permits back, first those that this agent holds; `false` if there would be more than `bound`. */
export function releasePermits(q: WaitQueue, o: number, n: number, bound: number): boolean {
  const w = q.w;
  const s = holderSlot(q, o);
  const own = Math.min(n, held(q, s));
  const foreign = n - own;
  for (;;) {
    if (permits(q, o) + n > bound) return false;
    w.store(s + S_INTENT, 1);
    // Counted first: if this agent dies before the next store, the release is completed and not taken back.
    if (foreign > 0) w.add(o + FOREIGN, foreign);
    if (addPermits(q, o, n, bound)) break;
    if (foreign > 0) w.add(o + FOREIGN, -foreign);
    w.store(s + S_INTENT, 0);
    if ((w.load(o + MAIN) & FROZEN) !== 0) {
      // Somebody recovers the permits of a dead agent: wait for him at the latch.
      q.latch(o);
      q.unlatch(o);
    }
  }
  if (own > 0) w.store(s + S_COUNT, w.load(s + S_COUNT) - own);
  w.store(s + S_INTENT, 0);
  if ((w.load(o + MAIN) & WAITING_BIT) !== 0) q.resettle(o, false);
  return true;
}

/** Adds to the value; `false` if it is frozen or would exceed `bound`. */
function addPermits(q: WaitQueue, o: number, n: number, bound: number): boolean {
  for (let word = q.w.load(o + MAIN); (word & FROZEN) === 0 && (word >> 2) + n <= bound;) {
    const seen = q.w.compareExchange(o + MAIN, word, word + n * ONE);
    if (seen === word) return true;
    word = seen;
  }
  return false;
}

/** Gives back what this agent holds; its thread has failed. */
export function abandonPermits(q: WaitQueue, o: number, s: number): void {
  const count = held(q, s);
  if (count > 0) releasePermits(q, o, count, Infinity);
}

/** Lets go of what this agent holds without giving it back: its thread has returned, others may still release it. */
export function disownPermits(q: WaitQueue, o: number, s: number): void {
  const w = q.w;
  const count = held(q, s);
  if (count === 0) return;
  q.latch(o);
  w.add(o + FOREIGN, -count);
  w.store(s + S_COUNT, 0);
  q.unlatch(o);
}
