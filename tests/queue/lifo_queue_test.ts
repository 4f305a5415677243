import { LifoQueue, Queue } from "../../queue/mod.ts";
import { assert } from "@std/assert";
import { fullQueueConformance } from "../conformance/full_queue_conformance.ts";
import { queueConformance } from "../conformance/queue_conformance.ts";
import type { FullKind } from "../conformance/queue_support.ts";

const KIND: FullKind = {
  name: "LifoQueue",
  make: (maxsize, options) => new LifoQueue(maxsize, options),
  order: (put) => [...put].reverse(),
};

queueConformance(KIND);
fullQueueConformance(KIND);

Deno.test("LifoQueue is a Queue, as in Python", () => {
  assert(new LifoQueue() instanceof Queue);
});
