import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import {
  BrokenPoolError,
  CancelledError,
  DeadlockError,
  InvalidStateError,
  TimeoutError,
  UnshareableError,
  WorkerLostError,
} from "../../errors.ts";
import { ThreadPool } from "../../pool/mod.ts";
import { Event } from "../../sync/mod.ts";
import { Thread } from "../../thread/mod.ts";
import { until } from "../support.ts";
import {
  exitTimes,
  failAt,
  greet,
  makeWords,
  readRequestId,
  reportAndWait,
  requestId,
  requestIdVariable,
  setGreeting,
  threadName,
  untilAborted,
} from "./api_tasks.ts";

const TIMEOUT = { timeout: 30_000 };
const square = (x: number): number => x * x;
const add = (a: number, b: number): number => a + b;
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

Deno.test("ThreadPool runs a function with arguments, in all forms of apply", async () => {
  await ThreadPool.with(2, async (pool) => {
    assertEquals(await pool.apply(add, [1, 2]), 3);
    assertEquals(await pool.apply(() => "none"), "none");
    assertEquals(await pool.apply(async (x: number) => await Promise.resolve(x), [4]), 4);
    assertEquals(pool.applySync(add, [3, 4]), 7);
    assertEquals(await pool.applyAsync(add, [5, 6]), 11);
    assertEquals(await pool.applyAsync(add, [5, 6]).get(TIMEOUT), 11);
    assertEquals(pool.applyAsync(add, [7, 8]).getSync(TIMEOUT), 15);
  });
});

Deno.test("ThreadPool.map() and its siblings give what a loop would, whatever the chunks", async () => {
  await ThreadPool.with(2, async (pool) => {
    for (const length of [0, 1, 7, 100]) {
      const items = range(length);
      const pairs = items.map((x): [number, number] => [x, 10]);
      for (const chunksize of [undefined, 1, 3, 1000]) {
        const options = chunksize === undefined ? {} : { chunksize };
        assertEquals(await pool.map(square, items, options), items.map(square));
        assertEquals(await pool.mapAsync(square, items, options), items.map(square));
        assertEquals(pool.mapSync(square, items, options), items.map(square));
        assertEquals(await pool.starmap(add, pairs, options), items.map((x) => x + 10));
        assertEquals(await pool.starmapAsync(add, pairs, options), items.map((x) => x + 10));
        assertEquals(pool.starmapSync(add, pairs, options), items.map((x) => x + 10));
      }
    }
  });
});

Deno.test("ThreadPool.map() takes any iterable and async iterable", async () => {
  await ThreadPool.with(2, async (pool) => {
    async function* later(): AsyncGenerator<number> {
      for (const n of range(50)) {
        await Promise.resolve();
        yield n;
      }
    }
    const squares = range(50).map(square);
    assertEquals(await pool.map(square, range(50).values()), squares);
    assertEquals(await pool.map(square, range(50).values(), { chunksize: 7 }), squares);
    assertEquals(await pool.map(square, new Set(range(50))), squares);
    assertEquals(await pool.map(square, Float64Array.from(range(50))), squares);
    assertEquals(await pool.map(square, later()), squares);
    assertEquals(await pool.map(square, later(), { chunksize: 8 }), squares);
    assertEquals(await pool.map((s: string) => s + s, "abc"), ["aa", "bb", "cc"]);
  });
});

Deno.test("ThreadPool.map() takes no more of its input than fits into some memory", async () => {
  await ThreadPool.with(1, async (pool) => {
    for (const [size, count, most] of [[1e4, 3000, 2000], [1e6, 100, 90]] as const) {
      const gate = new Event();
      let taken = 0;
      const items = function* (): Generator<[Event, Uint8Array]> {
        for (; taken < count; taken++) yield [gate, new Uint8Array(size)];
      };
      const measure = (gate: Event, bytes: Uint8Array): number => {
        gate.waitSync();
        return bytes.length;
      };
      const result = pool.starmapAsync(measure, items(), { chunksize: 1 });
      assert(taken < most, `${taken} items of ${size} bytes`);
      gate.set();
      assertEquals((await result).every((length) => length === size), true);
      assertEquals(taken, count);
    }
  });
});

