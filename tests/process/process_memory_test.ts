import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { AbandonedError, WorkerLostError } from "../../errors.ts";
import { Process, SharedArray, Value } from "../../process/mod.ts";
import { Queue } from "../../queue/mod.ts";
import { Event, Lock } from "../../sync/mod.ts";
import * as tasks from "./process_memory_tasks.ts";

const scope = "process";

Deno.test("Process shares values, arrays and locks of scope process", async () => {
  const total = new Value("i", 0, { scope });
  const cells = new SharedArray("i", 2, { scope });
  const children = [0, 1].map((n) =>
    new Process({ target: tasks.count, args: [total, cells, n, 2000] }).start()
  );
  await Promise.all(children.map((child) => child.join()));
  assertEquals([total.value, [...cells]], [4000, [2000, 2000]]);
});

Deno.test("Process passes items through queues of scope process, down to its grandchildren", async () => {
  const queue = new Queue<number>(2, { scope });
  const child = new Process({ target: tasks.produceBelow, args: [queue, 20] }).start();
  const items: number[] = [];
  for (let i = 0; i < 20; i++) items.push(await queue.get());
  assertEquals(items, Array.from({ length: 20 }, (_, i) => i));
  await child.join();
});

Deno.test("Process may return what it has made of scope process", async () => {
  const child = new Process({ target: tasks.makeQueue, args: ["an item"] }).start();
  const queue = await child.join();
  assertInstanceOf(queue, Queue);
  assertEquals(await queue.get(), "an item");
});

Deno.test("Process that is killed abandons its locks at once", async () => {
  const lock = new Lock({ scope });
  const held = new Event({ scope });
  const child = new Process({ target: tasks.holdForEver, args: [lock, held] }).start();
  await held.wait();
  const waiting = lock.acquire();
  child.kill();
  await assertRejects(() => waiting, AbandonedError);
  await assertRejects(() => child.join(), WorkerLostError);
  assert(!lock.locked());
});

Deno.test("Process takes part in scope process from its threads alone, too", async () => {
  const total = new Value("i", 0, { scope });
  await new Process({ target: tasks.countInThread, args: [total] }).start().join();
  assertEquals(total.value, 10);
});
