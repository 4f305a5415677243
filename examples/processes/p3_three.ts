// deno run --allow-read --allow-write --allow-net --allow-run examples/processes/p3_three.ts
// P3: three processes sleep at the same time: together they need little more than one of them alone.
import { isMain, Process, sleepSync, task } from "@nogil/std";

export const nap = task(import.meta, (n: number): void => {
  sleepSync(2000);
  console.log(`process ${n} has slept`);
});

if (isMain(import.meta)) {
  const started = performance.now();
  const processes = [1, 2, 3].map((n) => new Process({ target: nap, args: [n] }).start());
  for (const process of processes) await process.join();
  console.log(`three times 2000 ms took ${Math.round(performance.now() - started)} ms`);
}
