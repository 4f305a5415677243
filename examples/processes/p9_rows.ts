// deno run --allow-read --allow-write --allow-net --allow-run --allow-ffi examples/processes/p9_rows.ts
// P9: twenty processes write one array under one lock: no row is torn.
import { isMain, Process, RLock, SharedArray, task } from "@nogil/std";

export const write = task(import.meta, (row: SharedArray<"i">, lock: RLock, n: number): void => {
  using _ = lock.acquireSync();
  for (let i = 0; i < row.length; i++) row[i] = n;
  console.log(row.join(" "));
});

if (isMain(import.meta)) {
  const row = SharedArray("i", 8, { scope: "process" });
  const lock = new RLock({ scope: "process" });
  const processes = Array.from(
    { length: 20 },
    (_, n) => new Process({ target: write, args: [row, lock, n] }).start(),
  );
  for (const process of processes) await process.join();
}
