/** Finds and runs the programs under `examples/`, for the tests. */

import { assert, assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../../examples/", import.meta.url));
const IS_DENO = "deno" in process.versions;

/** What Deno sometimes says of a worker that is still parking when the program ends. */
const INTERRUPTED = /.*error.*\(in worker .*terminated.*\n/g;

/** How many milliseconds of sleep tell much from little, on an idle machine and on busier ones. */
const PATIENCE: readonly number[] = [4000, 15_000];

/** What came of a program. */
export interface Run {
  /** What it printed. */
  stdout: string;
  /** The same, line by line. */
  lines: string[];
  /** What it printed on the standard error stream, without what Deno says of workers that are ended. */
  stderr: string;
  status: number | null;
  /** How long it took, in milliseconds. */
  took: number;
  /** Runs the program again, with these arguments. */
  again(...args: string[]): Run;
}

/** Finds the paths below `examples/`, without endings, of all programs of the tutorial, by their number. */
function findPrograms(): Map<string, string> {
  const programs = new Map<string, string>();
  for (const path of readdirSync(FOLDER, { recursive: true }) as string[]) {
    const [, file = "", id] = path.match(/^(.*\/([a-z]\d+)_\w+)\.[jt]s$/) ?? [];
    if (id !== undefined) programs.set(id.toUpperCase(), file);
  }
  return programs;
}

/**
 * Runs a program to its end, on Deno with the permissions in its first line and no others.
 *
 * @param path Its path below `examples/`, without the ending.
 * @param input What it is given to read.
 * @param args Its arguments.
 */
export function runExample(path: string, input: string = "", args: readonly string[] = []): Run {
  const file = `${FOLDER}${path}${IS_DENO ? ".ts" : ".js"}`;
  const began = performance.now();
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [...IS_DENO ? ["run", "--quiet", "--no-prompt", ...flagsOf(file)] : [], file, ...args],
    { encoding: "utf8", env: { ...process.env, NO_COLOR: "1" }, input, timeout: 120_000 },
  );
  return {
    stdout,
    lines: stdout.trimEnd().split("\n"),
    stderr: stderr.replace(INTERRUPTED, ""),
    status,
    took: performance.now() - began,
    again: (...more) => runExample(path, input, more),
  };
}

function flagsOf(file: string): string[] {
  const [first = ""] = readFileSync(file, "utf8").split("\n");
  return first.split(" ").filter((word) => word.startsWith("--"));
}

/**
 * Registers a test for each program of the tutorial whose number begins with a letter.
 *
 * @param letter The letter.
 * @param checks What each of them has to print.
 * @param input What programs are given to read.
 */
export function checkPrograms(
  letter: string,
  checks: Record<string, (run: Run) => void>,
  input: Record<string, string> = {},
): void {
  const programs = findPrograms();
  Deno.test(`every program of the tutorial with a number ${letter} is checked`, () => {
    const numbers = [...programs.keys()].filter((id) => id.startsWith(letter));
    assertEquals(numbers.sort(), Object.keys(checks).sort());
  });
  for (const [id, check] of Object.entries(checks)) {
    Deno.test(`the program ${id} of the tutorial prints what it should`, () => {
      const run = runExample(programs.get(id) ?? id, input[id]);
      assertEquals([run.status, run.stderr], [0, ""], run.stdout);
      check(run);
    });
  }
}

/**
 * Checks that a program needs less than the sum of its sleeps. On a busy machine it is given longer ones, which the time to
 * start threads or processes is little beside.
 *
 * @param times How many sleeps there are; the last line says `… times 500 ms took 520 ms`.
 */
export function checkOverlap(run: Run, times: number): void {
  for (const longer of [...PATIENCE, null]) {
    const [, time, took] = run.lines.at(-1)?.match(/ times (\d+) ms took (\d+) ms$/) ?? [];
    assert(Number(took) >= Number(time) - 10, run.stdout);
    if (Number(took) < Number(time) * times - 100) return;
    assert(longer !== null, run.stdout);
    run = run.again(String(longer));
  }
}

/** Gives a check of all lines. */
export function lines(...lines: readonly (string | RegExp)[]): (run: Run) => void {
  return (run) => {
    const expected = lines.map((line, i) => {
      const printed = run.lines[i] ?? "";
      return typeof line === "string" || !line.test(printed) ? line : printed;
    });
    assertEquals(run.lines, expected);
  };
}

/** Gives numbers, from 0 on. */
export function range(length: number, from = 0): number[] {
  return Array.from({ length }, (_, i) => from + i);
}
