/**
 * The barrier: its list of waiters is its state.
 *
 * ```text
 * MAIN      0 filling, 1 broken
 * PARTIES   how many must arrive
 * RESET     everyone with this ticket or an earlier one was turned away by a reset
 * SLOT.AUX  ACTING: the last of its round, which runs the action and then stores UPTO = its own ticket
 * ```
 *
 * That store releases the whole round. A dead party's slot is found by whoever buries it, and breaks the barrier.
 *
 * @module
 */

import { type Kind, NOTHING } from "./kind.ts";
import {
  GRANTED,
  HEAD,
  LISTS,
  MAIN,
  REFUSED,
  S_AUX,
  S_NEXT,
  S_STATE,
  S_TICKET,
  TICKET,
  UPTO,
} from "./layout.ts";
import type { WaitQueue } from "./wait_queue.ts";

const LIST = LISTS[0] as number;
const PARTIES = MAIN + 1;
const RESET = MAIN + 2;
const ACTING = 2;

/** How barriers queue. */
export const barrierKind: Kind = {
  lists: 1,
  strict: true,

  settle(q, o, force) {
    const w = q.w;
    q.grantUpto(o, 0, GRANTED, force);
    if (w.load(o + MAIN) === 1) w.store(o + RESET, w.load(o + LIST + TICKET));
    const reset = w.load(o + RESET);
    for (let s; (s = w.load(o + LIST + HEAD)) !== 0;) {
      if (((w.get(s + S_TICKET) - reset) | 0) > 0) break;
      q.unlink(o, s);
      w.store(s + S_STATE, REFUSED);
      q.wake(s, force);
    }
  },
  take: () => NOTHING,
  announce() {},
  back() {},
  left() {},
  reset() {},
  buried(q, o, _s, granted) {
    if (!granted) q.w.store(o + MAIN, 1);
  },
  holderDied() {},
  redo() {},
};

/** How a party arrived. */
export interface Arrival {
  /** Its slot. */
  slot: number;
  /** How many of its round were there before it. */
  index: number;
  /** Whether it is the last of its round and has to release it. */
  acting: boolean;
}

/** Gives a new barrier its number of parties. */
export function initializeBarrier(q: WaitQueue, o: number, parties: number): void {
  q.w.store(o + PARTIES, parties);
}

/** Number of parties of a round. */
export function partiesOf(q: WaitQueue, o: number): number {
  return q.w.load(o + PARTIES);
}

/** Whether the barrier is broken. */
export function isBroken(q: WaitQueue, o: number): boolean {
  return q.w.load(o + MAIN) === 1;
}

/** Queues a party; `null` if the barrier is broken. */
export function arrive(q: WaitQueue, o: number, promise: boolean): Arrival | null {
  q.latch(o);
  if (isBroken(q, o)) {
    q.unlatch(o);
    return null;
  }
  const slot = q.enqueue(o, 0, promise);
  const index = roundSize(q, o) - 1;
  const acting = index + 1 === partiesOf(q, o);
  if (acting) q.w.set(slot + S_AUX, ACTING);
  q.unlatch(o);
  return { slot, index, acting };
}

/** Releases the round whose last party is in `slot`. */
export function releaseRound(q: WaitQueue, o: number, slot: number): void {
  q.latch(o);
  if (q.granted(slot) === NOTHING) {
    q.w.store(o + LIST + UPTO, q.w.get(slot + S_TICKET));
    q.settle(o, false);
  }
  q.unlatch(o);
}

/** Breaks the barrier: turns away everybody, now and later. */
export function breakBarrier(q: WaitQueue, o: number): void {
  q.latch(o);
  q.w.store(o + MAIN, 1);
  q.settle(o, false);
  q.unlatch(o);
}

/** Turns away those who wait and starts anew. */
export function resetBarrier(q: WaitQueue, o: number): void {
  q.latch(o);
  q.w.store(o + RESET, q.w.load(o + LIST + TICKET));
  q.settle(o, false);
  q.w.store(o + MAIN, 0);
  q.unlatch(o);
}

/** Number of parties that wait for their round to fill. */
export function waitingParties(q: WaitQueue, o: number): number {
  q.latch(o);
  const count = roundSize(q, o);
  q.unlatch(o);
  return count < partiesOf(q, o) ? count : 0;
}

/** Parties of the youngest round. Under the latch. */
function roundSize(q: WaitQueue, o: number): number {
  let count = 0;
  for (let s = q.w.load(o + LIST + HEAD); s !== 0; s = q.w.get(s + S_NEXT)) {
    count++;
    if (q.w.get(s + S_AUX) === ACTING && q.w.get(s + S_NEXT) !== 0) count = 0;
  }
  return count;
}
