import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CancelledError, DeadlockError, TimeoutError } from "../../errors.ts";
import { Event } from "../../sync/mod.ts";
import { ThreadPool } from "../../pool/mod.ts";
import { until } from "../support.ts";
import { failAt, waitFor } from "./api_tasks.ts";

const TIMEOUT = { timeout: 30_000 };

/** Counts for ever, and what was taken of it; tells whether it was closed. */
class Naturals implements Iterable<number> {
  taken = 0;
  closed = false;
  *[Symbol.iterator](): Generator<number> {
    try {
      for (;;) yield this.taken++;
    } finally {
      this.closed = true;
    }
  }
}

/** The same, asynchronously. */
class AsyncNaturals implements AsyncIterable<number> {
  taken = 0;
  closed = false;
  async *[Symbol.asyncIterator](): AsyncGenerator<number> {
    try {
      for (;;) {
        await Promise.resolve();
        yield this.taken++;
      }
    } finally {
      this.closed = true;
    }
  }
}

async function collect<T>(results: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const result of results) all.push(result);
  return all;
}

const square = (x: number): number => x * x;

Deno.test("ThreadPool.imap() gives the results in the order of the items", async () => {
  await ThreadPool.with(2, async (pool) => {
    const slowFirst = async (x: number): Promise<number> => {
      if (x === 0) await new Promise((resolve) => setTimeout(resolve, 50));
      return x * 10;
    };
    assertEquals(await collect(pool.imap(slowFirst, [0, 1, 2, 3])), [0, 10, 20, 30]);
    const items = Array.from({ length: 1000 }, (_, i) => i);
    const squares = items.map(square);
    assertEquals(await collect(pool.imap(square, items)), squares);
    assertEquals(await collect(pool.imap(square, items, { chunksize: 100 })), squares);
    assertEquals(await collect(pool.imap(square, items, { chunksize: 7 })), squares);
    assertEquals(await collect(pool.imap(square, [])), []);
    assertEquals(await collect(pool.imap(square, [], { chunksize: 5 })), []);
  });
});

Deno.test("ThreadPool.imapUnordered() gives the results as they come", async () => {
  await ThreadPool.with(2, async (pool) => {
    const gate = new Event();
    const results = pool.imapUnordered(waitFor, [[gate, "late"], [null, "early"]]);
    assertEquals(await results.next(TIMEOUT), { done: false, value: "early" });
    gate.set();
    assertEquals(await results.next(TIMEOUT), { done: false, value: "late" });
    assertEquals(await results.next(TIMEOUT), { done: true, value: undefined });
    const items = Array.from({ length: 500 }, (_, i) => i);
    for (const chunksize of [1, 3, 100]) {
      const squares = await collect(pool.imapUnordered(square, items, { chunksize }));
      assertEquals(squares.sort((a, b) => a - b), items.map(square));
    }
  });
});

Deno.test("ThreadPool.joinSync() refuses to wait for results that only this thread could fetch", async () => {
  const pool = new ThreadPool(1);
  const results = pool.imap((n: number) => n, new Naturals(), { chunksize: 1000 });
  pool.close();
  assertThrows(() => pool.joinSync(), DeadlockError, "read it to its end first");
  assertThrows(() => pool.joinSync({ timeout: 1e6 }), DeadlockError, "leave it by return()");
  assertEquals(await results.next(), { done: false, value: 0 });
  await results.return();
  pool.joinSync();
});

Deno.test("ThreadPool.imap() takes no more of an endless input than buffersize ahead of the results", async () => {
  await ThreadPool.with(2, async (pool) => {
    for (const chunksize of [1, 3]) {
      const naturals = new Naturals();
      const results = pool.imap(square, naturals, { chunksize, buffersize: 4 });
      assertEquals(naturals.taken, 4 * chunksize, "at once");
      for (let i = 0; i < 9; i++) {
        assertEquals(await results.next(TIMEOUT), { done: false, value: i * i });
        assert(naturals.taken <= 4 * chunksize + i + 1);
      }
      await results.return();
      assert(naturals.closed);
    }
  });
});

