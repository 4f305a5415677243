import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { TimeoutError, WorkerLostError } from "../../errors.ts";
import { type AsyncResult, Future, ThreadPool, ThreadPoolExecutor, wait } from "../../pool/mod.ts";
import { sleepSync } from "../../thread/mod.ts";
import { exitTimes, makeWords } from "./api_tasks.ts";

const AT_ONCE = { timeout: 0 };
const square = (x: number): number => x * x;

/** Blocks this thread, again and again, until a condition holds. */
function untilSync(condition: () => boolean): void {
  const end = performance.now() + 60_000;
  while (!condition()) {
    assert(performance.now() < end, "it never came true");
    sleepSync(1);
  }
}

/** Says that it has run. */
const sign = (words: Int32Array): void => void Atomics.add(words, 0, 1);

Deno.test("AsyncResult.ready() takes results in by itself, for a thread that only blocks", async () => {
  await using pool = new ThreadPool(1);
  const one = pool.applyAsync(square, [2]);
  untilSync(() => one.ready());
  assertEquals([one.successful(), one.getSync(AT_ONCE)], [true, 4]);
  const all = pool.mapAsync(square, [1, 2, 3]);
  untilSync(() => all.ready());
  assertEquals(all.getSync(AT_ONCE), [1, 4, 9]);
});

Deno.test("waits with timeout 0 take in what is there", async () => {
  await using pool = new ThreadPool(1);
  const [first, second, third] = [2, 3, 4].map((x) => pool.applyAsync(square, [x]));
  const iterator = pool.imap(square, [5]);
  const words = makeWords();
  pool.applyAsync(sign, [words]);
  untilSync(() => Atomics.load(words, 0) > 0);
  assertEquals(await first?.get(AT_ONCE), 4);
  assertEquals(second?.successful(), true);
  assertEquals((await wait([third as AsyncResult<number>], AT_ONCE)).done.size, 1);
  assertEquals(await iterator.next(AT_ONCE), { done: false, value: 25 });
});

Deno.test("Future.done() and AsyncResult.ready() learn of deaths and deadlines by themselves", async () => {
  await using pool = new ThreadPool(1, { grace: 0 });
  const lost = pool.applyAsync(exitTimes, [makeWords(), 1]);
  untilSync(() => lost.ready());
  assertThrows(() => lost.getSync(AT_ONCE), WorkerLostError);
  const late = pool.applyAsync(() => new Promise<void>(() => {}), [], { timeout: 20 });
  untilSync(() => late.ready());
  assertThrows(() => late.getSync(AT_ONCE), TimeoutError);
  await using executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const future = executor.submit(exitTimes, makeWords(), 1);
  untilSync(() => future.done());
  assertThrows(() => future.resultSync(AT_ONCE), WorkerLostError);
});

Deno.test("ThreadPool.statistics() counts what has ended, also for a thread that only blocks", async () => {
  await using pool = new ThreadPool(1);
  const results = pool.mapAsync(square, [1, 2, 3], { chunksize: 1 });
  untilSync(() => pool.statistics().done === 3);
  untilSync(() => pool.statistics().running === 0);
  assertEquals(pool.statistics().queued, 0);
  assertEquals(await results, [1, 4, 9]);
});

Deno.test("a task whose signal is aborted already has failed at once, also for blocking calls", async () => {
  await using pool = new ThreadPool(1);
  await using executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const reason = new Error("no need");
  const signal = AbortSignal.abort(reason);
  const result = pool.applyAsync(square, [2], { signal });
  assertEquals(result.ready(), true);
  assertThrows(() => result.getSync(), Error, "no need");
  const future = executor.options({ signal }).submit(square, 2);
  assertEquals([future.done(), future.cancel(), future.cancelled()], [true, false, false]);
  assertThrows(() => future.resultSync(), Error, "no need");
  await assertRejects(() => pool.apply(square, [2], { signal }), Error, "no need");
});

Deno.test("a task that has no time fails at once and never runs, however quick it is", async () => {
  await using pool = new ThreadPool(1);
  await using executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const words = makeWords();
  const result = pool.applyAsync(sign, [words], AT_ONCE);
  assertEquals([result.ready(), result.successful()], [true, false]);
  const future = executor.options(AT_ONCE).submit(sign, words);
  assertEquals(future.done(), true);
  await assertRejects(() => future, TimeoutError, "within 0 ms");
  await assertRejects(() => pool.apply(sign, [words], AT_ONCE), TimeoutError, "within 0 ms");
  await assertRejects(() => pool.map(sign, [words], AT_ONCE), TimeoutError, "within 0 ms");
  assertEquals(await pool.apply(square, [3]), 9);
  assertEquals(words[0], 0);
});

Deno.test("callbacks of a result that is there at once are called when its caller has it", async () => {
  await using pool = new ThreadPool(1);
  const signal = AbortSignal.abort("no need");
  const heard: unknown[] = [];
  const refused = pool.applyAsync(square, [2], {
    signal,
    errorCallback: (error) => heard.push(error, refused.ready()),
  });
  const empty = pool.mapAsync(square, [], {
    callback: (values) => heard.push(values, empty.ready()),
  });
  assertEquals(heard, []);
  await empty;
  assertEquals(heard, ["no need", true, [], true]);
});

Deno.test("Future.setResult() takes a promise as it is, and reports it to nobody if it fails", async () => {
  const future = new Future<unknown>();
  const failing = Promise.reject(new Error("unseen"));
  failing.catch(() => {});
  future.setResult(failing);
  assertEquals(future.resultSync(), failing);
  await new Promise((resolve) => setTimeout(resolve, 0));
  await assertRejects(() => future.result(), Error, "unseen");
});

Deno.test("an iterator whose next() gives no object ends a map with a TypeError", async () => {
  await using pool = new ThreadPool(1);
  await using executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const sync = { [Symbol.iterator]: () => ({ next: () => 5 }) } as unknown as Iterable<number>;
  const later = {
    [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve(5) }),
  } as unknown as AsyncIterable<number>;
  await assertRejects(() => pool.map(square, later), TypeError, "must be an object");
  await assertRejects(() => pool.map(square, sync), TypeError);
  for (const input of [sync, later]) {
    await assertRejects(() => pool.imap(square, input).next(), TypeError, "must be an object");
    await assertRejects(() => executor.map(square, input).next(), TypeError, "must be an object");
  }
});

Deno.test("a result too large to be sent fails with a RangeError, and its worker goes on", async () => {
  await using pool = new ThreadPool(1);
  const make = (size: number): Uint8Array => new Uint8Array(size);
  await assertRejects(() => pool.apply(make, [2 ** 31]), RangeError, "shared memory");
  assertEquals(await pool.map(make, [1, 2]), [new Uint8Array(1), new Uint8Array(2)]);
});
