/** Tasks for the tests of the pools' interface. */

import { AsyncLocalStorage } from "node:async_hooks";
import process from "node:process";
import { task } from "../../_core/task.ts";
import { contextVariable, currentTask, ThreadPool } from "../../pool/mod.ts";
import type { Event } from "../../sync/mod.ts";
import { currentThread } from "../../thread/mod.ts";

/** Gives a value, after an event if there is one. */
export const waitFor = task(
  import.meta,
  async ([event, value]: [event: Event | null, value: unknown]): Promise<unknown> => {
    await event?.wait();
    return value;
  },
);

/** Says that it runs, and gives a value after an event. */
export const reportAndWait = task(
  import.meta,
  async (words: Int32Array, event: Event, value: unknown): Promise<unknown> => {
    Atomics.add(words, 0, 1);
    await event.wait();
    return value;
  },
);

/** Counts how often it runs, and gives a number, unless it is the one at which to fail. */
export const failAt = task(import.meta, ([n, bad]: [n: number, bad: number]): number => {
  if (n === bad) throw new RangeError(`item ${n}`);
  return n;
});

/** Counts itself, and waits until it is aborted. */
export const untilAborted = task(import.meta, async (words: Int32Array): Promise<string> => {
  const signal = currentTask()?.signal;
  Atomics.add(words, 0, 1);
  // Its time may be up before it gets here.
  if (signal?.aborted !== true) {
    await new Promise((resolve) => signal?.addEventListener("abort", resolve, { once: true }));
  }
  Atomics.add(words, 1, 1);
  return "aborted";
});

/** Ends its worker, until it was called so often. */
export const exitTimes = task(import.meta, (words: Int32Array, times: number): number => {
  const call = Atomics.add(words, 0, 1) + 1;
  if (call <= times) process.exit(7);
  return currentTask()?.attempt ?? 0;
});

/** Gives the name of the thread. */
export const threadName = task(import.meta, (): string => currentThread().name);

/** The storage that travels. */
export const requestId: AsyncLocalStorage<string> = new AsyncLocalStorage<string>();

/** Lets it travel. */
export const requestIdVariable = contextVariable(import.meta, requestId);

/** Gives what is in the storage. */
export const readRequestId = task(import.meta, async (): Promise<string | undefined> => {
  await Promise.resolve();
  return requestId.getStore();
});

let greeting = "none";

/** Sets what {@linkcode greet} says. */
export const setGreeting = task(import.meta, (words: Int32Array, text: string): void => {
  Atomics.add(words, 0, 1);
  greeting = text;
});

/** Says what the initializer has set. */
export const greet = task(import.meta, (name: string): string => `${greeting} ${name}`);

/** Makes words that threads share. */
export function makeWords(length = 4): Int32Array {
  return new Int32Array(new SharedArrayBuffer(length * 4));
}

/** Uses a pool of its own. */
export const nested = task(import.meta, async (words: Int32Array): Promise<number[]> => {
  const squares = await ThreadPool.with(2, (pool) => pool.map((x: number) => x * x, [1, 2, 3]));
  Atomics.add(words, 0, 1);
  return squares;
});
