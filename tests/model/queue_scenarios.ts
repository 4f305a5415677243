/** What can die at queues. */

import { TAKEN } from "../../_core/kind.ts";
import * as queue from "../../_core/queue_layout.ts";
import { dieAt, fill, queueScenario as scenario } from "./queue_scenario.ts";
import { TASKS } from "./queue_task_scenarios.ts";
import type { Order } from "./queue_world.ts";
import { oneOf, type Scenario } from "./scenario.ts";

const ORDERS: readonly Order[] = ["fifo", "lifo", "priority", "compared"];

const ordered = ORDERS.flatMap((order): Scenario[] => [
  scenario("puts into an empty one, 2 getters wait", { order }, (x) => {
    x.waitGet(3);
    x.waitGet(4, true);
    return { op: () => x.tryPut(2, 1) };
  }),
  scenario("puts a fourth", { order }, (x) => {
    fill(x, 3);
    return { op: () => x.tryPut(2, 4) };
  }),
  scenario("puts and the ring grows twice", { order }, (x) => {
    fill(x, 3);
    return { op: () => [4, 5, 6, 7, 8, 9].forEach((v) => x.tryPut(2, v)) };
  }),
  scenario("the ring grows when it has come round", { order }, (x) => {
    fill(x, 4);
    x.tryGet(3);
    x.tryGet(3);
    x.tryPut(4, 5);
    x.tryPut(4, 6);
    return { op: () => [7, 8].forEach((v) => x.tryPut(2, v)) };
  }),
  scenario("puts a large item", { order }, (x) => {
    x.tryPut(4, 1);
    return { op: () => x.tryPut(2, 2, "large") };
  }),
  scenario("gets one of 4", { order }, (x) => {
    fill(x, 4);
    return { op: () => x.tryGet(2) };
  }),
  scenario("gets the last", { order }, (x) => {
    fill(x, 1);
    return { op: () => x.tryGet(2) };
  }),
  scenario("gets a large item", { order }, (x) => {
    fill(x, 2, "large");
    return { op: () => x.tryGet(2) };
  }),
  scenario("gets one and gives it back", { order }, (x) => {
    fill(x, 3);
    return { op: () => x.reject(2) };
  }),
  scenario("gets from a full one, 2 putters wait", { order, maxsize: 2 }, (x) => {
    fill(x, 2);
    x.waitPut(3, 3);
    x.waitPut(4, 4, "small", true);
    return { op: () => x.tryGet(2), ordered: false };
  }),
  scenario("reaps one who has an item in hand, while another got the next", { order }, (x) => {
    fill(x, 4);
    x.grasp(5);
    x.tryGet(3);
    x.world.die(5);
    return { op: () => x.world.agent(2).reap(5), alreadyDead: [5] };
  }),
  scenario("reaps two who have items in hand", { order }, (x) => {
    fill(x, 5);
    x.grasp(5);
    x.grasp(4);
    x.world.die(4);
    x.world.die(5);
    return { op: () => x.world.agent(2).reap(4), alreadyDead: [4, 5] };
  }),
  scenario("reaps one who has an item in hand, while better ones came", { order }, (x) => {
    [2, 4, 7].forEach((v) => x.tryPut(4, v));
    x.grasp(5);
    [1, 3, 5].forEach((v) => x.tryPut(4, v));
    x.world.die(5);
    return {
      op: () => x.world.agent(2).reap(5),
      alreadyDead: [5],
      ordered: order === "priority" || order === "compared",
    };
  }),
  scenario("gives an item back, while better ones came", { order }, (x) => {
    [2, 4, 7].forEach((v) => x.tryPut(4, v));
    x.grasp(2);
    [1, 3, 5, 6].forEach((v) => x.tryPut(4, v));
    return { op: () => x.undo(2), ordered: order === "priority" || order === "compared" };
  }),
  scenario("reaps one who has a large item in hand", { order }, (x) => {
    fill(x, 3, "large");
    x.grasp(5);
    x.world.die(5);
    return { op: () => x.world.agent(2).reap(5), alreadyDead: [5] };
  }),
  ...[3, 5, 7, 9, 11, 13].map((k) =>
    scenario(`puts, and finds the latch held by one dead in a get (${k})`, { order }, (x) => {
      fill(x, 3);
      dieAt(x, k, () => x.tryGet(5));
      // What comes back from a hand is in front of what came meanwhile.
      return { op: () => x.tryPut(2, 4), alreadyDead: [5], ordered: order !== "lifo" };
    })
  ),
  ...[3, 6, 9, 12, 15].map((k) =>
    scenario(`gets, and finds the latch held by one dead in a put (${k})`, { order }, (x) => {
      fill(x, 4);
      dieAt(x, k, () => x.tryPut(5, 5));
      return { op: () => x.tryGet(2), alreadyDead: [5] };
    })
  ),
  ...[false, true].map((immediate) =>
    scenario(
      `shuts down${immediate ? " at once" : ""}, all kinds wait, one died with an item in hand`,
      { order, maxsize: 3 },
      (x) => {
        fill(x, 3);
        x.grasp(5);
        x.waitPut(3, 8);
        x.waitPut(4, 9);
        x.waitPut(4, 10);
        x.waitJoin(3);
        x.world.die(5);
        x.died(5);
        return { op: () => x.shut(2, immediate), alreadyDead: [5], ordered: false };
      },
    )
  ),
  scenario("shuts down at once, with large items", { order }, (x) => {
    fill(x, 3, "large");
    x.waitJoin(3);
    return { op: () => x.shut(2, true) };
  }),
  scenario("puts and gets half chunks until they turn over", { order, maxsize: 4 }, (x) => ({
    op() {
      for (let v = 1; v <= 14; v++) {
        x.tryPut(2, v, "half");
        if (v > 2) x.tryGet(2);
      }
    },
  })),
  scenario("gets what another has put into 5 chunks, which he leaves", { order }, (x) => {
    fill(x, 10, "half");
    x.leave(4);
    return { op: () => [1, 2, 3, 4].forEach(() => x.tryGet(2)) };
  }),
]);

