/**
 * The condition: a list of waiters and the ticket up to which they have been notified.
 *
 * `notify(n)` finds the ticket of the n-th living waiter and stores it in UPTO: that store is the notify. Whoever queues
 * later has a higher ticket, so that no notify is remembered for him. A notified waiter that died before it could go on
 * passes its notify to the next one: SLOT.AUX = that one's ticket, state PASSING, UPTO raised, all with absolute values, so that a
 * second reaper repeats it without effect.
 *
 * @module
 */

import { type Kind, NOTHING } from "./kind.ts";
import {
  FREE,
  GRANTED,
  HEAD,
  LISTS,
  PASSING,
  S_AUX,
  S_NEXT,
  S_OBJECT,
  S_OWNER,
  S_STATE,
  S_TICKET,
  UPTO,
} from "./layout.ts";
import { forEachSlot } from "./slot_table.ts";
import type { WaitQueue } from "./wait_queue.ts";

const LIST = LISTS[0] as number;

/** How conditions queue. */
export const conditionKind: Kind = {
  lists: 1,
  strict: true,
  settle(q, o, force) {
    q.grantUpto(o, 0, GRANTED, force);
  },
  take: () => NOTHING,
  announce() {},
  back() {},
  left() {},
  reset() {},

  buried(q, o, s, granted) {
    if (!granted) return;
    const w = q.w;
    if (w.load(s + S_STATE) === GRANTED) {
      let next;
      while ((next = w.load(o + LIST + HEAD)) !== 0 && q.agents.isDead(w.get(next + S_OWNER))) {
        q.bury(o, next); // or the raised UPTO would notify it as well
      }
      if (next === 0) return;
      w.set(s + S_AUX, w.get(next + S_TICKET));
      w.store(s + S_STATE, PASSING);
    }
    q.raiseUpto(o, 0, w.get(s + S_AUX));
  },

  holderDied() {},

  redo(q, o) {
    forEachSlot(q.w, 0, (s) => {
      if (q.w.get(s + S_OBJECT) !== o || q.w.load(s + S_STATE) !== PASSING) return;
      q.raiseUpto(o, 0, q.w.get(s + S_AUX));
      q.w.store(s + S_STATE, FREE);
    });
  },
};

/** Notifies the first `n` living waiters. */
export function notify(q: WaitQueue, o: number, n: number): void {
  const w = q.w;
  if (w.load(o + LIST + HEAD) === 0) return;
  q.latch(o);
  let last = 0;
  let s = w.load(o + LIST + HEAD);
  while (s !== 0 && n > 0) {
    const next = w.get(s + S_NEXT);
    if (q.agents.isDead(w.get(s + S_OWNER))) q.bury(o, s);
    else {
      last = s;
      n--;
    }
    s = next;
  }
  if (last !== 0) {
    w.store(o + LIST + UPTO, w.get(last + S_TICKET));
    q.settle(o, false);
  }
  q.unlatch(o);
}
