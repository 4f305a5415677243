// deno run --allow-read --allow-write --allow-net --allow-run examples/processes/p3_three.ts
// P3: three processes sleep at the same time: together they need little more than one of them alone.
import process from "node:process";
import { isMain, Process, sleepSync, task } from "@nogil/std";

export const nap = task(import.meta, (n: number, milliseconds: number): void => {
  sleepSync(milliseconds);
  console.log(`process ${n} has slept`);
});

if (isMain(import.meta)) {
  const time = Number(process.argv[2] ?? 1000);
  const started = performance.now();
  const processes = [1, 2, 3].map((n) => new Process({ target: nap, args: [n, time] }).start());
  for (const child of processes) await child.join();
  console.log(`three times ${time} ms took ${Math.round(performance.now() - started)} ms`);
}
