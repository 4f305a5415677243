/** What other threads do in `queue_bench.ts`. */

import { type Event, type Queue, type SimpleQueue, task } from "@nogil/std";

/** A queue that is measured. */
export type AnyQueue = Queue<unknown> | SimpleQueue<unknown>;

/** What is put. */
export type ItemKind = "number" | "string" | "object" | "kilobyte" | "megabyte";

const MEGABYTE = new Uint8Array(1 << 20);

/** Makes the item with a number. */
export const ITEMS: Readonly<Record<ItemKind, (i: number) => unknown>> = {
  number: (i) => i,
  string: (i) => `item number ${i}`,
  object: (i) => ({ id: i, name: "item", ok: true, x: 1.5 }),
  kilobyte: (i) => "x".repeat(1000) + i,
  megabyte: () => MEGABYTE,
};

/** Puts items, blocking. */
export function putAll(queue: AnyQueue, kind: ItemKind, count: number): void {
  const make = ITEMS[kind];
  for (let i = 0; i < count; i++) queue.putSync(make(i));
}

/** Gets items, blocking. */
export function getAll(queue: AnyQueue, count: number): void {
  for (let i = 0; i < count; i++) queue.getSync();
}

export const produce = task(
  import.meta,
  (queue: AnyQueue, ready: Event, kind: ItemKind, count: number): void => {
    ready.waitSync();
    putAll(queue, kind, count);
  },
);

export const consume = task(
  import.meta,
  (queue: AnyQueue, ready: Event, count: number): void => {
    ready.set();
    getAll(queue, count);
  },
);

export const consumeAwaiting = task(
  import.meta,
  async (queue: AnyQueue, ready: Event, count: number): Promise<void> => {
    ready.set();
    for (let i = 0; i < count; i++) await queue.get();
  },
);

export const echo = task(
  import.meta,
  (questions: AnyQueue, answers: AnyQueue, count: number): void => {
    for (let i = 0; i < count; i++) answers.putSync(questions.getSync());
  },
);

export const echoAwaiting = task(
  import.meta,
  async (questions: AnyQueue, answers: AnyQueue, count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await answers.put(await questions.get());
  },
);
