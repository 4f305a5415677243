/**
 * The heap of a priority queue: changes of several words that become true by one store.
 *
 * A change is written into the journal of the queue's block as pairs of an index and what is to be there, HEAD or TAIL
 * among them; then the count of the pairs is stored, which makes it true; then it is carried out. Who finds a count
 * carries it out again: all values are absolute.
 *
 * @module
 */

import { FLAGS } from "./layout.ts";
import {
  BLOCK,
  CELL_KEY,
  CELL_KEY_LENGTH,
  CELL_NUMBER,
  COMPARED,
  HEAPED,
  J_COUNT,
  JOURNAL,
  NUMERIC,
  Q_HEAD,
  VERSION,
} from "./queue_layout.ts";
import { compareKeys, keyBytes, wereUnordered } from "./queue_keys.ts";
import type { WaitQueue } from "./wait_queue.ts";

/** Pairs of an index and a value. */
export type Change = number[];

/** Makes a change true and carries it out. Under the latch. */
export function commit(q: WaitQueue, o: number, change: Change): void {
  const { w } = q;
  const block = w.get(o + BLOCK);
  w.set(o + VERSION, w.get(o + VERSION) + 1);
  if (change.length === 2) {
    w.store(change[0] as number, change[1] as number);
    return;
  }
  for (let i = 0; i < change.length; i++) w.set(block + JOURNAL + i, change[i] as number);
  w.store(block + J_COUNT, change.length / 2);
  for (let i = 0; i < change.length; i += 2) {
    w.store(change[i] as number, change[i + 1] as number);
  }
  w.store(block + J_COUNT, 0);
}

/** Puts an item into its place; `rest` makes it one more: pairs of a word and its value. Under the latch. */
export function insert(
  q: WaitQueue,
  o: number,
  ref: number,
  base: number,
  size: number,
  rest: Change,
): void {
  const { w } = q;
  if ((w.get(o + FLAGS) & COMPARED) !== 0) {
    // Appended: who comes next and can compare puts it into its place.
    w.set(base + size, ref);
    commit(q, o, rest);
    return;
  }
  let i = size;
  const change: Change = [];
  while (i > 0) {
    const parent = (i - 1) >> 1;
    const above = w.get(base + parent);
    if (compareCells(q, ref, above) >= 0) break;
    change.push(base + i, above);
    i = parent;
  }
  if (i === size) {
    w.set(base + size, ref);
    commit(q, o, rest);
    return;
  }
  change.push(base + i, ref, ...rest);
  commit(q, o, change);
}

/** Removes the first of `size` items; `head` makes it one less. Under the latch. */
export function removeFirst(
  q: WaitQueue,
  o: number,
  base: number,
  size: number,
  head: number,
): void {
  const { w } = q;
  const last = w.get(base + size - 1);
  const change = siftDown(size - 1, last, (i) => w.get(base + i), (a, b) => compareCells(q, a, b));
  finishRemoval(q, o, base, change, head, size - 1);
}

/** Says where each item goes when `last` takes the place of the first: pairs of a place and an item. */
export function siftDown(
  size: number,
  last: number,
  itemAt: (i: number) => number,
  compare: (a: number, b: number) => number,
): Change {
  const moves: Change = [];
  if (size === 0) return moves;
  let i = 0;
  for (let child; (child = 2 * i + 1) < size; i = child) {
    let item = itemAt(child);
    if (child + 1 < size) {
      const other = itemAt(child + 1);
      if (compare(other, item) < 0) {
        item = other;
        child++;
      }
    }
    if (compare(item, last) >= 0) break;
    moves.push(i, item);
  }
  moves.push(i, last);
  return moves;
}

/** Makes a removal true. Under the latch. */
export function finishRemoval(
  q: WaitQueue,
  o: number,
  base: number,
  moves: Change,
  head: number,
  left: number,
): void {
  const change: Change = [];
  for (let i = 0; i < moves.length; i += 2) {
    change.push(base + (moves[i] as number), moves[i + 1] as number);
  }
  if ((q.w.get(o + FLAGS) & COMPARED) !== 0) change.push(o + HEAPED, left);
  change.push(o + Q_HEAD, head);
  commit(q, o, change);
}

/** Whether an item can be compared with those that it would meet on its way. Under the latch. */
export function hasOrder(
  q: WaitQueue,
  o: number,
  ref: number,
  base: number,
  size: number,
): boolean {
  const { w } = q;
  if ((w.get(o + FLAGS) & COMPARED) !== 0) return true;
  for (let i = size; i > 0;) {
    i = (i - 1) >> 1;
    const order = compareCells(q, ref, w.get(base + i), true);
    if (Number.isNaN(order)) return false;
    if (order >= 0) return true;
  }
  return true;
}

/**
 * Compares the keys of two items, and their numbers if the keys are equal: less than 0 if the first is smaller. `strict`:
 * NaN if they have no order.
 */
function compareCells(q: WaitQueue, a: number, b: number, strict = false): number {
  const { heap } = q;
  if (a >= heap.limit || b >= heap.limit) heap.cover();
  const { ints, floats, bytes } = heap;
  const lengthA = ints[a + CELL_KEY_LENGTH];
  const lengthB = ints[b + CELL_KEY_LENGTH];
  if (lengthA === NUMERIC && lengthB === NUMERIC) {
    const x = floats[(a + CELL_KEY) >> 1] as number;
    const y = floats[(b + CELL_KEY) >> 1] as number;
    if (x !== y) return x < y ? -1 : 1;
  } else {
    const keyA = lengthA === NUMERIC ? keyBytes(floats[(a + CELL_KEY) >> 1] as number) : bytes;
    const keyB = lengthB === NUMERIC ? keyBytes(floats[(b + CELL_KEY) >> 1] as number) : bytes;
    const order = compareKeys(
      keyA,
      lengthA === NUMERIC ? 0 : (a + CELL_KEY) * 4,
      keyB,
      lengthB === NUMERIC ? 0 : (b + CELL_KEY) * 4,
    );
    if (strict && wereUnordered()) return NaN;
    if (order !== 0) return order;
  }
  return ((ints[a + CELL_NUMBER] as number) - (ints[b + CELL_NUMBER] as number)) | 0;
}
