/** What gevent's tests demand of greenlets, kills, links, timeouts and the hub. */

import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import {
  asCompleted,
  Greenlet,
  GreenletLocal,
  hub,
  idle,
  joinAll,
  killAll,
  sleep,
  spawn,
  spawnLater,
  Timeout,
  timeout,
  wait,
} from "../../coroutine/mod.ts";
import { GreenletExit, InvalidStateError, TimeoutError } from "../../errors.ts";
import { Future } from "../../pool/mod.ts";
import { Condition, Event, Lock, RLock, Semaphore } from "../../sync/mod.ts";
import { Queue } from "../../queue/mod.ts";
import { type BodyKind, reportsOf, thrown } from "./gevent_support.ts";
import { until } from "./support.ts";

/** Registers the tests for one kind of functions. */
export function geventConformance({ name: kind, of }: BodyKind): void {
  const test = (name: string, fn: () => void | Promise<void>): void =>
    Deno.test(`${name} [${kind}]`, fn);
  const sleeper = of(function* (ms: number) {
    yield sleep(ms);
    return ms;
  });
  const failing = of(function* (error: Error) {
    yield sleep(0);
    throw error;
  });
  const forEver = of(function* () {
    yield sleep(Infinity);
  });

  // -- spawn, join, get --

  test("spawn() refuses what is no function", () => {
    for (const bad of [undefined, null, 1, "f", {}]) {
      assertThrows(() => spawn(bad as never), TypeError);
      assertThrows(() => spawnLater(1, bad as never), TypeError);
      if (bad !== undefined && bad !== null) assertThrows(() => new Greenlet(bad as never));
    }
    assertThrows(() => new Greenlet().start(), InvalidStateError);
  });

  test("Greenlet goes from new to started, running and dead, and keeps its value", async () => {
    const greenlet = new Greenlet<number>(sleeper as never, 1);
    const state = (): unknown[] => [
      greenlet.started,
      greenlet.ready(),
      greenlet.dead,
      greenlet.successful(),
      greenlet.value,
      greenlet.exception,
    ];
    assertEquals(state(), [false, false, false, false, undefined, null]);
    greenlet.start();
    assertEquals(state(), [true, false, false, false, undefined, null]);
    await sleep(0);
    assertEquals(state(), [true, false, false, false, undefined, null]);
    await greenlet.join();
    assertEquals(state(), [false, true, true, true, 1, null]);
    assertEquals([await greenlet.get(), await greenlet], [1, 1]);
  });

  test("Greenlet.start() does nothing the second time, and after the end", async () => {
    let runs = 0;
    const greenlet = new Greenlet(of(function* () {
      runs++;
      yield sleep(0);
    }));
    greenlet.start().start().startLater(1);
    await greenlet.join();
    greenlet.start();
    await sleep(2);
    assertEquals(runs, 1);
  });

  test("Greenlet passes arguments, and its subclass has a method run", async () => {
    assertEquals(
      await spawn(
        of(function* (...args) {
          yield sleep(0);
          return args;
        }),
        1,
        "a",
        null,
      ),
      [1, "a", null],
    );
    const body = of(function* (self, x) {
      yield sleep(0);
      return [self.factor * x, self.name];
    });
    class Multiplier extends Greenlet {
      factor = 3;
      override run(x: number): unknown {
        return body(this, x);
      }
    }
    const greenlet = new Multiplier(null, 7);
    greenlet.name = "times";
    assertEquals(await greenlet.start(), [21, "times"]);
  });

  test("joinAll(raiseError) throws the error that came first", async () => {
    const [first, second] = [new Error("first"), new Error("second")];
    const go = new Event({ scope: "local" });
    const late = spawn(of(function* () {
      yield go.wait();
      throw second;
    }));
    const early = spawn(of(function* () {
      yield sleep(1);
      throw first;
    }));
    assertStrictEquals(await thrown(joinAll([late, early], { raiseError: true })), first);
    assertEquals(late.dead, false);
    go.set();
    assertEquals(await joinAll([late, early]), [early, late]);
    assertStrictEquals(await thrown(joinAll([late, early], { raiseError: true })), first);
  });

  test("joinAll() returns who is dead when enough are, or time is up", async () => {
    const slow = spawn(forEver);
    const failed = spawn(failing, new Error("one"));
    assertEquals(await joinAll([slow, failed], { count: 1 }), [failed]);
    assertEquals(await joinAll([slow], { timeout: 5 }), []);
    assertEquals(await joinAll([slow, failed], { timeout: 0 }), [failed]);
    assertEquals(await joinAll([]), []);
    await assertRejects(() => joinAll([1 as never]), TypeError);
    await slow.kill();
  });

  test("Greenlet.get() throws the same error each time; join() throws none", async () => {
    const error = new Error("no");
    const greenlet = spawn(failing, error);
    await greenlet.join();
    for (let i = 0; i < 2; i++) assertStrictEquals(await thrown(greenlet.get()), error);
    assertStrictEquals(await thrown(greenlet), error);
    assertEquals([greenlet.exception, greenlet.successful(), greenlet.value], [
      error,
      false,
      undefined,
    ]);
  });

  test("Greenlet.join() and get() run out of time, and obey a signal", async () => {
    const greenlet = spawn(forEver);
    await assertRejects(() => greenlet.join({ timeout: 5 }), TimeoutError);
    await assertRejects(() => greenlet.get({ timeout: 0 }), TimeoutError);
    const controller = new AbortController();
    const joined = thrown(greenlet.join({ signal: controller.signal }));
    const reason = new Error("enough");
    controller.abort(reason);
    assertStrictEquals(await joined, reason);
    assertEquals(greenlet.hasLinks(), 0);
    await assertRejects(() => greenlet.join({ timeout: -1 }), RangeError);
    await greenlet.kill();
  });

  test("Greenlet refuses to wait for itself", async () => {
    const greenlet = spawn(of(function* () {
      const errors: unknown[] = [];
      const self = hub.current as Greenlet;
      for (const wait of [() => self.join(), () => self.get(), () => joinAll([self])]) {
        try {
          yield wait();
        } catch (error) {
          errors.push((error as Error).name);
        }
      }
      return errors;
    }));
    assertEquals(await greenlet, Array(3).fill("InvalidStateError"));
  });

  test("spawn() and sleep(0) let greenlets run in order", async () => {
    const log: string[] = [];
    const work = of(function* (name: string) {
      for (const part of ["A", "B", "C"]) {
        log.push(name + part);
        yield sleep(0);
      }
    });
    await joinAll([spawn(work, "1"), spawn(work, "2")]);
    assertEquals(log.join(" "), "1A 2A 1B 2B 1C 2C");
  });

  test("sleep() keeps the order of times, and refuses what is no time", async () => {
    const log: number[] = [];
    // All begin before the first one's time has come, also on a loaded machine.
    const first = performance.now() + 300;
    await joinAll([30, 10, 20, 0].map((ms) =>
      spawn(of(function* () {
        yield sleep(Math.max(0, first + ms - performance.now()));
        log.push(ms);
      }))
    ));
    assertEquals(log, [0, 10, 20, 30]);
    await assertRejects(() => sleep(-1), RangeError);
    await assertRejects(() => sleep(NaN), RangeError);
    await assertRejects(() => sleep("1" as never), TypeError);
  });

  test("sleep(0) in a loop leaves timers and sockets their turn", async () => {
    let ticks = 0;
    const interval = setInterval(() => ticks++, 1);
    const end = performance.now() + 60_000;
    await joinAll([1, 2, 3].map(() =>
      spawn(of(function* () {
        while (ticks < 3 && performance.now() < end) yield sleep(0);
      }))
    ));
    clearInterval(interval);
    assert(ticks >= 3, `${ticks} ticks`);
  });

  test("spawnLater() begins after its time, and counts as started", async () => {
    const began = performance.now();
    const greenlet = spawnLater(
      30,
      of(function* () {
        yield sleep(0);
        return performance.now() - began;
      }),
    );
    assertEquals([greenlet.started, greenlet.ready()], [true, false]);
    assert(await greenlet >= 29);
    assertThrows(() => spawnLater(-1, sleeper, 1), RangeError);
  });

  test("Greenlet takes an error of a deep recursion as any other", async () => {
    const dive = (): number => 1 + dive();
    const greenlet = spawn(of(function* () {
      yield sleep(0);
      return dive();
    }));
    assert(await thrown(greenlet) instanceof RangeError);
  });

  test("hub.current is the greenlet whose code runs, also in what it calls and awaits", async () => {
    assertEquals(hub.current, null);
    const helper = async (): Promise<unknown[]> => {
      const before = hub.current;
      await sleep(0);
      await undefined;
      return [before, hub.current];
    };
    const greenlets = [1, 2].map(() =>
      spawn(of(function* () {
        const before = hub.current;
        const [first, second] = yield helper();
        yield sleep(0);
        return [before, first, second, hub.current];
      }))
    );
    await joinAll(greenlets);
    for (const greenlet of greenlets) {
      for (const one of await greenlet as unknown[]) assertStrictEquals(one, greenlet);
    }
    assertEquals(hub.current, null);
  });

  // -- kill --

  test("Greenlet.kill() before the start keeps it from ever running", async () => {
    let runs = 0;
    const body = of(function* () {
      runs++;
      yield sleep(0);
    });
    for (
      const make of [
        () => new Greenlet(body),
        () => spawn(body),
        () => spawnLater(1, body),
      ]
    ) {
      const greenlet = make();
      const killed = greenlet.kill();
      assertEquals([greenlet.dead, greenlet.started], [true, false]);
      await killed;
      await sleep(3);
      assertEquals([runs, greenlet.successful(), greenlet.exception], [0, true, null]);
      assert(greenlet.value instanceof GreenletExit);
      assert(await greenlet.get() instanceof GreenletExit);
    }
  });

  test("Greenlet.kill() with an error makes it fail with that", async () => {
    const error = new Error("die");
    class Death extends Error {}
    for (const make of [() => spawn(forEver), () => new Greenlet(forEver)]) {
      const [one, other] = [make(), make()];
      await sleep(1);
      await one.kill(error);
      await other.kill(Death);
      assertEquals([one.successful(), one.exception, one.value], [false, error, undefined]);
      assertStrictEquals(await thrown(one.get()), error);
      assert(other.exception instanceof Death);
    }
    await assertRejects(() => spawn(sleeper, 0).kill("no" as never), TypeError);
  });

  test("Greenlet.kill() waits for the code that ends it", async () => {
    const log: string[] = [];
    const greenlet = spawn(of(function* () {
      try {
        yield sleep(Infinity);
      } catch (error) {
        log.push((error as Error).name);
        yield sleep(5);
        log.push("handled");
        throw error;
      } finally {
        yield sleep(1);
        log.push("finally");
      }
    }));
    await sleep(1);
    await greenlet.kill();
    assertEquals(log, ["GreenletExit", "handled", "finally"]);
    assertEquals([greenlet.dead, greenlet.successful()], [true, true]);
  });

  test("Greenlet.kill() leaves a dead greenlet as it is", async () => {
    const greenlet = spawn(sleeper, 0);
    await greenlet.join();
    await greenlet.kill(new Error("late"));
    assertEquals([greenlet.value, greenlet.exception], [0, null]);
  });

  test("Greenlet.kill() of itself throws where it is awaited", async () => {
    const log: string[] = [];
    const greenlet = spawn(of(function* () {
      try {
        yield hub.current?.kill();
        log.push("never");
      } finally {
        log.push("finally");
      }
    }));
    await greenlet.join();
    assertEquals([log, greenlet.successful()], [["finally"], true]);
  });

  test("Greenlet.kill() of one that runs meets its next wait", async () => {
    const log: string[] = [];
    const greenlet: Greenlet<unknown> = spawn(of(function* () {
      yield sleep(0);
      greenlet.kill().catch(() => {});
      log.push("goes on");
      yield sleep(0);
      log.push("never");
    }));
    await greenlet.join();
    assertEquals([log, greenlet.value instanceof GreenletExit], [["goes on"], true]);
  });

  test("Greenlet.kill() reaches join(), get(), joinAll() and wait()", async () => {
    const other = spawn(forEver);
    for (
      const begin of [
        () => other.join(),
        () => other.get(),
        () => other,
        () => other.join({ timeout: 1e6 }),
        () => joinAll([other]),
        () => wait([other]),
        () => asCompleted([other]).next(),
        () => hub.join(),
        () => idleForEver(),
      ]
    ) {
      const greenlet = spawn(of(function* () {
        yield begin();
      }));
      await sleep(1);
      await greenlet.kill();
      assert(greenlet.value instanceof GreenletExit, String(begin));
    }
    assertEquals(other.hasLinks(), 0);
    await other.kill();
  });

  for (const scope of ["local", "thread"] as const) {
    test(`Greenlet.kill() takes waits at primitives back, wakes are passed on [${scope}]`, async () => {
      const queue = new Queue<number>(0, { scope });
      const seats = new Semaphore(0, { scope });
      const event = new Event({ scope });
      for (
        const begin of [() => queue.get(), () => seats.acquire(), () => event.wait()]
      ) {
        const got: unknown[] = [];
        const taker = of(function* () {
          got.push(yield begin());
        });
        const [killed, next] = [spawn(taker), spawn(taker)];
        await sleep(1);
        const death = killed.kill();
        queue.putNowait(1);
        seats.release();
        event.set();
        await death;
        await next.join({ timeout: 10_000 });
        assertEquals([killed.value instanceof GreenletExit, got.length], [true, 1]);
        if (!queue.empty()) queue.getNowait();
        if (seats.value > 0) seats.tryAcquire();
        event.clear();
      }
      assertEquals([queue.qsize(), seats.value], [0, 0]);
    });
  }

  for (const scope of ["local", "thread"] as const) {
    test(`RLock tells greenlets apart, and kill leaves it whole [${scope}]`, async () => {
      const lock = new RLock({ scope });
      const gate = new Event({ scope: "local" });
      const log: string[] = [];
      const owner = spawn(of(function* () {
        const [one, two] = [yield lock.acquire(), yield lock.acquire()];
        yield gate.wait();
        one.release();
        log.push("one");
        yield sleep(1);
        two.release();
      }));
      const other = of(function* (name: string) {
        assertEquals([lock.tryAcquire(), lock.locked()], [null, true]);
        assertThrows(() => lock.release(), InvalidStateError);
        const guard = yield lock.acquire();
        log.push(name);
        guard.release();
      });
      await sleep(0);
      await sleep(0);
      const [killed, next] = [spawn(other, "killed"), spawn(other, "next")];
      await sleep(1);
      await killed.kill();
      gate.set();
      await joinAll([owner, next], { raiseError: true });
      assertEquals([log, lock.locked()], [["one", "next"], false]);
    });

    test(`Condition.wait() holds its lock again when it is killed [${scope}]`, async () => {
      const lock = new Lock({ scope });
      const condition = new Condition(lock);
      const seen: boolean[] = [];
      const waiter = of(function* () {
        yield condition.acquire();
        try {
          yield condition.wait();
        } finally {
          seen.push(lock.locked());
          condition.release();
        }
      });
      const [killed, next] = [spawn(waiter), spawn(waiter)];
      await sleep(5);
      const guard = await lock.acquire();
      const death = killed.kill();
      killed.kill(new Error("again")).catch(() => {});
      await sleep(5);
      assertEquals([seen, killed.dead], [[], false]);
      condition.notify();
      guard.release();
      await death;
      await next.join({ timeout: 10_000 });
      assertEquals([seen, lock.locked(), next.successful()], [[true, true], false, true]);
    });
  }

  test("Greenlet.kill() after the wake-up does not lose what the wait has brought", async () => {
    const queue = new Queue<number>(0, { scope: "local" });
    const got: number[] = [];
    const greenlet = spawn(of(function* () {
      got.push(yield queue.get());
      yield sleep(0);
      got.push(yield queue.get());
    }));
    await sleep(1);
    queue.putNowait(1);
    queue.putNowait(2);
    await greenlet.kill();
    assertEquals([got.length + queue.qsize(), greenlet.value instanceof GreenletExit], [2, true]);
  });

  test("Greenlet.kill() aborts the signal of the greenlet", async () => {
    const seen: unknown[] = [];
    const error = new GreenletExit("bye");
    const greenlet = spawn(of(function* () {
      const { signal } = hub.current as Greenlet;
      yield new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          seen.push(signal.reason);
          reject(signal.reason);
        });
      });
    }));
    await sleep(1);
    await greenlet.kill(error);
    assertEquals(seen, [error]);
    assertStrictEquals(greenlet.value, error);
    assertEquals(greenlet.signal.aborted, true);
    assertEquals(spawn(sleeper, 0).signal.aborted, false);
  });

  test("Greenlet.kill() gives up a greenlet that swallows it", async () => {
    let isOver = false;
    let rounds = 0;
    const greenlet = spawn(of(function* () {
      while (!isOver) {
        try {
          yield sleep(1);
          rounds++;
        } catch {
          // As programs do that should not.
        }
      }
    }));
    await sleep(1);
    await greenlet.kill(null, { grace: 20 });
    assertEquals([greenlet.dead, greenlet.value instanceof GreenletExit], [true, true]);
    const before = rounds;
    await until(() => rounds > before, "it lives on, and nobody waits for it");
    isOver = true;
    await sleep(5);
  });

  test("killAll() kills whatever is given, and need not be awaited", async () => {
    const greenlets = new Set([spawn(forEver), spawn(forEver)]);
    await sleep(0);
    const killed = killAll(greenlets);
    await killed;
    assertEquals([...greenlets].every((one) => one.dead), true);
    await killAll([]);
    await assertRejects(() => killAll([1 as never]), TypeError);
  });

  // -- links --

  test("Greenlet.link() settles a future, before and after the end", async () => {
    const error = new Error("failed");
    const [good, bad] = [spawn(sleeper, 1), spawn(failing, error)];
    for (let i = 0; i < 3; i++) {
      const futures = [new Future<unknown>(), new Future<unknown>()];
      good.link(futures[0] as Future);
      bad.link(futures[1] as Future);
      assertEquals(await futures[0], 1);
      assertStrictEquals(await thrown(futures[1] as Future), error);
    }
    assertThrows(() => good.link(null as never), TypeError);
    assertThrows(() => good.link({} as never), TypeError);
  });

  test("Greenlet.linkValue() and linkException() are called in their case alone", async () => {
    for (
      const [make, expected] of [
        [() => spawn(sleeper, 0), ["link", "value"]],
        [() => spawn(failing, new Error("no")), ["link", "exception"]],
        [() => new Greenlet(forEver), ["link", "value"]],
      ] as const
    ) {
      const greenlet: Greenlet<unknown> = make();
      const log: string[] = [];
      greenlet.link((one) => log.push(one === greenlet ? "link" : "another"));
      greenlet.linkValue(() => log.push("value"));
      greenlet.linkException(() => log.push("exception"));
      if (!greenlet.started) await greenlet.kill();
      await greenlet.join();
      await sleep(1);
      assertEquals(log, [...expected]);
    }
  });

  test("Greenlet.link() calls a thousand functions in order", async () => {
    const log: number[] = [];
    const greenlet = spawn(sleeper, 0);
    for (let i = 0; i < 1000; i++) greenlet.link(() => log.push(i));
    await greenlet.join();
    assertEquals(log, Array.from({ length: 1000 }, (_, i) => i));
  });

  test("Greenlet.unlink() takes links back, also while they are called", async () => {
    const log: string[] = [];
    const greenlet = spawn(sleeper, 0);
    const [never, second] = [() => log.push("never"), () => log.push("second")];
    greenlet.link(never);
    greenlet.link(() => {
      log.push("first");
      greenlet.unlink(second);
      greenlet.link(() => log.push("added"));
    });
    greenlet.link(second);
    assertEquals(greenlet.hasLinks(), 3);
    greenlet.unlink(never);
    greenlet.unlink(never);
    greenlet.unlink(null as never);
    assertEquals(greenlet.hasLinks(), 2);
    await greenlet.join();
    await sleep(1);
    assertEquals([log, greenlet.hasLinks()], [["first", "added"], 0]);
  });

  // -- wait, hub --

  test("wait() and asCompleted() take greenlets among others", async () => {
    const event = new Event({ scope: "local" });
    const greenlets = [spawn(sleeper, 20), spawn(sleeper, 1), spawn(failing, new Error("no"))];
    const slow = spawn(forEver);
    const order: unknown[] = [];
    for await (const one of asCompleted([...greenlets, slow, event], { count: 3 })) order.push(one);
    assertEquals(order, [greenlets[2], greenlets[1], greenlets[0]]);
    const { done, notDone } = await wait([...greenlets, slow], { timeout: 1 });
    assertEquals([done.size, notDone.has(slow), slow.hasLinks()], [3, true, 0]);
    await slow.kill();
  });

  test("hub.join() waits for all greenlets, and can be called again", async () => {
    const greenlet = spawn(sleeper, 20);
    await assertRejects(() => hub.join({ timeout: 1 }), TimeoutError);
    await hub.join();
    assertEquals(greenlet.dead, true);
    await hub.join();
    spawn(sleeper, 0);
    await hub.join();
    const inside = spawn(of(function* () {
      const other = spawn(sleeper, 5);
      yield hub.join();
      return other.dead;
    }));
    assertEquals(await inside, true);
  });

  test("hub.join() in several greenlets: they do not wait for each other, and the code outside does", async () => {
    await hub.join();
    const log: string[] = [];
    const joining = of(function* (name: string) {
      yield hub.join();
      log.push(name);
      yield sleep(1);
      log.push(`${name} ends`);
    });
    const unawaited = spawn(of(function* () {
      hub.join().catch(() => {});
      yield sleep(0);
    }));
    const all = [spawn(joining, "one"), spawn(joining, "two"), spawn(sleeper, 5), unawaited];
    const late = spawn(of(function* () {
      yield sleep(1);
      yield hub.join({ timeout: 60_000 });
      log.push("three");
    }));
    await hub.join();
    assertEquals(log, ["one", "two", "three", "one ends", "two ends"]);
    assertEquals([...all, late].every(({ dead }) => dead), true);
  });

  test("hub.statistics() counts who waits for what", async () => {
    await hub.join();
    const before = hub.statistics();
    const queue = new Queue<number>(0, { scope: "local" });
    const greenlets = [1, 2, 3].map((i) =>
      spawn(of(function* () {
        yield i < 3 ? queue.get() : sleep(1000);
      }))
    );
    await sleep(1);
    const { waits, greenlets: count, started } = hub.statistics();
    assertEquals([waits, count], [{ "Queue.get()": 2, "sleep(1000)": 1 }, 3]);
    assertEquals(hub.greenlets, greenlets);
    await killAll(greenlets);
    const after = hub.statistics();
    assertEquals([started - before.started, after.killed - before.killed], [3, 3]);
    assertEquals([after.greenlets, after.waits, after.sleeping], [0, {}, before.sleeping]);
  });

  test("hub tells its hook of failures at which nobody looks, and of no others", async () => {
    const error = new Error("unseen");
    assertEquals(await reportsOf(() => void spawn(failing, error)), [error]);
    const seen = await reportsOf(async () => {
      spawn(failing, error).link(() => {});
      spawn(failing, error).linkException(() => {});
      await thrown(spawn(failing, error).get());
      await spawn(failing, error).join();
      await joinAll([spawn(failing, error)]);
      await wait([spawn(failing, error)]);
      const killed = spawn(forEver);
      await sleep(0);
      killed.kill(error).catch(() => {});
      spawn(of(function* () {
        yield sleep(0);
        throw new GreenletExit();
      }));
    });
    assertEquals(seen, []);
    assertThrows(() => hub.setExcepthook(1 as never), TypeError);
  });

  test("hub goes on after errors in links and hooks", async () => {
    const previous = hub.setExcepthook(() => {
      throw new Error("the hook");
    });
    const greenlet = spawn(failing, new Error("one that is printed, as the test wants it"));
    await sleep(20);
    hub.setExcepthook(previous);
    const log: string[] = [];
    greenlet.link(() => {
      throw new Error("a link, as the test wants it");
    });
    greenlet.link(() => log.push("next"));
    await sleep(5);
    assertEquals(log, ["next"]);
  });

  test("hub.watchdog() tells who keeps the loop", async () => {
    const seen: [unknown, boolean, boolean][] = [];
    const dog = hub.watchdog({
      limit: 30,
      onBlocked: ({ greenlet, milliseconds, stack }) =>
        seen.push([greenlet, milliseconds >= 60, stack.includes("blocker")]),
    });
    const blocker = of(function* blocker() {
      yield sleep(5);
      const end = performance.now() + 80;
      while (performance.now() < end);
      yield sleep(1);
    });
    const greenlet = spawn(blocker);
    spawn(sleeper, 1);
    await greenlet.join();
    dog[Symbol.dispose]();
    // On a loaded machine, others keep the loop, too.
    assert(seen.some(([one, isLong, isThere]) => one === greenlet && isLong && isThere));
    assertThrows(() => hub.watchdog({ limit: 0 }), RangeError);
  });

  test("idle() waits until nobody can run", async () => {
    let rounds = 0;
    spawn(of(function* () {
      for (; rounds < 50; rounds++) yield sleep(0);
    }));
    await idle();
    assertEquals(rounds, 50);
  });

  // -- Timeout --

  test("Timeout throws itself in the greenlet that has started it, and can be started again", async () => {
    const seen = await spawn(of(function* () {
      const timeout = new Timeout(5);
      const seen: unknown[] = [timeout.pending];
      for (let i = 0; i < 2; i++) {
        timeout.start();
        seen.push(timeout.pending);
        try {
          yield sleep(1000);
        } catch (error) {
          seen.push(error === timeout, timeout.pending);
        }
      }
      assertThrows(() => timeout.start().start(), InvalidStateError);
      timeout.cancel();
      timeout.close();
      yield sleep(15);
      return seen;
    }));
    assertEquals(seen, [false, true, true, false, true, true, false]);
  });

  test("Timeout refuses to start outside of greenlets, and what is no time", () => {
    assertThrows(() => Timeout.startNew(1), InvalidStateError);
    assertThrows(() => new Timeout(-1), RangeError);
    assertThrows(() => new Timeout("1" as never), TypeError);
    assertThrows(() => new Timeout(1, 5 as never), TypeError);
  });

  test("Timeout.run() gives results, errors, and nothing when it is silent", async () => {
    const error = new Error("mine");
    class Late extends Error {}
    const slow = of(function* () {
      yield sleep(10_000);
    });
    const check = async (): Promise<void> => {
      assertEquals(await Timeout.run(1000, () => sleeper(1)), 1);
      assertStrictEquals(await thrown(Timeout.run(1000, () => failing(error))), error);
      const late = await thrown(Timeout.run(5, () => slow()));
      assert(late instanceof Timeout && late instanceof TimeoutError);
      assertStrictEquals(await thrown(Timeout.run(5, () => slow(), { error })), error);
      assert(await thrown(Timeout.run(5, () => slow(), { error: Late })) instanceof Late);
      const named = await thrown(Timeout.run(5, () => slow(), { error: "too late" })) as Error;
      assertEquals([named.message, named instanceof Timeout], ["too late", true]);
      assertEquals(await Timeout.run(5, () => slow(), { silent: true }), undefined);
      assertEquals(await Timeout.run(null, () => sleeper(1)), 1);
      assertEquals(await Timeout.run(Infinity, () => sleeper(1)), 1);
      assert(await thrown(Timeout.run(0, () => slow())) instanceof Timeout);
      const foreign = new Promise(() => {});
      assert(await thrown(Timeout.run(5, () => foreign)) instanceof Timeout);
    };
    await check();
    await spawn(check);
  });

  test("Timeout.run() gives up the waits of its function alone", async () => {
    const log: string[] = [];
    await spawn(async () => {
      const go = new Event({ scope: "local" });
      const other = go.wait().then(() => log.push("other"));
      await Timeout.run(5, async () => {
        try {
          await sleep(1000);
        } finally {
          log.push("given up");
        }
      }, { silent: true });
      log.push("after");
      go.set();
      await other;
    });
    assert(log.includes("other"));
    assertEquals(log.filter((entry) => entry !== "other"), ["given up", "after"]);
  });

  test("Timeouts nest: the one whose time is up is known, the other goes on", async () => {
    const seen = await spawn(of(function* () {
      const [outer, inner] = [Timeout.startNew(500), Timeout.startNew(5)];
      const seen: unknown[] = [];
      try {
        yield sleep(1000);
      } catch (error) {
        seen.push(error === inner, outer.pending, inner.pending);
      }
      try {
        yield sleep(10_000);
      } catch (error) {
        seen.push(error === outer);
      }
      const never = Timeout.startNew(10_000);
      const soon = Timeout.startNew(5);
      try {
        yield sleep(1000);
      } catch (error) {
        seen.push(error === soon, never.pending);
      }
      never[Symbol.dispose]();
      return [...seen, never.pending];
    }));
    assertEquals(seen, [true, true, false, true, true, true, false]);
  });

  test("Timeout that nobody has cancelled ends with its greenlet", async () => {
    const { sleeping } = hub.statistics();
    const starts = [() => Timeout.startNew(1e6), () => timeout(1e6)];
    for (const start of starts) {
      let limit: unknown = null;
      const greenlet = spawn(of(function* () {
        limit = start();
        yield sleep(0);
      }));
      const killed = spawn(of(function* () {
        start();
        yield sleep(Infinity);
      }));
      await greenlet;
      await killed.kill();
      assertEquals(hub.statistics().sleeping, sleeping);
      if (limit instanceof Timeout) assertEquals(limit.pending, false);
      else assertEquals(String(limit), "<TimeoutScope finished>");
    }
    const again = await spawn(() => {
      const timeout = new Timeout(1e6);
      for (let i = 0; i < 3; i++) {
        timeout.start();
        timeout.cancel();
      }
      return timeout.start();
    });
    assertEquals([again.pending, hub.statistics().sleeping], [false, sleeping]);
  });

  test("Timeout that was cancelled after its time throws nothing", async () => {
    const greenlet = spawn(of(function* () {
      const timeout = Timeout.startNew(1);
      const end = performance.now() + 10;
      while (performance.now() < end);
      timeout.cancel();
      yield sleep(5);
      return "free";
    }));
    assertEquals(await greenlet, "free");
  });

  // -- local --

  test("GreenletLocal keeps attributes for each greenlet, and drops them with it", async () => {
    const local = new GreenletLocal<{ x?: number }>();
    local.x = 0;
    const work = of(function* (x: number) {
      const before = "x" in local;
      local.x = x;
      yield sleep(1);
      const seen = [before, local.x, Object.keys(local)];
      delete local.x;
      return [...seen, local.x];
    });
    const greenlets = [spawn(work, 1), spawn(work, 2)];
    await joinAll(greenlets);
    assertEquals(greenlets.map(({ value }) => value), [
      [false, 1, ["x"], undefined],
      [false, 2, ["x"], undefined],
    ]);
    assertEquals(local.x, 0);
    assertThrows(() => new GreenletLocal(1), TypeError);
    class Counter extends GreenletLocal {
      count: number;
      constructor(first: number) {
        super(first);
        this.count = first;
      }
    }
    const counter = new Counter(5);
    counter.count++;
    const other = await spawn(of(function* () {
      yield sleep(0);
      return ++counter.count + 10;
    }));
    assertEquals([counter.count, other], [6, 16]);
  });
}

/** Waits for an idle hub that never is. */
async function idleForEver(): Promise<void> {
  for (;;) await idle();
}
