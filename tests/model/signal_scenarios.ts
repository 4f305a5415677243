/** What can die at conditions, events and barriers. */

import {
  type Arrival,
  arrive,
  breakBarrier,
  initializeBarrier,
  isBroken,
  releaseRound,
  resetBarrier,
} from "../../_core/barrier_kind.ts";
import { notify } from "../../_core/condition_kind.ts";
import { clearEvent, setEvent } from "../../_core/event_kind.ts";
import { GRANTED, REFUSED, TYPE_BARRIER, TYPE_CONDITION, TYPE_EVENT } from "../../_core/layout.ts";
import { oneOf, type Scenario } from "./scenario.ts";
import type { Wait, World } from "./world.ts";

function conditionWith(w: World, waiters: readonly number[]): [number, Wait[]] {
  const o = w.arena.allocateObject(TYPE_CONDITION);
  return [o, waiters.map((id) => w.queue(id, o))];
}

/** Scenarios of conditions. */
export const CONDITION: Scenario[] = [
  {
    name: "condition: notify(3) of 5 wakes none or exactly the first 3",
    act(w) {
      const [o] = conditionWith(w, [3, 4, 5, 3, 4]);
      return {
        o,
        op: () => notify(w.agent(2).q, o, 3),
        then: (killed) => oneOf(w.tickets(o, GRANTED), "123", killed ? "" : "123"),
      };
    },
  },
  {
    name: "condition: notify(2) skips the dead who are not yet reaped",
    act(w) {
      const [o] = conditionWith(w, [5, 3, 5, 4, 3]);
      w.die(5);
      return {
        o,
        op: () => notify(w.agent(2).q, o, 2),
        alreadyDead: [5],
        then: (killed) => oneOf(w.tickets(o, GRANTED), "24", killed ? "" : "24"),
      };
    },
  },
  {
    name: "condition: queues twice, then notify(2)",
    act(w) {
      const [o] = conditionWith(w, [3]);
      return {
        o,
        op: () => (w.queue(2, o), w.queue(2, o, { blocking: true })),
        then() {
          w.queue(4, o);
          notify(w.agent(1).q, o, 2);
          oneOf(w.tickets(o, GRANTED).length, 2);
        },
      };
    },
  },
  ...[0, 1, 2].map((position): Scenario => ({
    name: `condition: cancels at position ${position}, then notify(2) of 2`,
    act(w) {
      const ids = [3, 4, 5];
      ids[position] = 2;
      const [o, waits] = conditionWith(w, ids);
      return {
        o,
        op: () => w.cancel(waits[position] as Wait, o),
        then() {
          notify(w.agent(1).q, o, 2);
          oneOf(w.tickets(o, GRANTED), ["23", "13", "12"][position]);
        },
      };
    },
  })),
  {
    name: "condition: the notified dies before it goes on, and it is passed on once",
    act(w) {
      const [o, [own]] = conditionWith(w, [2, 3, 4]);
      notify(w.agent(1).q, o, 1);
      return {
        o,
        op: () => w.look(own as Wait, o),
        then: (killed) => oneOf(w.tickets(o, GRANTED), killed ? "2" : "", ""),
      };
    },
  },
  ...[
    { waiters: [5, 3, 5, 4], notified: 1, granted: "2" },
    { waiters: [5, 5, 3, 4, 4], notified: 2, granted: "34" },
    { waiters: [5, 5, 3, 4], notified: 1, granted: "3" },
    { waiters: [5, 3, 5, 5, 4, 4], notified: 3, granted: "256" },
    { waiters: [5, 5], notified: 1, granted: "" },
  ].map(({ waiters, notified, granted }): Scenario => ({
    name: `condition: reaps ${notified} notified of [${waiters}], passing it on`,
    act(w) {
      const [o] = conditionWith(w, waiters);
      notify(w.agent(1).q, o, notified);
      w.die(5);
      return {
        o,
        op: () => w.agent(2).reap(5),
        alreadyDead: [5],
        then: () => oneOf(w.tickets(o, GRANTED), granted),
      };
    },
  })),
  {
    name: "condition: reaps one notified, while the next ones are dead too",
    act(w) {
      const [o] = conditionWith(w, [5, 4, 4, 3, 3]);
      notify(w.agent(1).q, o, 1);
      w.die(5);
      w.die(4);
      return {
        o,
        op: () => w.agent(2).reap(5),
        alreadyDead: [5, 4],
        then: () => oneOf(w.tickets(o, GRANTED), "4"),
      };
    },
  },
  {
    name: "condition: the notifier and one whom it notified die",
    act(w) {
      const [o] = conditionWith(w, [5, 3, 4, 4]);
      return {
        o,
        op: () => notify(w.agent(2).q, o, 2),
        then(killed) {
          const before = w.tickets(o, GRANTED);
          oneOf(before, "12", killed ? "" : "12");
          w.die(5);
          w.agent(1).reap(5);
          oneOf(w.tickets(o, GRANTED), before === "" ? "" : "23");
        },
      };
    },
  },
];

