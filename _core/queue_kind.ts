/**
 * The queue: items in order, who waits for them, for room, or for the end.
 *
 * ```text
 * put       cell written (nobody sees it) ─TAIL+1─▶ in the queue
 * get       in the queue ─HEAD+1─▶ in the hand of one agent ─HAND = -ref─▶ his ─cell freed, HAND = 0
 * death     before HEAD+1: still in the queue; in the hand: goes back to the front; after HAND = -ref: was his
 * shutdown  FLAGS |= SHUT; immediate: FLAGS |= DRAIN | DRAINING ─▶ DROPPED, HEAD = TAIL ─▶ not DRAINING
 * waiters   getters while items < woken, putters while room < woken, joiners while unfinished > lost
 * ```
 *
 * A woken waiter has nothing but the right to try: its item may be taken by others until it takes it itself. One that was
 * passed over for 1 ms is handed the next: until then nobody who could wait takes anything. What is unfinished and what is
 * lost: `queue_tasks.ts`.
 *
 * @module
 */

import { type Kind, NOTHING, type Outcome, TAKEN, TURNED_AWAY } from "./kind.ts";
import {
  A_HAND,
  agentRecord,
  CURSOR,
  FLAGS,
  HEAD,
  LISTS,
  S_AUX,
  S_NEXT,
  S_STATE,
  WAITING,
  WOKEN,
  WOKENS,
} from "./layout.ts";
import { freeCell } from "./queue_chunks.ts";
import {
  COMPARED,
  DRAIN,
  DRAINING,
  DROP_TO,
  DROPPED,
  GET_HANDOFF,
  GETTERS,
  JOINERS,
  MAXSIZE,
  PEEK,
  PUT_HANDOFF,
  PUTTERS,
  Q_HEAD,
  Q_TAIL,
  R_BASE,
  R_MASK,
  SHUT,
} from "./queue_layout.ts";
import { redoQueue } from "./queue_repair.ts";
import {
  bytesIn,
  forEachRef,
  forgetAll,
  publish,
  putBack,
  ringAt,
  sizeOf,
  takeFirst,
} from "./queue_ring.ts";
import { joinOutcome, loseItems } from "./queue_tasks.ts";
import type { WaitQueue } from "./wait_queue.ts";

const ALL = 2 ** 31 - 1;
const [GETTER_LIST, PUTTER_LIST, JOINER_LIST] = LISTS as [number, number, number];
/** How queues queue. */
export const queueKind: Kind = {
  lists: 3,
  strict: false,

  settle(q, o, force) {
    const { w } = q;
    const flags = w.get(o + FLAGS);
    const size = sizeOf(q, o);
    const isShut = (flags & SHUT) !== 0;
    if (w.get(o + GETTER_LIST + HEAD) !== 0) {
      wakeWhile(q, o, GETTER_LIST, isShut ? ALL : size, force);
    } else if ((flags & GET_HANDOFF) !== 0) w.and(o + FLAGS, ~GET_HANDOFF);
    if (w.get(o + PUTTER_LIST + HEAD) !== 0) {
      const max = w.get(o + MAXSIZE);
      const room = max < 0 ? (hasRoom(q, o) ? 1 : 0) : max - size;
      wakeWhile(q, o, PUTTER_LIST, isShut || max === 0 ? ALL : room, force);
    } else if ((flags & PUT_HANDOFF) !== 0) w.and(o + FLAGS, ~PUT_HANDOFF);
    if (w.get(o + JOINER_LIST + HEAD) !== 0) {
      wakeWhile(q, o, JOINER_LIST, joinOutcome(q, o) !== NOTHING ? ALL : 0, force);
    }
  },

  take(q, o, s, late) {
    const { w } = q;
    if (!late && w.load(s + S_STATE) !== WOKEN) return NOTHING;
    const list = q.listOf(s);
    const flags = w.get(o + FLAGS);
    let outcome: Outcome = NOTHING;
    if (list === GETTERS) {
      if (sizeOf(q, o) > 0) {
        // Who has to compare only learns that there is something, and tries for himself.
        if ((flags & COMPARED) === 0 && w.get(s + S_AUX) !== PEEK) takeFirst(q, o);
        outcome = TAKEN;
      } else if ((flags & SHUT) !== 0) outcome = TURNED_AWAY;
      if (outcome !== NOTHING) w.and(o + FLAGS, ~GET_HANDOFF);
    } else if (list === PUTTERS) {
      if ((flags & SHUT) !== 0) outcome = TURNED_AWAY;
      else if (hasRoom(q, o)) outcome = publish(q, o, w.get(s + S_AUX));
      if (outcome !== NOTHING) w.and(o + FLAGS, ~PUT_HANDOFF);
    } else outcome = joinOutcome(q, o);
    if (outcome === NOTHING) return NOTHING;
    q.leave(o, s);
    this.settle(q, o, false);
    return outcome;
  },

  back(q, o, s, passedOver) {
    const list = q.listOf(s);
    if (!passedOver || list === JOINERS) return;
    q.w.or(o + FLAGS, list === GETTERS ? GET_HANDOFF : PUT_HANDOFF);
  },

  announce() {},
  left() {},
  reset() {},
  buried() {},
  holderDied: loseItems,
  redo: redoQueue,
};

