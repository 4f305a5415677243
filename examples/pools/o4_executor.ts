// deno run --allow-read examples/pools/o4_executor.ts
// O4: an executor with three threads runs thirty tasks; how many there would be by default.
import { availableParallelism } from "node:os";
import { currentThread, isMain, task, ThreadPoolExecutor } from "@nogil/std";

export const work = task(import.meta, (n: number): string => {
  console.log(`task ${n} in ${currentThread().name}`);
  return currentThread().name;
});

export const whoAmI = task(import.meta, async (): Promise<string> => {
  await new Promise((resolve) => setTimeout(resolve, 100));
  return currentThread().name;
});

if (isMain(import.meta)) {
  const executor = new ThreadPoolExecutor({ maxWorkers: 3, threadNamePrefix: "worker" });
  const futures = Array.from({ length: 30 }, (_, n) => executor.submit(work, n));
  const names = new Set(await Promise.all(futures));
  await executor.shutdown();
  console.log("at most three threads:", names.size <= 3);

  await using standard = new ThreadPoolExecutor();
  const tasks = Array.from({ length: 40 }, () => standard.submit(whoAmI));
  const threads = new Set(await Promise.all(tasks)).size;
  console.log("by default:", threads === Math.min(32, availableParallelism() + 4));
}
