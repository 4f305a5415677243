/** Programs that watch what the end of a program does to pools and executors; the first argument says which. */

import { writeSync } from "node:fs";
import process from "node:process";
import { isMain, task } from "../../_core/task.ts";
import { ThreadPool, ThreadPoolExecutor } from "../../pool/mod.ts";
import { sleepSync } from "../../thread/mod.ts";
import { leavePool, spin, square } from "./conformance_tasks.ts";
import { Semaphore } from "../../sync/mod.ts";

export const programUrl: string = import.meta.url;

/** Prints without delay. */
function print(text: string): void {
  writeSync(1, text + "\n");
}

export const sleepAndPrint = task(import.meta, (milliseconds: number, text: string) => {
  sleepSync(milliseconds);
  console.log(text);
});

const programs: Record<string, () => void | Promise<void>> = {
  // Python's executors are waited for at the end of the program.
  "executor with tasks"() {
    const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    executor.submit(sleepAndPrint, 50, "first");
    executor.submit(sleepAndPrint, 10, "second");
    print("main is done");
  },
  async "executor after shutdown without waiting"() {
    const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    executor.submit(sleepAndPrint, 50, "first");
    await executor.shutdown({ wait: false });
    print("main is done");
  },
  async "idle pool"() {
    const pool = new ThreadPool(2);
    const executor = new ThreadPoolExecutor({ maxWorkers: 2 });
    await pool.map(square, [1, 2, 3]);
    await executor.submit(square, 3);
    print(`${Date.now()}`);
  },
  async "closed pool"() {
    const pool = new ThreadPool(2);
    await pool.map(square, [1, 2, 3]);
    pool.close();
    await pool.join();
    print(`${Date.now()}`);
  },
  async "terminated pool"() {
    const pool = new ThreadPool(2);
    const begun = new Semaphore(0);
    pool.applyAsync(spin, [begun]);
    await begun.acquire();
    pool.terminate();
    await pool.join();
    print(`${Date.now()}`);
  },
  "pool with tasks"() {
    const pool = new ThreadPool(1);
    pool.applyAsync(sleepAndPrint, [50, "first"]);
    pool.mapAsync(square, [1, 2, 3]).then((squares) => print(`${squares}`));
    print("main is done");
  },
  async "prints"() {
    const pool = new ThreadPool(2);
    await pool.starmap(sleepAndPrint, [[0, "one"], [0, "two"], [0, "three"]]);
    pool.close();
    await pool.join();
    print("main is done");
  },
  async "failing callback"() {
    const pool = new ThreadPool(1);
    const result = pool.applyAsync(square, [3], {
      callback() {
        throw new RangeError("a broken callback");
      },
    });
    print(`${await result}`);
    pool.close();
    await pool.join();
  },
  async "unseen failure"() {
    const executor = new ThreadPoolExecutor();
    executor.submit((): number => {
      throw new RangeError("nobody looks");
    });
    await executor.shutdown();
    print("main is done");
  },
  async "pool left in a task"() {
    const pool = new ThreadPool(1);
    print(await pool.apply(leavePool, [new Semaphore(0)]));
    pool.close();
    await pool.join();
    print("main is done");
  },
  async "blocked main"() {
    const executor = new ThreadPoolExecutor({ maxWorkers: 2 });
    print(`${executor.submit(square, 3).resultSync()}`);
    const futures = [1, 2, 3].map((x) => executor.submit(square, x));
    print(futures.map((future) => future.resultSync()).join());
    await executor.shutdown();
  },
};

if (isMain(import.meta)) void programs[process.argv[2] as string]?.();
