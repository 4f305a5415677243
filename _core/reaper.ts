/**
 * Cleaning up after a dead agent.
 *
 * Anybody may do it, one at a time, and may die in the middle: every step is repeated without effect.
 *
 * ```text
 * 1 state = DEAD          from now on its latches may be stolen
 * 2 steal its latches     whoever steals rebuilds the lists
 * 3 bury its slots        its waiters leave the queues, its grants are passed on
 * 4 recover its holdings  locks are abandoned, permits come back; everybody who waits is woken once more
 * 5 recover its items     what it had taken from a queue and not got yet goes back; its memory is counted and freed
 * 6 state = FREE          its id may be used again
 * ```
 *
 * @module
 */

import type { Arena } from "./arena.ts";
import type { Kind } from "./kind.ts";
import * as layout from "./layout.ts";
import { LISTS } from "./layout.ts";
import { detach, holderOf } from "./lock_kind.ts";
import { collectPipe, isUnfinished } from "./pipe_kind.ts";
import { deadHands, reapDropped, reapQueues, reapUnshared } from "./queue_repair.ts";
import { writerOf } from "./rwlock_kind.ts";
import { forEachSlot, freeChunks } from "./slot_table.ts";
import type { WaitQueue } from "./wait_queue.ts";

/** Cleans up after agent `dead`, and after those after whom it was cleaning up; does nothing if another agent is at it. */
export function reap(q: WaitQueue, arena: Arena, dead: number): void {
  const w = q.w;
  if (!q.agents.claimReap(dead, q.me)) return;
  for (const left of q.agents.leftBy(dead)) reap(q, arena, left);
  forEachObject(q, arena, (o) => {
    if ((w.load(o + layout.LATCH) & layout.ID) !== dead) return;
    q.latch(o);
    q.unlatch(o);
  });
  /** What it holds, and of what type that is. */
  const holdings = new Map<number, number>();
  forEachSlot(w, dead, (s) => {
    const o = w.get(s + layout.S_OBJECT);
    const state = w.load(s + layout.S_STATE);
    if (o === 0 || state === layout.FREE) return;
    const type = w.load(o + layout.TYPE);
    if (type === 0) w.store(s + layout.S_STATE, layout.FREE);
    else if (state === layout.HOLDER || isHolderOf(q, o, state)) holdings.set(o, type);
    else {
      q.underLatch(o, () => q.bury(o, s));
    }
  });
  const loseHoldings = (arePipes: boolean): void => {
    for (const [o, type] of holdings) {
      if ((type === layout.TYPE_PIPE) !== arePipes) continue;
      q.underLatch(o, () => {
        // Of a pipe, what was on its way may have arrived meanwhile, and all may be over.
        if (w.load(o + layout.TYPE) !== type) return;
        q.kind(o).holderDied(q, o, dead);
        q.settle(o, true);
      });
    }
  };
  loseHoldings(false);
  reapQueues(q, arena, dead);
  // Now: when its last holder is gone, a pipe is freed with its queues.
  loseHoldings(true);
  freeChunks(w, dead);
  forEachObject(q, arena, (o) => {
    reapUnshared(q, arena, o, dead);
    forgetUnshared(q, arena, o, dead);
    reapDropped(q, o);
    collectPipe(q, arena, o);
    if (w.load(o + layout.TYPE) === 0) return;
    const names = holderOfLock(q, o) === dead;
    if (!names && !hasWaiters(q, o)) return;
    q.underLatch(o, () => {
      if (names) q.kind(o).holderDied(q, o, dead);
      q.settle(o, true);
    });
  });
  arena.heap.reclaim(dead);
  q.agents.reaped(dead);
}

/** Frees the record of a lock or the like that a dead agent had made and shown to nobody. */
function forgetUnshared(q: WaitQueue, arena: Arena, o: number, dead: number): void {
  const type = q.w.load(o + layout.TYPE);
  if (type === 0 || q.w.load(o + layout.OWNER) !== dead) return;
  if (type > layout.TYPE_RWLOCK && !isUnfinished(q, o)) return;
  if (!q.isShared(o)) arena.freeObject(o);
}

/** A cheap look by a waiter at its object; repairs what a death has left. */
export function heal(q: WaitQueue, arena: Arena, o: number): void {
  const w = q.w;
  q.agents.watch();
  const latchedBy = w.load(o + layout.LATCH) & layout.ID;
  if (latchedBy !== 0 && q.agents.isDead(latchedBy)) {
    q.latch(o);
    q.unlatch(o);
  }
  const holder = holderOfLock(q, o);
  if (q.agents.isDead(holder)) reap(q, arena, holder);
  for (let list = 0; list < q.kind(o).lists; list++) {
    const first = q.head(o, list);
    if (first === 0) continue;
    const owner = w.get(first + layout.S_OWNER);
    if (q.agents.isDead(owner)) reap(q, arena, owner);
  }
  for (const dead of deadHands(q, o)) reap(q, arena, dead);
  q.resettle(o, true);
}

/** Abandons the locks that this agent holds: its thread has failed. */
export function abandonLocks(q: WaitQueue, arena: Arena): void {
  forEachHeldLock(q, arena, (o) => {
    q.latch(o);
    q.kind(o).holderDied(q, o, q.me);
    q.settle(o, true);
    q.unlatch(o);
  });
}

/** Leaves plain locks held by nobody in particular, and abandons the others: the thread has returned. */
export function leaveLocks(q: WaitQueue, arena: Arena): void {
  forEachHeldLock(q, arena, (o) => {
    q.latch(o);
    if (q.w.load(o + layout.TYPE) === layout.TYPE_LOCK) detach(q, o);
    else q.kind(o).holderDied(q, o, q.me);
    q.settle(o, true);
    q.unlatch(o);
  });
}

function forEachHeldLock(q: WaitQueue, arena: Arena, visit: (o: number) => void): void {
  forEachObject(q, arena, (o) => {
    if (holderOfLock(q, o) === q.me) visit(o);
  });
}

/** The agent that holds a lock (of a readers-writer lock: that writes); 0 for everything else. */
function holderOfLock(q: WaitQueue, o: number): number {
  const type = q.w.load(o + layout.TYPE);
  if (type === layout.TYPE_RWLOCK) return writerOf(q, o);
  return type === layout.TYPE_LOCK || type === layout.TYPE_RLOCK ? holderOf(q, o) : 0;
}

/** Calls `visit` with every object of the arena. */
export function forEachObject(q: WaitQueue, arena: Arena, visit: (o: number) => void): void {
  const last = arena.lastObject;
  const first = layout.OBJECT_BASE + layout.OBJECT_WORDS;
  for (let o = first; o <= last; o += layout.OBJECT_WORDS) {
    if (q.w.load(o + layout.TYPE) !== 0) visit(o);
  }
}

function isHolderOf(q: WaitQueue, o: number, state: number): boolean {
  const type = q.w.load(o + layout.TYPE);
  return state === layout.PASSING &&
    (type === layout.TYPE_SEMAPHORE || type === layout.TYPE_RWLOCK);
}

function hasWaiters(q: WaitQueue, o: number): boolean {
  // Its owner may have freed it a moment ago.
  const kind: Kind | undefined = q.kind(o);
  for (let list = 0; list < (kind?.lists ?? 0); list++) {
    if (q.w.load(o + (LISTS[list] as number) + layout.HEAD) !== 0) return true;
  }
  return false;
}
