import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import {
  BrokenPoolError,
  CancelledError,
  InvalidStateError,
  TimeoutError,
  UnshareableError,
  WorkerLostError,
} from "../../errors.ts";
import { asCompleted, Future, ThreadPoolExecutor, wait } from "../../pool/mod.ts";
import { Event } from "../../sync/mod.ts";
import { until } from "../support.ts";
import {
  exitTimes,
  failAt,
  makeWords,
  reportAndWait,
  threadName,
  untilAborted,
} from "./api_tasks.ts";

const TIMEOUT = { timeout: 30_000 };
const square = (x: number): number => x * x;
const add = (a: number, b: number): number => a + b;
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

async function collect<T>(results: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const result of results) all.push(result);
  return all;
}

Deno.test("ThreadPoolExecutor.submit() gives a future of the result", async () => {
  await using executor = new ThreadPoolExecutor({ maxWorkers: 2 });
  const future = executor.submit(add, 2, 8);
  assert(future instanceof Future);
  assertEquals(await future.result(TIMEOUT), 10);
  assertEquals(await future, 10);
  assertEquals(executor.submit(add, 3, 4).resultSync(TIMEOUT), 7);
  assertEquals(await executor.submit(async (x: number) => await Promise.resolve(x), 5), 5);
  const failed = executor.submit(failAt, [1, 1]);
  await assertRejects(() => failed.result(TIMEOUT), RangeError, "item 1");
  const error = await failed.exception();
  assertMatch(error?.stack ?? "", /api_tasks/);
  assertEquals(String(failed), "<Future state=finished raised RangeError>");
});

Deno.test("a future of a ThreadPoolExecutor is pending, then running, then done", async () => {
  await using executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const words = makeWords();
  const gate = new Event();
  const first = executor.submit(reportAndWait, words, gate, 1);
  const second = executor.submit(square, 2);
  const third = executor.submit(square, 3);
  await until(() => words[0] === 1);
  assertEquals([first.running(), first.done(), first.cancel()], [true, false, false]);
  assertEquals([second.running(), second.done(), second.cancel()], [false, false, true]);
  assertEquals([second.cancelled(), second.done(), second.cancel()], [true, true, true]);
  await assertRejects(() => second.result(TIMEOUT), CancelledError);
  gate.set();
  assertEquals(await third.result(TIMEOUT), 9);
  assertEquals([first.running(), first.done(), first.cancel()], [false, true, false]);
});

Deno.test("asCompleted() and wait() take the futures of a ThreadPoolExecutor", async () => {
  await using executor = new ThreadPoolExecutor({ maxWorkers: 2 });
  const words = makeWords();
  const gate = new Event();
  const late = executor.submit(reportAndWait, words, gate, "late");
  const early = executor.submit(square, 3);
  const { done, notDone } = await wait([late, early], {
    returnWhen: "FIRST_COMPLETED",
    ...TIMEOUT,
  });
  assertEquals([done.has(early), notDone.has(late)], [true, true]);
  gate.set();
  const results: unknown[] = [];
  for await (const future of asCompleted([early, late])) results.push(await future);
  assertEquals(results, [9, "late"]);
});

Deno.test("ThreadPoolExecutor.map() goes through its iterables side by side, to the end of the shortest", async () => {
  await using executor = new ThreadPoolExecutor({ maxWorkers: 2 });
  assertEquals(await collect(executor.map(square, range(40))), range(40).map(square));
  for (const chunksize of [3, 6, 40, 50]) {
    const results = executor.options({ chunksize }).map(square, range(40));
    assertEquals(await collect(results), range(40).map(square));
  }
  const closed: string[] = [];
  function* endless(name: string): Generator<number> {
    try {
      for (let n = 0;; n++) yield n;
    } finally {
      closed.push(name);
    }
  }
  async function* later(): AsyncGenerator<number> {
    await Promise.resolve();
    yield* endless("async");
  }
  assertEquals(await collect(executor.map(add, endless("sync"), [10, 20, 30])), [10, 21, 32]);
  assertEquals(closed, ["sync"]);
  assertEquals(await collect(executor.map(add, [10, 20], later())), [10, 21]);
  assertEquals(closed, ["sync", "async"]);
  assertEquals(await collect(executor.map(square, [])), []);
});

