/**
 * A small harness for benchmarks that stand side by side.
 *
 * All cases of a question run in one process and take turns, round after round, so that whatever else the machine does
 * falls on all of them. What counts is the median of the rounds, and its ratio to the measure: the first case, or the
 * fastest of several. A case that hangs or fails is said to, and does not run again.
 *
 * `--json` prints one object at the end, `--json=FILE` writes it to a file; `--quick` looks only whether everything runs,
 * `--only=PART` chooses questions by their titles.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import os from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** One way to do the work. */
export interface Case {
  name: string;
  /** Runs once, before the first round. */
  open?: () => void | Promise<void>;
  /** Does the work once and returns nanoseconds per operation; `null` if it cannot run here. */
  measure: () => number | null | Promise<number | null>;
  /** Runs once, after the last round. */
  close?: () => unknown;
}

/** What to reach: the ratio of a case to the measure, in time. */
export interface Target {
  /** The case that has to reach it. */
  name: string;
  /** The most that the ratio may be. */
  ratio: number;
}

/** A question and the cases that answer it. */
export interface Question {
  title: string;
  cases: readonly Case[];
  /** The cases of which the fastest is the measure for the others; the first case by default. */
  measure?: readonly string[];
  targets?: readonly Target[];
  /** How often each case is measured, after one round that does not count; 7 by default. */
  rounds?: number;
  /** Whether to print operations per second, and by how much they are more, instead of times. */
  rate?: boolean;
}

/** What one case took. */
export interface Result {
  name: string;
  /** Nanoseconds per operation, the median of the rounds; `null` if it cannot run here. */
  median: number | null;
  /** The fastest round. */
  best: number | null;
  /** The slowest round. */
  worst: number | null;
  /** The median in units of that of the measure. */
  ratio: number | null;
  /** The least and the greatest ratio to the measure within one round. */
  ratios: readonly [number, number] | null;
  /** The ratio to reach, if there is one. */
  target: number | null;
  /** Why it could not run to its end. */
  failure: string | null;
  /** Whether rates are of interest instead of times. */
  rate: boolean;
}

/** Whether the memory of the program grows with the work that it does. */
export interface Growth {
  title: string;
  /** Runs once, before the first step. */
  open?: () => void | Promise<void>;
  /** Does one part of the work. */
  step: () => void | Promise<void>;
  /** Runs once, after the last step. */
  close?: () => unknown;
  /** How many parts there are; 10 by default. */
  steps?: number;
  /** The most MiB that the last third may have above the middle one. */
  allowed: number;
}

/** What became of the memory. */
export interface Footprint {
  /** MiB of resident memory, before the first step and after each. */
  resident: number[];
  /** The MiB of the last third above those of the middle one. */
  growth: number;
  /** The most that they may be. */
  allowed: number;
}

/** Whether to look only that everything runs. */
export const QUICK: boolean = process.argv.includes("--quick");

/** Milliseconds after which a case counts as hanging. */
const LIMIT = 30_000;
/** The same for what is closed. */
const CLOSE_LIMIT = 3_000;

