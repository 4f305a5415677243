import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { AsyncLocalStorage } from "node:async_hooks";
import timers from "node:timers/promises";
import { type Greenlet, hub, joinAll, sleep, spawn } from "../../coroutine/mod.ts";
import { GreenletExit, TimeoutError } from "../../errors.ts";
import { Queue } from "../../queue/mod.ts";
import { type Guard, Semaphore } from "../../sync/mod.ts";
import { watchRejections } from "../pool/wait_support.ts";

// A generator that is driven yields waits that are no promises: these are the edges of that.

for (const scope of ["local", "thread"] as const) {
  Deno.test(`A wait of a generator serves whoever else awaits it, too [${scope}]`, async () => {
    const queue = new Queue<number>(0, { scope });
    const log: unknown[] = [];
    let wait: Promise<number> | undefined;
    const first = spawn(function* (): Generator<unknown, number, number> {
      wait = queue.get();
      wait.then((value) => log.push(["then", value]));
      return yield wait;
    });
    const second = spawn(function* (): Generator<unknown, number, number> {
      return yield wait;
    });
    const third = spawn(() => wait);
    await sleep(0);
    await queue.put(7);
    assertEquals(await Promise.all([first.get(), second.get(), third.get()]), [7, 7, 7]);
    assertEquals(log, [["then", 7]]);
    assertEquals(queue.qsize(), 0);
  });

  Deno.test(`A wait of a generator keeps what it has brought until it is yielded [${scope}]`, async () => {
    const seat = new Semaphore(1, { scope });
    const guard = seat.tryAcquire() as Guard;
    const greenlet = spawn(function* (): Generator<unknown, Guard, Guard> {
      const wait = seat.acquire();
      yield sleep(1);
      guard.release();
      yield sleep(1);
      return yield wait;
    });
    (await greenlet.get()).release();
    assertEquals(seat.value, 1);
  });

  Deno.test(`A wait of a generator that runs out of time throws where it is yielded [${scope}]`, async () => {
    const seat = new Semaphore(0, { scope });
    const greenlet = spawn(function* (): Generator<unknown, unknown, unknown> {
      try {
        return yield seat.acquire({ timeout: 1 });
      } catch (error) {
        return error;
      }
    });
    assertInstanceOf(await greenlet.get(), TimeoutError);
    assertStrictEquals(seat.tryAcquire(), null);
    seat.release();
    seat.tryAcquire()?.release();
    assertEquals(seat.value, 1);
  });

  Deno.test(`A wait of a generator that fails and is never yielded is an unhandled rejection [${scope}]`, async () => {
    const reasons = await watchRejections(async () => {
      const greenlet = spawn(function* () {
        new Semaphore(0, { scope }).acquire({ timeout: 1 });
        yield sleep(20);
      });
      await greenlet.join();
    });
    assertEquals(reasons.length, 1);
    assertInstanceOf(reasons[0], TimeoutError);
  });
}

Deno.test("An item that is a promise is awaited by a generator", async () => {
  const queue = new Queue<unknown>(0, { scope: "local" });
  const greenlet = spawn(function* (): Generator<unknown, unknown[], unknown> {
    return [yield queue.get(), yield queue.get()];
  });
  await sleep(0);
  await queue.put(timers.setTimeout(1, "late"));
  await queue.put(Promise.resolve("soon"));
  assertEquals(await greenlet.get(), ["late", "soon"]);
});

Deno.test("An item that is a promise nobody settles keeps no generator from being killed", async () => {
  const queue = new Queue<unknown>(0, { scope: "local" });
  const greenlet = spawn(function* () {
    yield queue.get();
  });
  await sleep(0);
  await queue.put(new Promise(() => {}));
  await sleep(0);
  await greenlet.kill(null, { grace: Infinity });
  assertInstanceOf(greenlet.value, GreenletExit);
});

Deno.test("An item that is a rejected promise is thrown in a generator", async () => {
  const queue = new Queue<unknown>(0, { scope: "local" });
  const reasons = await watchRejections(async () => {
    const greenlet = spawn(function* (): Generator<unknown, unknown, unknown> {
      const later = queue.get();
      try {
        yield queue.get();
      } catch (error) {
        return [error, yield later];
      }
    });
    await sleep(0);
    await queue.put(timers.setTimeout(1, "late"));
    await queue.put(Promise.reject("no"));
    assertEquals(await greenlet.get(), ["no", "late"]);
  });
  assertEquals(reasons, []);
});