/** Marks the next waiters of a list as woken while fewer than `limit` are; they hear of it when the latch is free. */
function wakeWhile(q: WaitQueue, o: number, list: number, limit: number, force: boolean): void {
  const { w } = q;
  const l = o + list;
  if (force) {
    for (let s = w.load(l + HEAD); s !== 0; s = w.get(s + S_NEXT)) {
      if (w.load(s + S_STATE) === WOKEN) q.wakeLater(s, true);
    }
  }
  for (let s; w.get(l + WOKENS) < limit && (s = w.get(l + CURSOR)) !== 0;) {
    w.set(l + CURSOR, w.get(s + S_NEXT));
    if (w.load(s + S_STATE) !== WAITING) continue;
    w.set(l + WOKENS, w.get(l + WOKENS) + 1);
    w.store(s + S_STATE, WOKEN);
    q.wakeLater(s, force);
  }
}

function hasRoom(q: WaitQueue, o: number): boolean {
  const max = q.w.get(o + MAXSIZE);
  return max === 0 || (max > 0 ? sizeOf(q, o) < max : bytesIn(q, o) < -max);
}

// -- operations --

/** Puts an item that is written: `TAKEN`, `NOTHING` if the queue is full, or why it will never be there. */
export function tryPublish(q: WaitQueue, o: number, ref: number, canWait: boolean): Outcome {
  const { w } = q;
  q.latch(o);
  const flags = w.get(o + FLAGS);
  let outcome: Outcome = NOTHING;
  if ((flags & SHUT) !== 0) outcome = TURNED_AWAY;
  else if ((!canWait || (flags & PUT_HANDOFF) === 0) && hasRoom(q, o)) {
    outcome = publish(q, o, ref);
    if (w.get(o + GETTER_LIST + HEAD) !== 0) queueKind.settle(q, o, false);
  }
  q.unlatch(o);
  return outcome;
}

/**
 * Puts an item into a queue that nobody else knows, if there is nothing to it: the queue is open, first in first out, not
 * full, and its ring has room. `false` if it is not so simple.
 */
export function publishAlone(q: WaitQueue, o: number, ref: number): boolean {
  const { w } = q;
  const tail = w.get(o + Q_TAIL);
  const size = (tail - w.get(o + Q_HEAD)) | 0;
  const max = w.get(o + MAXSIZE);
  if (w.get(o + FLAGS) !== 0 || (size >= max && max !== 0)) return false;
  const ring = ringAt(q, o);
  const mask = w.get(ring + R_MASK);
  if (size > mask) return false;
  w.set(w.get(ring + R_BASE) + (tail & mask), ref);
  w.set(o + Q_TAIL, (tail + 1) | 0);
  if (w.get(o + GETTER_LIST + CURSOR) !== 0) settleAlone(q, o);
  return true;
}

