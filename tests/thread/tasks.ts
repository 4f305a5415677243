/** Tasks for the tests of `thread/`. Words are `Int32Array`s over shared memory, to meet and to wait on. */

import process from "node:process";
import { shareable } from "../../_core/shareable.ts";
import { task } from "../../_core/task.ts";
import type { Lock, RLock } from "../../sync/mod.ts";
import {
  activeCount,
  type AnyThread,
  currentThread,
  enumerate,
  getIdent,
  mainThread,
  sleepSync,
  Thread,
  ThreadLocal,
} from "../../thread/mod.ts";

/** Makes words that threads share. */
export function makeWords(length = 8): Int32Array {
  return new Int32Array(new SharedArrayBuffer(length * 4));
}

/** Sets a word and wakes who waits for it. */
export function set(words: Int32Array, index: number, value = 1): void {
  Atomics.store(words, index, value);
  Atomics.notify(words, index);
}

/** Blocks until a word is no longer 0. */
export function waitUntilSet(words: Int32Array, index: number): number {
  if (Atomics.wait(words, index, 0, 60_000) === "timed-out") throw new Error("nobody came");
  return Atomics.load(words, index);
}

export const add = task(import.meta, (a: number, b: number) => a + b);

export const addLater = task(import.meta, async (a: number, b: number) => {
  await new Promise((resolve) => setTimeout(resolve, 1));
  return a + b;
});

export const fail = task(import.meta, (message: string): number => {
  throw new RangeError(message);
});

export const throwValue = task(import.meta, (value: unknown): number => {
  throw value;
});

/** Says in word 0 that it runs, and ends when word 1 is set. */
export const meet = task(import.meta, (words: Int32Array): number => {
  set(words, 0);
  return waitUntilSet(words, 1);
});

export const meetThenFail = task(import.meta, (words: Int32Array): number => {
  set(words, 0);
  waitUntilSet(words, 1);
  throw new RangeError("after the meeting");
});

export const identify = task(import.meta, () => {
  const me = currentThread();
  const main = mainThread();
  return {
    name: me.name,
    ident: me.ident,
    same: me === currentThread(),
    identFunction: getIdent(),
    daemon: me.daemon,
    alive: me.isAlive(),
    main: main.name,
    mainIdent: main.ident,
    mainAlive: main.isAlive(),
    mainSame: mainThread() === main,
  };
});

export const joinSelf = task(import.meta, () => {
  try {
    currentThread().joinSync();
    return "joined";
  } catch (error) {
    return (error as Error).name + ": " + (error as Error).message;
  }
});

export const joinOther = task(import.meta, (thread: AnyThread): unknown => thread.joinSync());

export const joinOtherLater = task(
  import.meta,
  (thread: AnyThread): Promise<unknown> => thread.join(),
);

export const startAnother = task(import.meta, (words: Int32Array) => {
  const inner = new Thread({ target: meet, args: [words] }).start();
  waitUntilSet(words, 0);
  const names = enumerate().map((thread) => thread.name);
  const count = activeCount();
  set(words, 1);
  return { result: inner.joinSync(), names, count, inner: inner.name, daemon: inner.daemon };
});

export const startDaemonChild = task(import.meta, () => {
  const inherited = new Thread({ target: add, args: [1, 2] });
  const explicit = new Thread({ target: add, args: [1, 2], daemon: false });
  return [inherited.daemon, explicit.daemon];
});

export const stopper = task(import.meta, (words: Int32Array) => {
  set(words, 0);
  let rounds = 0;
  while (!currentThread().stopRequested) rounds++;
  return rounds >= 0 ? "stopped" : "never";
});

export const signalInLoop = task(import.meta, (words: Int32Array) => {
  set(words, 0);
  const { signal } = currentThread();
  while (!currentThread().signal.aborted);
  return [signal === currentThread().signal, String(signal.reason)];
});

export const waitForSignal = task(import.meta, async (words: Int32Array) => {
  const { signal } = currentThread();
  set(words, 0);
  return await new Promise<unknown>((resolve) => {
    const timer = setTimeout(() => resolve("nobody stopped me"), 60_000);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve(signal.reason);
    });
  });
});

export const throwIfStopped = task(import.meta, (words: Int32Array): number => {
  set(words, 0);
  for (;;) currentThread().signal.throwIfAborted();
});

export const spin = task(import.meta, (words: Int32Array): number => {
  set(words, 0);
  for (;;) Atomics.add(words, 2, 1);
});

export const park = task(import.meta, (words: Int32Array): number => {
  set(words, 0);
  for (;;) Atomics.wait(words, 3, 0);
});

export const exit = task(import.meta, (how: string, code: number): number => {
  const { Deno } = globalThis as { Deno?: { exit(code: number): never } };
  if (how === "Deno.exit" && Deno !== undefined && "version" in Deno) return Deno.exit(code);
  return process.exit(code);
});

