/**
 * What a death leaves in a queue, and how it is made whole.
 *
 * ```text
 * in the latch        whoever steals it finishes the journal, the growth of the ring and the drop of all items
 * with an item in     it goes back to the front, unless it was there still (death before HEAD+1) or his already
 * its hand            (HAND = -ref, death after the commit of get)
 * with cells of its   the counts of its chunks are taken anew: so many as refs in the ring and in living hands lead
 * own                 into them
 * ```
 *
 * Chunks of the living are marked in their page's word instead, and are counted when their owner leaves them: until then a
 * count errs upwards only, so that nothing is freed that is in use. Nothing else is written to a page that somebody living
 * owns: he may have given it back, and it may be another's by now. Every step may be repeated.
 *
 * @module
 */

import type { Arena } from "./arena.ts";
import { BusyError } from "./busy_error.ts";
import { ONE, SUSPECT } from "./heap.ts";
import {
  A_HAND,
  A_HAND_PLACE,
  A_HAND_QUEUE,
  agentRecord,
  AGENTS,
  FLAGS,
  ID,
  OBJECT_BASE,
  OBJECT_WORDS,
  PAGE_BASE,
  SHARED,
  TYPE,
  TYPE_QUEUE,
} from "./layout.ts";
import {
  addressOf,
  BLOCK,
  C_QUEUE,
  DONE,
  DRAIN,
  DRAINING,
  DROP_TO,
  DROPPED,
  FROZEN,
  isRun,
  OWNER,
  wordOf,
} from "./queue_layout.ts";
import {
  firstRef,
  forEachRef,
  forgetAll,
  putBack,
  redoGrowth,
  redoJournal,
  sizeOf,
} from "./queue_ring.ts";
import type { WaitQueue } from "./wait_queue.ts";

/** Looks so often at hands before it sleeps a little, and so often at most counts anew. */
const LOOKS = 1000;
/** Waits so many milliseconds at most for somebody between the two last stores of a get. */
const MOST_WAIT = 1000;

/** Finishes what a dead holder of the latch had begun. Under the latch. */
export function redoQueue(q: WaitQueue, o: number): void {
  if (q.w.get(o + BLOCK) === 0) return;
  redoJournal(q, o);
  redoGrowth(q, o);
  if ((q.w.get(o + FLAGS) & DRAINING) !== 0) redoDrain(q, o);
  repairHands(q, o);
  q.w.and(o + DONE, ~FROZEN);
}

/** Finishes the drop of all items, but for their memory: the reaper counts that, who may wait for others. */
function redoDrain(q: WaitQueue, o: number): void {
  q.w.store(o + DROPPED, q.w.get(o + DROP_TO));
  forgetAll(q, o);
}

/** Frees the memory of items that were dropped when somebody died. */
export function reapDropped(q: WaitQueue, o: number): void {
  const { w } = q;
  if (w.load(o + TYPE) !== TYPE_QUEUE || (w.load(o + FLAGS) & DRAINING) === 0) return;
  q.underLatch(o, () => {
    // A living agent has finished its drop by now.
    if ((w.load(o + FLAGS) & DRAINING) === 0) return;
    recount(q, o);
    w.and(o + FLAGS, ~DRAINING);
  });
}

/** Puts back what the dead had in their hands. Under the latch. */
export function repairHands(q: WaitQueue, o: number): void {
  const { w } = q;
  if (w.get(o + BLOCK) === 0) return;
  const lost: number[] = [];
  const last = w.load(AGENTS);
  for (let id = 1; id <= last; id++) {
    const agent = agentRecord(id);
    if (w.get(agent + A_HAND_QUEUE) !== o || w.load(agent + A_HAND) <= 0) continue;
    if (!q.agents.isDead(id)) continue;
    if (w.load(agent + A_HAND) === firstRef(q, o)) w.store(agent + A_HAND, 0);
    else lost.push(agent);
  }
  // The one that was taken first is in front again: it comes back last.
  lost.sort((a, b) => (w.get(b + A_HAND_PLACE) - w.get(a + A_HAND_PLACE)) | 0);
  for (const agent of lost) putBack(q, o, agent);
  if ((w.get(o + FLAGS) & DRAIN) !== 0 && sizeOf(q, o) > 0) {
    w.set(o + DROP_TO, (w.get(o + DROPPED) + sizeOf(q, o)) | 0);
    w.or(o + FLAGS, DRAINING);
    redoDrain(q, o);
  }
}

/** The dead that have an item of a queue in their hands. */
export function deadHands(q: WaitQueue, o: number): number[] {
  const { w } = q;
  const dead: number[] = [];
  if (w.load(o + TYPE) !== TYPE_QUEUE) return dead;
  const last = w.load(AGENTS);
  for (let id = 1; id <= last; id++) {
    const agent = agentRecord(id);
    if (w.get(agent + A_HAND_QUEUE) !== o || w.load(agent + A_HAND) === 0) continue;
    if (q.agents.isDead(id)) dead.push(id);
  }
  return dead;
}

