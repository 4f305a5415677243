/**
 * The order of a queue: a ring of refs, and what is done to it under the latch.
 *
 * Each change becomes true by one store: of TAIL (put), of HEAD (get: the item is then in the hand of its agent, and nowhere
 * else), of RING (the ring has grown), or of the journal's count (a change of several words, which anybody finishes who
 * finds it).
 *
 * @module
 */

import {
  A_HAND,
  A_HAND_PLACE,
  A_HAND_QUEUE,
  agentRecord,
  FLAGS,
  PAGE_BYTES,
  PAGE_WORDS,
  SHARED,
} from "./layout.ts";
import { ONE } from "./heap.ts";
import { NO_MEMORY, NOT_COMPARABLE, type Outcome, TAKEN } from "./kind.ts";
import {
  addressOf,
  B_BASE,
  B_GONE,
  B_LOST,
  BIAS,
  BLOCK,
  CELL_KEY,
  CELL_NUMBER,
  FIRST_RING,
  FIRST_RING_SIZE,
  FIRST_SIZED,
  HEAP,
  HEAPED,
  isRun,
  J_COUNT,
  JOURNAL,
  LAST_SIZED,
  MAXSIZE,
  OWNER,
  pageOf,
  Q_HEAD,
  Q_TAIL,
  R_BASE,
  R_MASK,
  RING,
  STACK,
  VERSION,
  wordOf,
} from "./queue_layout.ts";
import { hasOrder, insert, removeFirst } from "./queue_heap.ts";
import type { WaitQueue } from "./wait_queue.ts";

/** Number of items. Exact under the latch. */
export function sizeOf(q: WaitQueue, o: number): number {
  return (q.w.get(o + Q_TAIL) - q.w.get(o + Q_HEAD)) | 0;
}

/** The description of the ring that counts. */
export function ringAt(q: WaitQueue, o: number): number {
  const { w, heap } = q;
  const block = w.get(o + BLOCK);
  if (block >= heap.limit) heap.cover();
  return block + 2 * (w.get(o + RING) & 1);
}

/** First word of the ring. */
export function ringBase(q: WaitQueue, o: number): number {
  return baseOf(q, ringAt(q, o));
}

/** First word of the ring with a description. */
function baseOf({ w, heap }: WaitQueue, ring: number): number {
  const base = w.get(ring + R_BASE);
  if (base + w.get(ring + R_MASK) >= heap.limit) heap.cover();
  return base;
}

/** One less than the refs that the ring can hold. */
export function ringMask(q: WaitQueue, o: number): number {
  const { w } = q;
  return w.get(w.get(o + BLOCK) + R_MASK + 2 * (w.get(o + RING) & 1));
}

/** Word of the ring in which the `i`-th item is, in the order in which the queue keeps them. */
export function wordAt(q: WaitQueue, o: number, i: number): number {
  const base = ringBase(q, o);
  if ((q.w.get(o + FLAGS) & (STACK | HEAP)) !== 0) return base + i;
  return base + ((q.w.get(o + Q_HEAD) + i) & ringMask(q, o));
}

/** Puts an item into the queue: `TAKEN`, or why it is not there. Under the latch. */
export function publish(q: WaitQueue, o: number, ref: number): Outcome {
  const { w, heap } = q;
  const ring = ringAt(q, o);
  let base = baseOf(q, ring);
  let mask = w.get(ring + R_MASK);
  const tail = w.get(o + Q_TAIL);
  const size = (tail - w.get(o + Q_HEAD)) | 0;
  const flags = w.get(o + FLAGS);
  if ((flags & HEAP) !== 0 && !hasOrder(q, o, ref, base, size)) return NOT_COMPARABLE;
  if (size > mask) {
    if (!ensureRoom(q, o)) return NO_MEMORY;
    base = ringBase(q, o);
    mask = ringMask(q, o);
  }
  if ((flags & HEAP) !== 0) {
    heap.ints[ref + CELL_NUMBER] = (tail + 1) | 0;
    insert(q, o, ref, base, size, [o + Q_TAIL, (tail + 1) | 0]);
  } else {
    if (w.get(o + MAXSIZE) < 0) weigh(q, o, ref, size);
    w.set(base + ((flags & STACK) === 0 ? tail & mask : size), ref);
    w.store(o + Q_TAIL, (tail + 1) | 0);
  }
  disown(q, ref);
  return TAKEN;
}

/** Makes sure that one more item finds room in the ring; `false` if there is no memory. Under the latch. */
export function ensureRoom(q: WaitQueue, o: number): boolean {
  return sizeOf(q, o) <= ringMask(q, o) || growRing(q, o);
}

/** Leaves the pages of an item of this agent, which is in the queue now, to the consumer. Under the latch. */
export function disown(q: WaitQueue, ref: number): void {
  if (isRun(ref)) q.w.add(pageOf(ref), -(q.me + (BIAS - 1) * ONE));
}