Deno.test("ThreadPool.map() makes four chunks for each worker", async () => {
  await ThreadPool.with(2, async (pool) => {
    const ran = makeWords();
    // The rest of the chunk of an item that failed is not run: so the chunks show.
    const run = (words: Int32Array, n: number): void => {
      Atomics.add(words, 0, 1);
      if (n === 0) throw new RangeError("first");
    };
    const items = range(80).map((n): [Int32Array, number] => [ran, n]);
    await assertRejects(() => pool.starmap(run, items), RangeError, "first");
    assertEquals(ran[0], 71);
  });
});

Deno.test("ThreadPool.map() rejects with the first error when all that runs is done", async () => {
  await ThreadPool.with(2, async (pool) => {
    const items = range(20).map((n): [number, number] => [n, 5]);
    const error = await assertRejects(() => pool.map(failAt, items), RangeError, "item 5");
    assertMatch(error.stack ?? "", /api_tasks/);
    const ran = makeWords();
    const gate = new Event();
    const work = (words: Int32Array, gate: Event, n: number): void => {
      Atomics.add(words, 0, 1);
      if (n === 0) throw new RangeError("first");
      gate.waitSync();
    };
    const slow = range(4).map((n): [Int32Array, Event, number] => [ran, gate, n]);
    const result = pool.starmapAsync(work, slow, { chunksize: 1 });
    await until(() => ran[0] === 3);
    assertEquals(result.ready(), false);
    gate.set();
    await assertRejects(() => result.get(TIMEOUT), RangeError, "first");
    assertEquals(ran[0], 4);
  });
});

Deno.test("of several errors ThreadPool.map() rejects with the one that came first", async () => {
  await ThreadPool.with(2, async (pool) => {
    const gate = new Event();
    const words = makeWords();
    const fail = async (words: Int32Array, gate: Event | null, text: string): Promise<void> => {
      if (gate === null) Atomics.store(words, 0, 1);
      await gate?.wait();
      throw new RangeError(text);
    };
    const result = pool.starmapAsync(fail, [[words, gate, "late"], [words, null, "early"]]);
    await until(() => words[0] === 1 && pool.statistics().failed === 1);
    gate.set();
    await assertRejects(() => result.get(TIMEOUT), RangeError, "early");
  });
});

Deno.test("an error of the input of ThreadPool.map() is its error", async () => {
  function* broken(): Generator<number> {
    yield 1;
    throw new RangeError("no more");
  }
  async function* brokenAsync(): AsyncGenerator<number> {
    yield await Promise.resolve(1);
    throw new RangeError("no more");
  }
  await ThreadPool.with(2, async (pool) => {
    await assertRejects(() => pool.map(square, broken()), RangeError, "no more");
    await assertRejects(() => pool.map(square, broken(), { chunksize: 1 }), RangeError, "no more");
    await assertRejects(() => pool.map(square, brokenAsync()), RangeError, "no more");
    assertThrows(() => pool.mapSync(square, broken()), RangeError, "no more");
    assertEquals(await pool.map(square, [3]), [9]);
  });
});

Deno.test("ThreadPool.map() fails with an item that cannot travel, and the pool goes on", async () => {
  await ThreadPool.with(2, async (pool) => {
    const items: unknown[] = [1, Symbol("x"), 3];
    await assertRejects(
      () => pool.map((x: unknown) => typeof x, items),
      UnshareableError,
      "symbol",
    );
    await assertRejects(
      () => pool.starmap(square, [[1], 2 as unknown as [number]], { chunksize: 1 }),
      TypeError,
      "must be an array of arguments",
    );
    await assertRejects(() => pool.apply(() => Symbol("y")), Error, "symbol");
    assertEquals(await pool.map(square, [3]), [9]);
  });
});

Deno.test("AsyncResult: callbacks that block for more results nest no deeper than one", async () => {
  const COUNT = 3000;
  await using pool = new ThreadPool(1);
  let depth = 0;
  let deepest = 0;
  let called = 0;
  const callback = (): void => {
    deepest = Math.max(deepest, ++depth);
    called++;
    last.getSync(TIMEOUT);
    depth--;
  };
  for (let i = 0; i < COUNT; i++) pool.applyAsync(square, [i], { callback });
  const last = pool.applyAsync(square, [COUNT]);
  assertEquals(last.getSync(TIMEOUT), COUNT ** 2);
  await until(() => called === COUNT);
  assertEquals(deepest, 1);
});