/** Takes the first item of such a queue: its ref, 0 if there is none, or it is not so simple. */
export function takeAlone(q: WaitQueue, o: number): number {
  const { w } = q;
  const head = w.get(o + Q_HEAD);
  if (w.get(o + FLAGS) !== 0 || w.get(o + Q_TAIL) === head) return 0;
  const ring = ringAt(q, o);
  const ref = w.get(w.get(ring + R_BASE) + (head & w.get(ring + R_MASK)));
  w.set(o + Q_HEAD, (head + 1) | 0);
  if (w.get(o + PUTTER_LIST + CURSOR) !== 0) settleAlone(q, o);
  return ref;
}

/** Wakes those who were not woken yet. */
function settleAlone(q: WaitQueue, o: number): void {
  q.latch(o);
  queueKind.settle(q, o, false);
  q.unlatch(o);
}

/** Takes the first item into the hand: its ref, 0 if there is none, -1 if there will never be one. */
export function tryTake(q: WaitQueue, o: number, canWait: boolean): number {
  const { w } = q;
  const isShut = (w.load(o + FLAGS) & SHUT) !== 0;
  const head = w.load(o + Q_HEAD);
  if (w.load(o + Q_TAIL) === head) return isShut ? -1 : 0;
  q.latch(o);
  let ref = 0;
  if (!canWait || (w.get(o + FLAGS) & GET_HANDOFF) === 0) {
    ref = takeFirst(q, o);
    if (ref !== 0 && w.get(o + PUTTER_LIST + HEAD) !== 0) queueKind.settle(q, o, false);
  }
  q.unlatch(o);
  return ref;
}

/** The item in the hand of this agent. */
export function inHand(q: WaitQueue): number {
  return q.w.get(agentRecord(q.me) + A_HAND);
}

/** Frees the cell of the item in the hand, and the hand. */
export function releaseTake(q: WaitQueue, ref: number): void {
  freeCell(q, ref);
  q.w.store(agentRecord(q.me) + A_HAND, 0);
}

/** Gives the item in the hand back to the front of its queue; `false` if there is no memory for it. */
export function undoTake(q: WaitQueue, o: number): boolean {
  q.latch(o);
  const isBack = putBack(q, o, agentRecord(q.me));
  queueKind.settle(q, o, false);
  q.unlatch(o);
  return isBack;
}

/** Number of items, at one instant of the call. */
export function itemCount(q: WaitQueue, o: number): number {
  const { w } = q;
  for (;;) {
    const head = w.load(o + Q_HEAD);
    const tail = w.load(o + Q_TAIL);
    if (w.load(o + Q_HEAD) === head) return (tail - head) | 0;
  }
}

/** Changes how many items there may be; 0 = any number. */
export function setMaxsize(q: WaitQueue, o: number, maxsize: number): void {
  q.latch(o);
  q.w.set(o + MAXSIZE, maxsize);
  queueKind.settle(q, o, false);
  q.unlatch(o);
}

/** Ends the queue; `drop` also drops all items, and is called with each. */
export function shutQueue(
  q: WaitQueue,
  o: number,
  drop: ((ref: number) => void) | null,
): void {
  const { w } = q;
  q.latch(o);
  w.or(o + FLAGS, SHUT);
  if (drop !== null && (w.get(o + FLAGS) & DRAIN) === 0) {
    const refs: number[] = [];
    forEachRef(q, o, (ref) => refs.push(ref));
    w.set(o + DROP_TO, (w.get(o + DROPPED) + refs.length) | 0);
    w.or(o + FLAGS, DRAIN | DRAINING);
    w.store(o + DROPPED, w.get(o + DROP_TO));
    forgetAll(q, o);
    for (const ref of refs) {
      drop(ref);
      freeCell(q, ref);
    }
    w.and(o + FLAGS, ~DRAINING);
  }
  queueKind.settle(q, o, false);
  q.unlatch(o);
}
