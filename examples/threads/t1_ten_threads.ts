// deno run --allow-read examples/threads/t1_ten_threads.ts
// T1: ten threads sleep at the same time: together they need little more than one of them alone.
import process from "node:process";
import { currentThread, isMain, sleepSync, task, Thread } from "@nogil/std";

export const nap = task(import.meta, (n: number, milliseconds: number): void => {
  sleepSync(milliseconds);
  console.log(`${currentThread().name} has slept, number ${n}`);
});

if (isMain(import.meta)) {
  const time = Number(process.argv[2] ?? 500);
  const started = performance.now();
  const threads: Thread<[number, number], void>[] = [];
  for (let n = 0; n < 10; n++) {
    threads.push(new Thread({ target: nap, args: [n, time], name: `t.${n}` }).start());
  }
  for (const thread of threads) await thread.join();
  console.log(`ten times ${time} ms took ${Math.round(performance.now() - started)} ms`);
}
