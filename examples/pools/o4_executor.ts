// deno run --allow-read --allow-write --allow-net --allow-run --allow-ffi examples/pools/o4_executor.ts
// O4: an executor with three threads runs thirty tasks, one with processes two; how many there would be by default.
import { availableParallelism } from "node:os";
import {
  currentThread,
  getpid,
  isMain,
  ProcessPoolExecutor,
  sleepSync,
  task,
  ThreadPoolExecutor,
} from "@nogil/std";

export const work = task(import.meta, (n: number): string => {
  console.log(`task ${n} in ${currentThread().name}`);
  return currentThread().name;
});

export const nap = task(import.meta, (): void => sleepSync(10));

export const pid = task(import.meta, (): number => getpid());

if (isMain(import.meta)) {
  const executor = new ThreadPoolExecutor({ maxWorkers: 3, threadNamePrefix: "worker" });
  const futures = Array.from({ length: 30 }, (_, n) => executor.submit(work, n));
  const names = new Set(await Promise.all(futures));
  await executor.shutdown();
  console.log("at most three threads:", names.size <= 3);

  await using processes = new ProcessPoolExecutor({ maxWorkers: 2 });
  const pids = new Set(await Promise.all([processes.submit(pid), processes.submit(pid)]));
  console.log("in other processes:", !pids.has(getpid()));

  await using standard = new ThreadPoolExecutor();
  const tasks = Array.from({ length: 40 }, () => standard.submit(nap));
  const threads = standard.statistics().workers.length;
  console.log("by default:", threads === Math.min(32, availableParallelism() + 4));
  await Promise.all(tasks);
}
