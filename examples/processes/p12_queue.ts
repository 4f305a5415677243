// deno run --allow-read --allow-write --allow-net --allow-run --allow-ffi examples/processes/p12_queue.ts
// P12: a queue between processes: ten of them take one item each.
import { isMain, Process, Queue, task } from "@nogil/std";

export const takeOne = task(import.meta, (queue: Queue<string>): void => {
  console.log("got", queue.getSync());
});

if (isMain(import.meta)) {
  const queue = new Queue<string>(3, { scope: "process" });
  for (const item of ["a", "b", "c"]) queue.putSync(item);
  console.log("size:", queue.qsize(), "full:", queue.full());
  while (!queue.empty()) console.log(queue.getNowait());

  const items = new Queue<string>(0, { scope: "process" });
  const processes = Array.from(
    { length: 10 },
    () => new Process({ target: takeOne, args: [items] }).start(),
  );
  for (let n = 0; n < 10; n++) await items.put(`item ${n}`);
  for (const process of processes) await process.join();
  console.log("left:", items.qsize());
}
