/**
 * The pipe: two ends, a queue for each direction, and who holds which end.
 *
 * ```text
 * MAIN      the queue that end 0 writes and end 1 reads; 0 = none
 * MAIN + 1  the queue that end 1 writes and end 0 reads; 0 = none
 * IDENTITY  a random number: the record may be that of another pipe when a handle arrives late
 * TICKETS   last number given to a handle on its way
 * COLLECTOR the agent that frees the pipe
 *
 * end       open ─its last holder closes, or dies─▶ CLOSED: both queues are shut. So who reads gets what is left, and then
 *           learns of the end; who writes is refused at once
 * pipe      both ends CLOSED ─▶ COLLECTOR = agent ─▶ its queues freed, one by one ─▶ free. If he dies, another one goes on
 * ```
 *
 * Holders are slots in state HOLDER, one for each open handle. S_AUX = end | ticket << 1. A handle on its way (encoded, and
 * not arrived yet) is a slot of its sender with a ticket; who receives it makes a slot of his own, then frees that one. So
 * an end is open as long as a living agent has a slot of it, and nothing has to be counted.
 *
 * Everything is done under the latch of the pipe; the latches of the queues are taken under it, never the other way round.
 *
 * @module
 */

import type { Arena } from "./arena.ts";
import type { Kind } from "./kind.ts";
import { NOTHING } from "./kind.ts";
import { FLAGS, FREE, HOLDER, MAIN, S_AUX, S_OBJECT, S_STATE, TYPE, TYPE_PIPE } from "./layout.ts";
import { Items } from "./queue_items.ts";
import { shutQueue } from "./queue_kind.ts";
import { BLOCK, OWNER } from "./queue_layout.ts";
import { chunksOf, disposerOf } from "./queue_lifetime.ts";
import { forEachSlot } from "./slot_table.ts";
import type { WaitQueue } from "./wait_queue.ts";

/** One end of a pipe. */
export type End = 0 | 1;

const IDENTITY = MAIN + 2;
const TICKETS = MAIN + 3;
const COLLECTOR = MAIN + 4;
/** Flag: end 0 is closed; shifted by one: end 1. */
const CLOSED = 1 << 1;
const MOST_TICKETS = 2 ** 30 - 1;

/** What pipes add to the wait queue: nobody waits at them, but holders die. */
export const pipeKind: Kind = {
  lists: 0,
  strict: false,
  settle() {},
  take: () => NOTHING,
  announce() {},
  back() {},
  left() {},
  reset() {},
  buried() {},
  holderDied(q, o, dead) {
    const slots: number[] = [];
    forEachSlot(q.w, dead, (s) => {
      if (isHolder(q, o, s)) slots.push(s);
    });
    // All that it had has arrived: the record may be that of a new pipe, which nobody holds yet.
    if (slots.length === 0) return;
    closeLost(q, o, dead);
    for (const s of slots) q.w.store(s + S_STATE, FREE);
  },
  redo(q, o) {
    closeLost(q, o, 0);
  },
};

/** A new pipe. */
export interface NewPipe {
  /** What tells it from others that have, or had, the same record. */
  readonly identity: number;
  /** The slots of its two ends. */
  readonly slots: readonly [number, number];
}

/** Makes a new record a pipe over queues, of which one may be missing (0); this agent holds both ends. */
export function initializePipe(q: WaitQueue, o: number, queues: readonly number[]): NewPipe {
  const { w } = q;
  const identity = 1 + Math.floor(Math.random() * (2 ** 31 - 1));
  const slots = [holdEnd(q, o, 0), holdEnd(q, o, 1)] as const;
  // The queues go with the pipe from now on, and not with the agent that made them.
  for (const queue of queues) if (queue !== 0) w.set(queue + OWNER, 0);
  w.store(o + MAIN, queues[0] as number);
  w.store(o + MAIN + 1, queues[1] as number);
  w.store(o + IDENTITY, identity);
  return { identity, slots };
}

/** Whether a record was to become a pipe when its maker died. */
export function isUnfinished(q: WaitQueue, o: number): boolean {
  return q.w.load(o + TYPE) === TYPE_PIPE && q.w.load(o + MAIN + 1) === 0;
}

/** The queue that an end writes; 0 if it only reads. */
export function queueOf(q: WaitQueue, o: number, end: End): number {
  return q.w.load(o + MAIN + end);
}

/** Makes the slot of a handle of this agent. Under the latch, unless nobody else knows the pipe. */
export function holdEnd(q: WaitQueue, o: number, end: End, ticket = 0): number {
  const { w } = q;
  const s = q.slots.allocate();
  w.set(s + S_AUX, end | ticket << 1);
  w.set(s + S_OBJECT, o);
  w.store(s + S_STATE, HOLDER);
  return s;
}

/** Makes the slot of a handle that is on its way; gives it, and its number. */
export function sendEnd(q: WaitQueue, o: number, end: End): [slot: number, ticket: number] {
  q.latch(o);
  const ticket = q.w.load(o + TICKETS) % MOST_TICKETS + 1;
  q.w.store(o + TICKETS, ticket);
  const s = holdEnd(q, o, end, ticket);
  q.unlatch(o);
  return [s, ticket];
}

