import { Pool } from "../../pool/mod.ts";
import { Process } from "../../process/mod.ts";
import { poolConformance } from "../conformance/pool_conformance.ts";
import { PATIENCE, type PoolKind } from "../conformance/pool_support.ts";
import { taskConformance } from "../conformance/task_conformance.ts";
import { type RunnerKind, workerConformance } from "../conformance/worker_conformance.ts";

const kind: PoolKind = {
  name: "Pool",
  make: (workers, options) => new Pool(workers, options),
  with: Pool.with as unknown as PoolKind["with"],
  kind: "process",
  scope: "process",
};

// What starts while a test runs is there for the next.
await Process.prewarm(3);

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
