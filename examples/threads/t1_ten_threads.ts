// deno run --allow-read examples/threads/t1_ten_threads.ts
// T1: ten threads sleep at the same time: together they need little more than one of them alone.
import { currentThread, isMain, sleepSync, task, Thread } from "@nogil/std";

export const nap = task(import.meta, (n: number): void => {
  sleepSync(1000);
  console.log(`${currentThread().name} has slept, number ${n}`);
});

if (isMain(import.meta)) {
  const started = performance.now();
  const threads: Thread<[number], void>[] = [];
  for (let n = 0; n < 10; n++) {
    threads.push(new Thread({ target: nap, args: [n], name: `t.${n}` }).start());
  }
  for (const thread of threads) await thread.join();
  console.log(`ten times 1000 ms took ${Math.round(performance.now() - started)} ms`);
}
