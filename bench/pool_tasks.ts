/** What the workers do in `pool_bench.ts`: the same as in the pools of others. */

import { task } from "@nogil/std";

export const square = task(import.meta, (x: number): number => x * x);

export const echo = task(import.meta, <T>(x: T): T => x);

/** Counts the primes below a limit the slow way: work for the processor alone. */
export const primes = task(import.meta, (limit: number): number => {
  let count = 0;
  for (let n = 2; n < limit; n++) {
    let prime = true;
    for (let d = 2; prime && d * d <= n; d++) prime = n % d !== 0;
    if (prime) count++;
  }
  return count;
});
