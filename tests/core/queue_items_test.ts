import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { agentOf } from "../../_core/agent.ts";
import { encode } from "../../_core/codec.ts";
import { HEAP_BYTE_BASE, TYPE_QUEUE } from "../../_core/layout.ts";
import { createPlace } from "../../_core/place.ts";
import { QueueCore } from "../../_core/queue_core.ts";
import { shareable } from "../../_core/shareable.ts";

const scope = "thread";

function makeQueue(): QueueCore {
  const settings = { order: "fifo", maxsize: 0, scope, counted: true } as const;
  return new QueueCore(createPlace(TYPE_QUEUE, scope), settings);
}

const CELL_LENGTHS = [0, 1, 47, 48, 49, 900, 2000, 2020, 2030, 4000, 4096, 70_000];

function plain(item: unknown): unknown {
  return item instanceof Map
    ? [...item].map(([key, value]) => [key, [...value as Set<unknown>]])
    : item;
}

Deno.test("QueueCore keeps items of every kind and length as they are", () => {
  const items: unknown[] = [0, -0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 0.5, Infinity, NaN];
  items.push(undefined, null, true, false, 5n, 2n ** 100n, "ÿ", "Ā", "\ud800", new Date(5));
  items.push({ a: [1, { b: 2 }] }, new Map([[1, new Set([2])]]), [, 1], /x/g);
  for (const length of CELL_LENGTHS) {
    items.push("a".repeat(length), "ä".repeat(length), "€".repeat(length));
    items.push(Uint8Array.from({ length }, (_, i) => i), new Float64Array(length).fill(1.5));
  }
  items.push(new Uint8Array(20).subarray(3, 9), new Uint8ClampedArray([1, 300]));
  const queue = makeQueue();
  for (const item of items) queue.tryPut(item);
  for (const item of items) {
    const found = queue.tryGet()?.value;
    assert(Object.is(found, item) || typeof item !== "number");
    // Node 20 compares no sets.
    assertEquals(plain(found), plain(item));
  }
  queue.dispose();
});

Deno.test("QueueCore.tryPut() copies the item", () => {
  const queue = makeQueue();
  const item = { list: [1], bytes: new Uint8Array(5000) };
  queue.tryPut(item);
  queue.tryPut(item.bytes);
  item.list.push(2);
  item.bytes.fill(9);
  assertEquals(queue.tryGet()?.value, { list: [1], bytes: new Uint8Array(5000) });
  assertEquals(queue.tryGet()?.value, new Uint8Array(5000));
  queue.dispose();
});

Deno.test("QueueCore carries shared buffers, which stay shared", () => {
  const queue = makeQueue();
  const shared = new Int32Array(new SharedArrayBuffer(8));
  queue.tryPut({ shared });
  queue.tryPut(shared.buffer);
  const found = queue.tryGet()?.value as { shared: Int32Array };
  found.shared[1] = 7;
  assertEquals(shared[1], 7);
  assertEquals(new Int32Array(queue.tryGet()?.value as SharedArrayBuffer)[1], 7);
  queue.dispose();
});

Deno.test("QueueCore.tryPut() called while an item is written puts both", () => {
  const queue = makeQueue();
  const item = {
    get inner() {
      queue.tryPut("from within");
      return 1;
    },
  };
  queue.tryPut(item);
  assertEquals(queue.tryGet()?.value, "from within");
  assertEquals(queue.tryGet()?.value, { inner: 1 });
  queue.dispose();
});

/** A module that no thread of the tests has imported, and that registers a class. */
const ELSEWHERE = "data:text/javascript,";

class Known {
  readonly n: number;
  constructor(n: number) {
    this.n = n;
  }
}
shareable(import.meta, Known);

/** Makes the item that is put next one of a class in a module with another URL, of the same length. */
function putForeign(queue: QueueCore, n: number): void {
  const { heap } = agentOf(scope).arena;
  queue.tryPut([new Known(n), "x".repeat(2000)]);
  const own = new TextEncoder().encode(import.meta.url);
  const message = encode([new Known(n), "x".repeat(2000)], "thread").bytes;
  assert(find(message, own, 0) >= 0);
  const foreign = new TextEncoder().encode(ELSEWHERE.padEnd(own.length, "/"));
  // Its cell lies in pages that no other item is in; the URL is there twice.
  let changed = 0;
  for (let at = HEAP_BYTE_BASE; (at = find(heap.bytes, own, at)) >= 0; at++) {
    heap.bytes.set(foreign, at);
    changed++;
  }
  assert(changed >= 1);
}

function find(bytes: Uint8Array, wanted: Uint8Array, from: number): number {
  const first = wanted[0] as number;
  for (let i = bytes.indexOf(first, from); i >= 0; i = bytes.indexOf(first, i + 1)) {
    if (wanted.every((byte, k) => bytes[i + k] === byte)) return i;
  }
  return -1;
}

Deno.test("QueueCore.tryGet() leaves an item in the queue whose module is not loaded", () => {
  const queue = makeQueue();
  putForeign(queue, 1);
  queue.tryPut("next");
  for (const get of [() => queue.tryGet(), () => queue.getSync(0)]) {
    const error = assertThrows(get, TypeError) as Error;
    assert(error.message.includes("not loaded in this thread"), error.message);
    assertEquals(queue.qsize(), 2);
  }
  queue.dispose();
});

Deno.test("QueueCore.get() imports the modules of an item first", async () => {
  const queue = makeQueue();
  putForeign(queue, 2);
  queue.tryPut("next");
  // The module is there, but registers nothing: it was looked for.
  await assertRejects(() => queue.get(1000), TypeError, "the module registers 0 here");
  assertEquals(await queue.get(1000), "next");
  queue.dispose();
});
