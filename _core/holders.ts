/**
 * Who holds how much of a counted resource (semaphore permits, read locks).
 *
 * A count alone cannot tell whose it is. So each agent keeps one slot per object with what it holds, and the count is
 * derived by conservation after a death: no log, nothing to undo.
 *
 * ```text
 * fast path   INTENT = 1;  change the main word by CAS, which fails while FROZEN is set;  COUNT += n;  INTENT = 0
 * after death [latch held] set FROZEN;  wait until no living agent has INTENT;  compute the main word anew
 * ```
 *
 * The intent is set before the main word is read and FROZEN before the intents are read: one of the two sees the other.
 *
 * @module
 */

import { BusyError } from "./busy_error.ts";
import {
  HOLDER,
  PASSING,
  S_AUX,
  S_COUNT,
  S_INTENT,
  S_OBJECT,
  S_OWNER,
  S_PREV,
  S_STATE,
} from "./layout.ts";
import { forEachSlot } from "./slot_table.ts";
import type { WaitQueue } from "./wait_queue.ts";

/** What the holders of an object hold together, and what a dead one held. */
export interface Holdings {
  /** Held by all that live (or are not known to be dead). */
  living: number;
  /** Held by the dead one. */
  dead: number;
  /** The slots of the dead one. */
  slots: number[];
}

/** Gives the slot in which this agent counts what it holds of `o`, made at the first use. */
export function holderSlot(q: WaitQueue, o: number): number {
  let s = q.holders.get(o);
  if (s === undefined) {
    s = createHolder(q, o);
    q.holders.set(o, s);
  }
  return s;
}

/** Makes the slot in which this agent counts what it holds of `o`. */
function createHolder(q: WaitQueue, o: number): number {
  const s = q.slots.allocate();
  q.w.store(s + S_INTENT, 0);
  q.w.store(s + S_COUNT, 0);
  q.w.set(s + S_PREV, 0);
  q.w.set(s + S_AUX, 0);
  q.w.set(s + S_OBJECT, o);
  q.w.store(s + S_STATE, HOLDER);
  return s;
}

/** What this agent's slot says that it holds. */
export function held(q: WaitQueue, s: number): number {
  return q.w.load(s + S_COUNT);
}

/** Waits until no living agent is between the two stores of a fast path: `bits` of `word`. FROZEN is set, the latch held. */
export function waitForIntents(q: WaitQueue, o: number, word = S_INTENT, bits = -1): void {
  forEachSlot(q.w, 0, (s) => {
    if (q.w.get(s + S_OBJECT) !== o || q.w.load(s + S_STATE) !== HOLDER) return;
    const owner = q.w.get(s + S_OWNER);
    const since = q.patience === Infinity ? 0 : performance.now();
    while ((q.w.load(s + word) & bits) !== 0 && owner !== q.me && !q.agents.isDead(owner)) {
      if (since !== 0 && performance.now() - since > q.patience) throw new BusyError();
    }
  });
}

/** Adds up what is held of `o`; `dead` names the agent whose share is asked for, 0 for nobody. */
export function sumHoldings(q: WaitQueue, o: number, dead: number): Holdings {
  const sum: Holdings = { living: 0, dead: 0, slots: [] };
  forEachSlot(q.w, 0, (s, owner) => {
    if (q.w.get(s + S_OBJECT) !== o) return;
    const state = q.w.load(s + S_STATE);
    if (state === PASSING) sum.slots.push(s);
    if (state !== HOLDER) return;
    if (owner === dead) {
      sum.dead += q.w.load(s + S_COUNT);
      sum.slots.push(s);
    } else sum.living += q.w.load(s + S_COUNT);
  });
  return sum;
}

/** Waits until the holders have been counted anew: who counts them holds the latch. */
export function waitForThaw(q: WaitQueue, o: number): void {
  q.latch(o);
  q.unlatch(o);
}