/** Takes an item into the hand of this agent. Under the latch. */
export function holdInHand(q: WaitQueue, o: number, ref: number, place: number): void {
  const { w } = q;
  const agent = agentRecord(q.me);
  w.set(agent + A_HAND_QUEUE, o);
  w.set(agent + A_HAND_PLACE, place);
  w.set(agent + A_HAND, ref);
}

/** Takes the first item into the hand of this agent; 0 if there is none. Under the latch. */
export function takeFirst(q: WaitQueue, o: number): number {
  const { w } = q;
  const head = w.get(o + Q_HEAD);
  const size = (w.get(o + Q_TAIL) - head) | 0;
  if (size <= 0) return 0;
  const flags = w.get(o + FLAGS);
  const ring = ringAt(q, o);
  const base = baseOf(q, ring);
  const at = (flags & (STACK | HEAP)) === 0
    ? base + (head & w.get(ring + R_MASK))
    : (flags & STACK) !== 0
    ? base + size - 1
    : base;
  const ref = w.get(at);
  holdInHand(q, o, ref, head);
  if ((flags & HEAP) !== 0) removeFirst(q, o, base, size, (head + 1) | 0);
  else w.store(o + Q_HEAD, (head + 1) | 0);
  return ref;
}

/** The item that would be taken next; 0 if there is none. Under the latch. */
export function firstRef(q: WaitQueue, o: number): number {
  const size = sizeOf(q, o);
  if (size <= 0) return 0;
  return q.w.get(wordAt(q, o, (q.w.get(o + FLAGS) & STACK) === 0 ? 0 : size - 1));
}

/** Gives the item in an agent's hand back to its place; `false` if there is no memory. Under the latch. */
export function putBack(q: WaitQueue, o: number, agent: number): boolean {
  const { w } = q;
  const ref = w.load(agent + A_HAND);
  const size = sizeOf(q, o);
  if (!ensureRoom(q, o)) return false;
  const base = ringBase(q, o);
  const head = (w.get(o + Q_HEAD) - 1) | 0;
  const flags = w.get(o + FLAGS);
  if ((flags & HEAP) !== 0) {
    insert(q, o, ref, base, size, [o + Q_HEAD, head, agent + A_HAND, 0]);
  } else {
    w.set(base + ((flags & STACK) === 0 ? head & ringMask(q, o) : size), ref);
    w.store(o + Q_HEAD, head);
    // Who dies here leaves an item in the hand that is also in front: the hand counts as empty then.
    w.store(agent + A_HAND, 0);
  }
  return true;
}

/** Calls `visit` with every item. Under the latch. */
export function forEachRef(q: WaitQueue, o: number, visit: (ref: number) => void): void {
  const size = sizeOf(q, o);
  for (let i = 0; i < size; i++) visit(q.w.get(wordAt(q, o, i)));
}

/** Drops all items, of which DROP_TO is the count by then. May be repeated. Under the latch. */
export function forgetAll(q: WaitQueue, o: number): void {
  const { w } = q;
  w.set(o + VERSION, w.get(o + VERSION) + 1);
  w.set(o + HEAPED, 0);
  w.store(o + Q_HEAD, w.get(o + Q_TAIL));
}

// -- a limit in bytes --

/** What an item counts for besides its bytes. */
const ITEM_BYTES = 64;

/** Bytes of the items of a queue with a limit in bytes; roughly after a death. Under the latch. */
export function bytesIn(q: WaitQueue, o: number): number {
  const size = sizeOf(q, o);
  if (size <= 0) return 0;
  const { w } = q;
  const start = reach(q, w.get(wordAt(q, o, 0))) + CELL_KEY;
  return (w.get(reach(q, w.get(wordAt(q, o, size - 1))) + CELL_NUMBER) - w.get(start)) | 0;
}

/** Notes where an item begins and ends in the stream of bytes. Under the latch. */
function weigh(q: WaitQueue, o: number, ref: number, size: number): void {
  const { w } = q;
  const tag = w.get(ref) & 0xff;
  const bytes = FIRST_SIZED <= tag && tag <= LAST_SIZED ? w.get(ref + 1) : 0;
  const last = size <= 0 ? 0 : reach(q, w.get(wordAt(q, o, size - 1)));
  const start = last === 0 ? 0 : w.get(last + CELL_NUMBER);
  w.set(ref + CELL_KEY, start);
  w.set(ref + CELL_NUMBER, (start + bytes + ITEM_BYTES) | 0);
}

/** Makes sure that the views reach a cell. */
function reach(q: WaitQueue, ref: number): number {
  if (ref + CELL_KEY >= q.heap.limit) q.heap.cover();
  return ref;
}

// -- growth --