function eventWith(w: World, waiters: readonly number[]): [number, Wait[]] {
  const o = w.arena.allocateObject(TYPE_EVENT);
  return [o, waiters.map((id) => w.queue(id, o))];
}

/** Scenarios of events. */
export const EVENT: Scenario[] = [
  {
    name: "event: set() releases all or none",
    act(w) {
      const [o] = eventWith(w, [3, 4, 5]);
      w.queue(3, o, { blocking: true });
      return {
        o,
        op: () => setEvent(w.agent(2).q, o),
        then: () => oneOf(w.tickets(o, GRANTED), w.main(o) === 1 ? "1234" : ""),
      };
    },
  },
  {
    name: "event: set() and clear() take nobody's release back",
    act(w) {
      const [o] = eventWith(w, [3, 4]);
      return {
        o,
        op: () => (setEvent(w.agent(2).q, o), clearEvent(w.agent(2).q, o)),
        then(killed) {
          oneOf(w.tickets(o, GRANTED), "12", killed ? "" : "12");
          w.queue(5, o);
          if (w.main(o) === 0) oneOf(w.list(o).length, w.tickets(o, GRANTED) === "" ? 3 : 1);
        },
      };
    },
  },
  {
    name: "event: queues at an event that is not set",
    act(w) {
      const [o] = eventWith(w, [3]);
      return { o, op: () => w.queue(2, o) };
    },
  },
  {
    name: "event: queues at an event that is set",
    act(w) {
      const [o] = eventWith(w, []);
      setEvent(w.agent(3).q, o);
      return { o, op: () => oneOf(w.queue(2, o).outcome, 1) };
    },
  },
  {
    name: "event: cancels",
    act(w) {
      const [o, [, own]] = eventWith(w, [3, 2, 4]);
      return { o, op: () => w.cancel(own as Wait, o) };
    },
  },
  {
    name: "event: reaps waiters, released and not",
    act(w) {
      const [o] = eventWith(w, [5, 3]);
      setEvent(w.agent(1).q, o);
      clearEvent(w.agent(1).q, o);
      w.queue(5, o);
      w.queue(4, o);
      w.die(5);
      return {
        o,
        op: () => w.agent(2).reap(5),
        alreadyDead: [5],
        then: () => oneOf(w.tickets(o, GRANTED), "2"),
      };
    },
  },
];

function barrierWith(w: World, parties: number, arrived: readonly number[]): [number, Arrival[]] {
  const o = w.arena.allocateObject(TYPE_BARRIER);
  initializeBarrier(w.agent(1).q, o, parties);
  return [o, arrived.map((id) => arrive(w.agent(id).q, o, true) as Arrival)];
}

