/**
 * What of a queue's items is not done yet, and what of it is lost.
 *
 * Each agent counts in a holder slot of its own what it has got from a queue and what it has reported as done. A death
 * leaves what it had got and not reported: that is lost until somebody reports it.
 *
 * ```text
 * get        A_HAND_GOT = GOT + 1 ─HAND = -ref─▶ his ─▶ GOT = A_HAND_GOT ─▶ HAND = 0
 * taskDone   REPORTS odd ─DONE + 2─▶ reported ─▶ FOREIGN + 1, if he had nothing himself ─▶ REPORTS even
 * death      LOSSES, FROZEN; wait until no living agent is in a taskDone ─journal─▶ LOST, BASE, GONE, slot FREE ─▶ thawed
 *
 * has        GOT - reports + FOREIGN           of one agent: got, and not reported
 * lost       LOST - (FOREIGN of all - BASE)    of the dead: got, and not reported, nor by anybody since
 * joiners    go on when unfinished <= 0, and are told of a death when unfinished <= lost
 * ```
 *
 * A death between two of these stores counts right. In a get, HAND tells whether the next GOT counts. In a taskDone, DONE
 * does: half of it is the sum of the reports of all agents, and of GONE, those of the agents that are no more. It is looked
 * at while FROZEN, a bit of DONE, makes every CAS on it fail: whose CAS was earlier has REPORTS odd until he is through. So
 * only the CAS itself is an atomic write. (Of two who die there at the same time, it does not matter whose report came
 * through.)
 *
 * A report does not say whose item it is. It counts for the own items first, then for lost ones, then for those of
 * others. Where some get and others report, a death may so have lost anything between nothing and all that is unfinished:
 * then all counts as lost that may be, and what is reported afterwards counts down from there.
 *
 * A local queue has no slots, and counts DONE alone.
 *
 * @module
 */

import { waitForIntents } from "./holders.ts";
import { NOTHING, type Outcome, TAKEN, TAKEN_ABANDONED } from "./kind.ts";
import {
  A_HAND,
  A_HAND_GOT,
  A_HAND_QUEUE,
  agentRecord,
  AGENTS,
  FLAGS,
  FREE,
  HEAD,
  HOLDER,
  LISTS,
  S_OBJECT,
  S_OWNER,
  S_STATE,
} from "./layout.ts";
import { commit } from "./queue_heap.ts";
import {
  B_BASE,
  B_GONE,
  B_LOST,
  BLOCK,
  DONE,
  DROPPED,
  FROZEN,
  JOINERS,
  LOSSES,
  Q_TAIL,
  S_FOREIGN,
  S_GOT,
  S_REPORTS,
} from "./queue_layout.ts";
import { repairHands } from "./queue_repair.ts";
import { sizeOf } from "./queue_ring.ts";
import type { SharedWords } from "./shared_words.ts";
import { forEachSlot } from "./slot_table.ts";
import type { WaitQueue } from "./wait_queue.ts";

const JOINER_LIST = LISTS[JOINERS] as number;

/** Items that were put and are neither done nor dropped; 0 only if there were none at an instant of the call. */
export function unfinished(q: WaitQueue, o: number): number {
  return leftOf(q, o, q.w.load(o + DONE));
}

/** The same, by a value of DONE. All that is counted twice is so modulo 2^31. */
function leftOf(q: WaitQueue, o: number, done: number): number {
  const dropped = q.w.load(o + DROPPED);
  return (((q.w.load(o + Q_TAIL) - dropped) << 1) - (done & ~FROZEN)) >> 1;
}

/** How often `taskDone` was called. */
export function doneCount(q: WaitQueue, o: number): number {
  return q.w.load(o + DONE) >>> 1;
}

/** Makes the item in the hand this agent's for good; `s`: the slot in which it counts, 0 for none. */
export function commitTake(q: WaitQueue, ref: number, s: number): void {
  const { w } = q;
  const agent = agentRecord(q.me);
  if (s === 0) {
    w.store(agent + A_HAND, -ref);
    return;
  }
  const got = (w.get(s + S_GOT) + 1) | 0;
  w.set(agent + A_HAND_GOT, got);
  w.store(agent + A_HAND, -ref);
  w.set(s + S_GOT, got);
}

