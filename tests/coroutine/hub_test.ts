import { assert, assertEquals } from "@std/assert";
import { Hub } from "../../coroutine/hub.ts";

/** A world of which every step is taken by hand. */
class FakeWorld {
  time = 1000;
  looks = 0;
  readonly microtasks: (() => void)[] = [];
  readonly turns: (() => void)[] = [];

  now(): number {
    this.looks++;
    return this.time;
  }

  soon(callback: () => void): void {
    this.microtasks.push(callback);
  }

  nextTurn(callback: () => void): void {
    this.turns.push(callback);
  }

  /** Does all that can be done without another turn of the event loop. */
  drain(): void {
    for (let next = this.microtasks.shift(); next; next = this.microtasks.shift()) next();
  }

  /** Begins another turn of the event loop; tells whether somebody waited for it. */
  turn(): boolean {
    const next = this.turns.shift();
    next?.();
    return next !== undefined;
  }
}

/** Makes a waiter that writes its name down, posts itself again so often, and takes some time each time. */
function makeWaiter(
  { hub, world, log }: { hub: Hub; world: FakeWorld; log: string[] },
  name: string,
  times: number,
  cost = 0,
): { resume(): void } {
  let left = times;
  return {
    resume() {
      log.push(name);
      if (--left > 0) hub.post(this);
      // The code of a waiter runs after the portion in which it was resumed.
      world.microtasks.unshift(() => world.time += cost);
    },
  };
}

/** The world as it is, but for its clock. */
function realHub(now = (): number => performance.now()): Hub {
  return new Hub({
    now,
    soon: queueMicrotask,
    nextTurn: (callback) => void setTimeout(callback, 0),
  });
}

function setUp(): { hub: Hub; world: FakeWorld; log: string[] } {
  const world = new FakeWorld();
  return { hub: new Hub(world), world, log: [] };
}

Deno.test("Hub.post() lets waiters go on in order, and those that post again come round", () => {
  const all = setUp();
  for (const name of ["a", "b", "c"]) all.hub.post(makeWaiter(all, name, 3));
  assertEquals([all.hub.ready, all.log], [3, []]);
  do all.world.drain(); while (all.world.turn());
  assertEquals([all.log.join(""), all.hub.ready], ["abcabcabc", 0]);
  all.hub.post(makeWaiter(all, "d", 2));
  do all.world.drain(); while (all.world.turn());
  assertEquals(all.log.join(""), "abcabcabcdd");
});

Deno.test("Hub.post() keeps the order of many, and of those that come while others go on", () => {
  const all = setUp();
  const expected: string[] = [];
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 5000; i++) expected.push(`${i}`);
  }
  for (let i = 0; i < 5000; i++) all.hub.post(makeWaiter(all, `${i}`, 3));
  do all.world.drain(); while (all.world.turn());
  assertEquals(all.log, expected);
});

Deno.test("Hub.post() keeps the order when its queue grows, wherever it begins", () => {
  for (const before of [1, 700, 1023]) {
    const all = setUp();
    for (let i = 0; i < before; i++) all.hub.post(makeWaiter(all, "before", 1));
    do all.world.drain(); while (all.world.turn());
    all.log.length = 0;
    const expected = Array.from({ length: 3000 }, (_, i) => `${i}`);
    for (const name of expected) all.hub.post(makeWaiter(all, name, 1));
    do all.world.drain(); while (all.world.turn());
    assertEquals(all.log, expected);
  }
});

Deno.test("Hub goes on with the others when a waiter throws", () => {
  const all = setUp();
  all.hub.post(makeWaiter(all, "a", 2));
  all.hub.post({
    resume() {
      throw new RangeError("waiter");
    },
  });
  all.hub.post(makeWaiter(all, "b", 2));
  const errors: unknown[] = [];
  do {
    try {
      all.world.drain();
    } catch (error) {
      errors.push(error);
    }
  } while (all.world.turn() || all.world.microtasks.length > 0);
  assertEquals([all.log.join(""), errors.length], ["abab", 1]);
});

Deno.test("Hub gives the event loop its turn when two milliseconds are over, however many wait", () => {
  for (const [count, cost] of [[1, 0.01], [1, 5], [500, 0.01], [500, 0.5], [500, 5]] as const) {
    const all = setUp();
    const { hub, world, log } = all;
    for (let i = 0; i < count; i++) hub.post(makeWaiter(all, "", 2000 / count, cost));
    world.drain();
    world.turn();
    // From here on, the hub knows what the code costs.
    let longest = 0;
    while (hub.ready > 0) {
      const before = world.time;
      world.drain();
      longest = Math.max(longest, world.time - before);
      if (!world.turn()) break;
    }
    assertEquals(log.length, 2000);
    const allowed = 2 + 128 * 0.01 + 2 * cost;
    assert(longest <= allowed, `${count} of ${cost} ms: ${longest} ms without a turn`);
  }
});

Deno.test("Hub looks at the clock now and then when the code is quick, and often when it is slow", () => {
  for (const [cost, least, most] of [[0, 10, 100], [0.3, 2000, 2100]] as const) {
    const all = setUp();
    all.hub.post(makeWaiter(all, "", 2000, cost));
    do all.world.drain(); while (all.world.turn());
    const turns = cost === 0 ? 0 : 2000 * cost / 2;
    const { looks } = all.world;
    assert(looks >= least && looks <= most + 2 * turns, `${looks} looks`);
  }
});

Deno.test("Hub.sleep() wakes sleepers in the order of their times, then of their coming", async () => {
  const start = performance.now();
  // All begin at the same time, however busy the machine is.
  let stopped: number | null = start;
  const hub = realHub(() => stopped ?? performance.now());
  const log: string[] = [];
  await new Promise<void>((resolve) => {
    const sleeper = (name: string) => ({ resume: () => void log.push(name) });
    hub.sleep(60, { resume: resolve });
    hub.sleep(50, sleeper("late"));
    hub.sleep(0, sleeper("first"));
    hub.sleep(10, {
      resume() {
        log.push(performance.now() - start >= 9 ? "in time" : "early");
      },
    });
    const cancelled = hub.sleep(5, sleeper("cancelled"));
    assertEquals([hub.cancel(cancelled), hub.cancel(cancelled)], [true, false]);
    assertEquals(hub.sleeping, 4);
    stopped = null;
  });
  assertEquals(log, ["first", "in time", "late"]);
  assertEquals([hub.sleeping, hub.ready], [0, 0]);
});

Deno.test("Hub.cancel() of the last sleeper leaves no timer behind", async () => {
  const hub = realHub();
  const late = hub.sleep(1e9, { resume() {} });
  const soon = hub.sleep(1, { resume() {} });
  await new Promise<void>((resolve) => hub.sleep(2, { resume: resolve }));
  assertEquals([hub.cancel(soon), hub.cancel(late), hub.sleeping], [false, true, 0]);
  // A timer that is left keeps the program from ending.
  hub.cancel(hub.sleep(1e12, { resume() {} }));
  assertEquals(hub.sleeping, 0);
});