Deno.test("ThreadPoolExecutor.map() takes exactly buffersize items before the first is asked for", async () => {
  await using executor = new ThreadPoolExecutor({ maxWorkers: 2 });
  for (const buffersize of [1, 2, 5, 10]) {
    let taken = 0;
    const count = function* (): Generator<number> {
      for (;;) yield taken++;
    };
    const results = executor.options({ buffersize }).map(square, count());
    assertEquals(taken, buffersize);
    for (const n of range(7)) {
      assertEquals((await results.next(TIMEOUT)).value, n * n);
      assertEquals(taken, buffersize + n + 1);
    }
    await results.return();
  }
});

Deno.test("ThreadPoolExecutor.map() goes on after an item that failed, whatever the chunks", async () => {
  await using executor = new ThreadPoolExecutor({ maxWorkers: 2 });
  for (const chunksize of [1, 2, 10]) {
    const items = range(4).map((n): [number, number] => [n, 1]);
    const results = executor.options({ chunksize }).map(failAt, items);
    assertEquals((await results.next(TIMEOUT)).value, 0);
    await assertRejects(() => results.next(TIMEOUT), RangeError, "item 1");
    assertEquals((await results.next(TIMEOUT)).value, 2);
    assertEquals((await results.next(TIMEOUT)).value, 3);
    assertEquals((await results.next(TIMEOUT)).done, true);
  }
});

Deno.test("the timeout of ThreadPoolExecutor.map() counts from the call", async () => {
  await using executor = new ThreadPoolExecutor({ maxWorkers: 1, grace: 60_000 });
  const words = makeWords();
  const gate = new Event();
  // A worker may take long to start.
  assertEquals(await executor.submit(square, 2), 4);
  const results = executor.options({ timeout: 2000 })
    .map(reportAndWait, [words, words, words], [new Event(), gate, gate].map(opened), range(3));
  function opened(event: Event): Event {
    if (event !== gate) event.set();
    return event;
  }
  assertEquals((await results.next()).value, 0);
  await assertRejects(() => results.next(), TimeoutError, "within 2000 ms");
  assertEquals((await results.next()).done, true);
  gate.set();
  assertEquals(await executor.submit(square, 3), 9);
  assert((words[0] ?? 0) <= 2, "what waited never ran");
});

Deno.test("ThreadPoolExecutor.options() gives tasks a timeout, a signal, a priority, retries", async () => {
  await using executor = new ThreadPoolExecutor({ maxWorkers: 1, grace: 60_000 });
  const words = makeWords();
  const short = executor.options({ timeout: 50 }).submit(untilAborted, words);
  await assertRejects(() => short.result(), TimeoutError);
  const stop = new AbortController();
  const others = makeWords();
  const stopped = executor.options({ signal: stop.signal }).submit(untilAborted, others);
  await until(() => others[0] === 1);
  stop.abort(new RangeError("enough"));
  await assertRejects(() => stopped.result(TIMEOUT), RangeError, "enough");
  const again = executor.options({ retries: 1 }).submit(exitTimes, makeWords(), 1);
  assertEquals(await again.result(TIMEOUT), 2);
  await assertRejects(
    () => executor.submit(exitTimes, makeWords(), 1).result(TIMEOUT),
    WorkerLostError,
  );
  const { buffer } = Uint8Array.of(7);
  const first = executor.options({ transfer: [buffer] })
    .submit((b: ArrayBuffer) => new Uint8Array(b)[0], buffer);
  assertEquals(buffer.byteLength, 0);
  assertEquals(await first, 7);
});

