import { ProcessPoolExecutor } from "../../pool/mod.ts";
import { Process } from "../../process/mod.ts";
import { executorConformance } from "../conformance/executor_conformance.ts";
import type { ExecutorKind } from "../conformance/pool_support.ts";

const kind: ExecutorKind = {
  name: "ProcessPoolExecutor",
  make: (options) => new ProcessPoolExecutor(options),
  kind: "process",
  scope: "process",
};

// What starts while a test runs is there for the next.
await Process.prewarm(3);

executorConformance(kind);
