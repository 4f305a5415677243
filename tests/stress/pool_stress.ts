/**
 * Pools and executors under fire: `deno task stress:pool [--tasks=100000] [--seed=1] [--workers=3] [--deadly=100]
 * [--memory=50] [--blows=50] [--concurrency=1] [--flat=1000000]`.
 *
 * One task in `deadly` ends its worker in one of five ways (`process.exit`, `Deno.exit`, an error in a timer, out of
 * memory, killed from outside), `blows` more workers are killed whatever they do, others are cancelled, aborted and late.
 * Every future must settle in the right way, no task may be executed twice, and nothing may be left. With `--flat=N`, N
 * harmless tasks are run instead, and memory must not grow.
 *
 * @module
 */

import process from "node:process";
import { ThreadPool } from "../../pool/mod.ts";
import { entries, waitSlots } from "../conformance/support.ts";
import { stressPools, type StressReport, systemThreads } from "./pool_run.ts";
import { double } from "./pool_tasks.ts";

/** Milliseconds after which an idle worker that is kept for the next thread is gone. */
const CACHE_TIME = 15_000;
/** Bytes that memory may grow by, once it is warm. */
const GROWTH = 40 * 2 ** 20;

function argument(name: string, standard: number): number {
  const given = process.argv.find((one) => one.startsWith(`--${name}=`));
  return given === undefined ? standard : Number(given.slice(name.length + 3));
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MB`;
}

async function sleep(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Runs the deadly mix; gives the number of violations. */
async function deadlyRun(): Promise<number> {
  const options = {
    tasks: argument("tasks", 100_000),
    seed: argument("seed", 1),
    workers: argument("workers", 3),
    deadly: argument("deadly", 100),
    memory: argument("memory", 50),
    blows: argument("blows", 50),
    concurrency: argument("concurrency", 1),
  };
  console.log(JSON.stringify(options));
  const before = {
    threads: systemThreads(),
    slots: waitSlots("thread"),
    rss: process.memoryUsage().rss,
  };
  const log = (line: string): void => {
    console.log(`${line}, memory ${megabytes(process.memoryUsage().rss)}`);
  };
  const report = await stressPools({ ...options, log });
  const { violations } = report;
  let threads = systemThreads();
  for (let waited = 0; threads > before.threads + 1 && waited < CACHE_TIME; waited += 250) {
    await sleep(250);
    threads = systemThreads();
  }
  // The supervisor of the threads stays.
  if (threads > before.threads + 1) violations.push(`${threads - before.threads} threads are left`);
  const slots = waitSlots("thread");
  if (slots !== before.slots) violations.push(`${slots - before.slots} slots are in use`);
  if (entries("thread") !== 0) violations.push(`${entries("thread")} entries are in queues`);
  print(report);
  const { rss } = process.memoryUsage();
  console.log(`memory ${megabytes(before.rss)} -> ${megabytes(rss)}`);
  console.log(`threads ${before.threads} -> ${threads}`);
  return Math.max(report.violationCount, violations.length);
}

function print({ rows, deaths, blows, innocentsLost, violations, seconds }: StressReport): void {
  console.table(
    Object.fromEntries(rows.map(({ mode, ...counts }) => [mode, counts])),
  );
  console.log("deaths", JSON.stringify(deaths), `blows ${blows}, innocents lost ${innocentsLost}`);
  console.log(`${seconds.toFixed(1)} s`);
  for (const violation of violations) console.log(`VIOLATION ${violation}`);
}

/** Runs harmless tasks, and watches the memory; gives the number of violations. */
async function flatRun(tasks: number): Promise<number> {
  const pool = new ThreadPool(argument("workers", 2));
  const step = Math.ceil(tasks / 10);
  let warm = 0;
  for (let done = 0; done < tasks;) {
    const end = Math.min(done + step, tasks);
    for (; done < end; done += 1000) {
      const results = Array.from({ length: 500 }, (_, i) => pool.applyAsync(double, [i]));
      const mapped = pool.map(double, Array.from({ length: 500 }, (_, i) => i), { chunksize: 1 });
      await Promise.all([mapped, ...results]);
    }
    const { rss, heapUsed } = process.memoryUsage();
    console.log(`${done} tasks: memory ${megabytes(rss)}, heap ${megabytes(heapUsed)}`);
    if (done >= tasks * 0.3 && warm === 0) warm = rss;
  }
  pool.close();
  await pool.join();
  const grown = process.memoryUsage().rss - warm;
  console.log(`grown by ${megabytes(grown)} since it was warm`);
  if (grown <= GROWTH) return 0;
  console.log("VIOLATION memory grows");
  return 1;
}

const flat = argument("flat", 0);
const violations = flat > 0 ? await flatRun(flat) : await deadlyRun();
console.log(violations === 0 ? "ok" : `${violations} violations`);
if (violations > 0) process.exitCode = 1;
