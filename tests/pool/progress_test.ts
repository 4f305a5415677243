import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Progress, ThreadPool, ThreadPoolExecutor } from "../../pool/mod.ts";
import { Event } from "../../sync/mod.ts";
import { until } from "../support.ts";
import { failAt, makeWords, reportAndWait } from "./api_tasks.ts";

const square = (x: number): number => x * x;
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Keeps what it is told. */
class Log {
  readonly all: Progress[] = [];
  readonly times: number[] = [];
  readonly onProgress = (progress: Progress): void => {
    this.all.push({ ...progress });
    this.times.push(performance.now());
  };

  get last(): Progress | undefined {
    return this.all.at(-1);
  }
}

Deno.test("onProgress is told of the end, once, by every map", async () => {
  await using executor = new ThreadPoolExecutor({ maxWorkers: 2 });
  await ThreadPool.with(2, async (pool) => {
    const items = range(30);
    const pairs = items.map((n): [number] => [n]);
    const maps: ((log: Log) => Promise<unknown>)[] = [
      (log) => pool.map(square, items, log),
      async (log) => await pool.mapAsync(square, items, log),
      (log) => Promise.resolve(pool.mapSync(square, items, log)),
      (log) => pool.starmap(square, pairs, log),
      async (log) => await pool.starmapAsync(square, pairs, log),
      (log) => Promise.resolve(pool.starmapSync(square, pairs, log)),
      (log) => drain(pool.imap(square, items, log)),
      (log) => drain(pool.imapUnordered(square, items, { ...log, chunksize: 7 })),
      (log) => drain(executor.options(log).map(square, items)),
    ];
    for (const map of maps) {
      const log = new Log();
      await map(log);
      assertEquals(log.last, { done: 30, total: 30, failed: 0 });
      assertEquals(log.all.filter(({ done }) => done === 30).length, 1);
    }
  });
});

Deno.test("onProgress is told while the work goes on, but not more often than every 50 ms", async () => {
  await ThreadPool.with(2, async (pool) => {
    const nap = async (): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 5));
    };
    let log = new Log();
    // On a busy machine this thread may get all results at once.
    for (let attempt = 0; attempt < 5 && log.all.length < 3; attempt++) {
      log = new Log();
      await pool.map(nap, range(100), { ...log, chunksize: 25 });
    }
    assert(log.all.length >= 3, `${log.all.length} calls`);
    let before = -Infinity;
    for (const [i, { done, total, failed }] of log.all.entries()) {
      assertEquals([total, failed], [100, 0]);
      assert(done > before || i === log.all.length - 1);
      before = done;
      if (i === 0 || i === log.all.length - 1) continue;
      // The library counts from a moment before the call, in which the machine may have stood still.
      const pause = (log.times[i] as number) - (log.times[i - 1] as number);
      assert(pause >= 25, `${pause} ms`);
    }
  });
});

Deno.test("onProgress is told each state once", async () => {
  await ThreadPool.with(1, async (pool) => {
    const log = new Log();
    const gates = [new Event(), new Event(), new Event()];
    const words = makeWords();
    const items = gates.map((gate, n): [Int32Array, Event, number] => [words, gate, n]);
    const results = pool.starmapAsync(reportAndWait, items, { ...log, chunksize: 1 });
    for (const [n, gate] of gates.entries()) {
      gate.set();
      await until(() => log.last?.done === n + 1);
      // Whatever would tell the same again does so by then.
      await new Promise((resolve) => setTimeout(resolve, 70));
    }
    await results;
    assertEquals(log.all.map(({ done }) => done), [1, 2, 3]);
  });
});

Deno.test("onProgress is told of a burst even if nothing follows it", async () => {
  await ThreadPool.with(2, async (pool) => {
    const log = new Log();
    const gate = new Event();
    const open = new Event();
    open.set();
    const items = range(10).map((n): [Int32Array, Event, number] => [
      makeWords(),
      n === 0 ? gate : open,
      n,
    ]);
    const results = pool.starmapAsync(reportAndWait, items, { ...log, chunksize: 1 });
    await until(() => log.last?.done === 9);
    gate.set();
    await results;
    assertEquals(log.last, { done: 10, total: 10, failed: 0 });
  });
});

Deno.test("onProgress does not know the total of an input without a length before its end", async () => {
  await ThreadPool.with(1, async (pool) => {
    const log = new Log();
    const results = pool.imap(square, range(10).values(), { ...log, buffersize: 2 });
    assertEquals((await results.next()).value, 0);
    assertEquals(log.all[0]?.total, null);
    await drain(results);
    assertEquals(log.last, { done: 10, total: 10, failed: 0 });
  });
});

Deno.test("onProgress counts failures, and what was not run is not done", async () => {
  await ThreadPool.with(1, async (pool) => {
    const items = range(10).map((n): [number, number] => [n, 3]);
    const whole = new Log();
    await assertRejects(() => pool.map(failAt, items, { ...whole, chunksize: 5 }), RangeError);
    assertEquals(whole.last, { done: 9, total: 10, failed: 1 });
    const single = new Log();
    const results = pool.imap(failAt, items, single);
    await assertRejects(() => drain(results), RangeError);
    for (let n = 4; n < 10; n++) await results.next();
    await results.next();
    assertEquals(single.last, { done: 10, total: 10, failed: 1 });
  });
});

Deno.test("onProgress is told of the end of an empty input, an abort, and a loop that is left", async () => {
  await ThreadPool.with(1, async (pool) => {
    const empty = new Log();
    await pool.map(square, [], empty);
    assertEquals(empty.all, [{ done: 0, total: 0, failed: 0 }]);
    const aborted = new Log();
    const signal = AbortSignal.abort(new Error("no"));
    await assertRejects(() => pool.map(square, range(9), { ...aborted, signal }), Error, "no");
    assertEquals(aborted.all.length, 1);
    const left = new Log();
    for await (const _ of pool.imap(square, range(1000), left)) break;
    const told = left.all.length;
    assert(told > 0 && (left.last?.done ?? 1000) < 1000);
    await pool.apply(square, [1]);
    assertEquals(left.all.length, told, "nothing is told to who has gone");
  });
});

async function drain(results: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of results);
}
