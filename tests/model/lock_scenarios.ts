/** What can die at a lock. */

import { TAKEN, TAKEN_ABANDONED } from "../../_core/kind.ts";
import { tryLock, unlock } from "../../_core/lock_kind.ts";
import { TYPE_LOCK } from "../../_core/layout.ts";
import type { Scenario } from "./scenario.ts";
import { oneOf } from "./scenario.ts";
import type { Wait, World } from "./world.ts";

/** A lock held by `holder`, with the agents of `waiters` queued. */
function lockWith(w: World, holder: number, waiters: readonly number[]): [number, Wait[]] {
  const o = w.arena.allocateObject(TYPE_LOCK);
  if (holder !== 0) tryLock(w.agent(holder).q, o);
  return [o, waiters.map((id) => w.queue(id, o))];
}

/** Scenarios of locks. */
export const LOCK: Scenario[] = [
  {
    name: "lock: takes and releases it",
    act(w) {
      const [o] = lockWith(w, 0, []);
      const { q } = w.agent(2);
      return { o, op: () => (tryLock(q, o), unlock(q, o)) };
    },
  },
  {
    name: "lock: releases it before 3 waiters",
    act(w) {
      const [o] = lockWith(w, 2, [3, 4, 3]);
      return { o, op: () => unlock(w.agent(2).q, o) };
    },
  },
  {
    name: "lock: releases it before a blocked waiter",
    act(w) {
      const [o] = lockWith(w, 2, []);
      w.queue(3, o, { blocking: true });
      return { o, op: () => unlock(w.agent(2).q, o) };
    },
  },
  {
    name: "lock: queues behind a waiter",
    act(w) {
      const [o] = lockWith(w, 3, [4]);
      return { o, op: () => w.queue(2, o) };
    },
  },
  {
    name: "lock: queues at a lock that is free by now",
    act(w) {
      const [o] = lockWith(w, 0, []);
      return { o, op: () => (w.queue(2, o), unlock(w.agent(2).q, o)) };
    },
  },
  {
    name: "lock: blocks while a promise of its own thread waits",
    act(w) {
      const [o] = lockWith(w, 3, [4, 2, 5]);
      return { o, op: () => w.queue(2, o, { blocking: true }) };
    },
  },
  {
    name: "lock: blocks while a promise of its own thread has been woken",
    act(w) {
      const [o] = lockWith(w, 3, [2, 5]);
      unlock(w.agent(3).q, o);
      tryLock(w.agent(4).q, o);
      return { o, op: () => w.queue(2, o, { blocking: true }) };
    },
  },
  ...[0, 1, 2].flatMap((position) =>
    [false, true].map((isFree): Scenario => ({
      name: `lock: cancels at position ${position}${isFree ? ", just when it came free" : ""}`,
      act(w) {
        const ids = [3, 4, 5];
        ids[position] = 2;
        const [o, waits] = lockWith(w, 1, ids);
        if (isFree) unlock(w.agent(1).q, o);
        const op = (): void => {
          if (w.cancel(waits[position] as Wait, o) === TAKEN) unlock(w.agent(2).q, o);
        };
        return { o, op };
      },
    }))
  ),
  {
    name: "lock: a woken waiter takes and releases it",
    act(w) {
      const [o, [own]] = lockWith(w, 5, [2, 3, 4]);
      unlock(w.agent(5).q, o);
      return { o, op: () => (w.look(own as Wait, o), unlock(w.agent(2).q, o)) };
    },
  },
  {
    name: "lock: a woken waiter goes back, passed over",
    act(w) {
      const [o, [own]] = lockWith(w, 5, [2, 3]);
      unlock(w.agent(5).q, o);
      tryLock(w.agent(5).q, o);
      return { o, op: () => w.look(own as Wait, o, { passedOver: true }) };
    },
  },
  {
    name: "lock: queues while the first has been woken and passed over",
    act(w) {
      const [o] = lockWith(w, 5, [3, 4]);
      unlock(w.agent(5).q, o);
      tryLock(w.agent(5).q, o);
      return { o, op: () => w.queue(2, o) };
    },
  },
  {
    name: "lock: leaves its locks held, or dies before that",
    act(w) {
      const [o] = lockWith(w, 2, [3, 4]);
      const agent = w.agent(2);
      agent.locksHeld = 1;
      return { o, op: () => agent.finishThread() };
    },
  },
  {
    name: "lock: takes it late, out of turn",
    act(w) {
      const [o, [, own]] = lockWith(w, 5, [3, 2, 4]);
      unlock(w.agent(5).q, o);
      return { o, op: () => (w.look(own as Wait, o, { late: true }), unlock(w.agent(2).q, o)) };
    },
  },
  {
    name: "lock: takes an abandoned lock",
    act(w) {
      const [o] = lockWith(w, 5, []);
      w.die(5);
      w.agent(1).reap(5);
      return {
        o,
        op: () => oneOf(tryLock(w.agent(2).q, o), TAKEN_ABANDONED),
        alreadyDead: [5],
      };
    },
  },
  {
    name: "lock: reaps a dead holder",
    act(w) {
      const [o] = lockWith(w, 5, [5, 3, 4, 5]);
      w.die(5);
      return { o, op: () => w.agent(2).reap(5), alreadyDead: [5] };
    },
  },
  {
    name: "lock: steals the latch of one who died queueing",
    act(w) {
      const [o] = lockWith(w, 3, [4]);
      const { q } = w.agent(5);
      q.latch(o);
      q.enqueue(o, 0, true);
      w.die(5);
      return { o, op: () => w.agent(2).reap(5), alreadyDead: [5] };
    },
  },
  {
    name: "lock: queues, and steals the latch of a dead holder for it",
    act(w) {
      const [o] = lockWith(w, 5, [4, 3]);
      w.agent(5).q.latch(o);
      w.die(5);
      return { o, op: () => w.queue(2, o), alreadyDead: [5] };
    },
  },
];
