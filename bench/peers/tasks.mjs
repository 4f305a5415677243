/** What the workers of the pools do, for those that know a function by its module. */

export function square(x) {
  return x * x;
}

export function echo(x) {
  return x;
}

/** Counts the primes below a limit the slow way: work for the processor alone. */
export function primes(limit) {
  let count = 0;
  for (let n = 2; n < limit; n++) {
    let prime = true;
    for (let d = 2; prime && d * d <= n; d++) prime = n % d !== 0;
    if (prime) count++;
  }
  return count;
}
