/** Tasks for the tests of `wait` and `asCompleted`. */

import { task } from "../../_core/task.ts";
import { asCompleted, wait } from "../../pool/mod.ts";
import type { Event } from "../../sync/mod.ts";
import type { AnyThread } from "../../thread/mod.ts";

/** Returns a value when an event is set. */
export const returnWhenSet = task(import.meta, (event: Event, value: number): number => {
  event.waitSync();
  return value;
});

/** Throws when an event is set. */
export const throwWhenSet = task(import.meta, (event: Event, message: string): never => {
  event.waitSync();
  throw new RangeError(message);
});

/** Sets an event when another is set. */
export const setWhenSet = task(import.meta, (from: Event, to: Event): void => {
  from.waitSync();
  to.set();
});

/** Sets an event and takes it back at once, when another is set. */
export const flashWhenSet = task(import.meta, (from: Event, to: Event): void => {
  from.waitSync();
  to.set();
  to.clear();
});

/** Waits for threads and an event in a thread; gives how many are done, and the results of the threads in their order. */
export const waitHere = task(
  import.meta,
  async (threads: AnyThread[], event: Event, seen: Event): Promise<[number, unknown[]]> => {
    const order: unknown[] = [];
    for await (const thread of asCompleted(threads)) {
      order.push(await thread.join());
      seen.set();
    }
    const { done } = await wait([...threads, event]);
    return [done.size, order];
  },
);

/** Gives the name of the error of a wait for a thread. */
export const waitForThread = task(
  import.meta,
  async (box: { thread: AnyThread | null }, passed: Event): Promise<string> => {
    await passed.wait();
    const { currentThread } = await import("../../thread/mod.ts");
    try {
      await wait([box.thread ?? currentThread()]);
      return "nothing";
    } catch (error) {
      return `${(error as Error).name}: ${(error as Error).message}`;
    }
  },
);
