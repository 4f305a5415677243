/**
 * Starts and joins processes, and fails if something is left behind: `deno task stress:process [--count=200]`.
 *
 * @module
 */

import process from "node:process";
import { type Holdings, runProcesses } from "./process_run.ts";

/** How much the memory may grow, in megabytes. */
const GROWTH = 32;

const count = Number(process.argv.find((arg) => arg.startsWith("--count="))?.slice(8) ?? 200);
const started = performance.now();
const [before, after] = await runProcesses(count, 4, 20, (done, holdings) => {
  console.log(`${done} processes: ${describe(holdings)}`);
});
console.log(`${count} processes in ${((performance.now() - started) / 1000).toFixed(1)} s`);
const problems: string[] = [];
if (after.memory > before.memory + GROWTH) problems.push("memory");
if (after.descriptors > before.descriptors) problems.push("descriptors");
if (after.threads > before.threads) problems.push("threads");
if (after.children > 0) problems.push("children");
if (problems.length > 0) {
  console.log(`Left behind: ${problems.join(", ")}: ${describe(after)}`);
  process.exitCode = 1;
}

function describe({ memory, descriptors, threads, children }: Holdings): string {
  return `${memory} MB, ${descriptors} descriptors, ${threads} threads, ${children} children`;
}
