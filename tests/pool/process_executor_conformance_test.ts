import { ProcessPoolExecutor } from "../../pool/mod.ts";
import { executorConformance } from "../conformance/executor_conformance.ts";
import type { ExecutorKind } from "../conformance/pool_support.ts";
import { waitConformance } from "../conformance/wait_conformance.ts";
import { taskConformance } from "../conformance/task_conformance.ts";
import { type RunnerKind, workerConformance } from "../conformance/worker_conformance.ts";

const kind: ExecutorKind = {
  name: "ProcessPoolExecutor",
  make: (options) => new ProcessPoolExecutor(options),
  kind: "process",
  scope: "process",
};

executorConformance(kind);
waitConformance(kind);
const runners: RunnerKind = {
  ...kind,
  make(maxWorkers, grace) {
    const executor = kind.make({ maxWorkers, ...(grace === undefined ? {} : { grace }) });
    return {
      run: (fn, args, options) => executor.options(options ?? {}).submit(fn, ...args),
      async map(fn, items) {
        const results = [];
        for await (const result of executor.options({ chunksize: 4 }).map(fn, items)) {
          results.push(result);
        }
        return results;
      },
      close: () => executor.shutdown({ cancelFutures: true }),
    };
  },
};

workerConformance(runners);
taskConformance(runners);
