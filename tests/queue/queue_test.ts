import { assert, assertEquals, assertFalse, assertRejects, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import process from "node:process";
import { isDeepStrictEqual } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { agentOf } from "../../_core/agent.ts";
import { FullError, UnshareableError } from "../../errors.ts";
import { Queue } from "../../queue/mod.ts";
import { fullQueueConformance } from "../conformance/full_queue_conformance.ts";
import { queueConformance } from "../conformance/queue_conformance.ts";
import { assertSize, drain, type FullKind } from "../conformance/queue_support.ts";
import {
  assertLeavesNothing,
  entries,
  queues,
  SCOPES,
  type TestedScope,
  turn,
  until,
} from "../conformance/support.ts";

const KIND: FullKind = {
  name: "Queue",
  make: (maxsize, options) => new Queue(maxsize, options),
  order: (put) => [...put],
};

queueConformance(KIND);
fullQueueConformance(KIND);

/** Values that travel, of every sort that matters to a queue. */
const VALUES: readonly unknown[] = [
  undefined,
  null,
  true,
  false,
  0,
  -0,
  -1,
  2 ** 31,
  0.1,
  NaN,
  Infinity,
  2n ** 70n,
  "",
  "ä",
  "\u{1F600}",
  "x".repeat(47),
  "x".repeat(48),
  "x".repeat(100_000),
  "\ud800",
  [],
  [1, [2, [3]]],
  {},
  { a: { b: [null, undefined] } },
  new Map([[1, new Set(["a"])]]),
  new Date(5),
  /a+/gi,
  new Uint8Array([1, 2, 3]),
  new Float64Array(5000).fill(0.5),
];

Deno.test("Q34 Queue is generic", () => {
  const numbers: Queue<number> = new Queue<number>(3, { scope: "local" });
  numbers.putNowait(1);
  const first: number = numbers.getNowait();
  assertEquals(first, 1);
  // @ts-expect-error: a string is no number
  numbers.putNowait("two");
  // @ts-expect-error: it gives numbers
  const found: { value: string } | null = numbers.tryGet();
  assertEquals(found as unknown, { value: "two" });
});

Deno.test("Queue gives copies of what it was given", async () => {
  const queue = new Queue<unknown>();
  for (const value of VALUES) queue.putSync(value);
  assertEquals(queue.qsize(), VALUES.length);
  for (const value of VALUES) assert(isDeepStrictEqual(await queue.get(), value), String(value));
  assert(Object.is((queue.putSync(-0), queue.getSync()), -0));
});

Deno.test("Queue of local scope gives the very values that it was given", async () => {
  const queue = new Queue<unknown>(0, { scope: "local" });
  const values = [...VALUES, () => 1, Symbol("s"), new WeakMap(), Promise.resolve(), queue];
  for (const value of values) await queue.put(value);
  for (const value of values) assert(Object.is(queue.tryGet()?.value, value));
});

Deno.test("Queue.put() copies before it returns, also when it has to wait", async () => {
  const queue = new Queue<number[]>(1);
  const item = [1];
  const first = queue.put(item);
  item.push(2);
  await first;
  const second = queue.put(item);
  item.push(3);
  assertEquals(queue.getSync(), [1]);
  await second;
  assertEquals(queue.getSync(), [1, 2]);
});

Deno.test("Queue takes items of many sizes, in turns", async () => {
  const queue = new Queue<Uint8Array | string>();
  for (const size of [0, 1, 100, 4_000, 5_000, 16_384, 70_000, 1_000_000, 5_000_000]) {
    for (let round = 0; round < 3; round++) {
      const bytes = new Uint8Array(size).map((_, i) => i * 31);
      await queue.put(bytes);
      await queue.put("é".repeat(size >> 2));
      assertEquals(Buffer.compare(await queue.get() as Uint8Array, bytes), 0);
      assert(await queue.get() === "é".repeat(size >> 2));
    }
  }
  assertSize(queue, 0);
});

Deno.test("Queue without a limit holds 100 000 items", () => {
  const queue = new Queue<number>();
  for (let i = 0; i < 100_000; i++) queue.putNowait(i);
  assertEquals(queue.qsize(), 100_000);
  for (let i = 0; i < 100_000; i++) if (queue.getNowait() !== i) assert(false, `not ${i}`);
  assertSize(queue, 0);
});

Deno.test("Q13 M31 Queue keeps its size and its room when an item cannot travel", async () => {
  const queue = new Queue<unknown>(1);
  for (const item of [Symbol("s"), new WeakMap(), { deep: [Promise.resolve()] }]) {
    assertThrows(() => queue.putNowait(item), UnshareableError);
    assertThrows(() => queue.tryPut(item), UnshareableError);
    assertThrows(() => queue.putSync(item), UnshareableError);
    await assertRejects(() => queue.put(item), UnshareableError);
  }
  const item = {
    get broken() {
      throw new RangeError("broken");
    },
  };
  await assertRejects(() => queue.put(item), RangeError, "broken");
  assertEquals([queue.qsize(), queue.unfinishedTasks], [0, 0]);
  await queue.join();
  queue.putNowait("whole");
  assertThrows(() => queue.putNowait("more"), FullError);
  assertEquals(drain(queue), ["whole"]);
});

Deno.test("Queue refuses what Python would take for its arguments", async () => {
  const queue = new Queue<number>(1);
  await assertRejects(() => queue.put(1, 5 as never), TypeError, "{ timeout: 5000 }");
  await assertRejects(() => queue.put(1, false as never), TypeError, "use tryPut()");
  assertThrows(() => queue.putSync(1, true as never), TypeError, "use tryPut()");
  assertThrows(() => queue.getSync(true as never), TypeError, "use tryGet()");
  assertThrows(() => new Queue({ scope: "local" } as never), TypeError, "new Queue(0, options)");
  assertSize(queue, 0);
});

/** A queue that holds each item once, as one does in Python by overriding `_put`. */
class UniqueQueue extends Queue<string> {
  readonly seen = new Set<string>();

  override tryPut(item: string): boolean {
    if (this.seen.has(item)) return true;
    if (!super.tryPut(item)) return false;
    this.seen.add(item);
    return true;
  }

  override async get(options?: { timeout?: number }): Promise<string> {
    return (await super.get(options)).toUpperCase();
  }
}

Deno.test("Q35 Queue calls the public methods that a subclass overrides", async () => {
  for (const scope of SCOPES) {
    const queue = new UniqueQueue(2, { scope });
    for (const item of ["a", "b", "a"]) queue.putNowait(item);
    assertThrows(() => queue.putNowait("c"), FullError);
    assertEquals(String(queue), "<UniqueQueue qsize=2/2>");
    queue.shutdown();
    const items: string[] = [];
    for await (const item of queue) items.push(item);
    assertEquals(items, ["A", "B"]);
  }
});

/** Sees to it that garbage is collected, also what has survived for some time: hence the large arrays. */
function churn(): void {
  for (let i = 0; i < 20; i++) new Array(500_000).fill(i);
  if (process.versions["deno"] !== undefined) return;
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}

/** Counts objects that were freed. */
class Watch {
  freed = 0;
  readonly #registry: FinalizationRegistry<null> = new FinalizationRegistry(() => this.freed++);

  add(object: object): void {
    this.#registry.register(object, null);
  }

  /** Lets the event loop turn until more than `count` objects were freed. */
  async until(count: number): Promise<void> {
    await until(() => {
      churn();
      return this.freed > count;
    }, `the end of ${count} objects: ${this.freed}`);
  }
}

Deno.test("Q32 Queue refers no more to an item that was taken out", async () => {
  const queue = new Queue<object>(0, { scope: "local" });
  const watch = new Watch();
  for (let i = 0; i < 1000; i++) {
    const item = new Array(1000).fill(i);
    watch.add(item);
    queue.putNowait(item);
    queue.getNowait();
  }
  await watch.until(900);
  queue.putNowait({});
  assertFalse(queue.empty());
});

/** Pages of memory that are in use. */
function pages(scope: TestedScope): number {
  let count = 0;
  agentOf(scope).q.heap.forEachPage(() => count++);
  return count;
}

Deno.test("Queue is freed with its items when nobody refers to it", async () => {
  for (const scope of SCOPES) {
    const before = pages(scope);
    let most = 0;
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 100; i++) {
        const queue = new Queue<unknown>(0, { scope });
        queue.putNowait(new Uint8Array(10_000));
        queue.putNowait(scope === "local" ? queue : [queue.qsize()]);
      }
      most = Math.max(most, pages(scope) - before);
      await turn();
    }
    await until(() => {
      churn();
      return pages(scope) - before < most / 4;
    }, `fewer than ${most} pages`);
  }
});