/** Cleans up the queues after agent `dead`, whose latches are stolen and whose waiters are buried. */
export function reapQueues(q: WaitQueue, arena: Arena, dead: number): void {
  const { w } = q;
  const agent = agentRecord(dead);
  const queues = new Set<number>();
  const inHand = w.get(agent + A_HAND_QUEUE);
  if (w.load(agent + A_HAND) !== 0 && isQueue(q, arena, inHand)) {
    q.underLatch(inHand, () => {
      repairHands(q, inHand);
      q.settle(inHand, true);
    });
    queues.add(inHand);
  }
  q.heap.forEachCounted((word, address) => {
    if ((word & ID) !== dead) return;
    const o = queueOf(q, address);
    if (isQueue(q, arena, o)) queues.add(o);
    else q.heap.free(address);
  });
  for (const o of queues) q.underLatch(o, () => recount(q, o));
  w.store(agent + A_HAND, 0);
}

/** Forgets the queues that a dead agent had made and shown to nobody. */
export function reapUnshared(q: WaitQueue, arena: Arena, o: number, dead: number): void {
  const { w } = q;
  if (w.load(o + TYPE) !== TYPE_QUEUE || w.get(o + OWNER) !== dead) return;
  if ((w.load(o + FLAGS) & SHARED) !== 0) return;
  q.heap.forEachCounted((word, address) => {
    // What a living agent has claimed a moment ago may still say that it belongs to this queue.
    const owner = word & ID;
    if ((owner === 0 || owner === dead) && queueOf(q, address) === o) q.heap.free(address);
  });
  arena.freeObject(o);
}

function queueOf(q: WaitQueue, address: number): number {
  const start = wordOf(address);
  if (start >= q.heap.limit) q.heap.cover();
  return q.w.get(start + C_QUEUE);
}

function isQueue(q: WaitQueue, arena: Arena, o: number): boolean {
  return o > OBJECT_BASE && o <= arena.lastObject && (o - OBJECT_BASE) % OBJECT_WORDS === 0 &&
    q.w.load(o + TYPE) === TYPE_QUEUE;
}

// -- counts --

/** Counts anew what is in use of the queue's chunks that no living agent owns. Under the latch. */
export function recount(q: WaitQueue, o: number): void {
  if (q.w.get(o + BLOCK) === 0) return;
  for (let tries = 0; tries < LOOKS; tries++) {
    const before = livingHands(q, o);
    const counts = new Map<number, number>();
    const count = (ref: number): void => {
      const address = addressOf(ref);
      counts.set(address, (counts.get(address) ?? 0) + 1);
    };
    before.forEach(count);
    forEachRef(q, o, count);
    let isWhole = true;
    q.heap.forEachCounted((word, address) => {
      if (queueOf(q, address) !== o) return;
      if (!correct(q, address, word, counts.get(address) ?? 0)) isWhole = false;
    });
    if (isWhole && livingHands(q, o).join() === before.join()) return;
  }
}

/** Sets the count of one chunk, or marks it if its owner lives; `false` if it has changed meanwhile. */
function correct(q: WaitQueue, address: number, word: number, parts: number): boolean {
  const owner = word & ID;
  const isOwned = owner !== 0 && !q.agents.isDead(owner);
  if (!isOwned && parts === 0) {
    q.heap.free(address);
    return true;
  }
  const right = isOwned ? word | SUSPECT : parts * ONE;
  return word === right || q.w.compareExchange(PAGE_BASE + address - 1, word, right) === word;
}

/** The items that the living have in their hands. Waits for who is about to free a cell. */
function livingHands(q: WaitQueue, o: number): number[] {
  const { w } = q;
  const refs: number[] = [];
  const since = performance.now();
  const last = w.load(AGENTS);
  for (let id = 1; id <= last; id++) {
    const agent = agentRecord(id);
    if (w.get(agent + A_HAND_QUEUE) !== o) continue;
    let ref = w.load(agent + A_HAND);
    // Pages of its own are found whole or gone.
    for (let i = 0; ref < 0 && !isRun(-ref) && !q.agents.isDead(id); i++) {
      if (i >= LOOKS) w.wait(agent + A_HAND, ref, 1);
      // A stopped thread may be there for long, one that has died and is not known to be dead for ever.
      const waited = i < LOOKS ? 0 : performance.now() - since;
      if (waited > q.patience) throw new BusyError();
      if (waited > MOST_WAIT) break;
      ref = w.load(agent + A_HAND);
    }
    if (ref > 0 || (ref < 0 && !q.agents.isDead(id))) refs.push(Math.abs(ref));
  }
  return refs;
}
