/**
 * Draws the figures of `docs/benchmarks.md` of what the benchmarks wrote with `--json=FILE`:
 * `deno run -A --node-modules-dir=manual bench/plot/plot.ts pool.json queue.json`.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Result } from "../harness.ts";

// deno-lint-ignore no-explicit-any -- loaded at run time, once it is installed
type Untyped = any;

interface Run {
  machine: string;
  answers: Record<string, Result[]>;
}

/** What is drawn: bars on a logarithmic scale. */
interface Figure {
  file: string;
  title: string;
  run: Run | undefined;
  /** The beginning of the title of the question. */
  question: string;
  /** The cases that are drawn; all by default. */
  cases?: RegExp;
  /** Whether times are in milliseconds and not in microseconds. */
  long?: boolean;
}

const HERE = fileURLToPath(new URL(".", import.meta.url));
const DOCS = fileURLToPath(new URL("../../docs/", import.meta.url));

function install(): void {
  if (existsSync(`${HERE}node_modules/vega-lite`)) return;
  const flags = [
    "--prefix",
    HERE,
    "--no-audit",
    "--no-fund",
    "--no-package-lock",
  ];
  const { status, stderr } = spawnSync("npm", ["install", ...flags], {
    cwd: HERE,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`Cannot install what draws: ${stderr}`);
}

async function load(name: string): Promise<Untyped> {
  return await import(name);
}

/** Whose a case is. */
function ownerOf(name: string): string {
  if (name.startsWith("CPython")) return "CPython";
  return /^(ThreadPool|ThreadPoolExecutor|Queue|SimpleQueue|coroutines|threads|processes)\b/
      .test(
        name,
      )
    ? "this library"
    : "others";
}

async function draw(
  { file, title, run, question, cases = /./, long = false }: Figure,
): Promise<void> {
  const found = Object.entries(run?.answers ?? {}).find(([name]) => name.startsWith(question));
  if (run === undefined || found === undefined) return;
  const rate = found[1].some((result) => result.rate);
  const values = found[1].filter(({ name, median }) => median !== null && cases.test(name))
    .map(({ name, median, best, worst }) => ({
      name,
      owner: ownerOf(name),
      value: scale(median, rate, long),
      low: scale(rate ? worst : best, rate, long),
      high: scale(rate ? best : worst, rate, long),
    }));
  const [{ compile }, { parse, View }] = [
    await load("vega-lite"),
    await load("vega"),
  ];
  const least = Math.min(...values.map(({ low }) => low));
  // Within one power of ten the lengths of bars can be compared as they are.
  const isNarrow = Math.max(...values.map(({ high }) => high)) < 10 * least &&
    !rate;
  const base = isNarrow ? 0 : 10 ** Math.floor(Math.log10(least));
  const unit = rate ? "thousands a second" : long ? "milliseconds" : "microseconds";
  const owners = ["this library", "others", "CPython"];
  const y = {
    field: "name",
    type: "nominal",
    sort: null,
    title: null,
    axis: { labelLimit: 320 },
  };
  const x = {
    field: "value",
    type: "quantitative",
    title: isNarrow ? unit : `${unit} (logarithmic)`,
    scale: { type: isNarrow ? "linear" : "log", domainMin: base, nice: false },
  };
  const { spec } = compile({
    background: "white",
    padding: 12,
    width: 460,
    height: { step: 20 },
    title: {
      text: title,
      subtitle: run.machine,
      anchor: "start",
      subtitleColor: "#555",
    },
    data: { values },
    layer: [
      {
        mark: { type: "bar", height: 13 },
        encoding: {
          x: { ...x, stack: null },
          x2: { datum: base },
          y,
          color: {
            field: "owner",
            type: "nominal",
            title: null,
            legend: values.every(({ owner }) => owner === owners[0]) ? null : {},
            scale: {
              domain: owners,
              range: ["#1b6ac9", "#b5b5b5", "#e0a526"],
            },
          },
        },
      },
      {
        mark: { type: "rule", color: "#222" },
        encoding: { x: { ...x, field: "low" }, x2: { field: "high" }, y },
      },
    ],
  });
  const svg: string = await new View(parse(spec), { renderer: "none" }).toSVG();
  writeFileSync(`${DOCS}${file}`, `${svg}\n`);
  console.log(file);
}

function scale(
  nanoseconds: number | null,
  rate: boolean,
  long: boolean,
): number {
  return rate ? 1e6 / (nanoseconds ?? 1) : (nanoseconds ?? 1) / (long ? 1e6 : 1e3);
}

install();
const runs = process.argv.slice(2).map((file): Run => JSON.parse(readFileSync(file, "utf8")));
const pool = runs.find(({ answers }) => Object.keys(answers).some((name) => /^Many/.test(name)));
const queue = runs.find(({ answers }) => Object.keys(answers).some((name) => /^From/.test(name)));
const kinds = runs.find(({ answers }) =>
  Object.keys(answers).some((name) => /^Waiting/.test(name))
);
await draw({
  file: "pool_burst.svg",
  title: "Many small tasks at once, two workers",
  run: pool,
  question: "Many small tasks",
  cases: /^(?!.*00 at once)/,
});
await draw({
  file: "pool_round_trip.svg",
  title: "One task after the other, two workers",
  run: pool,
  question: "One task after the other",
});
await draw({
  file: "queue_through.svg",
  title: "Numbers from thread to thread",
  run: queue,
  question: "From thread to thread: 200000 × numbers",
});
await draw({
  file: "queue_round_trip.svg",
  title: "A number to another thread and back",
  run: queue,
  question: "To another thread and back",
});
await draw({
  file: "kinds_waiting.svg",
  title: "Waiting: 200 pauses of 10 ms",
  run: kinds,
  question: "Waiting",
  long: true,
});
await draw({
  file: "kinds_computing.svg",
  title: "Computing: the primes below 10 000 000",
  run: kinds,
  question: "Computing",
  long: true,
});
