/** Tasks for the tests of `sync/` with threads. Words are `Int32Array`s over shared memory. */

import process from "node:process";
import { task } from "../../_core/task.ts";
import { TimeoutError } from "../../errors.ts";
import {
  type Barrier,
  Condition,
  type Event,
  type Guard,
  Lock,
  type RLock,
  RWLock,
  type Semaphore,
} from "../../sync/mod.ts";

/** Everything that one thread at a time can have. */
export type AnyLock = Lock | RLock | Semaphore | RWLock | Condition;

/** How a thread waits. */
export type Colour = "promise" | "blocking";

/** How a thread dies. */
export type Death = "throw" | "exit" | "kill";

/** The word that is set when a thread has to die. */
export const DIE = 15;

/** Makes words that threads share. */
export function makeWords(length = 16): Int32Array {
  return new Int32Array(new SharedArrayBuffer(length * 4));
}

/** Sets a word and wakes who waits for it. */
export function set(words: Int32Array, index: number, value = 1): void {
  Atomics.store(words, index, value);
  Atomics.notify(words, index);
}

/** Blocks until a word is no longer 0. */
export function waitUntilSet(words: Int32Array, index: number): void {
  if (Atomics.wait(words, index, 0, 60_000) === "timed-out") throw new Error("nobody came");
}

/** Acquires anything, for itself alone, as a promise. */
export function enter(
  lock: AnyLock,
  options?: { timeout?: number; signal?: AbortSignal; recover?: boolean },
): Promise<Guard> {
  return lock instanceof RWLock ? lock.acquireWrite(options) : lock.acquire(options);
}

/** Acquires anything, for itself alone, blocking. */
export function enterSync(
  lock: AnyLock,
  options?: { timeout?: number; recover?: boolean },
): Guard {
  return lock instanceof RWLock ? lock.acquireWriteSync(options) : lock.acquireSync(options);
}

/** Acquires in a colour. */
export async function enterAs(lock: AnyLock, colour: Colour): Promise<Guard> {
  return colour === "promise" ? await enter(lock) : enterSync(lock);
}

/** A small generator of numbers from 0 to 1, the same ones for the same seed. */
function makeRandom(seed: number): () => number {
  let state = seed * 2654435761 >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}

/** Acquires in a colour drawn by lot, with a timeout or an abort now and then; `null` when that came first. */
async function tryMyLuck(lock: AnyLock, random: () => number): Promise<Guard | null> {
  const lot = random();
  if (lot < 0.80) return enterSync(lock);
  if (lot < 0.90) return await enter(lock);
  const reason = "enough";
  try {
    if (lot < 0.94) return enterSync(lock, { timeout: random() * 2 });
    if (lot < 0.97) return await enter(lock, { timeout: random() * 2 });
    const controller = new AbortController();
    const waiting = enter(lock, { signal: controller.signal });
    if (lot < 0.98) controller.abort(reason);
    else if (lot < 0.99) queueMicrotask(() => controller.abort(reason));
    else setTimeout(() => controller.abort(reason), random() * 2);
    return await waiting;
  } catch (error) {
    if (error === reason || error instanceof TimeoutError) return null;
    throw error;
  }
}

/** Blocks until `parties` threads have come here. */
function gather(words: Int32Array, index: number, parties: number): void {
  Atomics.add(words, index, 1);
  Atomics.notify(words, index);
  for (let come; (come = Atomics.load(words, index)) < parties;) {
    if (Atomics.wait(words, index, come, 60_000) === "timed-out") throw new Error("nobody came");
  }
}

/** Adds 1 to word 0 under the lock, `rounds` times, in 8 threads at once; gives how often it gave up in between. */
export const hammer = task(
  import.meta,
  async (lock: AnyLock, words: Int32Array, rounds: number, seed: number): Promise<number> => {
    gather(words, 1, 8);
    const random = makeRandom(seed);
    let given = 0;
    for (let round = 0; round < rounds;) {
      const guard = await tryMyLuck(lock, random);
      if (guard === null) {
        given++;
        continue;
      }
      const seen = words[0] as number;
      const lot = random();
      if (lot < 0.002) await new Promise((resolve) => setTimeout(resolve, lot * 1000));
      else if (lot < 0.02) await undefined;
      else if (lot < 0.22) { for (let i = 0; i < lot * 100_000; i++) Atomics.load(words, 2); }
      words[0] = seen + 1;
      guard.release();
      round++;
    }
    return given;
  },
);

/** Reads words 0 and 1, which writers change together, and gives how often they differed. */
export const readPairs = task(
  import.meta,
  async (lock: RWLock, words: Int32Array, rounds: number, colour: Colour): Promise<number> => {
    let torn = 0;
    for (let round = 0; round < rounds; round++) {
      const guard = colour === "promise" ? await lock.acquireRead() : lock.acquireReadSync();
      if (words[0] !== words[1]) torn++;
      guard.release();
    }
    return torn;
  },
);

/** Changes words 0 and 1 together. */
export const writePairs = task(
  import.meta,
  async (lock: RWLock, words: Int32Array, rounds: number, colour: Colour): Promise<void> => {
    for (let round = 0; round < rounds; round++) {
      const guard = await enterAs(lock, colour);
      words[0] = (words[0] as number) + 1;
      words[1] = (words[1] as number) + 1;
      guard.release();
    }
  },
);

/** Sets an event when word 0 is set. */
export const setEvent = task(import.meta, (event: Event, words: Int32Array) => {
  waitUntilSet(words, 0);
  event.set();
});