/** Says that one more item is done; `false` if all are. `s`: the slot in which this agent counts, 0 for none. */
export function finishOne(q: WaitQueue, o: number, s: number): boolean {
  const { w } = q;
  const reports = s === 0 ? 0 : w.get(s + S_REPORTS);
  if (s !== 0) w.set(s + S_REPORTS, reports + 1);
  for (;;) {
    const done = w.load(o + DONE);
    if ((done & FROZEN) !== 0) {
      w.store(s + S_REPORTS, reports);
      thaw(q, o);
      w.store(s + S_REPORTS, reports + 1);
    } else if (leftOf(q, o, done) <= 0) {
      if (s !== 0) w.store(s + S_REPORTS, reports);
      return false;
    } else if (w.compareExchange(o + DONE, done, (done + 2) | 0) === done) break;
  }
  if (s !== 0) noteReport(w, s, reports);
  if ((w.load(o + FLAGS) & LOSSES) !== 0) {
    q.underLatch(o, () => {
      forgetLosses(q, o);
      q.settle(o, false);
    });
  } else if (unfinished(q, o) <= 0 && w.load(o + JOINER_LIST + HEAD) !== 0) q.resettle(o, false);
  return true;
}

function noteReport(w: SharedWords, s: number, reports: number): void {
  const foreign = w.get(s + S_FOREIGN);
  if (has(w.get(s + S_GOT), reports, foreign) > 0) {
    w.set(s + S_REPORTS, reports + 2);
    return;
  }
  w.set(s + S_FOREIGN, foreign + 1);
  w.store(s + S_REPORTS, reports + 2);
}

/** Waits until those are counted who died. If they are left half counted, that begins again with the next look. */
function thaw(q: WaitQueue, o: number): void {
  q.latch(o);
  q.w.and(o + DONE, ~FROZEN);
  q.unlatch(o);
}

/** What an agent has and has not reported. */
function has(got: number, reports: number, foreign: number): number {
  return ((got - (reports >>> 1) + foreign) << 1) >> 1;
}

/** What the owner of a slot says that he has. */
function hasNow(w: SharedWords, s: number): number {
  return has(w.load(s + S_GOT), w.load(s + S_REPORTS), w.load(s + S_FOREIGN));
}

// -- joiners --

/** How the wait of a joiner ends now: `NOTHING` if it does not. Under the latch. */
export function joinOutcome(q: WaitQueue, o: number): Outcome {
  const left = unfinished(q, o);
  if (left <= 0) return TAKEN;
  if ((q.w.get(o + FLAGS) & LOSSES) === 0 || q.w.get(blockOf(q, o) + B_LOST) < left) return NOTHING;
  return left <= lostItems(q, o) ? TAKEN_ABANDONED : NOTHING;
}

/** How many items are lost, if nothing else is unfinished; else 0. */
export function abandoned(q: WaitQueue, o: number): number {
  if ((q.w.load(o + FLAGS) & LOSSES) === 0) return 0;
  q.latch(o);
  const count = joinOutcome(q, o) === TAKEN_ABANDONED ? unfinished(q, o) : 0;
  q.unlatch(o);
  return count;
}

/** How many items are lost; -1 while somebody reports, who will look at the joiners himself. Under the latch. */
export function lostItems(q: WaitQueue, o: number): number {
  const { w } = q;
  if ((w.get(o + FLAGS) & LOSSES) === 0) return 0;
  const block = blockOf(q, o);
  let foreign = 0;
  let isReporting = false;
  forEachHolder(q, o, (s) => {
    if ((w.load(s + S_REPORTS) & 1) !== 0) isReporting = true;
    foreign += w.load(s + S_FOREIGN);
  });
  if (isReporting) return -1;
  return Math.max(0, w.get(block + B_LOST) - ((foreign - w.get(block + B_BASE)) | 0));
}

/** Stops looking at what was lost when everything is reported. Under the latch. */
function forgetLosses(q: WaitQueue, o: number): void {
  const { w } = q;
  if (unfinished(q, o) > 0 && lostItems(q, o) !== 0) return;
  w.store(blockOf(q, o) + B_LOST, 0);
  w.and(o + FLAGS, ~LOSSES);
}