Deno.test("a ThreadPoolExecutor starts threads as they are needed, and names them", async () => {
  await using executor = new ThreadPoolExecutor({ maxWorkers: 3, threadNamePrefix: "worker" });
  assertEquals(executor.statistics().workers.length, 0);
  for (let i = 0; i < 5; i++) assertEquals(await executor.submit(threadName), "worker_0");
  const words = makeWords();
  const gate = new Event();
  const futures = range(9).map((n) => executor.submit(reportAndWait, words, gate, n));
  await until(() => words[0] === 3);
  const names = executor.statistics().workers.map(({ name }) => name);
  assertEquals(names.toSorted(), ["worker_0", "worker_1", "worker_2"]);
  gate.set();
  assertEquals(await Promise.all(futures), range(9));
  await using unnamed = new ThreadPoolExecutor({ maxWorkers: 1 });
  assertMatch(await unnamed.submit(threadName), /^ThreadPoolExecutor-\d+_0$/);
});

Deno.test("ThreadPoolExecutor.shutdown() finishes what was submitted", async () => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 2 });
  const futures = range(50).map((n) => executor.submit(square, n));
  const results = executor.map(square, range(500).values());
  await executor.shutdown();
  await executor.shutdown();
  assertEquals(futures.every((future) => future.done()), true);
  assertEquals(await collect(results), range(500).map(square));
  assertThrows(() => executor.submit(square, 1), InvalidStateError, "executor is closed");
  assertThrows(() => executor.map(square, [1]), InvalidStateError, "executor is closed");
});

Deno.test("ThreadPoolExecutor.shutdown() can cancel what has not begun", async () => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const words = makeWords();
  const gate = new Event();
  const first = executor.submit(reportAndWait, words, gate, "first");
  const futures = range(20).map((n) => executor.submit(square, n));
  const results = executor.map(square, range(100));
  await until(() => words[0] === 1);
  const over = executor.shutdown({ cancelFutures: true });
  assertEquals(futures.every((future) => future.cancelled()), true);
  gate.set();
  await over;
  assertEquals(await first, "first");
  await assertRejects(() => results.next(TIMEOUT), CancelledError);
});

Deno.test("ThreadPoolExecutor.shutdown() need not wait", async () => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const words = makeWords();
  const gate = new Event();
  const future = executor.submit(reportAndWait, words, gate, "done");
  const last = executor.submit(square, 5);
  await executor.shutdown({ wait: false });
  assertEquals(future.done(), false);
  gate.set();
  assertEquals(await future.result(TIMEOUT), "done");
  assertEquals(await last.result(TIMEOUT), 25);
  await executor.shutdown();
});

Deno.test("ThreadPoolExecutor.shutdownSync() blocks until the work is done", async () => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 2 });
  const futures = range(50).map((n) => executor.submit(square, n));
  executor.shutdownSync();
  assertEquals(await Promise.all(futures), range(50).map(square));
  assertThrows(() => executor.submit(square, 1), InvalidStateError);
});

Deno.test("an initializer that fails breaks the executor", async () => {
  const executor = new ThreadPoolExecutor({
    maxWorkers: 1,
    initializer: () => {
      throw new RangeError("no start");
    },
  });
  const future = executor.submit(square, 1);
  await assertRejects(() => future.result(TIMEOUT), BrokenPoolError);
  assertThrows(() => executor.submit(square, 1), BrokenPoolError);
  await assertRejects(() => collect(executor.map(square, [1])), BrokenPoolError);
  await executor.shutdown();
});

Deno.test("what cannot travel is refused by ThreadPoolExecutor.submit()", async () => {
  await using executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const free = 7;
  assertThrows(() => executor.submit(() => free), UnshareableError, "'free'");
  assertThrows(() => executor.submit((x: unknown) => x, executor), UnshareableError, "executor");
  assertThrows(() => executor.map((x: number) => x * free, [1]), UnshareableError, "'free'");
  assertEquals(await executor.submit(square, 2), 4);
});