/** Makes the slot of a handle that has arrived; 0 if its end is closed. */
export function receiveEnd(
  q: WaitQueue,
  o: number,
  identity: number,
  end: End,
  sent: number,
  ticket: number,
): number {
  const { w } = q;
  if (!isPipe(q, o, identity)) return 0;
  q.latch(o);
  let s = 0;
  if (isPipe(q, o, identity)) {
    if ((w.load(o + FLAGS) & CLOSED << end) === 0) s = holdEnd(q, o, end);
    // The sender, or his successor in that memory, may have something else there by now.
    if (isHolder(q, o, sent) && w.get(sent + S_AUX) === (end | ticket << 1)) {
      w.store(sent + S_STATE, FREE);
    }
  }
  q.unlatch(o);
  return s;
}

/** Whether the receiver has freed the slot of a handle that was on its way. */
export function hasArrived(q: WaitQueue, s: number): boolean {
  return q.w.load(s + S_STATE) === FREE;
}

/** Gives up a handle of this agent; closes its end if it was the last. */
export function releaseEnd(q: WaitQueue, o: number, s: number): void {
  q.latch(o);
  closeLost(q, o, 0, s);
  q.slots.release(s);
  q.unlatch(o);
}

/** Whether an end is closed. */
export function isEndClosed(q: WaitQueue, o: number, end: End): boolean {
  return (q.w.load(o + FLAGS) & CLOSED << end) !== 0;
}

/** Whether an end is held by this agent alone. */
export function isHeldHere(q: WaitQueue, o: number, end: End): boolean {
  let isHere = false;
  let isElsewhere = false;
  forEachSlot(q.w, 0, (s, owner) => {
    if (!isHolder(q, o, s) || (q.w.get(s + S_AUX) & 1) !== end) return;
    if (owner === q.me && q.w.get(s + S_AUX) < 2) isHere = true;
    else isElsewhere = true;
  });
  return isHere && !isElsewhere;
}

/** The agents that hold one of the ends. */
export function holdersOf(q: WaitQueue, o: number): Set<number> {
  const owners = new Set<number>();
  forEachSlot(q.w, 0, (s, owner) => {
    if (isHolder(q, o, s)) owners.add(owner);
  });
  return owners;
}

/** Frees a pipe that nobody holds any more, with its queues. */
export function collectPipe(q: WaitQueue, arena: Arena, o: number): void {
  const { w } = q;
  if (!isOver(q, o)) return;
  const before = w.load(o + COLLECTOR);
  if (before !== 0 && before !== q.me && !q.agents.isDead(before)) return;
  q.latch(o);
  const isMine = isOver(q, o) && w.compareExchange(o + COLLECTOR, before, q.me) === before;
  q.unlatch(o);
  if (!isMine) return;
  w.store(o + IDENTITY, 0);
  for (const at of [o + MAIN, o + MAIN + 1]) {
    const queue = w.load(at);
    if (queue === 0) continue;
    let isGone = false;
    // Under the latch: somebody may be cleaning up after a dead agent that had used the queue.
    q.underLatch(queue, () => {
      // Forgotten before it is freed: who dies in between leaves it unused, and nobody frees it twice.
      if (w.exchange(at, 0) !== queue || w.load(queue + BLOCK) === 0) return;
      const chunks = chunksOf(q, queue);
      disposerOf(q, queue, chunks, arena.isLocal ? null : new Items(q.heap, chunks, arena.scope))();
      isGone = true;
    });
    if (isGone) arena.freeObject(queue);
  }
  arena.freeObject(o);
}

/** Closes the ends that nobody holds; `dead` holds nothing any more, and slot `left` does not count. Under the latch. */
function closeLost(q: WaitQueue, o: number, dead: number, left = 0): void {
  const { w } = q;
  let open = 0;
  forEachSlot(w, 0, (s, owner) => {
    if (s !== left && owner !== dead && isHolder(q, o, s)) open |= CLOSED << (w.get(s + S_AUX) & 1);
  });
  const lost = ~open & (CLOSED | CLOSED << 1);
  if (lost === 0) return;
  w.or(o + FLAGS, lost);
  // Who has read to the end is refused at once when he writes: what the lost end has written is shut last.
  const order = (lost & CLOSED) !== 0 ? [1, 0] as const : [0, 1] as const;
  for (const end of order) {
    const queue = queueOf(q, o, end);
    if (queue !== 0) shutQueue(q, queue, null);
  }
}

/** Whether a record is a pipe of which both ends are closed. */
function isOver(q: WaitQueue, o: number): boolean {
  const all = CLOSED | CLOSED << 1;
  return q.w.load(o + TYPE) === TYPE_PIPE && (q.w.load(o + FLAGS) & all) === all;
}

function isPipe(q: WaitQueue, o: number, identity: number): boolean {
  return q.w.load(o + TYPE) === TYPE_PIPE && q.w.load(o + IDENTITY) === identity;
}

function isHolder(q: WaitQueue, o: number, s: number): boolean {
  return q.w.get(s + S_OBJECT) === o && q.w.load(s + S_STATE) === HOLDER;
}