/** Scenarios of barriers. */
export const BARRIER: Scenario[] = [
  {
    name: "barrier: arrives and dies, which breaks it if it was there",
    act(w) {
      const [o] = barrierWith(w, 3, [3]);
      return {
        o,
        op: () => arrive(w.agent(2).q, o, true),
        then: (killed) => {
          const { q } = w.agent(1);
          oneOf(isBroken(q, o), killed ? isBroken(q, o) : false);
          oneOf(w.tickets(o, REFUSED), isBroken(q, o) ? "1" : "");
        },
      };
    },
  },
  {
    name: "barrier: the last of a round releases it, or breaks it by dying",
    act(w) {
      const [o, arrivals] = barrierWith(w, 3, [3, 4, 2]);
      const last = arrivals[2] as Arrival;
      oneOf(last.acting, true);
      return {
        o,
        op: () => releaseRound(w.agent(2).q, o, last.slot),
        then(killed) {
          const broken = isBroken(w.agent(1).q, o);
          oneOf(w.tickets(o, GRANTED), broken ? "" : killed ? "12" : "123");
          oneOf(w.tickets(o, REFUSED), broken ? "12" : "");
          if (!killed) oneOf(broken, false);
        },
      };
    },
  },
  {
    name: "barrier: a released party dies, which breaks nothing",
    act(w) {
      const [o, arrivals] = barrierWith(w, 3, [2, 3, 4]);
      const last = arrivals[2] as Arrival;
      releaseRound(w.agent(4).q, o, last.slot);
      return {
        o,
        op: () => w.look({ agent: 2, s: (arrivals[0] as Arrival).slot, outcome: 0 }, o),
        then: () => oneOf(isBroken(w.agent(1).q, o), false),
      };
    },
  },
  {
    name: "barrier: break() turns away all or none",
    act(w) {
      const [o] = barrierWith(w, 3, [3, 4]);
      return {
        o,
        op: () => breakBarrier(w.agent(2).q, o),
        then: () => oneOf(w.tickets(o, REFUSED), isBroken(w.agent(1).q, o) ? "12" : ""),
      };
    },
  },
  {
    name: "barrier: reset() turns away all or none",
    act(w) {
      const [o] = barrierWith(w, 3, [3, 4]);
      return {
        o,
        op: () => resetBarrier(w.agent(2).q, o),
        then(killed) {
          oneOf(w.tickets(o, REFUSED), "12", killed ? "" : "12");
          oneOf(isBroken(w.agent(1).q, o), false);
        },
      };
    },
  },
  {
    name: "barrier: reset() of a broken one",
    act(w) {
      const [o] = barrierWith(w, 3, [3, 4]);
      breakBarrier(w.agent(1).q, o);
      return {
        o,
        op: () => resetBarrier(w.agent(2).q, o),
        then(killed) {
          oneOf(isBroken(w.agent(1).q, o), false, killed);
          oneOf(arrive(w.agent(1).q, o, true) === null, isBroken(w.agent(1).q, o));
        },
      };
    },
  },
  {
    name: "barrier: gives up, which breaks it",
    act(w) {
      const [o, arrivals] = barrierWith(w, 3, [3, 2]);
      const own = { agent: 2, s: (arrivals[1] as Arrival).slot, outcome: 0 } as const;
      return {
        o,
        op: () => {
          w.cancel(own, o);
          breakBarrier(w.agent(2).q, o);
        },
      };
    },
  },
  {
    name: "barrier: the first of the next round comes while the last one acts",
    act(w) {
      const [o, arrivals] = barrierWith(w, 2, [3, 4]);
      const { slot } = arrivals[1] as Arrival;
      return {
        o,
        op: () => {
          const arrival = arrive(w.agent(2).q, o, true) as Arrival;
          oneOf(arrival.index, 0);
        },
        then(killed) {
          releaseRound(w.agent(4).q, o, slot);
          const broken = isBroken(w.agent(1).q, o);
          if (!killed) oneOf(broken, false);
          oneOf(w.tickets(o, GRANTED), broken ? "" : "12");
        },
      };
    },
  },
  {
    name: "barrier: reaps a party",
    act(w) {
      const [o] = barrierWith(w, 4, [3, 5, 4]);
      w.die(5);
      return {
        o,
        op: () => w.agent(2).reap(5),
        alreadyDead: [5],
        then() {
          oneOf(isBroken(w.agent(1).q, o), true);
          oneOf(w.tickets(o, REFUSED), "13");
        },
      };
    },
  },
];