const waits: Scenario[] = [
  scenario("a woken getter takes", {}, (x) => {
    const own = x.waitGet(2);
    x.waitGet(3);
    x.tryPut(4, 1);
    return { op: () => oneOf(x.look(own), TAKEN) };
  }),
  scenario("a woken getter takes, and makes room for a putter", { maxsize: 1 }, (x) => {
    const own = x.waitGet(2);
    x.tryPut(4, 1);
    x.waitPut(3, 2);
    return { op: () => oneOf(x.look(own), TAKEN) };
  }),
  scenario("2 woken getters of one agent take", {}, (x) => {
    const own = [x.waitGet(2), x.waitGet(2), x.waitGet(3)];
    [1, 2, 3].forEach((v) => x.tryPut(4, v));
    return { op: () => own.slice(0, 2).forEach((wait) => oneOf(x.look(wait), TAKEN)) };
  }),
  scenario("a woken getter comes too late and goes back", {}, (x) => {
    const own = x.waitGet(2);
    x.waitGet(3);
    x.tryPut(4, 1);
    x.tryGet(5);
    return {
      op: () => oneOf(x.look(own, { passedOver: true }), 0),
      then: () => void x.tryPut(4, 2),
    };
  }),
  scenario("a getter looks late, out of turn", {}, (x) => {
    x.waitGet(3);
    const own = x.waitGet(2);
    x.tryPut(4, 1);
    return { op: () => oneOf(x.look(own, { late: true }), TAKEN) };
  }),
  ...[0, 1].flatMap((position) =>
    [false, true].map((isWoken) =>
      scenario(`a getter gives up at ${position}${isWoken ? ", when one came" : ""}`, {}, (x) => {
        const waits = [0, 1].map((i) => x.waitGet(i === position ? 2 : 3));
        if (isWoken) x.tryPut(4, 1);
        const own = waits[position] as typeof waits[number];
        return { op: () => void x.cancel(own) };
      })
    )
  ),
  scenario("queues for an item", {}, (x) => {
    x.waitGet(3);
    return { op: () => void x.waitGet(2) };
  }),
  scenario("queues for an item that is there by now", {}, (x) => {
    fill(x, 2);
    return { op: () => void x.waitGet(2) };
  }),
  scenario("blocks while a promise of its own thread has been woken", {}, (x) => {
    x.waitGet(2);
    x.tryPut(4, 1);
    return { op: () => void x.waitGet(2, true) };
  }),
  scenario("queues for room", { maxsize: 1 }, (x) => {
    fill(x, 1);
    x.waitPut(3, 2);
    return { op: () => void x.waitPut(2, 3), ordered: false };
  }),
  scenario("queues with a large item for room that is there by now", { maxsize: 2 }, (x) => {
    fill(x, 1);
    return { op: () => void x.waitPut(2, 2, "large") };
  }),
  scenario("a woken putter puts", { maxsize: 1 }, (x) => {
    fill(x, 1);
    const own = x.waitPut(2, 2, "half");
    x.waitPut(3, 3);
    x.tryGet(5);
    return { op: () => oneOf(x.look(own), TAKEN), ordered: false };
  }),
  scenario("a woken putter comes too late and goes back", { maxsize: 1 }, (x) => {
    fill(x, 1);
    const own = x.waitPut(2, 2);
    x.waitPut(3, 3);
    x.tryGet(5);
    x.tryPut(4, 4);
    return { op: () => oneOf(x.look(own, { passedOver: true }), 0), ordered: false };
  }),
  ...[false, true].map((isWoken) =>
    scenario(`a putter gives up${isWoken ? ", when there was room" : ""}`, { maxsize: 1 }, (x) => {
      fill(x, 1);
      const own = x.waitPut(2, 2, "half");
      x.waitPut(3, 3);
      if (isWoken) x.tryGet(5);
      return { op: () => void x.cancel(own), ordered: false };
    })
  ),
  scenario("makes room for 3 waiting putters", { maxsize: 1 }, (x) => {
    fill(x, 1);
    [3, 4, 3].forEach((id, i) => x.waitPut(id, 2 + i));
    return { op: () => x.resize(2, 3), ordered: false };
  }),
  scenario("waits for the end of the work", {}, (x) => {
    fill(x, 1);
    x.waitJoin(3);
    return { op: () => void x.waitJoin(2) };
  }),
  scenario("says that the last one is done, 2 wait for it", {}, (x) => {
    fill(x, 1);
    x.tryGet(5);
    x.waitJoin(3);
    x.waitJoin(4);
    return { op: () => oneOf(x.done(2), true) };
  }),
  scenario("shuts down, 2 getters wait", {}, (x) => {
    x.waitGet(3);
    x.waitGet(4, true);
    return {
      op: () => x.shut(2, false),
      then: (killed) => killed || oneOf(x.isShut, true),
    };
  }),
  scenario("a putter is let go by the shutdown", { maxsize: 1 }, (x) => {
    fill(x, 1);
    const own = x.waitPut(2, 2, "large");
    x.shut(4, false);
    return { op: () => void x.look(own) };
  }),
  scenario("leaves its chunks", {}, (x) => {
    for (let v = 1; v <= 7; v++) x.tryPut(2, v, "half");
    x.tryGet(3);
    return { op: () => x.leave(2) };
  }),
  scenario("leaves a chunk that was marked after a death", {}, (x) => {
    for (let v = 1; v <= 3; v++) x.tryPut(2, v, "half");
    x.tryPut(5, 4, "half");
    dieAt(x, 6, () => x.tryGet(5));
    x.world.agent(1).reap(5);
    return { op: () => x.leave(2) };
  }),
  scenario("reaps one with chunks of its own, which nobody else has left", {}, (x) => {
    for (let v = 1; v <= 7; v++) x.tryPut(5, v, "half");
    x.tryPut(5, 8, "large");
    x.tryGet(3);
    x.world.die(5);
    return { op: () => x.world.agent(2).reap(5), alreadyDead: [5] };
  }),
  scenario("reaps a waiting putter with a large item", { maxsize: 1 }, (x) => {
    fill(x, 1);
    x.waitPut(5, 2, "large");
    x.world.die(5);
    return { op: () => x.world.agent(2).reap(5), alreadyDead: [5] };
  }),
  scenario("reaps a woken getter", {}, (x) => {
    x.waitGet(5);
    x.waitGet(3);
    x.tryPut(4, 1);
    x.world.die(5);
    return { op: () => x.world.agent(2).reap(5), alreadyDead: [5] };
  }),
];

/** Offsets within a get or a drop at which agent 5 dies before agent 2 finishes what it had begun. */
const drops: Scenario[] = [4, 5, 6, 7, 8, 9, 10, 12, 14].map((k) =>
  scenario(`steals the latch of one who died dropping all items (${k})`, {}, (x) => {
    fill(x, 3);
    x.waitJoin(3);
    dieAt(x, k, () => x.shut(5, true));
    return {
      op: () => void x.tryGet(2),
      alreadyDead: [5],
      then: () => oneOf(x.world.words.peek(x.o + queue.Q_TAIL), 3),
    };
  })
);

/** Scenarios of queues. */
export const QUEUE: Scenario[] = [...ordered, ...waits, ...drops, ...TASKS];
