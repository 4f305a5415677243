import { ThreadPool } from "../../pool/mod.ts";
import { poolConformance } from "../conformance/pool_conformance.ts";
import { PATIENCE, type PoolKind } from "../conformance/pool_support.ts";
import { taskConformance } from "../conformance/task_conformance.ts";
import { type RunnerKind, workerConformance } from "../conformance/worker_conformance.ts";

const kind: PoolKind = {
  name: "ThreadPool",
  make: (workers, options) => new ThreadPool(workers, options),
  with: ThreadPool.with,
  kind: "thread",
  scope: "thread",
};

poolConformance(kind);
const runners: RunnerKind = {
  ...kind,
  make(workers, grace) {
    const pool = kind.make(workers, grace === undefined ? {} : { grace });
    return {
      run: (fn, args, options) => pool.applyAsync(fn, args, options),
      map: (fn, items) => pool.map(fn, items, { chunksize: 4 }),
      async close() {
        pool.terminate();
        await pool.join({ timeout: PATIENCE });
      },
    };
  },
};

workerConformance(runners);
taskConformance(runners);
