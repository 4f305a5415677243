/**
 * Tasks for the tests of the pool's engine. Words are `SharedArray`s, to count, to meet and to wait on.
 *
 * @module
 */

import { AsyncLocalStorage } from "node:async_hooks";
import process from "node:process";
import { task } from "../../_core/task.ts";
import { contextVariable } from "../../pool/context_variable.ts";
import { currentTask } from "../../pool/current_task.ts";
import type { Lock } from "../../sync/mod.ts";
import { currentThread, ThreadLocal } from "../../thread/mod.ts";

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

export const square = task(import.meta, (x: number) => x * x);
export const echo = task(import.meta, (x: unknown) => x);
export const add = task(import.meta, (a: number, b: number) => a + b);
export const nothing = task(import.meta, () => undefined);
export const truth = task(import.meta, (x: number) => x > 0);
export const sum = task(import.meta, (...numbers: number[]) => numbers.reduce((a, b) => a + b, 0));

export const fail = task(import.meta, (message: string): never => {
  throw new RangeError(message);
});

export const failLater = task(import.meta, async (message: string): Promise<never> => {
  await new Promise((resolve) => setTimeout(resolve, 1));
  throw new RangeError(message);
});

export const giveSymbol = task(import.meta, () => Symbol("no"));

export const later = task(
  import.meta,
  (ms: number) => new Promise<number>((resolve) => setTimeout(() => resolve(ms), ms)),
);

/** Counts a call. */
export const count = task(import.meta, (words: Int32Array, index: number): number => {
  Atomics.add(words, index, 1);
  return index;
});

/** Says in word `index` that it runs, and ends when word `index + 1` is set. */
export const meet = task(import.meta, (words: Int32Array, index: number): number => {
  Atomics.add(words, index, 1);
  Atomics.notify(words, index);
  return waitUntilSet(words, index + 1);
});

/** As `meet`, without blocking the event loop. */
export const meetLater = task(
  import.meta,
  async (words: Int32Array, index: number): Promise<number> => {
    Atomics.add(words, index, 1);
    Atomics.notify(words, index);
    while (Atomics.load(words, index + 1) === 0) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return Atomics.load(words, index + 1);
  },
);

/** Counts itself, and ends when so many have. */
export const meetAll = task(
  import.meta,
  async (words: Int32Array, all: number): Promise<number> => {
    Atomics.add(words, 0, 1);
    while (Atomics.load(words, 0) < all) await new Promise((resolve) => setTimeout(resolve, 2));
    return all;
  },
);

/** Says that it runs, and never ends. */
export const spin = task(import.meta, (words: Int32Array, index: number): never => {
  Atomics.add(words, index, 1);
  Atomics.notify(words, index);
  for (;;);
});

/** Ends its worker in one of the ways, after it has said that it runs. */
export const die = task(
  import.meta,
  async (how: string, words: Int32Array, index: number): Promise<unknown> => {
    Atomics.add(words, index, 1);
    Atomics.notify(words, index);
    switch (how) {
      case "process.exit":
        return process.exit(3);
      case "Deno.exit":
        return (globalThis as unknown as { Deno: { exit(code: number): never } }).Deno.exit(4);
      case "kill":
        (currentThread() as { kill(): void }).kill();
        for (;;);
      case "out of memory": {
        const hoard: unknown[] = [];
        for (;;) hoard.push(new Array(100_000).fill({}));
      }
      case "a stray timer":
        setTimeout(() => {
          throw new RangeError("stray");
        });
        return await new Promise(() => {});
      default:
        throw new Error(`no such way: ${how}`);
    }
  },
);

/** Dies at some items. */
export const dieAt = task(import.meta, (words: Int32Array, index: number, deadly: number) => {
  Atomics.add(words, index, 1);
  if (index === deadly) process.exit(5);
  return index;
});

/** Dies the first times. */
export const dieFirst = task(import.meta, (words: Int32Array, times: number): number => {
  const attempt = Atomics.add(words, 0, 1) + 1;
  if (attempt <= times) process.exit(6);
  return currentTask()?.attempt ?? -1;
});

/** Gives what needs a module at item 0, after some time a number at item 1, and dies once at item 2. */
export const giveGated = task(
  import.meta,
  async (words: Int32Array, index: number): Promise<unknown> => {
    const first = Atomics.add(words, index, 1) === 0;
    if (index === 0) return (await import("./gated_module.ts")).seven;
    if (index === 2 && first) process.exit(6);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    return index;
  },
);

