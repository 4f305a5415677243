/** What gevent's tests demand of groups, pools and channels. */

import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import {
  Channel,
  type Greenlet,
  GreenletPool,
  Group,
  hub,
  joinAll,
  killAll,
  sleep,
  spawn,
  Timeout,
} from "../../coroutine/mod.ts";
import {
  EmptyError,
  FullError,
  GreenletExit,
  InvalidStateError,
  ShutDownError,
  TimeoutError,
} from "../../errors.ts";
import { Event } from "../../sync/mod.ts";
import { type BodyKind, reportsOf, thrown } from "./gevent_support.ts";
import { until } from "./support.ts";

/** Registers the tests for one kind of functions. */
export function geventPoolConformance({ name: kind, of }: BodyKind): void {
  const test = (name: string, fn: () => void | Promise<void>): void =>
    Deno.test(`${name} [${kind}]`, fn);
  const forEver = of(function* () {
    yield sleep(Infinity);
  });
  const echo = of(function* (ms: number) {
    yield sleep(ms);
    return ms;
  });

  for (const size of [1, 2, 3, 10, null]) {
    const poolTest = (name: string, fn: (pool: GreenletPool) => Promise<void>): void =>
      test(`GreenletPool(${size})${name}`, () => fn(new GreenletPool(size)));

    poolTest(" never has more greenlets running than its size, and runs all", async (pool) => {
      let [now, most, all] = [0, 0, 0];
      const body = of(function* () {
        most = Math.max(most, ++now);
        yield sleep(1);
        now--;
        all++;
      });
      for (let i = 0; i < 12; i++) pool.spawn(body);
      assertEquals(pool.length, 12);
      assertEquals(pool.full(), size !== null);
      await pool.join();
      assertEquals([most, all, pool.length, pool.freeCount()], [
        Math.min(size ?? 12, 12),
        12,
        0,
        size ?? Infinity,
      ]);
    });

    poolTest(".apply() gives the value, or throws", async (pool) => {
      const error = new Error("no");
      const fail = of(function* () {
        yield sleep(0);
        throw error;
      });
      assertEquals(await pool.apply(echo, [1]), 1);
      assertStrictEquals(await thrown(pool.apply(fail)), error);
      assertEquals(await pool.apply((x: number) => x + 1, [1]), 2);
      assert(await thrown(pool.apply(1 as never)) instanceof TypeError);
    });

    poolTest(".apply() inside one of its greenlets runs at once", async (pool) => {
      const inner = of(function* () {
        const before = hub.current?.ident;
        yield sleep(0);
        return before === hub.current?.ident ? before : null;
      });
      const outer = of(function* () {
        const current = hub.current?.ident;
        return (yield pool.apply(inner)) === current;
      });
      assertEquals(await pool.apply(outer), true);
    });

    poolTest(".applyAsync() calls back", async (pool) => {
      const log: unknown[] = [];
      const error = new Error("no");
      const options = {
        callback: (value: unknown) => log.push(value),
        errorCallback: (error: unknown) => log.push(error),
      };
      const one = pool.applyAsync(echo, [1], options);
      const other = pool.applyAsync(
        (): number => {
          throw error;
        },
        [],
        options,
      );
      await joinAll([one, other]);
      await sleep(1);
      assertSameItems(log, [1, error]);
    });

    poolTest(".map() and imap() give results in the order of the items", async (pool) => {
      const items = [5, 1, 3, 0];
      assertEquals(await pool.map(echo, items), items);
      assertEquals(await pool.mapAsync(echo, new Set(items)), items);
      assertEquals(await collect(pool.imap(echo, items)), items);
      assertEquals(await collect(pool.imap(echo, later(items))), items);
      assertEquals(await pool.map(echo, []), []);
    });

    poolTest(".imapUnordered() gives results as they come", async (pool) => {
      const gates = [0, 1, 2].map(() => new Event({ scope: "local" }));
      const wait = of(function* (item: number) {
        yield (gates[item] as Event).wait();
        return item;
      });
      const results = pool.imapUnordered(wait, [0, 1, 2]);
      for (const item of size === 1 ? [0, 1, 2] : [1, 2, 0]) {
        const next = results.next();
        (gates[item] as Event).set();
        assertEquals(await next, { done: false, value: item });
      }
      assertEquals(await results.next(), { done: true, value: undefined });
    });

    poolTest(".imap() goes on after an item that failed", async (pool) => {
      const error = new Error("zero");
      const inverse = of(function* (x: number) {
        yield sleep(0);
        if (x === 0) throw error;
        return 1 / x;
      });
      const next = (results: AsyncIterator<unknown>): Promise<unknown> =>
        results.next().then(({ value }) => value, (error) => error);
      for (const method of ["imap", "imapUnordered"] as const) {
        const results = pool[method](inverse, [1, 0, 2]);
        const seen = [await next(results), await next(results), await next(results)];
        if (method === "imap") assertEquals(seen, [1, error, 0.5]);
        else assertSameItems(seen, [1, error, 0.5]);
        assertEquals(await results.next(), { done: true, value: undefined });
        assertEquals(await results.next(), { done: true, value: undefined });
      }
      assertEquals(
        await reportsOf(async () => {
          assertStrictEquals(await thrown(pool.map(inverse, [1, 0, 2, 0])), error);
        }),
        [],
      );
    });

    poolTest(".imap() throws the error of its input after what came before", async (pool) => {
      const error = new Error("input");
      const bad = function* (): Generator<number> {
        yield 1;
        throw error;
      };
      for (const results of [pool.imap(echo, bad()), pool.imapUnordered(echo, bad())]) {
        const seen = [];
        for (let i = 0; i < 2; i++) {
          seen.push(await results.next().then(({ value }) => value, (error) => error));
        }
        assertSameItems(seen, [1, error]);
        assertEquals((await results.next()).done, true);
      }
    });

    poolTest(".kill() ends what runs and what waits for room", async (pool) => {
      const running = pool.spawn(forEver);
      await sleep(1);
      const results = thrown(pool.map(forEver, Array(20).fill(0)));
      const more = pool.spawn(forEver);
      await sleep(1);
      const began = performance.now();
      const killed = pool.kill();
      await killed;
      assert(performance.now() - began < 30_000);
      await joinAll([running, more]);
      assertEquals([running.dead, more.dead, more.value instanceof GreenletExit], [
        true,
        true,
        true,
      ]);
      if (size !== null) assert(await results instanceof GreenletExit);
      else assertEquals(await results, null);
      await pool.kill();
      await pool.join();
    });
  }

  test("Greenlet that returns itself fails, and does not wait for ever", async () => {
    const greenlet = spawn(of(function* () {
      yield sleep(0);
      return hub.current;
    }));
    assert(await thrown(greenlet) instanceof InvalidStateError);
    assert(await thrown(spawn(() => hub.current)) instanceof InvalidStateError);
  });

  test("GreenletPool refuses sizes that are none", () => {
    for (const size of [-1, 1.5, NaN]) assertThrows(() => new GreenletPool(size), RangeError);
    assertThrows(() => new GreenletPool("1" as never), TypeError);
    assertEquals(new GreenletPool(0).full(), true);
    assertEquals(new GreenletPool().full(), false);
  });

  test("GreenletPool.add() counts greenlets from elsewhere, and waits for room", async () => {
    const pool = new GreenletPool(1);
    const [one, other] = [spawn(forEver), spawn(forEver)];
    await pool.add(one);
    await pool.add(one);
    assertEquals([pool.length, pool.has(one), [...pool]], [1, true, [one]]);
    assertEquals(pool.tryAdd(other), false);
    await assertRejects(() => pool.add(other, { timeout: 5 }), TimeoutError);
    const added = pool.add(other);
    assertEquals(pool.has(other), true);
    await one.kill();
    await added;
    assertEquals([pool.has(one), pool.has(other)], [false, true]);
    pool.discard(other);
    assertEquals([pool.length, pool.full()], [0, false]);
    await pool.add(one);
    assertEquals(pool.length, 0);
    await other.kill();
  });

  test("GreenletPool.add() of one greenlet by many waits for all, and gives it one place", async () => {
    const pool = new GreenletPool(1);
    const [one, other] = [pool.spawn(forEver), spawn(forEver)];
    const added: string[] = [];
    const adds = ["first", "second", "third"].map((name) =>
      pool.add(other, name === "first" ? { timeout: 5 } : {}).then(() => added.push(name))
    );
    await assertRejects(() => adds[0] as Promise<number>, TimeoutError);
    assertEquals([added, pool.length, [...pool]], [[], 2, [one, other]]);
    await pool.killOne(one);
    await Promise.all(adds.slice(1));
    assertEquals([added, pool.length, pool.full()], [["second", "third"], 1, true]);
    await pool.kill();
  });

  test("GreenletPool.discard() of one that waits for room lets go on who waits for that", async () => {
    const pool = new GreenletPool(1);
    const [one, other] = [pool.spawn(forEver), spawn(forEver)];
    const added = pool.add(other);
    const queued = pool.spawn(echo, 5);
    pool.discard(other);
    await added;
    assertEquals([pool.has(other), pool.length, other.dead, queued.started], [
      false,
      2,
      false,
      false,
    ]);
    pool.discard(queued);
    assertEquals([await queued, pool.length], [5, 1]);
    await killAll([one, other]);
  });

  test("GreenletPool.waitAvailable() waits for room; killed greenlets leave the line", async () => {
    const pool = new GreenletPool(1);
    await pool.waitAvailable();
    const one = pool.spawn(forEver);
    const [two, three] = [pool.spawn(forEver), pool.spawn(echo, 1)];
    await assertRejects(() => pool.waitAvailable({ timeout: 5 }), TimeoutError);
    await two.kill();
    await sleep(1);
    assertEquals([pool.has(two), pool.has(three), three.started], [false, true, false]);
    await pool.killOne(one);
    assertEquals(await three, 1);
    await pool.killOne(three);
    await pool.waitAvailable();
    await assertRejects(() => pool.join({ timeout: -1 }), RangeError);
  });

  test("Group.kill() tells each greenlet once, however often it is called", async () => {
    const group = new Group();
    let told = 0;
    group.spawn(of(function* () {
      try {
        yield sleep(Infinity);
      } finally {
        told++;
        yield sleep(5);
      }
    }));
    await sleep(0);
    await Promise.all([group.kill(), group.kill(), group.kill()]);
    assertEquals([told, group.length], [1, 0]);
  });

  test("Group.kill() reaches those that are spawned meanwhile, and the one that calls it", async () => {
    const group = new Group();
    const caller = group.spawn(of(function* () {
      yield sleep(1);
      yield group.kill();
    }));
    group.spawn(of(function* () {
      try {
        yield sleep(Infinity);
      } finally {
        group.spawn(forEver);
      }
    }));
    await caller.join();
    await group.join({ timeout: 10_000 });
    assertEquals([caller.value instanceof GreenletExit, group.length], [true, 0]);
  });

  test("Group.join() waits for all, also those that come, and tells of errors if asked", async () => {
    const group = new Group([spawn(echo, 1)]);
    const error = new Error("first");
    group.spawn(of(function* () {
      yield sleep(1);
      group.spawn(echo, 5);
      throw error;
    }));
    await assertRejects(() => group.join({ timeout: 0 }), TimeoutError);
    assertStrictEquals(await thrown(group.join({ raiseError: true })), error);
    assertEquals(group.length, 0);
    await group.join({ raiseError: true });
    const self = group.spawn(of(function* () {
      yield group.join();
    }));
    assert(await thrown(self) instanceof InvalidStateError);
  });

  test("Group.imap() takes no more than maxsize items ahead of its reader", async () => {
    let taken = 0;
    const endless = function* (): Generator<number> {
      for (;;) yield taken++;
    };
    for (const make of ["imap", "imapUnordered"] as const) {
      taken = 0;
      const results = new Group()[make](echo as (x: number) => unknown, endless(), { maxsize: 3 });
      await sleep(5);
      assertEquals(taken, 3);
      for (let i = 0; i < 4; i++) await results.next();
      await sleep(30);
      assertEquals(taken, 7);
      await results.return?.();
      await sleep(5);
      assertEquals([taken, (await results.next()).done], [7, true]);
    }
    assertThrows(() => new Group().imap(echo, [], { maxsize: 0 }), RangeError);
    assertThrows(() => new Group().imap(1 as never, []), TypeError);
    assertThrows(() => new Group().imap(echo, 1 as never), TypeError);
  });

  test("Group.imap() loses no result when who waits for it is killed", async () => {
    const results = new Group().imap(echo, [20, 21]);
    const reader = spawn(of(function* () {
      yield results.next();
    }));
    await sleep(1);
    await reader.kill();
    assertEquals(await collect(results), [20, 21]);
  });

  // -- channel --

  test("Channel.put() returns when the item was got", async () => {
    const log: string[] = [];
    const channel = new Channel<string>();
    const sender = spawn(of(function* () {
      for (const word of ["hello", "world"]) {
        log.push(`sending ${word}`);
        yield channel.put(word);
        log.push(`sent ${word}`);
      }
    }));
    await sleep(1);
    assertEquals([log, channel.balance, String(channel)], [
      ["sending hello"],
      1,
      "<Channel balance=1>",
    ]);
    log.push(await channel.get());
    await sleep(1);
    log.push(await channel.get());
    await sender.join();
    assertEquals(log, [
      "sending hello",
      "hello",
      "sent hello",
      "sending world",
      "world",
      "sent world",
    ]);
    assertEquals([channel.qsize(), channel.empty(), channel.full()], [0, true, true]);
  });

  for (const inGreenlet of [false, true]) {
    const where = inGreenlet ? "in a greenlet" : "outside";
    test(`V68 Channel: who gets ${where} goes on before who has put`, async () => {
      for (const waitsFirst of [true, false]) {
        const log: string[] = [];
        const channel = new Channel<string>();
        const sender = of(function* () {
          log.push("sending");
          yield channel.put("hello");
          log.push("sent hello");
          yield channel.put("world");
          log.push("sent world");
        });
        const receiver = of(function* () {
          log.push(yield channel.get());
          log.push(yield channel.get());
        });
        const receive = (): PromiseLike<unknown> => inGreenlet ? spawn(receiver) : receiveOutside();
        const receiveOutside = async (): Promise<void> => {
          log.push(await channel.get());
          log.push(await channel.get());
        };
        if (waitsFirst) await Promise.all([receive(), spawn(sender)]);
        else {
          const sending = spawn(sender);
          await sleep(1);
          await Promise.all([receive(), sending]);
        }
        assertEquals(log, ["sending", "hello", "sent hello", "world", "sent world"]);
      }
    });
  }

  test("Channel lets timers have their turn while two greenlets exchange items", async () => {
    const channel = new Channel<number>();
    let isOver = false;
    let exchanged = 0;
    setTimeout(() => {
      isOver = true;
    }, 1);
    const receiver = spawn(of(function* () {
      while ((yield channel.get()) >= 0) exchanged++;
    }));
    // Without a turn, it would be as many as there may be.
    for (let i = 0; !isOver && i < 1_000_000; i++) await channel.put(i);
    await channel.put(-1);
    await receiver;
    assertEquals([isOver, exchanged < 1_000_000], [true, true]);
  });

  test("Channel serves in order, and who gives up leaves nothing behind", async () => {
    const channel = new Channel<number>();
    const got: number[] = [];
    const getter = of(function* () {
      got.push(yield channel.get());
    });
    const [one, two, three] = [spawn(getter), spawn(getter), spawn(getter)];
    await sleep(0);
    await two.kill();
    assertEquals(channel.balance, -2);
    await channel.put(1);
    channel.putNowait(2);
    await joinAll([one, three]);
    assertEquals(got, [1, 2]);
    await assertRejects(() => channel.get({ timeout: 5 }), TimeoutError);
    await assertRejects(() => channel.put(3, { timeout: 0 }), TimeoutError);
    assertThrows(() => channel.getNowait(), EmptyError);
    assertThrows(() => channel.putNowait(3), FullError);
    assertEquals([channel.tryPut(3), channel.tryGet(), channel.balance], [false, null, 0]);
    const putter = spawn(of(function* () {
      yield channel.put(9);
    }));
    await sleep(0);
    await Timeout.run(5, () => putter.join(), { silent: true });
    await putter.kill();
    assertEquals([channel.balance, channel.tryGet()], [0, null]);
  });

  test("Channel.shutdown() turns everybody away and ends loops", async () => {
    const channel = new Channel<number>();
    const got: number[] = [];
    const reader = spawn(async () => {
      for await (const item of channel) got.push(item);
      return "end";
    });
    const failed = thrown(
      channel.put(1).then(() => channel.put(2)).then(() => sleep(1)).then(() => {
        channel.shutdown();
        return channel.put(3);
      }),
    );
    assert(await failed instanceof ShutDownError);
    assertEquals([await reader, got, channel.isShutdown], ["end", [1, 2], true]);
    await assertRejects(() => channel.get(), ShutDownError);
    const other = new Channel<number>();
    const waiting = thrown(other.put(1));
    other.shutdown();
    assert(await waiting instanceof ShutDownError);
  });

  // -- threads --

  test("hub.threadpool runs functions in threads while greenlets go on", async () => {
    let rounds = 0;
    const ticker = spawn(of(function* () {
      for (;;) {
        rounds++;
        yield sleep(1);
      }
    }));
    const block = (ms: number): number => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
      return ms;
    };
    const gate = new Event();
    const greenlet = spawn(of(function* () {
      return yield hub.threadpool.apply((gate: Event) => {
        gate.waitSync();
        return 60;
      }, [gate]);
    }));
    const other: Greenlet<number> = hub.threadpool.spawn(block, 1);
    assertEquals(await other, 1);
    const before = rounds;
    await until(() => rounds >= before + 3, "the ticker, while a thread is blocked");
    assertEquals(greenlet.dead, false);
    gate.set();
    assertEquals(await greenlet, 60);
    assertEquals(await hub.threadpool.map((x: number) => x * x, [1, 2, 3]), [1, 4, 9]);
    const fail = (): never => {
      throw new RangeError("there");
    };
    assert(await thrown(hub.threadpool.apply(fail)) instanceof RangeError);
    const waiting = spawn(of(function* () {
      yield hub.threadpool.apply(block, [100]);
    }));
    await sleep(10);
    await waiting.kill();
    assert(waiting.value instanceof GreenletExit);
    await ticker.kill();
    await hub.threadpool.join();
    await hub.threadpool.join();
  });
}

/** Asserts that two lists have the same items; Node 20 cannot compare sets. */
function assertSameItems(actual: readonly unknown[], expected: readonly unknown[]): void {
  assertEquals([actual.length, expected.filter((item) => !actual.includes(item))], [
    expected.length,
    [],
  ]);
}

/** All that an iterator gives; Node 20 has no `Array.fromAsync`. */
async function collect<T>(results: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const result of results) all.push(result);
  return all;
}

/** An input that comes later. */
async function* later<T>(items: Iterable<T>): AsyncGenerator<T> {
  for (const item of items) {
    await sleep(1);
    yield item;
  }
}
