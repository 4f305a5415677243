/** The threads of `queue_stress.ts`: producers and consumers that wait now in this colour, now in that. */

import { task } from "../../_core/task.ts";
import { ShutDownError, TimeoutError } from "../../errors.ts";
import { Queue } from "../../queue/mod.ts";
import { type AnyQueue, Ledger, SIDE } from "./queue_ledger.ts";

/** Bytes of a large item: more than a page of the heap. */
const LARGE = 20_000;

/** What an item looks like: priorities are compared, so they look all the same. */
export type Shape = "any" | "array" | "object";

/** Makes an item. It says whose it is, and which one. */
function makeItem(shape: Shape, producer: number, number: number): unknown {
  const isLarge = number % 97 === 0;
  if (shape === "array") {
    return isLarge ? [number, producer, new Uint8Array(LARGE)] : [number, producer];
  }
  const item = { producer, number, pad: isLarge ? new Uint8Array(LARGE) : null };
  if (shape === "object" || isLarge) return item;
  const lot = number % 4;
  if (lot === 0) return item;
  return lot === 1 ? `${producer}:${number}` : number * SIDE + producer;
}

/** Reads an item: whose it is, and which one. */
function readItem(item: unknown): readonly [number, number] {
  if (typeof item === "number") return [item % SIDE, Math.floor(item / SIDE)];
  if (typeof item === "string") return item.split(":").map(Number) as [number, number];
  if (Array.isArray(item)) return [item[1], item[0]];
  const { producer, number } = item as { producer: number; number: number };
  return [producer, number];
}

/** A small generator of numbers from 0 to 1, the same ones for the same seed. */
export function makeRandom(seed: number): () => number {
  let state = Math.imul(seed + 1, 2654435761) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}

/** Why a wait was given up. */
const ENOUGH = "enough";

/** Gives up a wait after a while, or at once. */
function giveUp(random: () => number): AbortSignal {
  const controller = new AbortController();
  const lot = random();
  if (lot < 0.2) controller.abort(ENOUGH);
  else if (lot < 0.4) queueMicrotask(() => controller.abort(ENOUGH));
  else setTimeout(() => controller.abort(ENOUGH), random() * 3);
  return controller.signal;
}

/** Tries to put, in a way drawn by lot; tells whether the item is in the queue. */
async function tryToPut(queue: AnyQueue, item: unknown, random: () => number): Promise<boolean> {
  const lot = random();
  if (lot < 0.45) {
    queue.putSync(item);
    return true;
  }
  if (lot < 0.8) {
    await queue.put(item);
    return true;
  }
  if (lot < 0.88) return queue.tryPut(item);
  try {
    if (lot < 0.94) queue.putSync(item, { timeout: random() * 3 });
    else if (lot < 0.97) await queue.put(item, { timeout: random() * 3 });
    else await queue.put(item, { signal: giveUp(random) });
    return true;
  } catch (error) {
    if (error === ENOUGH || error instanceof TimeoutError) return false;
    throw error;
  }
}

/** Tries to get, in a way drawn by lot; `null` when there was nothing in time. */
async function tryToGet(queue: AnyQueue, random: () => number): Promise<{ value: unknown } | null> {
  const lot = random();
  if (lot < 0.45) return { value: queue.getSync() };
  if (lot < 0.8) return { value: await queue.get() };
  if (lot < 0.88) return queue.tryGet();
  try {
    if (lot < 0.94) return { value: queue.getSync({ timeout: random() * 3 }) };
    if (lot < 0.97) return { value: await queue.get({ timeout: random() * 3 }) };
    return { value: await queue.get({ signal: giveUp(random) }) };
  } catch (error) {
    if (error === ENOUGH || error instanceof TimeoutError) return null;
    throw error;
  }
}

/** Puts what is left of the items of a producer, or until the queue is shut down. */
export const produce = task(
  import.meta,
  async (
    queue: AnyQueue,
    words: Int32Array,
    items: number,
    shape: Shape,
    producer: number,
    seed: number,
  ): Promise<void> => {
    const [ledger, random] = [new Ledger(items, words), makeRandom(seed)];
    if (ledger.lastRefused(producer) !== null) return;
    for (let number = ledger.next(producer); number < items; number++) {
      const item = makeItem(shape, producer, number);
      ledger.begin(producer, number);
      try {
        while (!await tryToPut(queue, item, random));
      } catch (error) {
        if (!(error instanceof ShutDownError)) throw error;
        ledger.refused(producer, number);
        return;
      }
      ledger.returned(producer, number);
    }
  },
);

/** Gets items until the queue is shut down. */
export const consume = task(
  import.meta,
  async (
    queue: AnyQueue,
    words: Int32Array,
    items: number,
    consumer: number,
    seed: number,
  ): Promise<void> => {
    const [ledger, random] = [new Ledger(items, words), makeRandom(seed)];
    const last = new Int32Array(SIDE).fill(-1);
    for (;;) {
      ledger.enter(consumer);
      let got: { value: unknown } | null;
      try {
        got = await tryToGet(queue, random);
      } catch (error) {
        ledger.leave(consumer);
        if (error instanceof ShutDownError) return;
        throw error;
      }
      if (got !== null) ledger.receive(...readItem(got.value), last);
      ledger.leave(consumer);
      if (got !== null && queue instanceof Queue) queue.taskDone();
    }
  },
);
