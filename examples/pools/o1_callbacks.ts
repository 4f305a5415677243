// deno run --allow-read --allow-write --allow-net --allow-run --allow-ffi examples/pools/o1_callbacks.ts
// O1: a pool of five runs ten tasks and calls back with each result.
import { isMain, Pool, sleepSync, task } from "@nogil/std";

export const add100 = task(import.meta, (i: number): number => {
  sleepSync(10);
  return i + 100;
});

if (isMain(import.meta)) {
  const pool = new Pool(5);
  for (let i = 0; i < 10; i++) {
    pool.applyAsync(add100, [i], { callback: (sum) => console.log("callback:", sum) });
  }
  console.log("end");
  pool.close();
  await pool.join();
}