Deno.test("AsyncResult tells whether it is ready and successful", async () => {
  await ThreadPool.with(1, async (pool) => {
    const gate = new Event();
    const words = makeWords();
    const result = pool.applyAsync(reportAndWait, [words, gate, "x"]);
    assertEquals(result.ready(), false);
    assertThrows(() => result.successful(), InvalidStateError, "not over");
    assertEquals(String(result), "<AsyncResult pending>");
    await assertRejects(() => result.get({ timeout: 0 }), TimeoutError, "within 0 ms");
    await assertRejects(() => result.get({ timeout: 5 }), TimeoutError, "within 5 ms");
    await assertRejects(() => result.wait({ timeout: 5 }), TimeoutError);
    assertThrows(() => result.getSync({ timeout: 5 }), TimeoutError);
    assertThrows(() => result.waitSync({ timeout: 0 }), TimeoutError);
    const stop = new AbortController();
    const stopped = assertRejects(() => result.get({ signal: stop.signal }), Error, "enough");
    stop.abort(new Error("enough"));
    await stopped;
    gate.set();
    await result.wait(TIMEOUT);
    result.waitSync();
    assertEquals(result.ready(), true);
    assertEquals(result.successful(), true);
    assertEquals(result.getSync(), "x");
    const failed = pool.applyAsync(failAt, [[1, 1]]);
    await failed.wait(TIMEOUT);
    assertEquals(failed.successful(), false);
    assertThrows(() => failed.getSync(), RangeError, "item 1");
    await assertRejects(() => failed.get(), RangeError, "item 1");
    await assertRejects(async () => await failed, RangeError, "item 1");
    assertEquals(await failed.catch((error: Error) => error.message), "item 1");
  });
});

Deno.test("one callback is called, once, in order, and what it throws is not fatal", async () => {
  await ThreadPool.with(1, async (pool) => {
    const heard: unknown[] = [];
    const results = range(5).map((n) =>
      pool.applyAsync(failAt, [[n, 3]], {
        callback: (value) => void heard.push(value),
        errorCallback: (error) => void heard.push((error as Error).message),
      })
    );
    for (const result of results) await result.wait(TIMEOUT);
    assertEquals(heard, [0, 1, 2, "item 3", 4]);
    const lists: unknown[] = [];
    await pool.mapAsync(square, [1, 2], { callback: (values) => void lists.push(values) });
    await pool.starmapAsync(add, [[1, 2]], { callback: (values) => void lists.push(values) });
    await pool.mapAsync(square, [], { callback: (values) => void lists.push(values) });
    assertEquals(lists, [[1, 4], [3], []]);
    const failed: unknown[] = [];
    await pool.mapAsync(failAt, [[1, 1]], {
      callback: () => void failed.push("no"),
      errorCallback: (error) => void failed.push(error),
    }).wait(TIMEOUT);
    assertEquals(failed.length, 1);
    assert(failed[0] instanceof RangeError);
  });
});

Deno.test("a task that takes too long is aborted and fails with TimeoutError", async () => {
  await ThreadPool.with(2, { grace: 60_000 }, async (pool) => {
    const words = makeWords();
    await assertRejects(
      () => pool.apply(untilAborted, [words], { timeout: 50 }),
      TimeoutError,
    );
    // On a slow machine it may not have begun in time: then it never does.
    await until(() => words[0] === words[1]);
    assertThrows(() => pool.applySync(untilAborted, [words], { timeout: 50 }), TimeoutError);
    await until(() => words[0] === words[1]);
    await assertRejects(
      () => pool.map(untilAborted, [words, words], { timeout: 50 }),
      TimeoutError,
      "2 of 2 items were not done within 50 ms",
    );
    assertThrows(() => pool.mapSync(untilAborted, [words], { timeout: 50 }), TimeoutError);
    await until(() => words[0] === words[1]);
    assertEquals(await pool.apply(square, [3]), 9);
    assertEquals(pool.statistics().workersLost, 0);
  });
});

