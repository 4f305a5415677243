/**
 * A small harness for benchmarks that stand side by side.
 *
 * All cases of a question run in one process and take turns, round after round, so that whatever else the machine does
 * falls on all of them. What counts is the median of the rounds, and its ratio to the case that is the measure.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import os from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** One way to do the work. */
export interface Case {
  name: string;
  /** Does the work once and returns nanoseconds per operation; `null` if it cannot run here. */
  measure: () => number | null | Promise<number | null>;
}

/** What to reach: the ratio of a case to the measure, in time. */
export interface Target {
  /** The case that has to reach it. */
  name: string;
  /** The most that the ratio may be. */
  ratio: number;
}

/** A question and the cases that answer it. The first case is the measure for the others. */
export interface Question {
  title: string;
  cases: readonly Case[];
  targets?: readonly Target[];
  /** How often each case is measured, after one round that does not count; 7 by default. */
  rounds?: number;
}

/** What one case took. */
export interface Result {
  name: string;
  /** Nanoseconds per operation, the median of the rounds; `null` if it cannot run here. */
  median: number | null;
  /** The fastest round. */
  best: number | null;
  /** The median in units of that of the first case. */
  ratio: number | null;
  /** The ratio to reach, if there is one. */
  target: number | null;
}

/** Measures how many nanoseconds one of `operations` takes in `work`. */
export async function perOperation(
  operations: number,
  work: () => void | Promise<void>,
): Promise<number> {
  const started = performance.now();
  const promise = work();
  if (promise !== undefined) await promise;
  return (performance.now() - started) * 1e6 / operations;
}

/**
 * Measures in CPython: runs `python3 SCRIPT ARGS…`, which prints nanoseconds per operation.
 *
 * @returns `null` where there is no `python3`.
 */
export function cpython(script: URL, ...args: string[]): number | null {
  const { stdout, status } = spawnSync("python3", [fileURLToPath(script), ...args], {
    encoding: "utf8",
  });
  return status === 0 ? Number(stdout) : null;
}

/** Answers questions, one after the other, and prints a table for each; with `--json`, one object at the end. */
export async function benchmark(questions: readonly Question[]): Promise<void> {
  const json = process.argv.includes("--json");
  const answers: Record<string, Result[]> = {};
  const machine = describeMachine();
  if (!json) console.log(machine);
  for (const question of questions) {
    const results = await answer(question);
    answers[question.title] = results;
    if (!json) printTable(question.title, results);
  }
  if (json) console.log(JSON.stringify({ machine, answers }, null, 2));
}

async function answer({ cases, targets = [], rounds = 7 }: Question): Promise<Result[]> {
  const times = cases.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [i, { measure }] of cases.entries()) {
      const time = await measure();
      if (round > 0 && time !== null) times[i]?.push(time);
    }
  }
  const medians = times.map((list) => median(list));
  return cases.map(({ name }, i): Result => {
    const [own, first] = [medians[i] ?? null, medians[0] ?? null];
    return {
      name,
      median: own,
      best: own === null ? null : Math.min(...times[i] ?? []),
      ratio: own === null || first === null ? null : own / first,
      target: targets.find((target) => target.name === name)?.ratio ?? null,
    };
  });
}

function median(list: readonly number[]): number | null {
  if (list.length === 0) return null;
  const sorted = list.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

function describeMachine(): string {
  const { deno, node, v8 } = process.versions as Record<string, string>;
  const runtime = deno === undefined ? `Node ${node}` : `Deno ${deno}`;
  const model = os.cpus()[0]?.model ?? "unknown processor";
  return `${runtime}, V8 ${v8}, ${os.availableParallelism()} × ${model}, load ${
    os.loadavg()[0]?.toFixed(1)
  }`;
}

function printTable(title: string, results: readonly Result[]): void {
  const width = Math.max(...results.map(({ name }) => name.length));
  console.log(`\n${title}`);
  for (const { name, median, best, ratio, target } of results) {
    const columns = median === null ? ["not here"] : [
      time(median).padStart(10),
      `best ${time(best ?? 0)}`.padStart(16),
      ratio === null ? "" : `× ${ratio.toFixed(2)}`.padStart(8),
      target === null || ratio === null
        ? ""
        : `${ratio <= target ? "reaches" : "MISSES"} ≤ ${target.toFixed(2)}`,
    ];
    console.log(`  ${name.padEnd(width)} ${columns.join(" ")}`.trimEnd());
  }
}

function time(nanoseconds: number): string {
  if (nanoseconds < 1e3) return `${nanoseconds.toFixed(1)} ns`;
  if (nanoseconds < 1e6) return `${(nanoseconds / 1e3).toFixed(1)} µs`;
  return `${(nanoseconds / 1e6).toFixed(1)} ms`;
}
