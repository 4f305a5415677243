/**
 * What became of every item, in memory that all threads share: a producer notes each item before and after its `put`, a
 * consumer what it got. The books are kept by stores of single words, so that they are right at every instant.
 *
 * A consumer that is killed between the commit of its `get` and its entry is the one gap: it has an item that nobody will
 * hear of. So it notes when it is in there, and the words of the queue's own record say how many items were taken.
 *
 * @module
 */

import { HANDLE } from "../../_core/handle.ts";
import { agentOf } from "../../_core/agent.ts";
import { DROPPED, Q_HEAD, Q_TAIL } from "../../_core/queue_layout.ts";
import { doneCount } from "../../_core/queue_tasks.ts";
import type { Queue, SimpleQueue } from "../../queue/mod.ts";

/** A queue of any kind. */
export type AnyQueue = Queue<unknown> | SimpleQueue<unknown>;

/** How many threads put, and how many get. */
export const SIDE = 8;

/** Word: items received. */
const RECEIVED = 0;
/** Word: items received that had been received before. */
const TWICE = 1;
/** Word: things received that are no items. */
const ALIEN = 2;
/** Word: items received after a later one of the same producer. */
const INVERTED = 3;
/** Words of the consumers: whether it is in the gap. */
const INSIDE = 16;
/** Words of the producers: items begun, returned from `put`, and refused by the shutdown (its number + 1). */
const BEGUN = 32;
const RETURNED = 48;
const REFUSED = 64;
/** The first word of the bits of what was received. */
const BITS = 80;

/** An item that a killed producer may have put or not. */
export interface Doubt {
  producer: number;
  number: number;
}

/** The counts of a queue's record. */
export interface Counts {
  put: number;
  taken: number;
  dropped: number;
  done: number;
}

/** The ledger of one run. */
export class Ledger {
  /** All of it. */
  readonly words: Int32Array;
  /** Items of each producer. */
  readonly items: number;

  /** Opens a ledger, or makes one. */
  constructor(items: number, words?: Int32Array) {
    this.items = items;
    this.words = words ??
      new Int32Array(new SharedArrayBuffer((BITS + SIDE * Ledger.#row(items)) * 4));
  }

  static #row(items: number): number {
    return (items + 31) >> 5;
  }

  /** Where a producer goes on, which may be the successor of one that was killed. */
  next(producer: number): number {
    return Atomics.load(this.words, BEGUN + producer);
  }

  begin(producer: number, number: number): void {
    Atomics.store(this.words, BEGUN + producer, number + 1);
  }

  returned(producer: number, number: number): void {
    Atomics.store(this.words, RETURNED + producer, number + 1);
  }

  refused(producer: number, number: number): void {
    Atomics.store(this.words, REFUSED + producer, number + 1);
  }

  /** The gap of a consumer begins. */
  enter(consumer: number): void {
    Atomics.store(this.words, INSIDE + consumer, 1);
  }

  /** The gap of a consumer ends. */
  leave(consumer: number): void {
    Atomics.store(this.words, INSIDE + consumer, 0);
  }

  isInside(consumer: number): boolean {
    return Atomics.load(this.words, INSIDE + consumer) === 1;
  }

  /** Notes what a consumer got; `last` holds the last number that it got of each producer. */
  receive(producer: number, number: number, last: Int32Array): void {
    const { words, items } = this;
    if (!(producer >= 0 && producer < SIDE && number >= 0 && number < items)) {
      Atomics.add(words, ALIEN, 1);
      return;
    }
    const bit = 1 << (number & 31);
    if ((Atomics.or(words, this.#wordOf(producer, number), bit) & bit) !== 0) {
      Atomics.add(words, TWICE, 1);
    }
    if (number <= (last[producer] as number)) Atomics.add(words, INVERTED, 1);
    last[producer] = number;
    Atomics.add(words, RECEIVED, 1);
  }

  get received(): number {
    return Atomics.load(this.words, RECEIVED);
  }

  get twice(): number {
    return Atomics.load(this.words, TWICE);
  }

  get alien(): number {
    return Atomics.load(this.words, ALIEN);
  }

  get inverted(): number {
    return Atomics.load(this.words, INVERTED);
  }

  wasReceived(producer: number, number: number): boolean {
    return (Atomics.load(this.words, this.#wordOf(producer, number)) >>> (number & 31) & 1) === 1;
  }

  /** The item that a producer was putting when it died, if any. */
  doubt(producer: number): Doubt | null {
    const begun = this.next(producer);
    if (begun === Atomics.load(this.words, RETURNED + producer)) return null;
    if (begun === Atomics.load(this.words, REFUSED + producer)) return null;
    return { producer, number: begun - 1 };
  }

  /** Whether the last item of a producer was refused: it must not be received. */
  lastRefused(producer: number): number | null {
    const refused = Atomics.load(this.words, REFUSED + producer);
    return refused === 0 ? null : refused - 1;
  }

  #wordOf(producer: number, number: number): number {
    return BITS + producer * Ledger.#row(this.items) + (number >> 5);
  }
}

/** Reads the counts in the record of a queue. */
export function countsOf(queue: AnyQueue): Counts {
  const { data } = queue[HANDLE]("thread");
  const o = (Array.isArray(data) ? data[0] : data) as number;
  const { q } = agentOf("thread");
  const { w } = q;
  const dropped = w.load(o + DROPPED);
  return {
    put: w.load(o + Q_TAIL),
    taken: w.load(o + Q_HEAD) - dropped,
    dropped,
    done: doneCount(q, o),
  };
}
