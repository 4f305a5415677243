/**
 * The event: a flag, and the ticket up to which its waiters have been released.
 *
 * `set` stores the flag, then releases everybody who waits at that moment by one store of UPTO. A `clear` right behind it
 * takes the flag back, but nobody's release.
 *
 * @module
 */

import { type Kind, NOTHING, TAKEN } from "./kind.ts";
import { GRANTED, HEAD, LISTS, MAIN, TICKET, UPTO } from "./layout.ts";
import type { WaitQueue } from "./wait_queue.ts";

const LIST = LISTS[0] as number;

/** How events queue. */
export const eventKind: Kind = {
  lists: 1,
  strict: true,
  settle(q, o, force) {
    if (q.w.load(o + MAIN) === 1) q.w.store(o + LIST + UPTO, q.w.load(o + LIST + TICKET));
    q.grantUpto(o, 0, GRANTED, force);
  },
  take(q, o, s) {
    if (q.w.load(o + MAIN) !== 1) return NOTHING;
    q.leave(o, s);
    return TAKEN;
  },
  announce() {},
  back() {},
  left() {},
  reset() {},
  buried() {},
  holderDied() {},
  redo() {},
};

/** Sets the flag and releases everybody who waits. */
export function setEvent(q: WaitQueue, o: number): void {
  const w = q.w;
  if (w.exchange(o + MAIN, 1) === 1 && w.load(o + LIST + HEAD) === 0) return;
  if (w.load(o + LIST + HEAD) === 0) return;
  q.latch(o);
  w.store(o + LIST + UPTO, w.load(o + LIST + TICKET));
  q.settle(o, false);
  q.unlatch(o);
}

/** Takes the flag back. */
export function clearEvent(q: WaitQueue, o: number): void {
  q.w.store(o + MAIN, 0);
}

/** Whether the flag is set. */
export function isEventSet(q: WaitQueue, o: number): boolean {
  return q.w.load(o + MAIN) === 1;
}
