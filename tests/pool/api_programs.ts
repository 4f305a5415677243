/** Programs for the tests of the pools that watch a whole process; the first argument says which. */

import { Barrier } from "../../sync/mod.ts";
import process from "node:process";
import { isMain } from "../../_core/task.ts";
import { ThreadPool, ThreadPoolExecutor } from "../../pool/mod.ts";

export const programUrl: string = import.meta.url;

const nap = async (milliseconds: number): Promise<number> => {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  return milliseconds;
};
/** Returns when both workers run. */
const meet = (barrier: Barrier): number => barrier.waitSync();
const fail = (): void => {
  throw new RangeError("bad item");
};

const programs: Record<string, () => unknown> = {
  async idle() {
    const pool = new ThreadPool(2);
    const executor = new ThreadPoolExecutor();
    console.log(await pool.apply(nap, [1]), await executor.submit(nap, 2));
  },
  async exit() {
    const pool = new ThreadPool(2);
    const executor = new ThreadPoolExecutor();
    const barrier = new Barrier(2);
    await Promise.all([pool.map(meet, [barrier, barrier]), executor.submit(nap, 1)]);
    const workers = (): number =>
      pool.statistics().workers.length + executor.statistics().workers.length;
    console.log(workers());
    process.on("exit", () => {
      console.log(workers());
      try {
        pool.applySync(nap, [1]);
      } catch (error) {
        console.log((error as Error).name);
      }
      executor.shutdownSync();
      pool.close();
      pool.joinSync();
      console.log("joined");
    });
  },
  pending() {
    const pool = new ThreadPool(1);
    const executor = new ThreadPoolExecutor();
    pool.applyAsync(nap, [100], { callback: () => console.log("task") });
    pool.mapAsync(nap, [1, 2], { callback: (values) => console.log(values.join()) });
    executor.submit(nap, 300).addDoneCallback(() => console.log("future"));
    void executor.shutdown({ wait: false });
  },
  async left() {
    const pool = new ThreadPool(1);
    function* endless(): Generator<number> {
      for (;;) yield 1;
    }
    const results = pool.imap(nap, endless(), { timeout: 1e6, progress: true, onProgress() {} });
    console.log((await results.next()).value);
  },
  async unseen() {
    const pool = new ThreadPool(1);
    const executor = new ThreadPoolExecutor();
    pool.applyAsync(fail);
    pool.mapAsync(fail, [1, 2]);
    executor.submit(fail);
    await pool.apply(nap, [20]);
    await executor.submit(nap, 20);
    console.log("on");
  },
  async callbacks() {
    const pool = new ThreadPool(1);
    const bad = (): void => {
      throw new RangeError("bad callback");
    };
    await pool.applyAsync(nap, [1], { callback: bad });
    await pool.applyAsync(fail, [], { errorCallback: bad }).catch(() => undefined);
    await pool.map(nap, [1, 1, 1], { onProgress: bad, chunksize: 1 });
    console.log("on");
  },
  async progress() {
    const pool = new ThreadPool(1);
    await pool.map(nap, [1, 2, 3], { progress: true });
    await pool.map(fail, [1, 2, 3], { progress: true, chunksize: 1 }).catch(() => undefined);
    for await (const _ of pool.imap(nap, [1, 2, 3].values(), { progress: true }));
  },
};

if (isMain(import.meta)) await programs[process.argv[2] ?? ""]?.();