Deno.test("a signal aborts tasks and maps with its reason", async () => {
  await ThreadPool.with(2, { grace: 60_000 }, async (pool) => {
    const words = makeWords();
    const one = new AbortController();
    const task = assertRejects(
      () => pool.apply(untilAborted, [words], { signal: one.signal }),
      Error,
      "stop",
    );
    await until(() => words[0] === 1);
    one.abort(new Error("stop"));
    await task;
    await until(() => words[1] === 1);
    const many = new AbortController();
    const { signal } = many;
    const map = assertRejects(
      () => pool.map(untilAborted, range(100).map(() => words), { signal, chunksize: 1 }),
      Error,
      "stop",
    );
    await until(() => words[0] === 3);
    many.abort(new Error("stop"));
    await map;
    await until(() => words[1] === 3);
    assertEquals(await pool.apply(square, [3]), 9);
    assertEquals(words[0], 3, "nothing else began");
    await assertRejects(() => pool.map(square, [1], { signal }), Error, "stop");
    await assertRejects(() => pool.applyAsync(square, [1], { signal }).get(), Error, "stop");
  });
});

Deno.test("a task that does not heed its abortion loses its worker, and nobody else", async () => {
  await ThreadPool.with(2, { grace: 50 }, async (pool) => {
    const words = makeWords();
    const spin = (words: Int32Array): void => {
      Atomics.add(words, 0, 1);
      for (;;);
    };
    const gate = new Event();
    const other = pool.applyAsync(reportAndWait, [words, gate, "other"]);
    await assertRejects(() => pool.apply(spin, [words], { timeout: 300 }), TimeoutError);
    gate.set();
    assertEquals(await other.get(TIMEOUT), "other");
    assertEquals(await pool.map(square, range(20)), range(20).map(square));
  });
});

Deno.test("a lost worker fails its task alone, unless it may be run again", async () => {
  await ThreadPool.with(2, async (pool) => {
    const error = await assertRejects(
      () => pool.apply(exitTimes, [makeWords(), 1]),
      WorkerLostError,
    );
    assertEquals(error.kind, "thread");
    assertEquals(error.exitcode, 7);
    assertEquals(await pool.apply(exitTimes, [makeWords(), 2], { retries: 2 }), 3);
    await assertRejects(
      () => pool.apply(exitTimes, [makeWords(), 3], { retries: 2 }),
      WorkerLostError,
    );
    const words = makeWords();
    const items = range(6).map((): [Int32Array, number] => [words, 1]);
    const attempts = await pool.starmap(exitTimes, items, { retries: 1 });
    assertEquals(attempts.toSorted(), [1, 1, 1, 1, 1, 2]);
    const fragile = range(10).map((
      i,
    ): [Int32Array, number] => [makeWords(), i === 3 || i === 5 ? 1 : 0]);
    assertEquals(
      await pool.starmap(exitTimes, fragile, { retries: 1, chunksize: 10 }),
      range(10).map((i) => i === 3 || i === 5 ? 2 : 1),
    );
    assertEquals(await pool.apply(square, [3]), 9);
  });
});

Deno.test("tasks of a higher priority overtake those that wait", async () => {
  await ThreadPool.with(1, async (pool) => {
    const gate = new Event();
    const words = makeWords();
    const first = pool.applyAsync(reportAndWait, [words, gate, 0]);
    await until(() => words[0] === 1);
    const order: string[] = [];
    const results = [
      pool.applyAsync(square, [1], { callback: () => void order.push("plain") }),
      pool.applyAsync(square, [2], { priority: 1, callback: () => void order.push("high") }),
      pool.mapAsync(square, [3], { priority: 5, callback: () => void order.push("higher") }),
      pool.applyAsync(square, [4], { priority: -1, callback: () => void order.push("low") }),
    ];
    gate.set();
    await first;
    for (const result of results) await result.wait(TIMEOUT);
    assertEquals(order, ["higher", "high", "plain", "low"]);
  });
});

Deno.test("a transferred buffer is detached, and arrives", async () => {
  await ThreadPool.with(1, async (pool) => {
    const { buffer } = Uint8Array.of(1, 2, 3);
    const sum = pool.apply(
      (b: ArrayBuffer) => new Uint8Array(b).reduce((a, x) => a + x),
      [buffer],
      {
        transfer: [buffer],
      },
    );
    assertEquals(buffer.byteLength, 0);
    assertEquals(await sum, 6);
  });
});

