/** Programs for the tests that show what hurts in Python; the first argument says which. */

import { writeSync } from "node:fs";
import process from "node:process";
import { isMain } from "../../_core/task.ts";
import { Pool, ProcessPoolExecutor } from "../../pool/mod.ts";
import { ownPid, sleepLong } from "./pains_tasks.ts";

export const programUrl: string = import.meta.url;

/** Prints the ids of all workers of two. */
async function print(pids: Iterable<Promise<number>>): Promise<void> {
  const all = new Set<number>();
  for (const pid of pids) all.add(await pid);
  writeSync(1, `workers ${[...all].join(" ")}\n`);
}

const programs: Record<string, () => Promise<void>> = {
  async "map"() {
    const pool = new Pool(2);
    await print([1, 2, 3, 4].map(async () => await pool.apply(ownPid, [])));
    await pool.map(sleepLong, [1, 2, 3, 4]);
    pool.close();
    await pool.join();
  },
  async "executor"() {
    const executor = new ProcessPoolExecutor({ maxWorkers: 2 });
    await print([1, 2, 3, 4].map(async () => await executor.submit(ownPid)));
    await executor.submit(sleepLong);
  },
};

if (isMain(import.meta)) await programs[process.argv[2] as string]?.();