/** Gives a number of operations, a hundredth of it if this run only looks whether everything runs. */
export function operations(count: number): number {
  return QUICK ? Math.max(Math.ceil(count / 100), 10) : count;
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
export function cpython(script: URL, ...args: (string | number)[]): number | null {
  const { stdout, status } = spawnSync("python3", [fileURLToPath(script), ...args.map(String)], {
    encoding: "utf8",
  });
  return status === 0 ? Number(stdout) : null;
}

/** Answers questions, one after the other, and prints a table for each; with `--json`, one object at the end. */
export async function benchmark(
  questions: readonly Question[],
  growths: readonly Growth[] = [],
): Promise<void> {
  const json = process.argv.includes("--json");
  const answers: Record<string, Result[]> = {};
  const memory: Record<string, Footprint> = {};
  const machine = describeMachine();
  if (!json) console.log(machine);
  // First, while the program is as small as it can be.
  for (const growth of growths.filter(isWanted)) {
    const footprint = await watch(growth);
    memory[growth.title] = footprint;
    if (!json) printFootprint(growth.title, footprint);
  }
  for (const question of questions.filter(isWanted)) {
    const before = load();
    const results = await answer(question);
    answers[question.title] = results;
    if (!json) printTable(question.title, results, `load ${before} before, ${load()} after`);
  }
  const all = JSON.stringify({ machine, answers, memory }, null, 2);
  if (json) console.log(all);
  const file = process.argv.find((arg) => arg.startsWith("--json="))?.slice(7);
  if (file !== undefined) writeFileSync(file, `${all}\n`);
}

async function watch({ open, step, close, steps = 10, allowed }: Growth): Promise<Footprint> {
  await open?.();
  const resident = [megabytes()];
  for (let i = 0; i < steps; i++) {
    await step();
    resident.push(megabytes());
  }
  await close?.();
  const third = Math.floor(steps / 3);
  const middle = median(resident.slice(-2 * third, -third)) ?? 0;
  const growth = (median(resident.slice(-third)) ?? 0) - middle;
  return { resident, growth, allowed };
}

function megabytes(): number {
  return Math.round(process.memoryUsage().rss / 2 ** 20);
}

function printFootprint(title: string, { resident, growth, allowed }: Footprint): void {
  console.log(`\n${title}`);
  const verdict = growth <= allowed ? "reaches" : "MISSES";
  console.log(`  MiB resident: ${resident.join(" ")}; last third ${growth.toFixed(0)} above the`);
  console.log(`  middle one: ${verdict} ≤ ${allowed}`);
}

/** Tells whether `--only` leaves a question in. */
export function isWanted({ title }: { title: string }): boolean {
  const parts = process.argv.filter((arg) => arg.startsWith("--only=")).map((arg) => arg.slice(7));
  return parts.length === 0 || parts.some((part) => title.toLowerCase().includes(part));
}

async function answer(question: Question): Promise<Result[]> {
  const { cases, rounds = 7 } = question;
  const times = cases.map((): (number | null)[] => []);
  const failures = cases.map((): string | null => null);
  const guard = async (
    i: number,
    work: () => unknown,
    limit = LIMIT,
    what = "",
  ): Promise<unknown> => {
    try {
      return await within(limit, work);
    } catch (error) {
      failures[i] ??= what + (error instanceof Error ? error.message : String(error));
    }
  };
  for (const [i, { open }] of cases.entries()) if (open !== undefined) await guard(i, open);
  for (let round = 0; round <= (QUICK ? 1 : rounds); round++) {
    for (const [i, { measure }] of cases.entries()) {
      const time = failures[i] === null ? await guard(i, measure) : null;
      if (round > 0) times[i]?.push(typeof time === "number" ? time : null);
    }
  }
  for (const [i, { close }] of cases.entries()) {
    if (close !== undefined) await guard(i, close, CLOSE_LIMIT, "its close ");
  }
  return summarise(question, times, failures);
}

function summarise(
  { cases, measure, targets = [], rate = false }: Question,
  times: readonly (readonly (number | null)[])[],
  failures: readonly (string | null)[],
): Result[] {
  const medians = times.map((list) => median(list.filter(isNumber)));
  let first = measure === undefined ? 0 : -1;
  for (const [i, { name }] of cases.entries()) {
    if (!measure?.includes(name) || medians[i] === null) continue;
    if (first < 0 || Number(medians[i]) < Number(medians[first])) first = i;
  }
  const unit = medians[first] ?? null;
  return cases.map(({ name }, i): Result => {
    const own = medians[i] ?? null;
    const all = (times[i] ?? []).filter(isNumber);
    const ratios = (times[i] ?? []).map((time, round) => {
      const other = times[first]?.[round] ?? null;
      return time === null || other === null ? null : time / other;
    }).filter(isNumber);
    return {
      name,
      median: own,
      best: own === null ? null : Math.min(...all),
      worst: own === null ? null : Math.max(...all),
      ratio: own === null || unit === null ? null : own / unit,
      ratios: ratios.length === 0 ? null : [Math.min(...ratios), Math.max(...ratios)],
      target: targets.find((target) => target.name === name)?.ratio ?? null,
      failure: failures[i] ?? null,
      rate,
    };
  });
}

function isNumber(value: number | null): value is number {
  return value !== null;
}

/** Gives what `work` gives, or throws if that takes longer than `limit` milliseconds. */
async function within<T>(limit: number, work: () => T | Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`hangs (${limit / 1000} s)`)), limit);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}