Deno.test("A generator whose waits are all over at once lets others and timers run", async () => {
  const seat = new Semaphore(1, { scope: "local" });
  const log: string[] = [];
  let isDone = false;
  const busy = spawn(function* (): Generator<unknown, number, Guard> {
    let rounds = 0;
    for (; !isDone; rounds++) (yield seat.acquire()).release();
    return rounds;
  });
  const other = spawn(function* () {
    for (let i = 0; i < 3; i++) {
      log.push(`other ${i}`);
      yield sleep(0);
    }
  });
  await joinAll([other]);
  assertEquals(log, ["other 0", "other 1", "other 2"]);
  await timers.setTimeout(1);
  isDone = true;
  assert(await busy.get() > 3);
});

Deno.test("Greenlet.kill() loses nothing that a wait of a generator has brought", async () => {
  const seat = new Semaphore(1, { scope: "local" });
  let released = 0;
  const busy: Greenlet<unknown> = spawn(function* (): Generator<unknown, void, Guard> {
    for (let i = 0; i < 1_000; i++) {
      const guard = yield seat.acquire();
      try {
        if (i === 100) yield sleep(60_000);
      } finally {
        guard.release();
        released++;
      }
    }
  });
  for (let i = 0; i < 5; i++) await sleep(0);
  const ended = busy.kill();
  await ended;
  assertInstanceOf(busy.value, GreenletExit);
  assertEquals(seat.value, 1);
  assert(released > 0);
});

Deno.test("Greenlet.kill() takes the wait of a generator back: its permit goes to the next", async () => {
  const seat = new Semaphore(0, { scope: "local" });
  const take = function* (name: string): Generator<unknown, string, unknown> {
    yield seat.acquire();
    return name;
  };
  const [first, second, third] = ["1", "2", "3"].map((name) => spawn(take, name)) as [
    Greenlet<string>,
    Greenlet<string>,
    Greenlet<string>,
  ];
  await sleep(0);
  await second.kill();
  seat.release(2);
  assertEquals([await first.get(), await third.get()], ["1", "3"]);
  assertEquals(seat.value, 0);
});

Deno.test('Semaphore of scope "local" serves in order, whoever gives up in between', async () => {
  const seat = new Semaphore(0, { scope: "local" });
  const log: number[] = [];
  const aborts = Array.from({ length: 6 }, () => new AbortController());
  const waits = aborts.map(({ signal }, i) =>
    seat.acquire({ signal }).then(() => log.push(i), () => log.push(-i))
  );
  for (const i of [5, 0, 2]) aborts[i]?.abort(new Error("given up"));
  await timers.setImmediate();
  log.length = 0;
  seat.release(4);
  await Promise.all(waits);
  assertEquals(log, [1, 3, 4]);
  assertEquals(seat.value, 1);
});

Deno.test("A thenable that a generator yields is asked once, in its context, and heard once", async () => {
  const storage = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  const thenable = (then: (resolve: (value: unknown) => void) => void): unknown => ({
    then(resolve: (value: unknown) => void) {
      seen.push(storage.getStore(), hub.current?.name);
      then(resolve);
    },
  });
  const other = storage.run("other", () =>
    spawn(function* () {
      for (let i = 0; i < 10; i++) yield sleep(0);
    }));
  const greenlet = storage.run(
    "own",
    () =>
      spawn(function* (): Generator<unknown, unknown[], unknown> {
        const values = [yield sleep(0)];
        const twice = (resolve: (value: unknown) => void): void => {
          resolve("first");
          queueMicrotask(() => resolve("second"));
        };
        values.push(yield thenable(twice), yield timers.setTimeout(1, "timer"));
        values.push(
          yield thenable((resolve) => {
            resolve("came");
            throw new Error("too late");
          }),
          yield timers.setTimeout(1, "timer"),
        );
        values.push(yield thenable((resolve) => resolve(Promise.resolve("promised"))));
        return values;
      }),
  );
  greenlet.name = "bob";
  const values = [undefined, "first", "timer", "came", "timer", "promised"];
  assertEquals(await greenlet.get(), values);
  assertEquals(seen, Array.from({ length: 3 }, () => ["own", "bob"]).flat());
  await other.join();
});

Deno.test("A generator yields thenables that come at once as often as it likes", async () => {
  const one = { then: (resolve: (value: number) => void) => resolve(1) };
  const greenlet = spawn(function* (): Generator<unknown, number, number> {
    let sum = 0;
    for (let i = 0; i < 20_000; i++) sum += yield one;
    return sum;
  });
  assertEquals(await greenlet.get(), 20_000);
});

Deno.test("A generator catches what a thenable throws when it is looked at", async () => {
  const broken = {
    get then(): never {
      throw new Error("broken");
    },
  };
  const greenlet = spawn(function* (): Generator<unknown, unknown, unknown> {
    yield sleep(0);
    try {
      return yield broken;
    } catch (error) {
      return (error as Error).message;
    }
  });
  assertEquals(await greenlet.get(), "broken");
});