/** Waits for an event. */
export const awaitEvent = task(import.meta, async (event: Event, colour: Colour) => {
  if (colour === "promise") await event.wait();
  else event.waitSync();
  return event.isSet();
});

/** Holds a lock until an event is set. */
export const holdUntil = task(import.meta, (lock: AnyLock, words: Int32Array, event: Event) => {
  const guard = enterSync(lock);
  set(words, 0);
  event.waitSync();
  guard.release();
});

/** Releases a lock that another thread holds. */
export const releaseOther = task(import.meta, (lock: Lock | RLock) => {
  try {
    lock.release();
    return "released";
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
});

/** What another thread sees of a lock. */
export const look = task(import.meta, (lock: RLock) => [lock.locked(), lock.recursionCount()]);

/** Gives back the same object that came twice. */
export const sameObject = task(import.meta, (one: object, two: object) => one === two);

/** Puts into word 0 how many wait, and into word 1 how many were woken; meets the others after each round. */
export const notified = task(
  import.meta,
  async (
    condition: Condition,
    barrier: Barrier,
    words: Int32Array,
    rounds: number,
    colour: Colour,
  ): Promise<void> => {
    for (let round = 0; round < rounds; round++) {
      const guard = await enterAs(condition, colour);
      words[0] = (words[0] as number) + 1;
      if (colour === "promise") await condition.wait();
      else condition.waitSync();
      words[1] = (words[1] as number) + 1;
      guard.release();
      if (colour === "promise") await barrier.wait();
      else barrier.waitSync();
    }
  },
);

/** Passes a barrier again and again; gives the sum of its places, or -1 if somebody was not in step. */
export const step = task(
  import.meta,
  async (
    barrier: Barrier,
    words: Int32Array,
    party: number,
    rounds: number,
    colour: Colour,
  ): Promise<number> => {
    let sum = 0;
    for (let round = 1; round <= rounds; round++) {
      Atomics.store(words, party, round);
      sum += colour === "promise" ? await barrier.wait() : barrier.waitSync();
      for (let other = 0; other < barrier.parties; other++) {
        const at = Atomics.load(words, other);
        if (at !== round && at !== round + 1) return -1;
      }
    }
    return sum;
  },
);

/** Waits at a barrier and gives the name of the error. */
export const arrive = task(import.meta, async (barrier: Barrier, colour: Colour) => {
  try {
    return String(colour === "promise" ? await barrier.wait() : barrier.waitSync());
  } catch (error) {
    return (error as Error).name;
  }
});

/** Acquires `count` times, says so in word 0, and dies. */
export const dieHolding = task(
  import.meta,
  async (lock: AnyLock, words: Int32Array, how: Death, colour: Colour, count: number) => {
    for (let i = 0; i < count; i++) await enterAs(lock, colour);
    set(words, 0);
    die(how, words);
  },
);

/** Reads `count` times, says so in word 0, and dies. */
export const dieReading = task(
  import.meta,
  (lock: RWLock, words: Int32Array, how: Death, count: number) => {
    for (let i = 0; i < count; i++) lock.acquireReadSync();
    set(words, 0);
    die(how, words);
  },
);

/** Notifies one waiter, says so in word 0, and dies without a release. */
export const dieNotifying = task(
  import.meta,
  (condition: Condition, words: Int32Array, how: Death) => {
    condition.acquireSync();
    condition.notify(2);
    set(words, 0);
    die(how, words);
  },
);

/** Waits for its turn, and dies. */
function die(how: Death, words: Int32Array): void {
  waitUntilSet(words, DIE);
  if (how === "throw") throw new RangeError("dead");
  if (how === "exit") process.exit(3);
  Atomics.wait(words, DIE, 1);
}

/** Acquires and releases; gives the name of what was thrown, or "held". */
export const tryEnter = task(
  import.meta,
  async (lock: AnyLock, colour: Colour, recover: boolean) => {
    try {
      const guard = colour === "promise"
        ? await enter(lock, { recover })
        : enterSync(lock, { recover });
      guard.release();
      return guard.abandoned ? "abandoned" : "held";
    } catch (error) {
      return (error as Error).name;
    }
  },
);

/** Waits on a condition; gives the name of what was thrown, or "notified". */
export const awaitNotify = task(
  import.meta,
  async (condition: Condition, words: Int32Array, colour: Colour) => {
    const guard = await enterAs(condition, colour);
    words[1] = (words[1] as number) + 1;
    try {
      if (colour === "promise") await condition.wait();
      else condition.waitSync();
      return "notified";
    } catch (error) {
      return (error as Error).name;
    } finally {
      guard.release();
    }
  },
);

/** Acquires and returns without a release. */
export const keep = task(import.meta, (lock: AnyLock) => {
  enterSync(lock);
});

/** Acquires one lock, waits for the other thread to have done the like, and acquires the other. */
export const embrace = task(
  import.meta,
  async (mine: AnyLock, other: AnyLock, words: Int32Array, index: number, colour: Colour) => {
    const guard = await enterAs(mine, colour);
    set(words, index);
    waitUntilSet(words, 1 - index);
    try {
      (await enterAs(other, colour)).release();
      return "held";
    } catch (error) {
      return (error as Error).name;
    } finally {
      guard.release();
    }
  },
);

/** Locks itself out; gives the name of the error. */
export const lockOneselfOut = task(import.meta, () => {
  const names: string[] = [];
  for (const lock of [new Lock(), new RWLock(), new Condition(new Lock())]) {
    enterSync(lock);
    try {
      enterSync(lock);
    } catch (error) {
      names.push((error as Error).name);
    }
  }
  return names;
});