Deno.test("ThreadPool.imap() bounds its look-ahead by default, of async input as well", async () => {
  await ThreadPool.with(2, async (pool) => {
    for (const naturals of [new Naturals(), new AsyncNaturals()]) {
      const results = pool.imap(square, naturals);
      for (let i = 0; i < 100; i++) {
        assertEquals((await results.next(TIMEOUT)).value, i * i);
        assert(naturals.taken <= 100 + i, `${naturals.taken} taken after ${i}`);
      }
      await results.return();
      await until(() => naturals.closed);
    }
  });
});

Deno.test("a loop over ThreadPool.imap() that is left closes the input", async () => {
  await ThreadPool.with(2, async (pool) => {
    const naturals = new Naturals();
    for await (const result of pool.imap(square, naturals)) if (result > 50) break;
    assert(naturals.closed);
    const others = new AsyncNaturals();
    await assertRejects(
      async () => {
        for await (const result of pool.imapUnordered(square, others)) {
          if (result > 50) throw new RangeError("enough");
        }
      },
      RangeError,
      "enough",
    );
    assert(others.closed);
    assertEquals(await pool.apply(square, [3]), 9);
  });
});

Deno.test("MapIterator.return() keeps what has not begun from running", async () => {
  await ThreadPool.with(1, async (pool) => {
    const gate = new Event();
    const ran = new Int32Array(new SharedArrayBuffer(4));
    const count = (item: [Int32Array, Event]): void => {
      Atomics.add(item[0], 0, 1);
      item[1].waitSync();
    };
    const results = pool.imap(
      count,
      Array.from({ length: 8 }, () => [ran, gate] as [Int32Array, Event]),
    );
    while (Atomics.load(ran, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    assertEquals(await results.return(), { done: true, value: undefined });
    gate.set();
    assertEquals(await pool.apply(square, [2]), 4);
    assertEquals(ran[0], 1);
    assertEquals(await results.next(TIMEOUT), { done: true, value: undefined });
  });
});

Deno.test("ThreadPool.imap() goes on after an item that failed", async () => {
  await ThreadPool.with(2, async (pool) => {
    for (const chunksize of [1, 3]) {
      const results = pool.imap(failAt, [[0, 2], [1, 2], [2, 2], [3, 2], [4, 2]], { chunksize });
      assertEquals((await results.next(TIMEOUT)).value, 0);
      assertEquals((await results.next(TIMEOUT)).value, 1);
      await assertRejects(() => results.next(TIMEOUT), RangeError, "item 2");
      assertEquals((await results.next(TIMEOUT)).value, 3);
      assertEquals((await results.next(TIMEOUT)).value, 4);
      assertEquals((await results.next(TIMEOUT)).done, true);
      assertEquals((await results.next(TIMEOUT)).done, true);
    }
  });
});

Deno.test("ThreadPool.imap() goes on after an item that cannot travel", async () => {
  await ThreadPool.with(2, async (pool) => {
    for (const chunksize of [1, 3]) {
      const items: unknown[] = [1, Symbol("s"), 3];
      const results = pool.imap((x: unknown) => typeof x, items, { chunksize });
      assertEquals((await results.next(TIMEOUT)).value, "number");
      await assertRejects(() => results.next(TIMEOUT), Error, "symbol");
      assertEquals((await results.next(TIMEOUT)).value, "number");
      assertEquals((await results.next(TIMEOUT)).done, true);
    }
  });
});

Deno.test("an error of the input comes after the results before it", async () => {
  function* broken(): Generator<number> {
    yield 1;
    yield 2;
    throw new RangeError("no more");
  }
  async function* brokenAsync(): AsyncGenerator<number> {
    await Promise.resolve();
    yield* broken();
  }
  await ThreadPool.with(2, async (pool) => {
    for (const make of [broken, brokenAsync]) {
      for (const chunksize of [1, 2, 3]) {
        for (
          const results of [
            pool.imap(square, make(), { chunksize }),
            pool.imapUnordered(square, make(), { chunksize }),
          ]
        ) {
          const sum = (await results.next(TIMEOUT)).value as number +
            ((await results.next(TIMEOUT)).value as number);
          assertEquals(sum, 5);
          await assertRejects(() => results.next(TIMEOUT), RangeError, "no more");
          assertEquals(await results.next(TIMEOUT), { done: true, value: undefined });
        }
      }
    }
    assertEquals(await pool.map(square, [5]), [25]);
  });
});

Deno.test("MapIterator.next() times out without losing the result", async () => {
  await ThreadPool.with(1, async (pool) => {
    const gate = new Event();
    const results = pool.imap(waitFor, [[gate, 1], [null, 2]]);
    await assertRejects(() => results.next({ timeout: 0 }), TimeoutError, "within 0 ms");
    await assertRejects(() => results.next({ timeout: 5 }), TimeoutError, "within 5 ms");
    const stop = new AbortController();
    const aborted = assertRejects(() => results.next({ signal: stop.signal }), Error, "stopped");
    stop.abort(new Error("stopped"));
    await aborted;
    await assertRejects(() => results.next({ timeout: -1 }), RangeError);
    gate.set();
    assertEquals((await results.next(TIMEOUT)).value, 1);
    assertEquals((await results.next(TIMEOUT)).value, 2);
    assertEquals((await results.next(TIMEOUT)).done, true);
  });
});

Deno.test("calls of MapIterator.next() that time out do not widen the look-ahead", async () => {
  await ThreadPool.with(1, async (pool) => {
    const gate = new Event();
    const naturals = new Naturals();
    function* items(): Generator<[Event, number]> {
      for (const n of naturals) yield [gate, n];
    }
    const results = pool.imap(waitFor, items(), { buffersize: 2 });
    for (let i = 0; i < 5; i++) {
      await assertRejects(() => results.next({ timeout: 1 }), TimeoutError);
      assertThrows(() => results.nextSync({ timeout: 1 }), TimeoutError);
    }
    assertEquals(naturals.taken, 3);
    gate.set();
    for (let i = 0; i < 5; i++) assertEquals((await results.next(TIMEOUT)).value, i);
    await results.return();
  });
});

Deno.test("calls of MapIterator.next() are answered in their order", async () => {
  await ThreadPool.with(2, async (pool) => {
    const results = pool.imap(square, [1, 2, 3], { buffersize: 1 });
    const answers = await Promise.all(Array.from({ length: 5 }, () => results.next(TIMEOUT)));
    assertEquals(answers.map(({ value }) => value), [1, 4, 9, undefined, undefined]);
  });
});

Deno.test("MapIterator.nextSync() blocks for each result", async () => {
  await ThreadPool.with(2, async (pool) => {
    const results = pool.imap(failAt, [[0, 1], [1, 1], [2, 1]], { buffersize: 1 });
    assertEquals(results.nextSync(TIMEOUT), { done: false, value: 0 });
    assertThrows(() => results.nextSync(TIMEOUT), RangeError, "item 1");
    assertEquals(results.nextSync(TIMEOUT), { done: false, value: 2 });
    assertEquals(results.nextSync(TIMEOUT), { done: true, value: undefined });
    const gate = new Event();
    const late = pool.imap(waitFor, [[gate, 1]]);
    assertThrows(() => late.nextSync({ timeout: 5 }), TimeoutError);
    gate.set();
    assertEquals(late.nextSync(TIMEOUT), { done: false, value: 1 });
    const loop = pool.imap(square, new AsyncNaturals());
    assertThrows(() => loop.nextSync(TIMEOUT), DeadlockError, "async iterable");
    await loop.return();
  });
});

Deno.test("the timeout of ThreadPool.imap() counts from the call and cancels the rest", async () => {
  await ThreadPool.with(1, { grace: 60_000 }, async (pool) => {
    const gate = new Event();
    const naturals = new Naturals();
    function* items(): Generator<[Event | null, number]> {
      for (const n of naturals) yield [n === 2 ? gate : null, n];
    }
    // A worker may take long to start.
    assertEquals(await pool.apply(square, [3]), 9);
    const results = pool.imap(waitFor, items(), { timeout: 2000 });
    assertEquals((await results.next()).value, 0);
    assertEquals((await results.next()).value, 1);
    await assertRejects(() => results.next(), TimeoutError, "within 2000 ms");
    assertEquals(await results.next(), { done: true, value: undefined });
    assert(naturals.closed);
    gate.set();
    assertEquals(await pool.apply(square, [2]), 4);
  });
});

Deno.test("the signal of ThreadPool.imap() ends it with its reason", async () => {
  await ThreadPool.with(2, async (pool) => {
    const naturals = new Naturals();
    const stop = new AbortController();
    const results = pool.imap(square, naturals, { signal: stop.signal });
    assertEquals((await results.next(TIMEOUT)).value, 0);
    stop.abort(new RangeError("stopped"));
    assert(naturals.closed);
    await assertRejects(() => results.next(TIMEOUT), RangeError, "stopped");
    assertEquals((await results.next(TIMEOUT)).done, true);
    const never = pool.imap(square, new Naturals(), { signal: stop.signal });
    await assertRejects(() => never.next(TIMEOUT), RangeError, "stopped");
  });
});

Deno.test("an iterator whose pool was closed gives all its results", async () => {
  const pool = new ThreadPool(2);
  const items = Array.from({ length: 300 }, (_, i) => i);
  const fresh = pool.imap(square, items.values(), { buffersize: 2 });
  const begun = pool.imap(square, new Set(items), { buffersize: 2, chunksize: 2 });
  assertEquals((await begun.next(TIMEOUT)).value, 0);
  pool.close();
  await pool.join(TIMEOUT);
  assertEquals(await collect(fresh), items.map(square));
  assertEquals(await collect(begun), items.slice(1).map(square));
});

Deno.test("an iterator over an endless input goes on after its pool was closed, as it is read", async () => {
  for (const naturals of [new Naturals(), new AsyncNaturals()]) {
    const pool = new ThreadPool(2);
    const results = pool.imap(square, naturals, { chunksize: 1000 });
    pool.close();
    // A chunk that is read makes room for another one, until the reader leaves.
    for (let i = 0; i < 2001; i++) assertEquals((await results.next(TIMEOUT)).value, i * i);
    await until(() => naturals.taken >= 100_000);
    await assertRejects(() => pool.join({ timeout: 1000 }), TimeoutError);
    assert(naturals.taken <= 103_000, `${naturals.taken} were taken`);
    await results.return();
    await pool.join(TIMEOUT);
    await until(() => naturals.closed);
  }
});

Deno.test("closing a pool ends an iterator whose loop has thrown", async () => {
  const naturals = new Naturals();
  const pool = new ThreadPool(2);
  function* items(): Generator<[number, number]> {
    for (const n of naturals) yield [n, 3];
  }
  await assertRejects(() => collect(pool.imap(failAt, items())), RangeError, "item 3");
  pool.close();
  await pool.join(TIMEOUT);
  assert(naturals.closed);
});

Deno.test("terminating a pool ends its iterators", async () => {
  const pool = new ThreadPool(1);
  const gate = new Event();
  const naturals = new Naturals();
  function* items(): Generator<[Event, number]> {
    for (const n of naturals) yield [gate, n];
  }
  const results = pool.imap(waitFor, items());
  const pending = assertRejects(() => results.next(TIMEOUT), CancelledError, "terminated");
  pool.terminate();
  await pending;
  await pool.join(TIMEOUT);
  assert(naturals.closed);
  assertEquals((await results.next(TIMEOUT)).done, true);
});

Deno.test("ThreadPool.imap() does not wait for a stalled input when its loop is left", async () => {
  await ThreadPool.with(1, async (pool) => {
    const timer = setInterval(() => {}, 1000);
    async function* stalled(): AsyncGenerator<number> {
      yield 1;
      await new Promise(() => {});
    }
    for await (const result of pool.imap(square, stalled())) {
      assertEquals(result, 1);
      break;
    }
    clearInterval(timer);
  });
});
