import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { TimeoutError } from "../../errors.ts";
import { FLAGS, TYPE_QUEUE } from "../../_core/layout.ts";
import { createPlace } from "../../_core/place.ts";
import { QueueCore } from "../../_core/queue_core.ts";
import { GET_HANDOFF, PUT_HANDOFF } from "../../_core/queue_layout.ts";

// A waiter that was passed over is next: whoever can wait leaves the item, or the room, to it.
Deno.test("with a timeout of 0, a queue is polled, whoever waits", async () => {
  const place = createPlace(TYPE_QUEUE, "local");
  const core = new QueueCore(place, { order: "fifo", maxsize: 0, scope: "local", counted: true });
  const { agent: { q }, o } = place;
  q.w.or(o + FLAGS, GET_HANDOFF | PUT_HANDOFF);
  for (const item of [1, 2, 3]) {
    if (item % 2 === 0) core.putSync(item, 0);
    else await core.put(item, 0);
  }
  assertEquals([await core.get(0), core.getSync(0), core.tryGet()], [1, 2, { value: 3 }]);
  assertThrows(() => core.getSync(0), TimeoutError);
  await assertRejects(() => core.get(0), TimeoutError);
});