Deno.test("the initializer runs once in each worker", async () => {
  const words = makeWords();
  await ThreadPool.with(
    2,
    { initializer: setGreeting, initargs: [words, "hello"] },
    async (pool) => {
      const names = range(50).map(String);
      assertEquals(await pool.map(greet, names, { chunksize: 1 }), names.map((n) => `hello ${n}`));
      await until(() => words[0] === 2);
    },
  );
  assertEquals(words[0], 2);
});

Deno.test("an initializer that keeps failing breaks the pool", async () => {
  const fail = (): void => {
    throw new RangeError("no start");
  };
  const pool = new ThreadPool(1, { initializer: fail });
  await assertRejects(() => pool.apply(square, [1]), BrokenPoolError);
  await assertRejects(() => pool.map(square, range(10)), BrokenPoolError);
  pool.close();
  await pool.join(TIMEOUT);
});

Deno.test("maxtasksperchild replaces workers, and the work goes on after close()", async () => {
  const pool = new ThreadPool(1, { maxtasksperchild: 3, name: "short" });
  const names = range(9).map(() => pool.apply(threadName));
  pool.close();
  await pool.join(TIMEOUT);
  assertEquals(await Promise.all(names), [0, 0, 0, 1, 1, 1, 2, 2, 2].map((n) => `short_${n}`));
});

Deno.test("the value of an AsyncLocalStorage travels with a task that names it", async () => {
  await ThreadPool.with(1, { context: [requestIdVariable] }, async (pool) => {
    assertEquals(await requestId.run("r1", () => pool.apply(readRequestId)), "r1");
    assertEquals(
      await requestId.run("r2", () => pool.starmap(readRequestId, [[], []])),
      ["r2", "r2"],
    );
    assertEquals(await pool.apply(readRequestId), undefined);
    // More than are sent at once: the others are sent when results come.
    const items = range(3000).map((): [] => []);
    const ids = await requestId.run(
      "r3",
      () => pool.starmap(readRequestId, items, { chunksize: 1 }),
    );
    assertEquals(ids.every((id) => id === "r3"), true);
    const seen: (string | undefined)[] = [];
    function* names(): Generator<number> {
      for (const n of range(100)) {
        seen.push(requestId.getStore());
        yield n;
      }
    }
    const results = requestId.run("r4", () => pool.imap(square, names(), { buffersize: 1 }));
    await requestId.run("r5", () => results.next());
    for await (const _ of results);
    assertEquals(seen, range(100).map(() => "r4"));
  });
});

Deno.test("async tasks run at once in a worker, as many as concurrency says", async () => {
  await ThreadPool.with(1, { concurrency: 3 }, async (pool) => {
    const gate = new Event();
    const words = makeWords();
    const results = range(4).map((n) => pool.applyAsync(reportAndWait, [words, gate, n]));
    await until(() => words[0] === 3);
    gate.set();
    assertEquals(await Promise.all(results), [0, 1, 2, 3]);
  });
});

Deno.test("a closed pool finishes its work and takes no more", async () => {
  const pool = new ThreadPool(2);
  const result = pool.mapAsync(square, range(5000), { chunksize: 1 });
  await assertRejects(() => pool.join(), InvalidStateError, "still open");
  pool.close();
  pool.close();
  await assertRejects(() => pool.apply(square, [1]), InvalidStateError, "thread pool is closed");
  await assertRejects(() => pool.map(square, [1]), InvalidStateError, "closed");
  assertThrows(() => pool.applyAsync(square, [1]), InvalidStateError, "Cannot apply");
  assertThrows(() => pool.mapAsync(square, [1]), InvalidStateError, "Cannot map");
  assertThrows(() => pool.imap(square, [1]), InvalidStateError, "Cannot imap");
  assertThrows(() => pool.mapSync(square, [1]), InvalidStateError);
  await pool.join(TIMEOUT);
  await pool.join(TIMEOUT);
  assertEquals(await result, range(5000).map(square));
});

Deno.test("a terminated pool drops its work", async () => {
  const pool = new ThreadPool(1);
  const words = makeWords();
  const results = range(3).map(() => pool.applyAsync(untilAborted, [words]));
  const map = pool.mapAsync(square, range(100));
  await until(() => words[0] === 1);
  pool.terminate();
  for (const result of results) await assertRejects(() => result.get(TIMEOUT), CancelledError);
  await assertRejects(() => map.get(TIMEOUT), CancelledError, "terminated");
  await assertRejects(() => pool.apply(square, [1]), InvalidStateError, "terminated");
  await pool.join(TIMEOUT);
});

