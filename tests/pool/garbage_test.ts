import { assert, assertEquals } from "@std/assert";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createResult, resolveResult } from "../../pool/async_result.ts";
import { asCompleted, type AsyncResult, ThreadPool, ThreadPoolExecutor } from "../../pool/mod.ts";
import { turn } from "../conformance/support.ts";
import { Event } from "../../sync/mod.ts";
import { enumerate } from "../../thread/mod.ts";
import { waitFor } from "./api_tasks.ts";
import { identity, makeBytes, square } from "./conformance_tasks.ts";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;

/** Waits until all of them are collected. */
async function assertCollected(refs: readonly WeakRef<object>[]): Promise<void> {
  const end = performance.now() + 30_000;
  for (let i = 0; i < 200 || performance.now() < end; i++) {
    await turn();
    gc();
    if (refs.every((ref) => ref.deref() === undefined)) return;
  }
  assertEquals(refs.filter((ref) => ref.deref() !== undefined).length, 0, "objects are kept alive");
}

Deno.test("ThreadPool keeps neither arguments nor results of a task alive [M82, F31]", async () => {
  const pool = new ThreadPool(1);
  const refs: WeakRef<object>[] = [];
  const runOne = async (): Promise<void> => {
    const argument = { large: new Array(1000).fill(1) };
    const result = pool.applyAsync(identity, [argument]);
    refs.push(new WeakRef(argument), new WeakRef(await result as object), new WeakRef(result));
  };
  for (let i = 0; i < 5; i++) await runOne();
  // One after them, for the last one may be what a variable still names.
  await pool.apply(square, [3]);
  await assertCollected(refs);
  pool.close();
  await pool.join();
});

Deno.test("AsyncResult that is there keeps nothing of its pool", async () => {
  const make = (): [result: AsyncResult<unknown>, source: WeakRef<object>] => {
    const source = { poll() {}, waitSync: () => true, needsLoop: () => false };
    const result = createResult(source, undefined);
    resolveResult(result, 5);
    return [result, new WeakRef(source)];
  };
  const [result, source] = make();
  await assertCollected([source]);
  assertEquals(await result, 5);
});

Deno.test("ThreadPoolExecutor keeps no future alive that nobody has [F31]", async () => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const refs = Array.from({ length: 5 }, (_, i) => new WeakRef(executor.submit(square, i)));
  await executor.submit(square, 3);
  await assertCollected(refs);
  await executor.shutdown();
});

Deno.test("ThreadPool.imap() and ThreadPoolExecutor.map() keep no result alive that was given [F32]", async () => {
  const pool = new ThreadPool(1);
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  for (
    const iterator of [
      pool.imap(makeBytes, [10, 20, 30, 40]),
      pool.imapUnordered(makeBytes, [10, 20, 30, 40]),
      executor.map(makeBytes, [10, 20, 30, 40]),
    ]
  ) {
    const refs: WeakRef<object>[] = [];
    const take = async (): Promise<void> => {
      refs.push(new WeakRef((await iterator.next()).value as object));
    };
    for (let i = 0; i < 3; i++) await take();
    await pool.apply(square, [3]);
    await assertCollected(refs.slice(0, 2));
    assert((await iterator.next()).value !== undefined);
  }
  pool.close();
  await Promise.all([pool.join(), executor.shutdown()]);
});

Deno.test("asCompleted() keeps no future alive that was given [F41]", async () => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const iterator = asCompleted(Array.from({ length: 4 }, (_, i) => executor.submit(square, i)));
  const refs: WeakRef<object>[] = [];
  const take = async (): Promise<void> => {
    refs.push(new WeakRef((await iterator.next()).value as object));
  };
  for (let i = 0; i < 3; i++) await take();
  await assertCollected(refs.slice(0, 2));
  assertEquals((await iterator.next()).done, false);
  await executor.shutdown();
});

Deno.test("ThreadPool that nobody has any more is collected", async () => {
  const make = async (): Promise<WeakRef<object>> => {
    const pool = new ThreadPool(1);
    await pool.apply(square, [3]);
    return new WeakRef(pool);
  };
  const refs: WeakRef<object>[] = [];
  for (let i = 0; i < 3; i++) refs.push(await make());
  await assertCollected(refs);
});

/** Collects until the workers have left whose names begin with `name`. */
async function assertWorkersLeave(name: string): Promise<void> {
  const left = (): string[] =>
    enumerate().map((thread) => thread.name).filter((found) => found.startsWith(name));
  const end = performance.now() + 60_000;
  while (left().length > 0 && performance.now() < end) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assertEquals(left(), []);
}

Deno.test("the workers of pools that nobody has any more leave", async () => {
  const use = async (): Promise<void> => {
    const pool = new ThreadPool(2, { name: "dropped" });
    await pool.map(square, [1, 2, 3]);
    const executor = new ThreadPoolExecutor({ maxWorkers: 1, threadNamePrefix: "dropped" });
    await executor.submit(square, 3);
  };
  await use();
  await assertWorkersLeave("dropped");
});

Deno.test("a pool that nobody has any more runs what was submitted", async () => {
  const gate = new Event();
  const submit = (): { futures: Promise<unknown>[]; ref: WeakRef<object> } => {
    const executor = new ThreadPoolExecutor({ maxWorkers: 1, threadNamePrefix: "pending" });
    const futures = [executor.submit(waitFor, [gate, "first"]), executor.submit(square, 3)];
    return { futures, ref: new WeakRef(executor) };
  };
  const { futures, ref } = submit();
  await assertCollected([ref]);
  gate.set();
  assertEquals(await Promise.all(futures), ["first", 9]);
  await assertWorkersLeave("pending");
});

Deno.test("an iterator over an endless input outlives its pool, but not the other way round", async () => {
  function* naturals(): Generator<number> {
    for (let n = 0;; n++) yield n;
  }
  const read = async (): Promise<void> => {
    const map = (): { results: AsyncIterator<number>; ref: WeakRef<object> } => {
      const pool = new ThreadPool(1, { name: "mapping" });
      return {
        results: pool.imap(square, naturals(), { chunksize: 1000 }),
        ref: new WeakRef(pool),
      };
    };
    const { results, ref } = map();
    await assertCollected([ref]);
    for (let n = 0; n < 2001; n++) assertEquals((await results.next()).value, n * n);
  };
  await read();
  await assertWorkersLeave("mapping");
});