export const failInTimer = task(import.meta, (): Promise<number> => {
  setTimeout(() => {
    throw new RangeError("in a timer");
  }, 1);
  return new Promise(() => {});
});

export const rejectUnseen = task(import.meta, (): Promise<number> => {
  Promise.reject(new RangeError("unseen"));
  return new Promise(() => {});
});

export const hoard = task(import.meta, (): number => {
  const kept: unknown[] = [];
  for (;;) kept.push(new Array(10_000).fill(Math.random()));
});

export const hoardLater = task(import.meta, async (): Promise<number> => {
  await new Promise((resolve) => setTimeout(resolve, 1));
  const kept: unknown[] = [];
  for (;;) kept.push(new Array(10_000).fill(Math.random()));
});

export const leaveTimer = task(import.meta, (words: Int32Array) => {
  setInterval(() => Atomics.add(words, 2, 1), 1);
  return "done";
});

/** Gives how often word 2 has changed while this thread let its event loop run. */
export const countChanges = task(import.meta, async (words: Int32Array) => {
  const before = Atomics.load(words, 2);
  await new Promise((resolve) => setTimeout(resolve, 30));
  return Atomics.load(words, 2) - before;
});

export const local = new ThreadLocal<{ value?: number }>();

export const seeLocal = task(import.meta, (value: number) => {
  const before = local.value ?? null;
  local.value = value;
  return [before, local.value];
});

export const writeWord = task(import.meta, (words: Int32Array, index: number, value: number) => {
  set(words, index, value);
  return words;
});

export const sleepThenTime = task(import.meta, (milliseconds: number) => {
  const began = performance.now();
  sleepSync(milliseconds);
  return performance.now() - began;
});

export const rename = task(import.meta, (thread: AnyThread, name: string) => {
  thread.name = name;
  return thread.name;
});

export const stopOther = task(import.meta, (thread: AnyThread, reason?: unknown) => {
  thread.stop(reason);
});

export const killOther = task(import.meta, (thread: AnyThread) => thread.kill());

export const returnFunction = task(import.meta, () => () => 42);

const secret = 42;

export const returnClosure = task(import.meta, () => () => secret);

/** A class that travels. */
export const Point = shareable(
  import.meta,
  class Point {
    x: number;
    y: number;

    constructor(x: number, y: number) {
      this.x = x;
      this.y = y;
    }

    norm(): number {
      return Math.hypot(this.x, this.y);
    }
  },
);

export const mirror = task(import.meta, (point: InstanceType<typeof Point>) => {
  return new Point(point.y, point.x);
});

/** An error class that travels. */
export const CustomError = shareable(
  import.meta,
  class CustomError extends Error {
    code = 7;
  },
);

export const failCustom = task(import.meta, (): number => {
  throw new CustomError("custom", { cause: new TypeError("the cause") });
});

/** A thread that says itself what it does. */
export const Summer = shareable(
  import.meta,
  class Summer extends Thread<[], number> {
    numbers: number[];

    constructor(numbers: number[], name = "summer") {
      super({ name });
      this.numbers = numbers;
    }

    override run(): number {
      if (currentThread() !== this) throw new Error("somebody else runs");
      return this.numbers.reduce((sum, number) => sum + number, 0);
    }
  },
);

export const lockAnd = task(import.meta, (lock: Lock | RLock, what: string, words: Int32Array) => {
  lock.acquireSync();
  set(words, 0);
  switch (what) {
    case "return":
      return;
    case "throw":
      throw new RangeError("holding the lock");
    case "exit":
      return process.exit(3);
    case "hoard": {
      const kept: unknown[] = [];
      for (;;) kept.push(new Array(10_000).fill(Math.random()));
    }
  }
  for (;;) Atomics.wait(words, 3, 0);
});

export const acquire = task(import.meta, (lock: Lock | RLock): string => {
  try {
    lock.acquireSync().release();
    return "acquired";
  } catch (error) {
    return (error as Error).name;
  }
});

export const lockBoth = task(import.meta, (first: Lock, second: Lock, words: Int32Array) => {
  const outer = first.acquireSync();
  Atomics.add(words, 0, 1);
  Atomics.notify(words, 0);
  waitUntilSet(words, 1);
  try {
    second.acquireSync({ timeout: 60_000 }).release();
  } catch {
    // The other one has got what this one wants.
  }
  outer.release();
});

export const increment = task(
  import.meta,
  (lock: Lock, words: Int32Array, index: number, times: number) => {
    for (let i = 0; i < times; i++) {
      lock.acquireSync();
      words[index] = (words[index] as number) + 1;
      lock.release();
    }
  },
);
