// deno run --allow-read --allow-write --allow-net --allow-run examples/coroutines/c8_kinds.ts
// C8: the same waiting and the same computing as coroutines, in threads and in processes: which kind suits which work.
import { isMain, joinAll, Process, sleep, sleepSync, spawn, task, Thread } from "@nogil/std";

/** How many threads, and how many processes, there are. */
const WORKERS = 4;
/** How many pauses of 10 ms there are in all. */
const PAUSES = 200;

export const pause = task(import.meta, (times: number): void => {
  for (let i = 0; i < times; i++) sleepSync(10);
});

export const countPrimes = task(import.meta, (from: number, to: number): number => {
  let count = 0;
  for (let n = Math.max(2, from); n < to; n++) {
    let divisor = 2;
    while (divisor * divisor <= n && n % divisor !== 0) divisor++;
    if (divisor * divisor > n) count++;
  }
  return count;
});

/** The ranges that are searched for primes, one for each worker. */
function ranges(most: number): [number, number][] {
  const step = most / WORKERS;
  return Array.from({ length: WORKERS }, (_, i) => [i * step, (i + 1) * step]);
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** How each kind waits, and how it counts the primes below a number. */
export const kinds = {
  async coroutines(most: number | null): Promise<number> {
    if (most !== null) {
      const counts = ranges(most).map(([from, to]) => spawn(countPrimes, from, to));
      return sum(await Promise.all(counts));
    }
    await joinAll(Array.from({ length: PAUSES }, () => spawn(() => sleep(10))));
    return PAUSES;
  },
  async threads(most: number | null): Promise<number> {
    if (most !== null) {
      const counts = ranges(most).map((args) => new Thread({ target: countPrimes, args }).start());
      return sum(await Promise.all(counts.map((thread) => thread.join())));
    }
    const args: [number] = [PAUSES / WORKERS];
    const threads = ranges(0).map(() => new Thread({ target: pause, args }).start());
    for (const thread of threads) await thread.join();
    return PAUSES;
  },
  async processes(most: number | null): Promise<number> {
    if (most !== null) {
      const counts = ranges(most).map((args) => new Process({ target: countPrimes, args }).start());
      return sum(await Promise.all(counts.map((process) => process.join())));
    }
    const args: [number] = [PAUSES / WORKERS];
    const processes = ranges(0).map(() => new Process({ target: pause, args }).start());
    for (const process of processes) await process.join();
    return PAUSES;
  },
};

if (isMain(import.meta)) {
  console.log("            200 pauses   primes below 400 000");
  for (const [kind, work] of Object.entries(kinds)) {
    const began = performance.now();
    await work(null);
    const waited = performance.now();
    const primes = await work(400_000);
    const computed = performance.now();
    const times = [waited - began, computed - waited].map((time) => `${Math.round(time)} ms`);
    console.log(`${kind.padEnd(12)}${times[0]?.padEnd(13)}${times[1]}, ${primes} found`);
  }
}
