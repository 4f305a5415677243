import { assert, assertEquals, assertThrows } from "@std/assert";
import process from "node:process";
import { agentOf } from "../../_core/agent.ts";
import type { Scope } from "../../_core/handle.ts";
import { TYPE_QUEUE } from "../../_core/layout.ts";
import { createPlace } from "../../_core/place.ts";
import { Chunks } from "../../_core/queue_chunks.ts";
import { QueueCore, type QueueOrder } from "../../_core/queue_core.ts";

const ORDERS: readonly QueueOrder[] = ["fifo", "lifo", "priority"];

function make(order: QueueOrder, scope: Scope = "thread", maxsize = 0): QueueCore {
  return new QueueCore(createPlace(TYPE_QUEUE, scope), { order, maxsize, scope, counted: true });
}

/** Pages of a scope that are in use. */
function pages(scope: Scope): number {
  let count = 0;
  agentOf(scope).arena.heap.forEachPage(() => count++);
  return count;
}

/** Runs `use` with a queue, and checks that nothing of it is left. */
function withQueue(order: QueueOrder, scope: Scope, use: (queue: QueueCore) => void): void {
  const before = pages(scope);
  const queue = make(order, scope);
  use(queue);
  queue.dispose();
  assertEquals(pages(scope), before);
}

for (const scope of ["thread", "local"] as const) {
  for (const order of ORDERS) {
    Deno.test(`QueueCore (${order}, ${scope}) needs no more memory for 100,000 items than for a few`, () => {
      withQueue(order, scope, (queue) => {
        const before = pages(scope);
        let most = 0;
        for (let i = 0; i < 100_000; i++) {
          queue.putSync(i, Infinity);
          if (i % 7 === 3) queue.putSync(i, Infinity);
          queue.getSync(Infinity);
          if (i % 7 === 5) queue.getSync(Infinity);
          if (i % 1000 === 0) most = Math.max(most, pages(scope));
        }
        // It holds about 14,000 items at the end, and before that fewer.
        assert(pages(scope) <= before + 200, `${pages(scope) - before} pages`);
        while (queue.tryGet() !== null) { /* the rest */ }
        assert(pages(scope) <= before + 4 + 32, `${pages(scope) - before} pages are left`);
      });
    });
  }
}

Deno.test("QueueCore goes on in the same few pages when all is consumed", () => {
  withQueue("fifo", "thread", (queue) => {
    const before = pages("thread");
    for (let i = 0; i < 50_000; i++) {
      queue.tryPut("item number " + i);
      assertEquals(queue.tryGet()?.value, "item number " + i);
    }
    assert(pages("thread") <= before + 4);
  });
});

Deno.test("QueueCore frees the pages of large items one by one", () => {
  withQueue("fifo", "thread", (queue) => {
    const before = pages("thread");
    const item = new Uint8Array(1_000_000).fill(5);
    for (let i = 0; i < 5; i++) queue.tryPut(item);
    const full = pages("thread");
    assert(full >= before + 5 * 244);
    for (let i = 0; i < 5; i++) {
      assertEquals(queue.tryGet()?.value, item);
      assertEquals(pages("thread"), full - (i + 1) * (full - before) / 5);
    }
  });
});

Deno.test("QueueCore.tryPut() that fails leaves no memory behind", () => {
  withQueue("priority", "thread", (queue) => {
    queue.tryPut(1);
    const before = pages("thread");
    assertThrows(() => queue.tryPut("x".repeat(100_000)), TypeError);
    queue.maxsize = 1;
    assertEquals(queue.tryPut(2), false);
    assertEquals(pages("thread"), before);
  });
});

Deno.test("QueueCore.put() that times out or is aborted leaves no memory behind", async () => {
  const before = pages("thread");
  const queue = make("fifo", "thread", 1);
  queue.tryPut(0);
  const base = pages("thread");
  const abort = new AbortController();
  const large = new Uint8Array(50_000);
  const waits = [
    queue.put(large, 5),
    queue.put(large, Infinity, abort.signal),
    queue.put("small", 5),
  ];
  assert(pages("thread") > base + 20);
  abort.abort(new Error("enough"));
  const ends = await Promise.allSettled(waits);
  assertEquals(ends.map(({ status }) => status), ["rejected", "rejected", "rejected"]);
  assertEquals(pages("thread"), base);
  assertEquals(queue.qsize(), 1);
  queue.dispose();
  assertEquals(pages("thread"), before);
});

Deno.test("QueueCore.shutdown() at once frees all items", () => {
  withQueue("lifo", "thread", (queue) => {
    const before = pages("thread");
    for (let i = 0; i < 3000; i++) queue.tryPut(i % 3 === 0 ? new Uint8Array(10_000) : i);
    queue.shutdown(true);
    assert(pages("thread") <= before + 4 + 4);
    assertEquals(queue.unfinishedTasks, 0);
  });
});

Deno.test("Chunks.allocate() names the sizes when an item can never fit", () => {
  const { agent, o } = createPlace(TYPE_QUEUE, "thread");
  const chunks = new Chunks(agent.q, o, () => {});
  const { capacity } = agent.arena.heap;
  const error = assertThrows(() => chunks.allocate(capacity / 4), RangeError) as Error;
  assert(error.message.includes(`it takes ${capacity + 8} bytes`), error.message);
  assert(error.message.endsWith(`have ${capacity}`), error.message);
  agent.arena.freeObject(o);
});

Deno.test("QueueCore (local) lets go of items that were taken, dropped or not put", () => {
  const memory = process.memoryUsage().rss;
  const queue = make("fifo", "local", 2);
  queue.tryPut("stays");
  for (let i = 0; i < 60; i++) {
    assert(queue.tryPut(new Uint8Array(10_000_000).fill(i)));
    assertEquals(queue.tryPut(new Uint8Array(10_000_000).fill(i)), false);
    queue.tryGet();
  }
  const grown = (process.memoryUsage().rss - memory) / 2 ** 20;
  assert(grown < 400, `memory grew by ${grown} MB`);
});
