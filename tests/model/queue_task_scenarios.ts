/** What can die between `get` and `taskDone`. */

import { TAKEN, TAKEN_ABANDONED } from "../../_core/kind.ts";
import { dieAt, fill, queueScenario as scenario } from "./queue_scenario.ts";
import type { Order, QueueWorld } from "./queue_world.ts";
import { oneOf, type Scenario } from "./scenario.ts";

const ORDERS: readonly Order[] = ["fifo", "lifo", "priority", "compared"];

/** Lets agents take one item each. */
function take(x: QueueWorld, ...ids: readonly number[]): void {
  for (const id of ids) oneOf(typeof x.tryGet(id), "number");
}

/** Kills an agent, and cleans up after it. */
function lose(x: QueueWorld, id: number): void {
  x.died(id);
  x.world.die(id);
  x.world.agent(1).reap(id);
  x.check();
}

const ordered = ORDERS.flatMap((order): Scenario[] => [
  scenario("gets the last, another has one, one joins", { order }, (x) => {
    fill(x, 2);
    take(x, 3);
    x.waitJoin(3);
    return {
      op: () => void x.tryGet(2),
      then: (killed) => oneOf(x.lostCount, 0, killed ? 1 : 0),
    };
  }),
  scenario("gets two and reports them, two join", { order }, (x) => {
    fill(x, 2);
    x.waitJoin(3);
    x.waitJoin(4);
    return {
      op() {
        take(x, 2, 2);
        oneOf(x.done(2), true);
        oneOf(x.done(2), true);
      },
    };
  }),
  scenario("dies with an item that it has got and one in its hand", { order }, (x) => {
    fill(x, 3);
    take(x, 2);
    x.waitJoin(3);
    return {
      op: () => x.reject(2),
      then: (killed) => oneOf(x.lostCount, killed ? 1 : 0),
    };
  }),
]);

const reports: Scenario[] = [
  scenario("reports one of its own two, one joins", {}, (x) => {
    fill(x, 2);
    take(x, 2, 2);
    x.waitJoin(3);
    return {
      op: () => oneOf(x.done(2), true),
      then: (killed) => oneOf(x.lostCount, ...(killed ? [1, 2] : [0])),
    };
  }),
  scenario("reports the last of its own, one joins", {}, (x) => {
    fill(x, 1);
    take(x, 2);
    x.waitJoin(3);
    return { op: () => oneOf(x.done(2), true) };
  }),
  scenario("reports more than there is", {}, (x) => {
    fill(x, 1);
    take(x, 2);
    return { op: () => oneOf([x.done(2), x.done(2)].join(), "true,false") };
  }),
  scenario("reports an item of another, one joins", {}, (x) => {
    fill(x, 2);
    take(x, 3, 4);
    x.waitJoin(3);
    return { op: () => oneOf(x.done(2), true), then: () => oneOf(x.lostCount, 0) };
  }),
  scenario("reports one of another, and one of its own", {}, (x) => {
    fill(x, 2);
    take(x, 3);
    return {
      op() {
        oneOf(x.done(2), true);
        take(x, 2);
        oneOf(x.done(2), true);
      },
    };
  }),
  scenario("reports an item that is lost, another has one", {}, (x) => {
    fill(x, 2);
    take(x, 5, 3);
    lose(x, 5);
    x.waitJoin(4);
    return { op: () => oneOf(x.done(2), true), then: () => oneOf(x.lostCount, 0, 1) };
  }),
  scenario("reports its own item, one is lost, one joins", {}, (x) => {
    fill(x, 2);
    take(x, 5, 2);
    lose(x, 5);
    x.waitJoin(4);
    return {
      op: () => oneOf(x.done(2), true),
      then: (killed) => oneOf(x.lostCount, 1, killed ? 2 : 1),
    };
  }),
  scenario("reports the only item that is left, which is lost", {}, (x) => {
    fill(x, 1);
    take(x, 5);
    lose(x, 5);
    x.waitJoin(4);
    return { op: () => oneOf(x.done(2), true), then: () => oneOf(x.lostCount, 0, 1) };
  }),
  scenario("gets one, reports it, and one that is lost", {}, (x) => {
    fill(x, 2);
    take(x, 5);
    lose(x, 5);
    x.waitJoin(4);
    return {
      op() {
        take(x, 2);
        oneOf(x.done(2), true);
        oneOf(x.done(2), true);
      },
    };
  }),
  ...[0, 1, 2, 3, 4].map((k) =>
    scenario(`reports its own, another one died in a report (${k})`, {}, (x) => {
      fill(x, 3);
      take(x, 2, 5, 4);
      x.waitJoin(3);
      dieAt(x, k, () => x.done(5));
      return { op: () => oneOf(x.done(2), true), alreadyDead: [5] };
    })
  ),
  ...[3, 6, 9, 12, 15, 18, 21, 24].map((k) =>
    scenario(`reports its own, and finds it frozen by one who died (${k})`, {}, (x) => {
      fill(x, 3);
      take(x, 4, 4, 2);
      x.waitJoin(3);
      x.died(4);
      x.world.die(4);
      dieAt(x, k, () => x.world.agent(5).reap(4));
      return { op: () => oneOf(x.done(2), true), alreadyDead: [4, 5] };
    })
  ),
];

