/** What can die at semaphores. */

import { TAKEN } from "../../_core/kind.ts";
import { TYPE_SEMAPHORE, WOKEN } from "../../_core/layout.ts";
import {
  disownPermits,
  initializeSemaphore,
  releasePermits,
  tryPermit,
} from "../../_core/semaphore_kind.ts";
import { oneOf, type Scenario } from "./scenario.ts";
import type { Wait, World } from "./world.ts";

function semaphoreWith(
  w: World,
  permits: number,
  holders: readonly number[],
  waiters: readonly number[] = [],
): [number, Wait[]] {
  const o = w.arena.allocateObject(TYPE_SEMAPHORE);
  initializeSemaphore(w.agent(1).q, o, permits);
  for (const id of holders) oneOf(tryPermit(w.agent(id).q, o), TAKEN);
  return [o, waiters.map((id) => w.queue(id, o))];
}

/** Free permits and those that somebody living holds. */
const total = (w: World, o: number): number => w.permits(o) + w.held(o);

/** Scenarios of semaphores. */
export const SEMAPHORE: Scenario[] = [
  {
    name: "semaphore: takes and releases 2 of 3",
    act(w) {
      const [o] = semaphoreWith(w, 3, [3]);
      const { q } = w.agent(2);
      const op = (): void => {
        tryPermit(q, o);
        tryPermit(q, o);
        releasePermits(q, o, 1, 3);
        releasePermits(q, o, 1, 3);
      };
      return { o, op, then: () => oneOf(total(w, o), 3) };
    },
  },
  {
    name: "semaphore: releases its own before waiters",
    act(w) {
      const [o] = semaphoreWith(w, 3, [2, 2, 2], [3, 4, 5, 3]);
      const { q } = w.agent(2);
      const op = (): void => {
        releasePermits(q, o, 2, Infinity);
        releasePermits(q, o, 1, Infinity);
      };
      return { o, op, then: () => oneOf(total(w, o), 3) };
    },
  },
  {
    name: "semaphore: signals 2 to 3 waiters",
    act(w) {
      const [o] = semaphoreWith(w, 0, [], [3, 4, 3]);
      return {
        o,
        op: () => releasePermits(w.agent(2).q, o, 2, Infinity),
        then: (killed) => oneOf(total(w, o), 2, killed ? 0 : 2),
      };
    },
  },
  {
    name: "semaphore: signals, and it is taken before its death is known",
    act(w) {
      const [o] = semaphoreWith(w, 0, []);
      let taken = 0;
      return {
        o,
        op: () => releasePermits(w.agent(2).q, o, 1, Infinity),
        meanwhile: () => taken = tryPermit(w.agent(3).q, o),
        then(killed) {
          oneOf(w.held(o), taken);
          oneOf(w.permits(o), 0, killed && taken === 0 ? 1 : 0);
        },
      };
    },
  },
  {
    name: "semaphore: releases its own, and it is taken before its death is known",
    act(w) {
      const [o] = semaphoreWith(w, 1, [2]);
      return {
        o,
        op: () => releasePermits(w.agent(2).q, o, 1, 1),
        meanwhile: () => tryPermit(w.agent(3).q, o),
        then: () => oneOf(total(w, o), 1),
      };
    },
  },
  {
    name: "semaphore: releases 1 of its own and 1 of another's",
    act(w) {
      const [o] = semaphoreWith(w, 2, [2, 3], [4]);
      return {
        o,
        op: () => releasePermits(w.agent(2).q, o, 2, Infinity),
        then: (killed) => oneOf(total(w, o), 3, killed ? 2 : 3),
      };
    },
  },
  {
    name: "semaphore: releases too many of a bounded one",
    act(w) {
      const [o] = semaphoreWith(w, 2, [2]);
      return {
        o,
        op: () => oneOf(releasePermits(w.agent(2).q, o, 2, 2), false),
        then: () => oneOf(total(w, o), 2),
      };
    },
  },
  {
    name: "semaphore: a woken waiter takes one and releases it",
    act(w) {
      const [o, [own]] = semaphoreWith(w, 3, [3, 3, 3], [2, 4]);
      releasePermits(w.agent(3).q, o, 2, Infinity);
      const op = (): void => {
        oneOf(w.look(own as Wait, o), TAKEN);
        releasePermits(w.agent(2).q, o, 1, Infinity);
      };
      return { o, op, then: () => oneOf(total(w, o), 3) };
    },
  },
  {
    name: "semaphore: takes one late, out of turn",
    act(w) {
      const [o, [, own]] = semaphoreWith(w, 1, [3], [4, 2, 5]);
      releasePermits(w.agent(3).q, o, 1, Infinity);
      return {
        o,
        op: () => oneOf(w.look(own as Wait, o, { late: true }), TAKEN),
        then: () => oneOf(total(w, o), 1),
      };
    },
  },
  {
    name: "semaphore: a woken waiter goes back, then 2 permits come",
    act(w) {
      const [o, [first, own]] = semaphoreWith(w, 2, [3, 3], [4, 2, 5]);
      releasePermits(w.agent(3).q, o, 2, Infinity);
      w.look(own as Wait, o, { late: true });
      oneOf(w.look(first as Wait, o), TAKEN);
      const again = w.queue(2, o);
      return {
        o,
        op: () => {
          w.look(again, o);
          releasePermits(w.agent(2).q, o, 1, Infinity);
        },
        then: () => oneOf(total(w, o), 2),
      };
    },
  },
  ...[0, 1, 2].flatMap((position) =>
    [false, true].map((isFree): Scenario => ({
      name: `semaphore: cancels at position ${position}${isFree ? ", just when 2 came" : ""}`,
      act(w) {
        const ids = [3, 4, 5];
        ids[position] = 2;
        const [o, waits] = semaphoreWith(w, 2, [1, 1], ids);
        if (isFree) releasePermits(w.agent(1).q, o, 2, Infinity);
        const op = (): void => {
          if (w.cancel(waits[position] as Wait, o) === TAKEN) {
            releasePermits(w.agent(2).q, o, 1, Infinity);
          }
        };
        return { o, op, then: () => oneOf(total(w, o), 2) };
      },
    }))
  ),
  {
    name: "semaphore: queues at one that is free by now",
    act(w) {
      const [o] = semaphoreWith(w, 1, []);
      return { o, op: () => w.queue(2, o), then: () => oneOf(total(w, o), 1) };
    },
  },
  {
    name: "semaphore: blocks while a promise of its own thread has been woken",
    act(w) {
      const [o] = semaphoreWith(w, 2, [3, 3], [4, 2, 5]);
      releasePermits(w.agent(3).q, o, 2, Infinity);
      return {
        o,
        op: () => w.queue(2, o, { blocking: true }),
        then: () => oneOf(total(w, o), 2),
      };
    },
  },
  {
    name: "semaphore: blocks while the waiter before its own woken promise went back",
    act(w) {
      const [o, [first]] = semaphoreWith(w, 2, [3, 3], [4, 2, 5]);
      releasePermits(w.agent(3).q, o, 2, Infinity);
      const thief = w.queue(1, o);
      oneOf(w.look(thief, o, { late: true }), TAKEN);
      const again = w.queue(1, o);
      oneOf(w.look(again, o, { late: true }), TAKEN);
      oneOf(w.look(first as Wait, o), 0);
      return {
        o,
        op: () => w.queue(2, o, { blocking: true }),
        then() {
          releasePermits(w.agent(1).q, o, 2, Infinity);
          oneOf(w.state((first as Wait).s), WOKEN);
        },
      };
    },
  },
  {
    name: "semaphore: lets go of its permits without giving them back",
    act(w) {
      const [o] = semaphoreWith(w, 3, [2, 2, 3]);
      const { q } = w.agent(2);
      return {
        o,
        op: () => disownPermits(q, o, q.holders.get(o) as number),
        then: (killed) => oneOf(total(w, o), 1, killed ? 3 : 1),
      };
    },
  },
  {
    name: "semaphore: reaps a holder of 2",
    act(w) {
      const [o] = semaphoreWith(w, 3, [5, 5, 3], [4, 3]);
      w.die(5);
      return {
        o,
        op: () => w.agent(2).reap(5),
        alreadyDead: [5],
        then: () => oneOf(total(w, o), 3),
      };
    },
  },
  {
    name: "semaphore: reaps 2 dead holders and a waiter",
    act(w) {
      const [o] = semaphoreWith(w, 3, [5, 5, 4], [5, 3, 4]);
      w.die(5);
      w.die(4);
      return {
        o,
        op: () => w.agent(2).reap(5),
        alreadyDead: [5, 4],
        then: () => oneOf(total(w, o), 3),
      };
    },
  },
  {
    name: "semaphore: reaps a holder whose permit another has released",
    act(w) {
      const [o] = semaphoreWith(w, 2, [5, 5]);
      releasePermits(w.agent(3).q, o, 1, 2);
      w.die(5);
      return {
        o,
        op: () => w.agent(2).reap(5),
        alreadyDead: [5],
        then: () => oneOf(total(w, o), 2),
      };
    },
  },
  {
    name: "semaphore: reaps one who signalled and one who was signalled",
    act(w) {
      const [o] = semaphoreWith(w, 0, []);
      releasePermits(w.agent(4).q, o, 2, Infinity);
      tryPermit(w.agent(5).q, o);
      w.die(4);
      w.die(5);
      return {
        o,
        op: () => w.agent(2).reap(4),
        alreadyDead: [4, 5],
        then: () => oneOf(total(w, o), 1),
      };
    },
  },
];
