/**
 * Priority queues whose order a function of the program decides.
 *
 * That function never runs under the latch: a change is planned on copies, and made under the latch if the queue is still as
 * it was; else it is planned again. Where nobody can compare (a waiting putter is let in, an item comes back from the
 * dead), the item is appended, and who comes next and can compare puts it into its place: the first `HEAPED` are in order.
 *
 * @module
 */

import { NO_MEMORY, NOTHING, type Outcome, TAKEN, TURNED_AWAY } from "./kind.ts";
import { FLAGS } from "./layout.ts";
import { type Change, commit, finishRemoval, siftDown } from "./queue_heap.ts";
import {
  CELL_NUMBER,
  HEAPED,
  MAXSIZE,
  PUT_HANDOFF,
  Q_HEAD,
  Q_TAIL,
  SHUT,
  VERSION,
} from "./queue_layout.ts";
import { disown, ensureRoom, holdInHand, ringBase, sizeOf } from "./queue_ring.ts";
import type { WaitQueue } from "./wait_queue.ts";

/** Compares two items as for `Array.sort`. */
export type Compare = (a: unknown, b: unknown) => number;

/** Values of items that are kept, so that they are not decoded for every comparison. */
const MOST_KNOWN = 1024;

/** The queue has changed since a plan was begun. */
const CHANGED: unique symbol = Symbol("changed");

/** Something that is not ours has failed: `compare`, or the reading of an item. */
class Failure {
  readonly cause: unknown;
  constructor(cause: unknown) {
    this.cause = cause;
  }
}

/** What the plan of a change is made on. */
interface Snapshot {
  readonly version: number;
  readonly size: number;
  readonly heaped: number;
}

interface Known {
  readonly number: number;
  readonly value: unknown;
  /** The version of the queue in which it was looked at. */
  readonly version: number;
}

/** The order of one queue, as one agent decides it. */
export class Comparing {
  readonly #q: WaitQueue;
  readonly #o: number;
  readonly #compare: Compare;
  /** Copies what is in a cell, under the latch; what it gives is called without it, and gives the item. */
  readonly #copy: (ref: number) => () => unknown;
  readonly #known: Map<number, Known> = new Map();

  /** Makes the order of queue `o`. */
  constructor(q: WaitQueue, o: number, compare: Compare, copy: (ref: number) => () => unknown) {
    this.#q = q;
    this.#o = o;
    this.#compare = compare;
    this.#copy = copy;
  }

  /** Takes the first item into the hand: its ref, 0 if there is none, -1 if there will never be one. */
  take(): number {
    return this.#plan((snapshot) => {
      const { size } = snapshot;
      if (size === 0) return (this.#q.w.load(this.#o + FLAGS) & SHUT) === 0 ? 0 : -1;
      const last = this.#itemAt(snapshot, size - 1);
      const moves = siftDown(
        size - 1,
        last,
        (i) => this.#itemAt(snapshot, i),
        (a, b) => this.#order(snapshot, a, b),
      );
      return this.#change(snapshot, (base) => {
        const { w } = this.#q;
        const ref = w.get(base);
        const head = w.get(this.#o + Q_HEAD);
        holdInHand(this.#q, this.#o, ref, head);
        finishRemoval(this.#q, this.#o, base, moves, (head + 1) | 0, size - 1);
        this.#known.delete(ref);
        return ref;
      });
    });
  }

