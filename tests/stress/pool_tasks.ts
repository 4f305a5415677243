/** Tasks of the stress run of pools. Each marks in a shared ledger that it was executed. */

import process from "node:process";
import { task } from "../../_core/task.ts";
import type { SharedArray } from "../../process/mod.ts";
import { getIdent, sleepSync } from "../../thread/mod.ts";

/** What a task does: the first three are innocent, the others end their worker. */
export type Deed =
  | "work"
  | "workLater"
  | "fail"
  | "slow"
  | "exit"
  | "denoExit"
  | "timer"
  | "memory"
  | "outside"
  | "loading";

/** What the main thread and the workers share. */
export interface Books {
  /** How often each task was executed. */
  readonly ledger: SharedArray<"i">;
  /** Thread idents that wait to be killed, and 0. */
  readonly victims: SharedArray<"i">;
}

let books: Books | null = null;

/** The initializer. */
export const openBooks = task(
  import.meta,
  (ledger: SharedArray<"i">, victims: SharedArray<"i">): void => {
    books = { ledger, victims };
  },
);

/** Does what it is told. */
export const perform = task(import.meta, (id: number, deed: Deed): number | Promise<number> => {
  if (books === null) throw new Error("the initializer has not run");
  Atomics.add(books.ledger, id, 1);
  switch (deed) {
    case "work":
      return id * 2;
    case "workLater":
      return new Promise((resolve) => setTimeout(resolve, id % 3, id * 2));
    case "fail":
      throw new RangeError(`task ${id}`);
    case "slow":
      for (;;) sleepSync(1000);
    case "exit":
      return process.exit(id % 100);
    case "denoExit": {
      const { Deno } = globalThis as { Deno?: { exit?(code: number): never } };
      if (Deno?.exit !== undefined) return Deno.exit(id % 100);
      // What comes nearest on Node: the end comes while the task is awaited.
      queueMicrotask(() => process.exit(id % 100));
      return new Promise(() => {});
    }
    case "timer":
      setTimeout(() => {
        throw new RangeError(`timer of ${id}`);
      });
      return new Promise(() => {});
    case "memory": {
      const kept: unknown[] = [];
      for (;;) kept.push(new Array(10_000).fill(Math.random()));
    }
    case "outside": {
      const { victims } = books;
      const ident = getIdent();
      for (let i = 0;; i = (i + 1) % victims.length) {
        if (Atomics.compareExchange(victims, i, 0, ident) === 0) break;
      }
      for (;;) sleepSync(1000);
    }
    case "loading":
      throw new Error("this task is to be found in a module that cannot be loaded");
  }
});

/** The same, as the function of a map. */
export const performItem = task(
  import.meta,
  ([id, deed]: readonly [number, Deed]): number | Promise<number> => perform(id, deed),
);

/** Does nothing but marks. */
export const double = task(import.meta, (x: number): number => x * 2);
