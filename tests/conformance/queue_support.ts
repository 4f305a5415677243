/** What the conformance suites of the queues share. */

import { assertEquals } from "@std/assert";
import { Thread } from "../../thread/mod.ts";
import type { Queue } from "../../queue/mod.ts";
import { type AnyQueue, call } from "../queue/tasks.ts";
import {
  blocking,
  type Colour,
  COMBINATIONS,
  entries,
  type TestedScope,
  until,
} from "./support.ts";

export type { AnyQueue } from "../queue/tasks.ts";

/** A class of queues. */
export interface QueueKind<Q extends AnyQueue = AnyQueue> {
  /** The name of the class. */
  name: string;
  /** What the names of the tests say. Default: the name of the class. */
  title?: string;
  /** Makes an empty one. */
  make(maxsize?: number, options?: { scope: TestedScope }): Q;
  /** The order in which numbers come out. */
  order(put: readonly number[]): number[];
}

/** A class of queues with a limit and with tasks. */
export type FullKind = QueueKind<Queue<unknown>>;

/** Options of a wait of either colour. */
export interface Waiting {
  timeout?: number;
  signal?: AbortSignal;
}

/** Scopes and colours in which a queue can be waited at: nothing blocks at a local one. */
export const WAITS: readonly (readonly [TestedScope, Colour])[] = COMBINATIONS.filter(
  ([scope, colour]) => scope !== "local" || colour === "promise",
);

/** Milliseconds after which something counts as hanging. */
export const LIMIT: { timeout: number } = { timeout: 60_000 };

/** Puts in a colour, in this thread. */
export function putAs(
  queue: AnyQueue,
  colour: Colour,
  item: unknown,
  options?: Waiting,
): Promise<void> {
  return colour === "promise"
    ? queue.put(item, options)
    : blocking(() => queue.putSync(item, options));
}

/** Gets in a colour, in this thread. */
export function getAs(queue: AnyQueue, colour: Colour, options?: Waiting): Promise<unknown> {
  return colour === "promise" ? queue.get(options) : blocking(() => queue.getSync(options));
}

/** Joins in a colour, in this thread. */
export function joinAs(queue: Queue<unknown>, colour: Colour, options?: Waiting): Promise<void> {
  return colour === "promise" ? queue.join(options) : blocking(() => queue.joinSync(options));
}

/** Starts a wait: a promise of this thread, or a call that blocks another one. Nobody has to look at its failure. */
export function start(
  queue: AnyQueue,
  colour: Colour,
  method: "put" | "get" | "join",
  ...args: readonly unknown[]
): Promise<unknown> {
  const methods = queue as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  const outcome = colour === "promise"
    ? methods[method]?.(...args) as Promise<unknown>
    : new Thread({ target: call, args: [queue, `${method}Sync`, args] }).start().join(LIMIT);
  outcome.catch(() => {});
  return outcome;
}

/** Lets the event loop turn until so many wait. */
export async function waiting(scope: TestedScope, count: number): Promise<void> {
  await until(() => entries(scope) === count, `${count} waiters`).catch((cause) => {
    throw new Error(`There are ${entries(scope)} waiters, not ${count}`, { cause });
  });
}

/** Takes all that is in a queue. */
export function drain(queue: AnyQueue): unknown[] {
  const items: unknown[] = [];
  for (let found = queue.tryGet(); found !== null; found = queue.tryGet()) items.push(found.value);
  return items;
}

/** Asserts that a queue has so many items, by all that tells it. */
export function assertSize(queue: AnyQueue, size: number): void {
  assertEquals([queue.qsize(), queue.empty()], [size, size === 0]);
}