Deno.test("Queue that nobody refers to stays while a promise waits at it", async () => {
  for (const scope of SCOPES) {
    await assertLeavesNothing(scope, async () => {
      const controller = new AbortController();
      const waits = Array.from({ length: 100 }, () => {
        const full = new Queue<unknown>(1, { scope });
        full.putNowait("here");
        const { signal } = controller;
        return [new Queue<unknown>(0, { scope }).get({ signal }), full.put(1, { signal })];
      }).flat();
      let settled = 0;
      for (const wait of waits) wait.then(() => settled++, () => {});
      const watch = new Watch();
      for (let i = 0; i < 10_000; i++) watch.add(new Array(1000).fill(i));
      await watch.until(9000);
      // The records of freed queues would be those of these.
      const others = Array.from({ length: 1000 }, () => new Queue<number>(1, { scope }));
      others.forEach((queue, i) => queue.putNowait(i));
      await turn();
      assertEquals(others.map((queue) => queue.getNowait()), others.map((_, i) => i));
      await turn();
      assertEquals([settled, entries(scope), queues(scope)], [0, waits.length, waits.length]);
      controller.abort("enough");
      for (const wait of waits) assertEquals(await wait.catch((error) => error), "enough");
    });
  }
});

Deno.test("Queue.put() refuses an item whose size no word can say", async () => {
  const queue = new Queue<Uint8Array>();
  for (const size of [2 ** 31, 2 ** 32 - 100]) {
    const item = new Uint8Array(size);
    assertThrows(() => queue.putSync(item), RangeError, `it takes ${size} bytes`);
    await assertRejects(() => queue.put(item), RangeError, `it takes ${size} bytes`);
    assertThrows(() => queue.tryPut(item), RangeError, `it takes ${size} bytes`);
  }
  assertEquals([queue.qsize(), queue.unfinishedTasks], [0, 0]);
  queue.putSync(new Uint8Array(3));
  assertEquals(queue.getSync(), new Uint8Array(3));
});