/** Gives what needs a module. */
export const giveTwin = task(import.meta, async (words: Int32Array): Promise<unknown> => {
  const { seven } = await import("./gated_twin.ts");
  Atomics.add(words, 0, 1);
  return seven;
});

/** Loops until its signal is aborted, and says so. */
export const loopUntilAborted = task(import.meta, (words: Int32Array, index: number): string => {
  const signal = currentTask()?.signal as AbortSignal;
  set(words, index);
  while (!signal.aborted);
  set(words, index + 1);
  return "stopped";
});

/** Waits until its signal is aborted, and tells the reason. */
export const waitUntilAborted = task(
  import.meta,
  async (words: Int32Array, index: number): Promise<void> => {
    const signal = currentTask()?.signal as AbortSignal;
    set(words, index);
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    const { name, message } = signal.reason as Error;
    set(words, index + 1, name === "RangeError" && message === "enough" ? 1 : 2);
  },
);

export const attempt = task(import.meta, () => currentTask()?.attempt ?? -1);
export const isOutside = task(import.meta, () => currentTask() === null);
export const threadName = task(import.meta, () => currentThread().name);

/** Takes a lock and keeps it: by returning, or by an error. */
export const keepLock = task(import.meta, (lock: Lock, failing: boolean): void => {
  lock.acquireSync();
  if (failing) throw new RangeError("with the lock");
});

const local = new ThreadLocal<{ count: number }>();
let moduleCount = 0;

/** Tells how many tasks the worker, and the thread, have had. */
export const countHere = task(import.meta, (): [number, number] => {
  const attributes = local as unknown as { count?: number };
  attributes.count = (attributes.count ?? 0) + 1;
  return [attributes.count, ++moduleCount];
});

let initialized: unknown = null;
export const initialize = task(import.meta, (value: unknown): void => {
  initialized = value;
});
export const initializeLater = task(import.meta, async (value: unknown): Promise<void> => {
  await new Promise((resolve) => setTimeout(resolve, 1));
  initialized = value;
});
export const whatWasInitialized = task(import.meta, () => initialized);
export const failToInitialize = task(import.meta, (words: Int32Array, times: number): void => {
  if (Atomics.add(words, 0, 1) < times) throw new RangeError("not ready");
});
export const dieToInitialize = task(import.meta, (words: Int32Array, times: number): void => {
  if (Atomics.add(words, 0, 1) < times) process.exit(7);
});

/** Leaves a timer behind that sets a word. */
export const leaveTimer = task(import.meta, (words: Int32Array, index: number): void => {
  setTimeout(() => set(words, index), 5);
});

/** Leaves a microtask behind that sets a word. */
export const leaveMicrotask = task(import.meta, (words: Int32Array, index: number): void => {
  void Promise.resolve().then(() => set(words, index));
});

/** Fills an array. */
export const bytes = task(
  import.meta,
  (length: number, value: number) => new Uint8Array(length).fill(value),
);
export const checksum = task(
  import.meta,
  (array: Uint8Array) => array.reduce((a, b) => (a * 31 + b) % 1_000_003, 0),
);
export const writeFirst = task(import.meta, (buffer: SharedArrayBuffer, value: number) => {
  new Int32Array(buffer)[0] = value;
  return buffer;
});
export const firstByte = task(import.meta, (buffer: ArrayBuffer) => new Uint8Array(buffer)[0]);
/** As `firstByte`, after it has died once. */
export const firstByteAtLast = task(import.meta, (buffer: ArrayBuffer, words: Int32Array) => {
  if (Atomics.add(words, 0, 1) === 0) process.exit(8);
  return new Uint8Array(buffer)[0];
});

const user = new AsyncLocalStorage<string>();
const trace = new AsyncLocalStorage<{ id: bigint }>();
/** Contexts that travel. */
export const userVariable = contextVariable(import.meta, user);
export const traceVariable = contextVariable(import.meta, trace, {
  encode: ({ id }) => String(id),
  decode: (id: string) => ({ id: BigInt(id) }),
});
/** Runs a function with both. */
export function withContext<T>(name: string, id: bigint, call: () => T): T {
  return user.run(name, () => trace.run({ id }, call));
}
export const tellContext = task(import.meta, async () => {
  await new Promise((resolve) => setTimeout(resolve, 1));
  return `${user.getStore()} ${trace.getStore()?.id}`;
});
export const tellContextOf = task(
  import.meta,
  (item: number) => `${item} ${user.getStore()} ${trace.getStore()?.id}`,
);
