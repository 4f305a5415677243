import { assert, assertEquals, assertFalse, assertRejects, assertThrows } from "@std/assert";
import { ShutDownError } from "../../errors.ts";
import { Queue, SimpleQueue } from "../../queue/mod.ts";
import { queueConformance } from "../conformance/queue_conformance.ts";
import { SCOPES } from "../conformance/support.ts";

queueConformance({
  name: "SimpleQueue",
  make: (_, options) => new SimpleQueue(options),
  order: (put) => [...put],
});

Deno.test("Q29 SimpleQueue.put() takes a timeout that it has no use for", async () => {
  for (const scope of SCOPES) {
    const queue = new SimpleQueue<number>({ scope });
    for (const timeout of [0, 10, Infinity]) {
      await queue.put(1, { timeout });
      queue.putSync(2, { timeout });
    }
    assertEquals(queue.qsize(), 6);
  }
});

Deno.test("SimpleQueue never waits to put, and counts no tasks", () => {
  const queue = new SimpleQueue<number>();
  for (let i = 0; i < 10_000; i++) queue.putSync(i);
  assertEquals(queue.qsize(), 10_000);
  assertFalse("full" in queue || "join" in queue || "taskDone" in queue || "maxsize" in queue);
  assertFalse(queue instanceof Queue);
});

Deno.test("SimpleQueue.put() throws ShutDownError once it is shut down", async () => {
  const queue = new SimpleQueue<number>();
  queue.shutdown();
  await assertRejects(() => queue.put(1), ShutDownError);
  assertThrows(() => queue.putSync(1), ShutDownError);
  assert(queue.empty());
});