function forEachHolder(q: WaitQueue, o: number, visit: (s: number) => void): void {
  const { w } = q;
  forEachSlot(w, 0, (s) => {
    if (w.get(s + S_OBJECT) === o && w.load(s + S_STATE) === HOLDER) visit(s);
  });
}

function blockOf(q: WaitQueue, o: number): number {
  const block = q.w.get(o + BLOCK);
  if (block >= q.heap.limit) q.heap.cover();
  return block;
}

// -- death --

/** Counts as lost what a dead agent has got and not reported. Under the latch. */
export function loseItems(q: WaitQueue, o: number, dead: number): void {
  forEachHolder(q, o, (s) => {
    if (q.w.get(s + S_OWNER) === dead) lose(q, o, s, dead);
  });
}

/** Counts as lost what this agent has got and not reported: its thread has failed. */
export function abandonItems(q: WaitQueue, o: number, s: number): void {
  if (hasNow(q.w, s) <= 0) return;
  q.underLatch(o, () => {
    lose(q, o, s, 0);
    q.settle(o, true);
  });
}

/** Lets go of what this agent has got and not reported: its thread has returned, others may still report it. */
export function disownItems(q: WaitQueue, _o: number, s: number): void {
  q.w.store(s + S_GOT, ((q.w.get(s + S_REPORTS) >>> 1) - q.w.get(s + S_FOREIGN)) | 0);
}

/** Counts as lost what slot `s` says; it is free then, or if its owner is not dead (0) at its beginning. Under the latch. */
function lose(q: WaitQueue, o: number, s: number, dead: number): void {
  const { w } = q;
  w.or(o + FLAGS, LOSSES);
  const done = (w.or(o + DONE, FROZEN) >>> 1) | 0;
  waitForIntents(q, o, S_REPORTS, 1);
  repairHands(q, o);
  const block = blockOf(q, o);
  let known = w.get(block + B_GONE);
  let foreign = 0;
  forEachHolder(q, o, (other) => {
    known += w.load(other + S_REPORTS) >>> 1;
    if (other !== s) foreign += w.load(other + S_FOREIGN);
  });
  const reports = w.load(s + S_REPORTS);
  const cameThrough = (reports & 1) !== 0 && ((done - known) << 1) >> 1 > 0 ? 1 : 0;
  const had = Math.max(0, has(gotBy(w, o, s, dead), reports, w.load(s + S_FOREIGN)));
  const isForeign = cameThrough === 1 && had === 0;
  const reported = foreign + w.load(s + S_FOREIGN) + (isForeign ? 1 : 0);
  const before = Math.max(0, w.get(block + B_LOST) - ((reported - w.get(block + B_BASE)) | 0));
  const lost = Math.min(before + Math.max(0, had - cameThrough), outstanding(q, o));
  commit(q, o, [
    ...[block + B_LOST, lost, block + B_BASE, foreign | 0],
    ...[block + B_GONE, (w.get(block + B_GONE) + (reports >>> 1) + cameThrough) | 0],
    ...dead === 0 ? [s + S_GOT, 0, s + S_REPORTS, 0, s + S_FOREIGN, 0] : [s + S_STATE, FREE],
  ]);
  if (lost === 0) w.and(o + FLAGS, ~LOSSES);
  w.and(o + DONE, ~FROZEN);
}

/** How many items the owner of a slot has got. */
function gotBy(w: SharedWords, o: number, s: number, dead: number): number {
  const agent = agentRecord(dead);
  const died = dead !== 0 && w.load(agent + A_HAND) < 0 && w.get(agent + A_HAND_QUEUE) === o;
  return w.get(died ? agent + A_HAND_GOT : s + S_GOT);
}

/** How many items have been got and are not done. Nobody reports. Under the latch. */
function outstanding(q: WaitQueue, o: number): number {
  const { w } = q;
  let count = unfinished(q, o) - sizeOf(q, o);
  const last = w.load(AGENTS);
  for (let id = 1; id <= last; id++) {
    const agent = agentRecord(id);
    if (w.get(agent + A_HAND_QUEUE) === o && w.load(agent + A_HAND) > 0) count--;
  }
  return Math.max(0, count);
}
