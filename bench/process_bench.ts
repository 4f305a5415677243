/**
 * How fast do processes start, beside CPython's?
 *
 * `deno task bench:process [--json]`
 *
 * @module
 */
import { Process } from "@nogil/std/process";
import { benchmark, cpython, perOperation } from "./harness.ts";
import { square } from "./process_tasks.ts";

const BASELINE = new URL("./process_baseline.py", import.meta.url);

const COLD = 10;
const SPARES = 8;

/** Starts and joins processes, one after the other. */
async function startAndJoin(count: number, target: (x: number) => number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const result = await new Process({ target, args: [7] }).start().join();
    if (result !== 49) throw new Error(`Wrong result: ${result}`);
  }
}

function cold(target: (x: number) => number): () => Promise<number> {
  return () => perOperation(COLD, () => startAndJoin(COLD, target));
}

/** Spares stand by before the measurement begins, and are not replaced in it. */
async function withSpares(): Promise<number> {
  await Process.prewarm(SPARES);
  const time = await perOperation(SPARES, () => startAndJoin(SPARES, square));
  await Process.prewarm(0);
  return time;
}

await benchmark([
  {
    title: "A process with nothing to do: start and join",
    cases: [
      { name: "CPython, spawn", measure: () => cpython(BASELINE, "spawn") },
      { name: "CPython, forkserver", measure: () => cpython(BASELINE, "forkserver") },
      { name: "Process, a plain function", measure: cold((x: number) => x * x) },
      { name: "Process, a task", measure: cold(square) },
    ],
    targets: [{ name: "Process, a plain function", ratio: 1 }],
    rounds: 3,
  },
  {
    title: "A process with nothing to do, with a spare: start and join",
    cases: [
      { name: "CPython, fork", measure: () => cpython(BASELINE, "fork") },
      { name: "Process with a spare", measure: withSpares },
    ],
    targets: [{ name: "Process with a spare", ratio: 1 }],
    rounds: 5,
  },
]);
