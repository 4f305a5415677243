// deno run --allow-read examples/pipeline.ts
// A pipeline: main puts numbers into a queue, two threads pass the primes among them on: prints 1229.
import { isMain, Queue, task, Thread } from "@nogil/std";

function isPrime(n: number): boolean {
  for (let i = 2; i * i <= n; i++) if (n % i === 0) return false;
  return n > 1;
}

export const sift = task(import.meta, async (numbers: Queue<number>, primes: Queue<number>) => {
  for await (const n of numbers) {
    if (isPrime(n)) await primes.put(n);
  }
});

if (isMain(import.meta)) {
  const numbers = new Queue<number>(100); // put() waits while 100 numbers are in it
  const primes = new Queue<number>();
  const threads = [1, 2].map(() => new Thread({ target: sift, args: [numbers, primes] }).start());
  for (let n = 0; n < 10_000; n++) await numbers.put(n);
  numbers.shutdown(); // ends the loops of the threads when it is empty
  for (const thread of threads) await thread.join();
  console.log(primes.qsize());
}
