// deno run examples/queues/q1_tour.ts
// Q1: what a queue can do.
import { EmptyError, FullError, Queue, ShutDownError, TimeoutError } from "@nogil/std";

const queue = new Queue<string>(2);
console.log("size:", queue.qsize(), "empty:", queue.empty(), "full:", queue.full());

await queue.put("one"); // waits for room
queue.putSync("two"); // blocks the thread until there is room
console.log("size:", queue.qsize(), "empty:", queue.empty(), "full:", queue.full());

try {
  await queue.put("three", { timeout: 10 });
} catch (error) {
  console.log("put:", error instanceof TimeoutError, (error as Error).message);
}
try {
  queue.putNowait("three");
} catch (error) {
  console.log("putNowait:", error instanceof FullError, (error as Error).message);
}
console.log("tryPut:", queue.tryPut("three"));

console.log("get:", await queue.get());
console.log("getSync:", queue.getSync());
try {
  queue.getSync({ timeout: 10 });
} catch (error) {
  console.log("getSync:", error instanceof TimeoutError, (error as Error).message);
}
try {
  queue.getNowait();
} catch (error) {
  console.log("getNowait:", error instanceof EmptyError, (error as Error).message);
}
console.log("tryGet:", queue.tryGet());

console.log("unfinished:", queue.unfinishedTasks);
queue.taskDone();
queue.taskDone();
await queue.join(); // until as many tasks are done as items were put
console.log("all is done");
try {
  queue.taskDone();
} catch (error) {
  console.log((error as Error).message);
}

queue.shutdown(); // for good: nothing can be put any more
try {
  await queue.put("four");
} catch (error) {
  console.log("put:", error instanceof ShutDownError, (error as Error).message);
}
