// deno run --allow-read --allow-write --allow-net --allow-run --allow-ffi examples/processes/p14_string.ts
// P14: a child puts a string into a queue for its parent.
import { isMain, Process, Queue, task } from "@nogil/std";

export const work = task(import.meta, (queue: Queue<string>): void => {
  queue.putSync("it is me, your child");
});

if (isMain(import.meta)) {
  const queue = new Queue<string>(0, { scope: "process" });
  const child = new Process({ target: work, args: [queue] }).start();
  console.log(await queue.get());
  await child.join();
}
