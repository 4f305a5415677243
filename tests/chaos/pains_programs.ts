/** Programs for the tests that show what hurts in Python; the first argument says which. */

import { writeSync } from "node:fs";
import process from "node:process";
import { isMain } from "../../_core/task.ts";
import { Pool, ProcessPoolExecutor, ThreadPool } from "../../pool/mod.ts";
import { Process } from "../../process/mod.ts";
import { Barrier } from "../../sync/mod.ts";
import { announceAndSleep, ownPid, sleepLong } from "./pains_tasks.ts";

export const programUrl: string = import.meta.url;

/** Says whose ids these are, all that the program has started. */
async function announce(pids: Iterable<Promise<number>>): Promise<void> {
  const all = new Set<number>();
  for (const pid of pids) all.add(await pid);
  writeSync(1, `started ${[...all].join(" ")}\n`);
}

/** Starts a process that says so when it runs. */
function startSleeper(): Process<[], void> {
  return new Process({ target: announceAndSleep }).start();
}

const programs: Record<string, () => Promise<unknown>> = {
  async "Pool.map()"() {
    const pool = new Pool(2);
    const meeting = new Barrier(2, { scope: "process" });
    await announce([1, 2].map(async () => await pool.apply(ownPid, [meeting])));
    await pool.map(sleepLong, [1, 2, 3, 4]);
    pool.close();
    await pool.join();
  },
  async "ThreadPool.map()"() {
    const pool = new ThreadPool(2);
    await announce([pool.apply(ownPid, [null])]);
    await pool.map(sleepLong, [1, 2, 3, 4]);
  },
  async "ProcessPoolExecutor"() {
    const executor = new ProcessPoolExecutor({ maxWorkers: 2 });
    const meeting = new Barrier(2, { scope: "process" });
    await announce([1, 2].map(async () => await executor.submit(ownPid, meeting)));
    await executor.submit(sleepLong);
  },
  "Process.join()": () => startSleeper().join(),
  // deno-lint-ignore require-await -- the others are asynchronous
  async "Process.joinSync()"() {
    startSleeper().joinSync();
  },
};

/** The names of all programs. */
export const names: readonly string[] = Object.keys(programs);

if (isMain(import.meta)) await programs[process.argv[2] as string]?.();
