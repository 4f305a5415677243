import { assertEquals, assertStrictEquals } from "@std/assert";
import { LifoQueue, PriorityQueue, Queue, SimpleQueue } from "../../queue/mod.ts";

const COUNT = 5000;

for (
  const [name, make] of Object.entries({
    Queue: () => new Queue<object>(0, { scope: "local" }),
    LifoQueue: () => new LifoQueue<object>(0, { scope: "local" }),
    SimpleQueue: () => new SimpleQueue<object>({ scope: "local" }),
    PriorityQueue: () => new PriorityQueue<object>(0, { scope: "local", key: () => 1 }),
  })
) {
  Deno.test(`${name} of scope "local" gives thousands of items back as they are`, async () => {
    const queue = make();
    for (let round = 0; round < 3; round++) {
      const items = Array.from({ length: COUNT }, (_, i) => ({ i, round }));
      const half = COUNT / 2;
      for (const item of items.slice(0, half)) await queue.put(item);
      for (const item of items.slice(half)) queue.putNowait(item);
      assertEquals(queue.qsize(), COUNT);
      const expected = name === "LifoQueue" ? items.reverse() : items;
      for (const item of expected.slice(0, half)) assertStrictEquals(await queue.get(), item);
      for (const item of expected.slice(half)) assertStrictEquals(queue.getNowait(), item);
      assertEquals(queue.qsize(), 0);
    }
  });
}

Deno.test('Queue of scope "local" hands items on between those who wait', async () => {
  const queue = new Queue<number>(1, { scope: "local" });
  const getters = [queue.get(), queue.get()];
  const puts = [1, 2, 3, 4].map((n) => queue.put(n));
  assertEquals(await Promise.all(getters), [1, 2]);
  assertEquals([await queue.get(), await queue.get()], [3, 4]);
  await Promise.all(puts);
  assertEquals([queue.qsize(), queue.unfinishedTasks], [0, 4]);
});
