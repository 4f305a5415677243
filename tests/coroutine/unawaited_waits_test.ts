import { assertEquals } from "@std/assert";
import timers from "node:timers/promises";
import {
  Channel,
  gather,
  type Greenlet,
  Group,
  joinAll,
  monkey,
  shield,
  sleep,
  spawn,
  TaskGroup,
  Timeout,
  timeout,
  wait,
} from "../../coroutine/mod.ts";
import { GreenletExit } from "../../errors.ts";
import { Queue } from "../../queue/mod.ts";
import { Event, Lock, Semaphore } from "../../sync/mod.ts";

/** Waits that no greenlet awaits. An unhandled rejection fails the test, or ends the program. */
function waits(other: Greenlet<unknown>): Record<string, () => unknown> {
  const lock = new Lock();
  lock.tryAcquire();
  return {
    "sleep()": () => sleep(60_000),
    "sleep(), followed": () => sleep(60_000).then(() => 1),
    "an asynchronous function": async () => {
      await sleep(60_000);
    },
    "Channel.get()": () => new Channel().get(),
    "Queue.get()": () => new Queue().get(),
    "local Queue.get()": () => new Queue(0, { scope: "local" }).get(),
    "Lock.acquire()": () => lock.acquire(),
    "Event.wait()": () => new Event().wait(),
    "Semaphore.acquire()": () => new Semaphore(0, { scope: "local" }).acquire(),
    "Greenlet.join()": () => other.join({ timeout: 60_000 }),
    "Greenlet.then()": () => other.then(),
    "joinAll()": () => joinAll([other]),
    "wait()": () => wait([other]),
    // The greenlets of a group go on when nobody waits for them any more.
    "Group.map()": () => new Group().map(() => sleep(2_000), [1, 2]),
    "gather()": () => gather(() => sleep(60_000), () => sleep(60_000)),
    "shield()": () => shield(other),
    "timeout()": () => timeout(60_000, () => sleep(60_000)),
    "Timeout.run()": () => Timeout.run(60_000, () => sleep(60_000)),
    "TaskGroup.run()": () => TaskGroup.run((group) => void group.createTask(() => sleep(60_000))),
    "a patched timer": () => new Promise((resolve) => setTimeout(resolve, 60_000)),
    "a patched timer that rejects": () => new Promise((_, reject) => setTimeout(reject, 60_000)),
    "a patched promise of a timer": () => timers.setTimeout(60_000),
  };
}

/** Lets what is begun be under way. */
async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await timers.setImmediate();
}

Deno.test("Greenlet.kill() leaves no unhandled rejection of a wait that is not awaited", async () => {
  monkey.patch({ timers: true });
  const other = spawn(() => sleep(Infinity));
  for (const [name, begin] of Object.entries(waits(other))) {
    const inAsync = spawn(async () => {
      const held = begin();
      await new Promise(() => {});
      await held;
    });
    const inGenerator = spawn(function* () {
      const held = begin();
      yield new Promise(() => {});
      yield held;
    });
    await settle();
    await Promise.all([inAsync.kill(null, { grace: 0 }), inGenerator.kill(null, { grace: 0 })]);
    await settle();
    const values = [inAsync.value, inGenerator.value] as unknown[];
    assertEquals(values.every((value) => value instanceof GreenletExit), true, name);
  }
  await other.kill();
  monkey.unpatch();
});

Deno.test("Timeout leaves no unhandled rejection of a wait that is not awaited", async () => {
  const [one, other] = [new Channel(), new Channel()];
  const greenlet = spawn(async () => {
    const timeout = Timeout.startNew(1);
    const [first, second] = [one.get(), other.get()];
    try {
      await first;
    } catch (error) {
      return error === timeout;
    }
    return await second;
  });
  assertEquals(await greenlet, true);
  await settle();
});
