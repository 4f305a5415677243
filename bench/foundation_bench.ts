/**
 * How fast are locks and threads, beside CPython's, and how much do two threads give over one?
 *
 * `deno task bench [--json]`
 *
 * @module
 */
import { Lock, RLock } from "@nogil/std/sync";
import { Thread } from "@nogil/std/thread";
import { benchmark, cpython, perOperation } from "./harness.ts";

const BASELINE = new URL("./foundation_baseline.py", import.meta.url);

const LOCKS = 1_000_000;
const THREADS = 500;

function lockAndRelease(lock: Lock | RLock): () => Promise<number> {
  return () =>
    perOperation(LOCKS, () => {
      for (let i = 0; i < LOCKS; i++) {
        lock.acquireSync();
        lock.release();
      }
    });
}

/** Counts primes the slow way, in every `parts`-th block of a thousand numbers: work for the processor alone. */
function countPrimes(part: number, parts: number, blocks: number): number {
  let count = 0;
  for (let block = part; block < blocks; block += parts) {
    for (let n = block * 1000; n < (block + 1) * 1000; n++) {
      let prime = n > 1;
      for (let d = 2; prime && d * d <= n; d++) prime = n % d !== 0;
      if (prime) count++;
    }
  }
  return count;
}

const BLOCKS = 5000;

/** Shares the work among threads. */
async function countInThreads(parts: number): Promise<void> {
  const threads = Array.from(
    { length: parts },
    (_, part) => new Thread({ target: countPrimes, args: [part, parts, BLOCKS] }).start(),
  );
  for (const thread of threads) await thread.join();
}

await benchmark([
  {
    title: "A free lock: acquireSync and release",
    cases: [
      { name: "CPython threading.Lock", measure: () => cpython(BASELINE, "lock") },
      { name: 'Lock, scope "thread"', measure: lockAndRelease(new Lock()) },
      { name: 'Lock, scope "local"', measure: lockAndRelease(new Lock({ scope: "local" })) },
    ],
    targets: [{ name: 'Lock, scope "thread"', ratio: 1 }],
  },
  {
    title: "A free re-entrant lock: acquireSync and release",
    cases: [
      { name: "CPython threading.RLock", measure: () => cpython(BASELINE, "rlock") },
      { name: 'RLock, scope "thread"', measure: lockAndRelease(new RLock()) },
    ],
  },
  {
    title: "A thread with nothing to do: start and join",
    cases: [
      { name: "CPython threading.Thread", measure: () => cpython(BASELINE, "thread") },
      {
        name: "Thread, await join()",
        measure: () =>
          perOperation(THREADS, async () => {
            for (let i = 0; i < THREADS; i++) {
              await new Thread({ target: (x: number) => x, args: [1] }).start().join();
            }
          }),
      },
      {
        name: "Thread, joinSync()",
        measure: () =>
          perOperation(THREADS, () => {
            for (let i = 0; i < THREADS; i++) {
              new Thread({ target: (x: number) => x, args: [1] }).start().joinSync();
            }
          }),
      },
    ],
    targets: [
      { name: "Thread, await join()", ratio: 1.5 },
      { name: "Thread, joinSync()", ratio: 1.5 },
    ],
  },
  {
    title: "Work for the processor alone",
    cases: [
      { name: "one thread", measure: () => perOperation(1, () => countInThreads(1)) },
      { name: "two threads", measure: () => perOperation(1, () => countInThreads(2)) },
    ],
    targets: [{ name: "two threads", ratio: 1 / 1.9 }],
  },
]);