function median(list: readonly number[]): number | null {
  if (list.length === 0) return null;
  const sorted = list.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/** Says where this runs. */
export function describeMachine(): string {
  const { deno, node, v8 } = process.versions as Record<string, string>;
  const runtime = deno === undefined ? `Node ${node}` : `Deno ${deno}`;
  const { stdout } = spawnSync("python3", ["--version"], { encoding: "utf8" });
  const python = (stdout ?? "").trim() || "no Python";
  const model = os.cpus()[0]?.model ?? "unknown processor";
  const day = new Date().toISOString().slice(0, 10);
  return `${runtime}, V8 ${v8}, C${python}, ${os.availableParallelism()} × ${model}, ${day}`;
}

/** The average load of the last minute. */
export function load(): string {
  return (os.loadavg()[0] ?? 0).toFixed(1);
}

function printTable(title: string, results: readonly Result[], note: string): void {
  const width = Math.max(...results.map(({ name }) => name.length));
  console.log(`\n${title} (${note})`);
  for (const result of results) {
    const { median, speed, spread, ratio, ratios, verdict, failure } = describeResult(result);
    const columns = median === null ? [failure] : [
      speed.padStart(10),
      spread.padEnd(26),
      ratio.padStart(9),
      ratios.padEnd(16),
      verdict,
      failure,
    ];
    console.log(`  ${result.name.padEnd(width)} ${columns.join(" ")}`.trimEnd());
  }
}

/** What people read of a result. */
export interface Description {
  median: number | null;
  /** `"41.2 µs"`, or `"1.20 M/s"`. */
  speed: string;
  /** The range of the rounds. */
  spread: string;
  /** By how much slower, or faster, than the measure. */
  ratio: string;
  /** The range of that within one round. */
  ratios: string;
  /** Whether the target is reached. */
  verdict: string;
  failure: string;
}

/** Puts a result into words. */
export function describeResult(result: Result): Description {
  const { median, best, worst, ratio, ratios, target, failure, rate } = result;
  const show = rate ? perSecond : time;
  const ends = rate ? [worst, best] : [best, worst];
  return {
    median,
    speed: median === null ? "" : show(median),
    spread: median === null ? "" : `[${ends.map((x) => show(x ?? 0)).join(" – ")}]`,
    ratio: ratio === null ? "" : `× ${figure(rate ? 1 / ratio : ratio)}`,
    ratios: ratios === null ? "" : range(ratios.map((x) => rate ? 1 / x : x)),
    verdict: target === null || ratio === null ? "" : verdict(ratio, target, rate),
    failure: failure ?? (median === null ? "not here" : ""),
  };
}

function verdict(ratio: number, target: number, rate: boolean): string {
  const wanted = rate ? `≥ ${figure(1 / target)}` : `≤ ${figure(target)}`;
  return `${ratio <= target ? "reaches" : "MISSES"} ${wanted}`;
}

function range(ratios: readonly number[]): string {
  return `[${figure(Math.min(...ratios))} – ${figure(Math.max(...ratios))}]`;
}

function figure(ratio: number): string {
  return ratio.toFixed(ratio < 10 ? 2 : 1);
}

function perSecond(nanoseconds: number): string {
  const rate = 1e9 / nanoseconds;
  if (rate < 1e3) return `${rate.toFixed(1)} /s`;
  if (rate < 1e6) return `${(rate / 1e3).toFixed(1)} k/s`;
  return `${(rate / 1e6).toFixed(2)} M/s`;
}

function time(nanoseconds: number): string {
  if (nanoseconds < 1e3) return `${nanoseconds.toFixed(1)} ns`;
  if (nanoseconds < 1e6) return `${(nanoseconds / 1e3).toFixed(1)} µs`;
  return `${(nanoseconds / 1e6).toFixed(1)} ms`;
}
