/** What the other thread does in `bounds_bench.ts`. */

import { task } from "@nogil/std";

/** Words of the shared memory, a cache line apart. */
export const ASK = 0;
export const ANSWER = 16;
/** Positions of a ring: written by the producer, written by the consumer, and whether one of them sleeps. */
export const TAIL = 32;
export const HEAD = 48;
export const ASLEEP = 64;

/** Items that a ring holds. */
export const RING = 4096;

/** How a thread waits for a word to change. */
export type Wait = "spin" | "wait" | "spin, then wait" | "waitAsync";

/** Tells whether a word still has a value after a spin of about 20 µs. */
function spin(words: Int32Array, index: number, value: number): boolean {
  const end = performance.now() + 0.02;
  while (Atomics.load(words, index) === value) if (performance.now() > end) return true;
  return false;
}

/** Blocks until a word has another value. */
export function waitSync(words: Int32Array, index: number, value: number, how: Wait): void {
  if (how === "spin") {
    while (Atomics.load(words, index) === value);
  } else if (how === "wait" || spin(words, index, value)) {
    Atomics.wait(words, index, value);
  }
}

/** Resolves when a word has another value. */
export async function wait(words: Int32Array, index: number, value: number): Promise<void> {
  const result = Atomics.waitAsync(words, index, value);
  if (result.async) await result.value;
}

/** Answers `rounds` questions. */
export const answer = task(
  import.meta,
  async (words: Int32Array, rounds: number, how: Wait): Promise<void> => {
    // A promise of `waitAsync` does not keep a thread alive.
    const alive = setInterval(() => undefined, 1000);
    for (let round = 0; round < rounds; round++) {
      while (Atomics.load(words, ASK) === round) {
        if (how === "waitAsync") await wait(words, ASK, round);
        else waitSync(words, ASK, round, how);
      }
      Atomics.store(words, ANSWER, round + 1);
      if (how !== "spin") Atomics.notify(words, ANSWER);
    }
    clearInterval(alive);
  },
);

/** Sleeps or spins until `index` is not `value`, and says so to the other side before it sleeps. */
export function waitForChange(words: Int32Array, index: number, value: number): void {
  if (!spin(words, index, value)) return;
  Atomics.store(words, ASLEEP, 1);
  Atomics.wait(words, index, value);
}

/** Wakes the other side if it sleeps. */
export function wake(words: Int32Array, index: number): void {
  if (Atomics.load(words, ASLEEP) === 0) return;
  Atomics.store(words, ASLEEP, 0);
  Atomics.notify(words, index);
}

/** Takes `count` numbers out of a ring and gives their sum. */
export const takeAll = task(
  import.meta,
  (words: Int32Array, items: Float64Array, count: number): number => {
    let sum = 0;
    for (let head = 0; head < count;) {
      const tail = Atomics.load(words, TAIL);
      if (tail === head) {
        waitForChange(words, TAIL, tail);
        continue;
      }
      while (head < tail) sum += items[head++ % RING] as number;
      Atomics.store(words, HEAD, head);
      wake(words, HEAD);
    }
    return sum;
  },
);
