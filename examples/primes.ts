// deno run --allow-read examples/primes.ts
// Counts the primes below a million on all cores, with a progress bar: prints 78498.
import { isMain, task, ThreadPool } from "@nogil/std";

export const countPrimes = task(import.meta, (from: number, to: number): number => {
  let count = 0;
  for (let n = Math.max(2, from); n < to; n++) {
    let divisor = 2;
    while (divisor * divisor <= n && n % divisor !== 0) divisor++;
    if (divisor * divisor > n) count++;
  }
  return count;
});

if (isMain(import.meta)) {
  await using pool = new ThreadPool();
  const ranges = Array.from({ length: 100 }, (_, i): [number, number] => [i * 1e4, (i + 1) * 1e4]);
  const counts = await pool.starmap(countPrimes, ranges, { chunksize: 1, progress: true });
  console.log(counts.reduce((sum, count) => sum + count));
}
