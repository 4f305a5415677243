import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { InvalidStateError, TimeoutError } from "../../errors.ts";
import { JoinableQueue, Process } from "../../process/mod.ts";
import { Queue } from "../../queue/mod.ts";
import * as tasks from "./memory_tasks.ts";

Deno.test("JoinableQueue is a Queue between processes", async () => {
  const queue = new JoinableQueue<number>(5);
  assertInstanceOf(queue, Queue);
  const children = [1, 2].map(() => new Process({ target: tasks.consume, args: [queue] }).start());
  for (let i = 1; i <= 10; i++) await queue.put(i);
  await queue.join();
  assertEquals(queue.unfinishedTasks, 0);
  for (const _ of children) queue.putSync(0);
  queue.joinSync({ timeout: 60_000 });
  const sums = await Promise.all(children.map((child) => child.join()));
  assertEquals(sums[0] as number + (sums[1] as number), 55);
  assertThrows(() => queue.taskDone(), InvalidStateError);
  queue.putSync(1);
  assertThrows(() => queue.joinSync({ timeout: 10 }), TimeoutError);
});

Deno.test("JoinableQueue travels through a queue as one", () => {
  const outer = new Queue<JoinableQueue<number>>(0, { scope: "process" });
  const inner = new JoinableQueue<number>();
  outer.putSync(inner);
  assertEquals(outer.getSync(), inner);
  const threads = new JoinableQueue<number>(0, { scope: "thread" });
  const carrier = new Queue<JoinableQueue<number>>();
  carrier.putSync(threads);
  assertEquals(carrier.getSync(), threads);
});