const deaths: Scenario[] = [
  scenario("reaps one with 2 items, all kinds wait", { maxsize: 3 }, (x) => {
    fill(x, 3);
    take(x, 5, 5);
    x.waitJoin(3);
    x.world.die(5);
    return {
      op: () => x.world.agent(2).reap(5),
      alreadyDead: [5],
      then: () => oneOf(x.lostCount, 2),
    };
  }),
  scenario("reaps one with the only item, two join", {}, (x) => {
    fill(x, 1);
    take(x, 5);
    x.waitJoin(3);
    x.waitJoin(4);
    x.world.die(5);
    return {
      op: () => x.world.agent(2).reap(5),
      alreadyDead: [5],
      then: () => oneOf(x.lostCount, 1),
    };
  }),
  scenario("reaps two with items, and has one itself", {}, (x) => {
    fill(x, 4);
    take(x, 5, 4, 4, 2);
    x.waitJoin(3);
    x.world.die(5);
    x.world.die(4);
    return {
      op: () => [4, 5].forEach((id) => x.world.agent(2).reap(id)),
      alreadyDead: [4, 5],
      then: (killed) => oneOf(x.lostCount, killed ? 4 : 3),
    };
  }),
  ...[0, 1, 2, 3].map((k) =>
    scenario(`reaps one who died reporting what is another's (${k})`, {}, (x) => {
      fill(x, 2);
      take(x, 3, 4);
      x.waitJoin(3);
      dieAt(x, k, () => x.done(5));
      return {
        op: () => x.world.agent(2).reap(5),
        alreadyDead: [5],
        then: () => oneOf(x.lostCount, 0),
      };
    })
  ),
  ...[0, 1, 2, 3].map((k) =>
    scenario(`reaps one who died reporting what is lost (${k})`, {}, (x) => {
      fill(x, 2);
      take(x, 4, 3);
      lose(x, 4);
      x.waitJoin(3);
      dieAt(x, k, () => x.done(5));
      return {
        op: () => x.world.agent(2).reap(5),
        alreadyDead: [5],
        then: () => oneOf(x.lostCount, 0, 1),
      };
    })
  ),
  scenario("one gets and another reports; the first dies with the third", {}, (x) => {
    fill(x, 3);
    take(x, 2, 2);
    x.done(4);
    x.done(4);
    x.waitJoin(3);
    return {
      op: () => take(x, 2),
      then: (killed) => oneOf(x.lostCount, ...(killed ? [0, 1] : [0])),
    };
  }),
  scenario("two get and another reports; one of the two dies", {}, (x) => {
    fill(x, 4);
    take(x, 2, 4, 2, 4);
    x.done(3);
    x.done(3);
    x.waitJoin(4);
    return {
      op: () => void x.waitJoin(2),
      then: (killed) => oneOf(x.lostCount, killed ? 2 : 0),
    };
  }),
  scenario("a joiner is told of a death", {}, (x) => {
    fill(x, 1);
    take(x, 5);
    const own = x.waitJoin(2);
    x.waitJoin(3);
    lose(x, 5);
    return { op: () => oneOf(x.look(own), TAKEN_ABANDONED) };
  }),
  scenario("a joiner comes when all is lost", {}, (x) => {
    fill(x, 1);
    take(x, 5);
    lose(x, 5);
    return { op: () => oneOf(x.waitJoin(2).outcome, TAKEN_ABANDONED) };
  }),
  scenario("a joiner that is told comes late, and all is reported", {}, (x) => {
    fill(x, 1);
    take(x, 5);
    const own = x.waitJoin(2);
    lose(x, 5);
    x.done(4);
    return { op: () => oneOf(x.look(own), TAKEN) };
  }),
  scenario("a joiner that is told comes late, and there is more to do", {}, (x) => {
    fill(x, 1);
    take(x, 5);
    const own = x.waitJoin(2);
    lose(x, 5);
    x.tryPut(4, 2);
    return { op: () => oneOf(x.look(own), 0) };
  }),
  ...[false, true].map((immediate) =>
    scenario(`shuts down${immediate ? " at once" : ""}, one is lost`, {}, (x) => {
      fill(x, 3);
      take(x, 5);
      lose(x, 5);
      x.waitJoin(3);
      return { op: () => x.shut(2, immediate), then: () => oneOf(x.lostCount, 1) };
    })
  ),
  ...[false, true].map((failed) =>
    scenario(`its thread ${failed ? "fails" : "returns"} with 2 items, one joins`, {}, (x) => {
      fill(x, 3);
      take(x, 2, 2, 4);
      x.done(4);
      x.waitJoin(3);
      return {
        op: () => x.end(2, failed),
        then: (killed) => oneOf(x.lostCount, ...(killed ? [2, 0] : failed ? [2] : [0])),
      };
    })
  ),
  scenario("its thread fails, and the next one gets and reports", {}, (x) => {
    fill(x, 2);
    take(x, 2);
    x.end(2, true);
    x.waitJoin(3);
    return {
      op() {
        take(x, 2);
        oneOf(x.done(2), true);
      },
    };
  }),
];

/** Scenarios of what is done, and what is lost. */
export const TASKS: Scenario[] = [...ordered, ...reports, ...deaths];