Deno.test("ThreadPool.join() times out while work goes on", async () => {
  const pool = new ThreadPool(1);
  const gate = new Event();
  const words = makeWords();
  const result = pool.applyAsync(reportAndWait, [words, gate, 1]);
  pool.close();
  await assertRejects(() => pool.join({ timeout: 5 }), TimeoutError);
  gate.set();
  await pool.join(TIMEOUT);
  assertEquals(await result, 1);
});

Deno.test("ThreadPool.joinSync() blocks until the work is done", async () => {
  const pool = new ThreadPool(2);
  assertThrows(() => pool.joinSync(), InvalidStateError, "still open");
  const result = pool.mapAsync(square, range(3000), { chunksize: 1 });
  const words = makeWords();
  const gate = new Event();
  const last = pool.applyAsync(reportAndWait, [words, gate, "last"]);
  pool.close();
  assertThrows(() => pool.joinSync({ timeout: 5 }), TimeoutError, "within 5 ms");
  gate.set();
  pool.joinSync(TIMEOUT);
  assertEquals([result.ready(), last.getSync()], [true, "last"]);
  assertEquals(await result, range(3000).map(square));
});

Deno.test("a thread does not wait for a map whose input only it can read", async () => {
  const pool = new ThreadPool(1);
  const gate = new Event();
  async function* later(): AsyncGenerator<number> {
    await gate.wait();
    yield 3;
  }
  const result = pool.mapAsync(square, later());
  assertThrows(() => result.getSync(TIMEOUT), DeadlockError, "async iterable");
  assertThrows(() => result.waitSync(), DeadlockError, "async iterable");
  pool.close();
  assertThrows(() => pool.joinSync(TIMEOUT), DeadlockError, "async iterable");
  gate.set();
  await pool.join(TIMEOUT);
  assertEquals(result.getSync(), [9]);
});

Deno.test("leaving a block joins the pool, however it ends", async () => {
  const words = makeWords();
  const count = (words: Int32Array): void => void Atomics.add(words, 0, 1);
  const results: PromiseLike<void>[] = [];
  await assertRejects(
    async () => {
      await using pool = new ThreadPool(1);
      for (let i = 0; i < 100; i++) results.push(pool.applyAsync(count, [words]));
      throw new RangeError("early");
    },
    RangeError,
    "early",
  );
  assertEquals(words[0], 100);
  await Promise.all(results);
});

Deno.test("ThreadPool.with() gives the result, and terminates when the function throws", async () => {
  assertEquals(await ThreadPool.with((pool) => pool.apply(square, [4])), 16);
  const words = makeWords();
  let result: PromiseLike<unknown> | null = null;
  await assertRejects(
    () =>
      ThreadPool.with(1, async (pool) => {
        result = pool.applyAsync(untilAborted, [words]);
        await until(() => words[0] === 1);
        throw new RangeError("early");
      }),
    RangeError,
    "early",
  );
  await assertRejects(async () => await result, CancelledError);
  await assertRejects(() => ThreadPool.with(0, () => 1), RangeError);
  await assertRejects(() => ThreadPool.with(1 as never), TypeError, "'fn' must be a function");
});

Deno.test("ThreadPool.statistics() counts tasks", async () => {
  await ThreadPool.with(2, { name: "stat" }, async (pool) => {
    await pool.map(square, range(10), { chunksize: 1 });
    await assertRejects(() => pool.apply(failAt, [[1, 1]]), RangeError);
    const { queued, running, done, failed, workers } = pool.statistics();
    assertEquals([queued, running, done, failed], [0, 0, 10, 1]);
    assertEquals(workers.map(({ name }) => name), ["stat_0", "stat_1"]);
  });
});

import { nested } from "./api_tasks.ts";
Deno.test("a task may use a pool of its own, and a pool belongs to its thread", async () => {
  const words = makeWords();
  const thread = new Thread({ target: nested, args: [words] }).start();
  assertEquals(await thread.join(TIMEOUT), [1, 4, 9]);
  await ThreadPool.with(1, async (pool) => {
    await assertRejects(
      () => pool.apply((p: unknown) => p, [pool]),
      UnshareableError,
      "belongs to the thread that made it",
    );
  });
});