/** Goes over to a ring of twice the size; `false` if there is no memory for it. */
function growRing(q: WaitQueue, o: number): boolean {
  const { w, heap } = q;
  const mask = ringMask(q, o);
  const generation = w.get(o + RING);
  let address: number;
  try {
    address = heap.allocate((mask + 1) * 8, q.me);
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
  const base = heap.byteOffset(address) / 4;
  const old = ringBase(q, o);
  if (base + 2 * mask + 1 >= heap.limit) heap.cover();
  if ((w.get(o + FLAGS) & (STACK | HEAP)) !== 0) w.moveWords(base, old, mask + 1);
  else {
    // The ring is full: from HEAD to its end, and then from its beginning. In the new one some of it comes round too.
    const head = w.get(o + Q_HEAD);
    for (let i = 0; i <= mask;) {
      const from = (head + i) & mask;
      const to = (head + i) & (2 * mask + 1);
      const count = Math.min(mask + 1 - i, mask + 1 - from);
      w.moveWords(base + to, old + from, count);
      i += count;
    }
  }
  const block = w.get(o + BLOCK);
  const next = 2 * ((generation + 1) & 1);
  w.set(block + R_MASK + next, 2 * mask + 1);
  w.set(block + R_BASE + next, base);
  w.store(o + RING, generation + 1);
  if ((w.load(o + FLAGS) & SHARED) !== 0) heap.publish(address);
  freeOtherRing(q, o);
  return true;
}

/** Frees the ring that no longer counts. Under the latch. */
function freeOtherRing(q: WaitQueue, o: number): void {
  const { w, heap } = q;
  const block = w.get(o + BLOCK);
  const other = block + R_BASE + 2 * ((w.get(o + RING) + 1) & 1);
  const base = w.get(other);
  if (base === 0) return;
  const own = base !== block + FIRST_RING;
  if (own) heap.unpublish(addressOf(base), q.me);
  w.set(other, 0);
  if (own) heap.free(addressOf(base));
}

/** Finishes a growth that a dead agent had begun. Under the latch. */
export function redoGrowth(q: WaitQueue, o: number): void {
  const { w, heap } = q;
  const block = w.get(o + BLOCK);
  const base = ringBase(q, o);
  if (base !== block + FIRST_RING) heap.publish(addressOf(base));
  const other = block + R_BASE + 2 * ((w.get(o + RING) + 1) & 1);
  const left = w.get(other);
  if (left === 0) return;
  // What is not published is freed with the agent that claimed it.
  if (left !== block + FIRST_RING && heap.isPublished(addressOf(left))) freeOtherRing(q, o);
  else w.set(other, 0);
}

/** Frees the memory of a queue that nobody else knows. */
export function freeRings(q: WaitQueue, o: number): void {
  const { w, heap } = q;
  const block = w.get(o + BLOCK);
  if (block === 0) return;
  const base = ringBase(q, o);
  if (base !== block + FIRST_RING) heap.free(addressOf(base));
  w.store(o + BLOCK, 0);
  heap.free(addressOf(block));
}

/** Makes sure that the memory of a queue outlives this thread: another one is about to know it. */
export function publishRings(q: WaitQueue, o: number): void {
  const { w, heap } = q;
  const block = w.get(o + BLOCK);
  const base = ringBase(q, o);
  if (base !== block + FIRST_RING) heap.publish(addressOf(base));
  heap.publish(addressOf(block));
}

/** Carries out what stands in the journal. May be repeated. Under the latch. */
export function redoJournal(q: WaitQueue, o: number): void {
  const { w } = q;
  const block = w.get(o + BLOCK);
  if (block >= q.heap.limit) q.heap.cover();
  const count = w.load(block + J_COUNT);
  if (count === 0) return;
  ringBase(q, o);
  for (let i = 0; i < count; i++) {
    w.store(w.get(block + JOURNAL + 2 * i), w.get(block + JOURNAL + 2 * i + 1));
  }
  w.store(block + J_COUNT, 0);
}

/** Makes a new record a queue: its flags, how many items it may hold, and the size of its first ring. */
export function initializeQueue(
  q: WaitQueue,
  o: number,
  flags: number,
  maxsize: number,
  ring: number = FIRST_RING_SIZE,
): void {
  const { w, heap } = q;
  const address = heap.allocate(PAGE_BYTES, q.me);
  const block = wordOf(address);
  if (block + PAGE_WORDS > heap.limit) heap.cover();
  w.set(block + J_COUNT, 0);
  w.set(block + R_BASE, block + FIRST_RING);
  w.set(block + R_MASK, ring - 1);
  w.set(block + R_BASE + 2, 0);
  for (const word of [B_LOST, B_BASE, B_GONE]) w.set(block + word, 0);
  w.set(o + OWNER, q.me);
  w.set(o + MAXSIZE, maxsize);
  w.or(o + FLAGS, flags);
  w.store(o + BLOCK, block);
}
