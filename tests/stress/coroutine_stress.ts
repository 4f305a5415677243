/**
 * Greenlets under fire: `deno task stress:coroutine [--seeds=10000] [--from=1] [--sleepers=1000000] [--fetches=100000]
 * [--in-flight=200] [--waiters=20000]`; on Node `deno task node tests/stress/coroutine_stress.ts …`. A number of 0 leaves a part out.
 *
 * - random schedules against a simple model (`coroutine_run.ts`), one after the other;
 * - greenlets that sleep and end: generator functions all at once, asynchronous functions up to 200 ms each, and once more
 *   a tenth of them, ten times; the memory must stay below 1 GB, and must not grow from one time to the next;
 * - greenlets that wait for one thing, and are killed in no order;
 * - greenlets that each fetch from a local server, with at most so many requests under way: all must be answered.
 *
 * @module
 */

import process from "node:process";
import { Channel, type Greenlet, hub, killAll, sleep, spawn } from "../../coroutine/mod.ts";
import { Queue } from "../../queue/mod.ts";
import { Event, Semaphore } from "../../sync/mod.ts";
import { runFetches } from "./coroutine_fetches.ts";
import { runSchedule } from "./coroutine_run.ts";

function argument(name: string, standard: number): number {
  const given = process.argv.find((one) => one.startsWith(`--${name}=`));
  return Number(given?.slice(name.length + 3) ?? standard);
}

const megabytes = (): number => Math.round(process.memoryUsage().rss / 2 ** 20);

function fail(what: string): void {
  console.log(`FAILED: ${what}`);
  process.exitCode = 1;
}

async function schedules(count: number, first: number): Promise<void> {
  const began = performance.now();
  for (let seed = first; seed < first + count; seed++) {
    const problems = await runSchedule(seed);
    if (problems.length > 0) return fail(`seed ${seed}: ${problems.join("; ")}`);
    if (seed % 1000 === 0) console.log(`${seed} seeds, ${megabytes()} MiB`);
  }
  const seconds = (performance.now() - began) / 1000;
  console.log(`${count} schedules, nothing wrong, in ${seconds.toFixed(1)} s`);
}

async function sleepers(kind: string, count: number, body: () => unknown): Promise<void> {
  const began = performance.now();
  const highs: number[] = [];
  let waiting = 0;
  for (let round = 0; round <= 10; round++) {
    for (let i = 0; i < (round === 0 ? count : count / 10); i++) {
      spawn(body);
      if (i % 10_000 === 0) await sleep(0);
    }
    waiting = Math.max(waiting, hub.statistics().greenlets);
    highs.push(megabytes());
    await hub.join();
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${count} ${kind} sleepers, up to ${waiting} at once: ${seconds} s`);
  console.log(`  MiB resident: ${highs.join(" ")}`);
  const first = highs[0] ?? 0;
  if (Math.max(...highs) > 1024) fail("more than 1 GB");
  if ((highs.at(-1) ?? 0) > first * 1.25 + 50) fail("memory grows");
}

async function fetches(count: number, inFlight: number): Promise<void> {
  let before = 0;
  const { answered, most, rate } = await runFetches(count, inFlight, () => {
    before = megabytes();
  }, (waiting) => {
    const bytes = Math.round((megabytes() - before) * 2 ** 20 / Math.max(1, waiting));
    console.log(`${waiting} greenlets wait for their turn: about ${bytes} bytes each`);
  });
  console.log(
    `${answered} of ${count} answered, at most ${most} at once, ${megabytes()} MiB, ` +
      `${Math.round(rate)} requests/s`,
  );
  if (answered !== count || most > inFlight) fail("not all were answered, or too many at once");
}

/** Kills those that wait for one thing, in no order; the time must grow as their number does. */
async function waiters(count: number): Promise<void> {
  const sorts: Record<string, () => () => unknown> = {
    "Event.wait()": () => {
      const event = new Event({ scope: "local" });
      return () => event.wait();
    },
    "Semaphore.acquire()": () => {
      const semaphore = new Semaphore(0);
      return () => semaphore.acquire();
    },
    "Queue.get()": () => {
      const queue = new Queue(0, { scope: "local" });
      return () => queue.get();
    },
    "Channel.get()": () => {
      const channel = new Channel();
      return () => channel.get();
    },
    "Greenlet.join()": () => {
      const greenlet = spawn(() => sleep(Infinity));
      return () => greenlet.join();
    },
  };
  for (const [what, make] of Object.entries(sorts)) {
    await killWaiters(count / 8, make());
    const few = Math.max(
      await killWaiters(count / 8, make()),
      await killWaiters(count / 8, make()),
    );
    const many = await killWaiters(count, make());
    console.log(
      `${count} at ${what} killed: ${many.toFixed(0)} ms; an eighth: ${few.toFixed(0)} ms`,
    );
    if (many > 32 * few) fail(`killing who waits at ${what} takes too long`);
  }
}

async function killWaiters(count: number, body: () => unknown): Promise<number> {
  const all = Array.from({ length: count }, () => spawn(body));
  await sleep(1);
  const inNoOrder = all.map((_, i) => all[i * 7919 % count] as Greenlet<unknown>);
  const began = performance.now();
  await killAll(inNoOrder);
  const took = performance.now() - began;
  await killAll(hub.greenlets);
  return took;
}

const seeds = argument("seeds", 10_000);
if (seeds > 0) await schedules(seeds, argument("from", 1));
const count = argument("sleepers", 1_000_000);
if (count > 0) {
  let number = 0;
  await sleepers("async", count, async () => await sleep(number++ % 200));
  await sleepers("generator", count, function* () {
    yield sleep(8000);
  });
}
const waiting = argument("waiters", 20_000);
if (waiting > 0) await waiters(waiting);
const requests = argument("fetches", 100_000);
if (requests > 0) await fetches(requests, argument("in-flight", 200));
