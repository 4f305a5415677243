/**
 * The lock: one word that names its holder.
 *
 * ```text
 * MAIN   0                        free, nobody waits
 *        id                       held
 *        DETACHED                 held by a thread that has returned; anybody may release it
 *        id | WAITERS             held, somebody waits
 *        WAITERS | PENDING        free, the first waiter has been woken and is on its way
 *        … | HANDOFF              nobody may barge in front of the waiters: the first was passed over for 1 ms
 *        ABANDONED | …            free, its last holder died; the next holder clears the bit and is told
 * ```
 *
 * A free lock is taken by one CAS and released by one. A running thread may take it before a woken waiter gets there
 * (barging keeps the throughput); who has been passed over for 1 ms stops that. After parking_lot's `RawMutex`
 * (<https://docs.rs/parking_lot>) with the holder's name in the word, after Linux' robust futexes.
 *
 * @module
 */

import { type Kind, NOTHING, type Outcome, TAKEN, TAKEN_ABANDONED } from "./kind.ts";
import {
  ABANDONED,
  DETACHED,
  HANDOFF,
  ID,
  MAIN,
  PENDING,
  S_STATE,
  WAITERS,
  WAITING,
} from "./layout.ts";
import type { WaitQueue } from "./wait_queue.ts";

/** How locks queue. */
export const lockKind: Kind = {
  lists: 1,
  strict: false,

  settle(q, o, force) {
    const w = q.w;
    const head = q.head(o, 0);
    if (head === 0) {
      w.and(o + MAIN, ~(WAITERS | PENDING | HANDOFF));
      return;
    }
    if ((w.or(o + MAIN, WAITERS) & ID) !== 0) return;
    if (w.load(head + S_STATE) === WAITING) {
      w.or(o + MAIN, PENDING);
      q.wakeSlot(o, 0, head, force);
    } else if (force) {
      w.or(o + MAIN, PENDING);
      q.wake(head, true);
    }
  },

  take(q, o, s, late) {
    const w = q.w;
    const first = q.head(o, 0) === s;
    if (!first && !late) return NOTHING;
    for (;;) {
      const word = w.load(o + MAIN);
      if ((word & ID) !== 0) return NOTHING;
      const bits = first ? word & WAITERS : word & (WAITERS | PENDING | HANDOFF);
      if (w.compareExchange(o + MAIN, word, bits | q.me) !== word) continue;
      q.leave(o, s);
      if (q.head(o, 0) === 0) w.and(o + MAIN, ~(WAITERS | PENDING | HANDOFF));
      return (word & ABANDONED) !== 0 ? TAKEN_ABANDONED : TAKEN;
    }
  },

  announce(q, o) {
    q.w.or(o + MAIN, WAITERS);
  },

  back(q, o, _s, passedOver) {
    q.w.and(o + MAIN, ~PENDING);
    if (passedOver) q.w.or(o + MAIN, HANDOFF);
  },

  left(q, o, _list, wasFirst) {
    if (wasFirst) q.w.and(o + MAIN, ~(PENDING | HANDOFF));
  },

  reset(q, o) {
    q.w.and(o + MAIN, ~(PENDING | HANDOFF));
  },

  buried() {},

  holderDied(q, o, dead) {
    const w = q.w;
    for (let word; ((word = w.load(o + MAIN)) & ID) === dead;) {
      w.compareExchange(o + MAIN, word, (word & ~ID) | ABANDONED);
    }
  },

  redo() {},
};

/** Takes the lock if it is free and nobody has a right to be first. */
export function tryLock(q: WaitQueue, o: number): Outcome {
  const w = q.w;
  if (w.compareExchange(o + MAIN, 0, q.me) === 0) return TAKEN;
  for (let word; ((word = w.load(o + MAIN)) & (ID | HANDOFF)) === 0;) {
    if (w.compareExchange(o + MAIN, word, (word & ~ABANDONED) | q.me) !== word) continue;
    return (word & ABANDONED) !== 0 ? TAKEN_ABANDONED : TAKEN;
  }
  return NOTHING;
}

/** Takes the lock, spinning for a moment while nobody waits. */
export function spinLock(q: WaitQueue, o: number): Outcome {
  for (let i = 0; i < 60; i++) {
    const word = q.w.load(o + MAIN);
    if ((word & WAITERS) !== 0) break;
    if ((word & ID) !== 0) continue;
    const outcome = tryLock(q, o);
    if (outcome !== NOTHING) return outcome;
  }
  return NOTHING;
}

/** Releases the lock, whoever holds it; `false` when nobody does. */
export function unlock(q: WaitQueue, o: number): boolean {
  const w = q.w;
  if (w.compareExchange(o + MAIN, q.me, 0) === q.me) return true;
  for (;;) {
    const word = w.load(o + MAIN);
    if ((word & ID) === 0) return false;
    if (w.compareExchange(o + MAIN, word, word & ~ID) !== word) continue;
    if ((word & (WAITERS | PENDING)) === WAITERS) q.resettle(o, false);
    return true;
  }
}

/** Leaves a lock of this agent to the next, who is told that its holder died. */
export function abandon(q: WaitQueue, o: number): void {
  q.latch(o);
  lockKind.holderDied(q, o, q.me);
  q.settle(o, true);
  q.unlatch(o);
}

/** Id of the agent that holds the lock, or 0. */
export function holderOf(q: WaitQueue, o: number): number {
  return q.w.load(o + MAIN) & ID;
}

/** Leaves a lock of this agent held, but no longer by this agent. */
export function detach(q: WaitQueue, o: number): void {
  const w = q.w;
  for (let word; ((word = w.load(o + MAIN)) & ID) === q.me;) {
    w.compareExchange(o + MAIN, word, word | DETACHED);
  }
}
