/** What gevent's tests demand of queues, events and the clock in greenlets, beyond what those demand of themselves. */

import { assert, assertEquals } from "@std/assert";
import { hub, joinAll, killAll, sleep, spawn, Timeout } from "../../coroutine/mod.ts";
import { EmptyError, FullError } from "../../errors.ts";
import { Queue } from "../../queue/mod.ts";
import { Event, Semaphore } from "../../sync/mod.ts";
import { type BodyKind, thrown } from "./gevent_support.ts";

/** Registers the tests for one kind of functions. */
export function geventQueueConformance({ name: kind, of }: BodyKind): void {
  const test = (name: string, fn: () => void | Promise<void>): void =>
    Deno.test(`${name} [${kind}]`, fn);

  test("V17 Greenlet.dead is false for the greenlet that runs", async () => {
    const seen: boolean[] = [];
    const greenlet = spawn(of(function* () {
      for (let i = 0; i < 3; i++) {
        seen.push(hub.current?.dead ?? true, hub.current?.started ?? false);
        yield sleep(0);
      }
    }));
    await greenlet;
    assertEquals(seen, Array(3).fill([false, true]).flat());
  });

  test("V52 Timeout without a limit never ends, and is not pending", async () => {
    const greenlet = spawn(of(function* () {
      for (const limit of [null, Infinity]) {
        const timeout = Timeout.startNew(limit);
        assertEquals([timeout.pending, timeout.milliseconds], [false, null]);
        yield sleep(1);
        timeout.cancel();
      }
      return "in time";
    }));
    assertEquals(await greenlet, "in time");
  });

  test("V55 sleep() and Timeout count from now, also after code that has taken long", async () => {
    const greenlet = spawn(of(function* () {
      yield sleep(0);
      const end = performance.now() + 60;
      while (performance.now() < end);
      const began = performance.now();
      yield sleep(20);
      const slept = performance.now() - began;
      const again = performance.now() + 60;
      while (performance.now() < again);
      const start = performance.now();
      const timeout = Timeout.startNew(20);
      assertEquals(yield thrown(sleep(60_000)), timeout);
      return [slept, performance.now() - start];
    }));
    for (const time of await greenlet as number[]) assert(time >= 18, `${time} ms`);
  });

  test("V56 Event.set() and clear() at once lets a thousand greenlets go on", async () => {
    const event = new Event({ scope: "local" });
    let woken = 0;
    const all = Array.from({ length: 1000 }, () =>
      spawn(of(function* () {
        yield event.wait();
        woken++;
      })));
    const late = of(function* () {
      yield event.wait();
    });
    await sleep(1);
    event.set();
    event.clear();
    const left = spawn(late);
    await joinAll(all);
    assertEquals([woken, event.isSet(), left.dead], [1000, false, false]);
    await left.kill();
  });

  test("V62 Queue.putNowait() and getNowait() work in links", async () => {
    const queue = new Queue<string>(1, { scope: "local" });
    const log: string[] = [];
    const greenlet = spawn(of(function* () {
      yield sleep(0);
    }));
    greenlet.link(() => {
      queue.putNowait("one");
      try {
        queue.putNowait("two");
      } catch (error) {
        log.push(String(error instanceof FullError));
      }
    });
    greenlet.link(() => {
      log.push(queue.getNowait());
      try {
        queue.getNowait();
      } catch (error) {
        log.push(String(error instanceof EmptyError));
      }
    });
    await greenlet;
    await sleep(1);
    assertEquals(log, ["true", "one", "true"]);
  });

  test("V64 the third put into a queue of two waits for a get", async () => {
    const queue = new Queue<number>(2, { scope: "local" });
    const log: string[] = [];
    const sender = spawn(of(function* () {
      for (let i = 1; i <= 3; i++) {
        yield queue.put(i);
        log.push(`put ${i}`);
      }
    }));
    await sleep(5);
    assertEquals([log, sender.dead], [["put 1", "put 2"], false]);
    assertEquals(await queue.get(), 1);
    await sender;
    assertEquals([log.length, await queue.get(), await queue.get()], [3, 2, 3]);
  });

  test("V65 V67 each that waits gets one item, also of senders that die", async () => {
    const queue = new Queue<number>(1, { scope: "local" });
    const getters = [1, 2, 3].map(() =>
      spawn(of(function* () {
        return yield queue.get();
      }))
    );
    await sleep(1);
    const senders = [1, 2, 3, 4, 5].map((item) =>
      spawn(of(function* () {
        yield queue.put(item);
        yield sleep(60_000);
      }))
    );
    await sleep(1);
    await killAll(senders);
    assertEquals(await Promise.all(getters), [1, 2, 3]);
    // Of the other two, one was in the queue, and one had not been put.
    assertEquals([await queue.get(), queue.qsize()], [4, 0]);
  });

  test("V73 Semaphore.acquire() that runs out of time leaves nothing behind", async () => {
    const seats = new Semaphore(1, { scope: "local" });
    const guard = seats.tryAcquire();
    const waiting = spawn(of(function* () {
      return (yield thrown(seats.acquire({ timeout: 5 }))).name;
    }));
    assertEquals(await waiting, "TimeoutError");
    guard?.release();
    assertEquals(seats.value, 1);
  });
}
