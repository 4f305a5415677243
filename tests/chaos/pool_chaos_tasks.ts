/** What runs in the pools whose workers are killed. Each task counts in a shared ledger that it has begun. */

import { task } from "../../_core/task.ts";
import type { Queue } from "../../queue/mod.ts";
import type { Lock } from "../../sync/mod.ts";
import { sleepSync } from "../../thread/mod.ts";

/** How a task spends its time. */
export type Manner = "quick" | "blocked" | "later" | "busy" | "large" | "locked" | "queued";

/** Every manner. */
export const MANNERS: readonly Manner[] = [
  "quick",
  "blocked",
  "later",
  "busy",
  "large",
  "locked",
  "queued",
];

/** What the tasks of all pools share. */
export interface Books {
  /** How often each task was begun. */
  readonly ledger: Int32Array;
  /** Something to hold when one is killed. */
  readonly lock: Lock;
  /** Something to be in the middle of when one is killed. */
  readonly queue: Queue<number>;
}

/** What a task is given. */
export interface Job {
  readonly id: number;
  readonly manner: Manner;
  readonly ballast?: Uint8Array;
}

let books: Books | null = null;

/** The initializer. */
export const openBooks = task(import.meta, (given: Books): void => {
  books = given;
});

/** Does a job; gives twice its number, and what it was given to carry. */
export const work = task(import.meta, (job: Job): unknown => {
  const { id, manner, ballast } = job;
  if (books === null) throw new Error("the initializer has not run");
  const { ledger, lock, queue } = books;
  Atomics.add(ledger, id, 1);
  switch (manner) {
    case "quick":
      return id * 2;
    case "blocked":
      sleepSync(id % 10);
      return id * 2;
    case "later":
      return new Promise((resolve) => setTimeout(resolve, id % 10, id * 2));
    case "busy":
      for (const end = performance.now() + id % 10; performance.now() < end;);
      return id * 2;
    case "large":
      return [id * 2, ballast];
    case "locked": {
      const guard = lock.acquireSync({ timeout: 60_000, recover: true });
      guard.release();
      return id * 2;
    }
    case "queued":
      if (id % 2 === 0) queue.tryPut(id);
      else queue.tryGet();
      return id * 2;
  }
});
