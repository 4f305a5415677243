/**
 * Makes tables for `docs/benchmarks.md` of what the benchmarks wrote with `--json=FILE`, one column for each file:
 * `deno run -R bench/report.ts deno.json node.json`.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { describeResult, type Footprint, type Result } from "./harness.ts";

/** What a benchmark wrote. */
interface Run {
  machine: string;
  answers: Record<string, Result[]>;
  memory: Record<string, Footprint>;
}

const runs = process.argv.slice(2).map((file): Run => JSON.parse(readFileSync(file, "utf8")));
const runtimes = runs.map(({ machine }) => machine.split(",")[0] ?? "");
const [first] = runs;
if (first === undefined) throw new Error("Cannot report: expected the files of some runs");

function line(cells: readonly string[]): void {
  console.log(`| ${cells.join(" | ")} |`);
}

function cell(result: Result | undefined): readonly [string, string] {
  if (result === undefined) return ["", ""];
  const { median, speed, spread, ratio, ratios, verdict, failure } = describeResult(result);
  if (median === null) return [failure, ""];
  const bold = verdict.startsWith("reaches") ? "**" : "";
  const missed = verdict.startsWith("MISSES") ? `, target ${verdict.slice(7)} missed` : "";
  return [`${speed} ${spread}`, `${bold}${ratio}${bold} ${ratios}${missed}`];
}

for (const { machine } of runs) console.log(`- ${machine}`);
for (const [title, results] of Object.entries(first.answers)) {
  console.log(`\n### ${title}\n`);
  line(["", ...runtimes.flatMap((runtime) => [runtime, "ratio"])]);
  line(["---", ...runtimes.flatMap(() => ["---:", "---:"])]);
  for (const { name } of results) {
    line([
      name,
      ...runs.flatMap(({ answers }) => cell(answers[title]?.find((other) => other.name === name))),
    ]);
  }
}
if (Object.keys(first.memory).length > 0) {
  console.log("\n### Memory\n");
  line(["MiB resident before, and after each tenth", ...runtimes]);
  line(["---", ...runtimes.map(() => "---")]);
  for (const title of Object.keys(first.memory)) {
    line([title, ...runs.map(({ memory }) => memory[title]?.resident.join(" ") ?? "")]);
  }
}