  /** Puts an item that is written, as `tryPublish` does. */
  put(ref: number, item: unknown, canWait: boolean): Outcome {
    this.#known.delete(ref); // an earlier item in the same place
    return this.#plan((snapshot) => {
      const { w } = this.#q;
      const flags = w.load(this.#o + FLAGS);
      if ((flags & SHUT) !== 0) return TURNED_AWAY;
      const max = w.load(this.#o + MAXSIZE);
      const { size } = snapshot;
      const moves = this.#siftUp(snapshot, size, ref, item);
      if ((canWait && (flags & PUT_HANDOFF) !== 0) || (max !== 0 && size >= max)) return NOTHING;
      return this.#change(snapshot, () => {
        if (!ensureRoom(this.#q, this.#o)) return NO_MEMORY;
        const tail = (w.get(this.#o + Q_TAIL) + 1) | 0;
        this.#q.heap.ints[ref + CELL_NUMBER] = tail;
        const change = placed(ringBase(this.#q, this.#o), moves);
        change.push(this.#o + HEAPED, size + 1, this.#o + Q_TAIL, tail);
        commit(this.#q, this.#o, change);
        disown(this.#q, ref);
        return TAKEN;
      });
    });
  }

  /** Plans and makes a change until the queue has not changed in between. */
  #plan<T>(attempt: (snapshot: Snapshot) => T): T {
    for (;;) {
      const snapshot = this.#look();
      try {
        if (snapshot.heaped === snapshot.size) return attempt(snapshot);
        this.#heapOne(snapshot);
      } catch (error) {
        if (error === CHANGED) continue;
        if (!(error instanceof Failure)) throw error;
        // What was being read may be gone by now.
        if (this.#look().version === snapshot.version) throw error.cause;
      }
    }
  }

  #look(): Snapshot {
    const { w } = this.#q;
    this.#q.latch(this.#o);
    const snapshot = {
      version: w.get(this.#o + VERSION),
      size: sizeOf(this.#q, this.#o),
      heaped: w.get(this.#o + HEAPED),
    };
    this.#q.unlatch(this.#o);
    return snapshot;
  }

  /** Puts the first item that is not in order into its place. */
  #heapOne(snapshot: Snapshot): void {
    const { heaped } = snapshot;
    const ref = this.#itemAt(snapshot, heaped);
    const moves = this.#siftUp(snapshot, heaped, ref, this.#valueOf(snapshot, ref));
    this.#change(snapshot, (base) => {
      const change = placed(base, moves);
      change.push(this.#o + HEAPED, heaped + 1);
      commit(this.#q, this.#o, change);
    });
  }

  /** Says where each item goes when `ref` is put behind the first `size`: pairs of a place and an item. */
  #siftUp(snapshot: Snapshot, size: number, ref: number, item: unknown): Change {
    const moves: Change = [];
    let i = size;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      const above = this.#itemAt(snapshot, parent);
      const order = this.#call(item, this.#valueOf(snapshot, above));
      if (order > 0 || (order === 0 && !this.#isOlder(snapshot, ref, above))) break;
      moves.push(i, above);
      i = parent;
    }
    moves.push(i, ref);
    return moves;
  }

  #order(snapshot: Snapshot, a: number, b: number): number {
    return this.#call(this.#valueOf(snapshot, a), this.#valueOf(snapshot, b)) ||
      (this.#isOlder(snapshot, a, b) ? -1 : 1);
  }

  #call(a: unknown, b: unknown): number {
    let order: unknown;
    try {
      order = this.#compare(a, b);
    } catch (error) {
      throw new Failure(error);
    }
    if (typeof order === "number" && !Number.isNaN(order)) return order;
    throw new Failure(
      new TypeError(
        `Cannot compare items: 'compare' must give a number: it gave ${describe(order)}`,
      ),
    );
  }

  /** Whether an item was put before another; one that is not there yet was not. */
  #isOlder(snapshot: Snapshot, ref: number, other: number): boolean {
    this.#valueOf(snapshot, other);
    const mine = this.#known.get(ref)?.number;
    const others = this.#known.get(other)?.number;
    return mine !== undefined && others !== undefined && ((mine - others) | 0) < 0;
  }

  #itemAt(snapshot: Snapshot, i: number): number {
    return this.#under(snapshot, (base) => this.#q.w.get(base + i));
  }

  #valueOf(snapshot: Snapshot, ref: number): unknown {
    const known = this.#known.get(ref);
    if (known !== undefined && known.version === snapshot.version) return known.value;
    const { heap } = this.#q;
    let number = 0;
    const read = this.#under(snapshot, () => {
      if (ref >= heap.limit) heap.cover();
      number = heap.ints[ref + CELL_NUMBER] as number;
      // What has the same number is the same item still: then its value need not be read again.
      return known !== undefined && known.number === number ? null : this.#copy(ref);
    });
    let value: unknown;
    try {
      value = read === null ? (known as Known).value : read();
    } catch (error) {
      throw new Failure(error);
    }
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.set(ref, { number, value, version: snapshot.version });
    return value;
  }

  /** Makes a change under the latch, if nothing has changed since the snapshot. */
  #change<T>(snapshot: Snapshot, make: (base: number) => T): T {
    return this.#under(snapshot, (base) => {
      const result = make(base);
      this.#q.settle(this.#o, false);
      return result;
    });
  }

  #under<T>(snapshot: Snapshot, look: (base: number) => T): T {
    const { w } = this.#q;
    this.#q.latch(this.#o);
    const isSame = w.get(this.#o + VERSION) === snapshot.version;
    const result = isSame ? look(ringBase(this.#q, this.#o)) : undefined;
    this.#q.unlatch(this.#o);
    if (!isSame) throw CHANGED;
    return result as T;
  }
}

function describe(value: unknown): string {
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

/** Pairs of a word of the ring and an item. */
function placed(base: number, moves: Change): Change {
  return moves.map((value, i) => i % 2 === 0 ? base + value : value);
}
