/**
 * The readers-writer lock: many readers or one writer; a waiting writer goes first.
 *
 * ```text
 * MAIN   id | WRITING            a writer holds it
 *        readers (16 bits)       so many readers hold it
 *        … | WAITERS             somebody waits: newcomers queue
 *        … | READERS_NEXT        a writer was preferred to waiting readers: the readers go next
 *        … | FROZEN              the readers are being counted anew after a death
 *        ABANDONED | …           its last writer died
 * lists  0 writers, 1 readers; UPTO of the readers is the last of those that go next
 * ```
 *
 * Writers are preferred, as in Rust's `RwLock`; since reading and writing turns alternate when both wait, nobody starves.
 * Who reads is counted as for semaphores (`holders.ts`), so that the read locks of a dead agent come back.
 *
 * @module
 */

import { held, holderSlot, sumHoldings, waitForIntents, waitForThaw } from "./holders.ts";
import { type Kind, NOTHING, type Outcome, TAKEN, TAKEN_ABANDONED } from "./kind.ts";
import {
  ABANDONED,
  CURSOR,
  FREE,
  HEAD,
  ID,
  LISTS,
  MAIN,
  PASSING,
  S_COUNT,
  S_INTENT,
  S_NEXT,
  S_STATE,
  S_TICKET,
  TICKET,
  UPTO,
  WAITERS,
  WAITING,
  WOKEN,
} from "./layout.ts";
import type { WaitQueue } from "./wait_queue.ts";

const WRITING = 1 << 21;
const READERS_NEXT = 1 << 22;
const FROZEN = 1 << 23;
/** The list of waiting writers. */
export const WRITERS_LIST = 0;
/** The list of waiting readers. */
export const READERS_LIST = 1;
const READERS = LISTS[READERS_LIST] as number;

/** How readers-writer locks queue. */
export const rwlockKind: Kind = {
  lists: 2,
  strict: false,

  settle(q, o, force) {
    const w = q.w;
    const writer = q.head(o, WRITERS_LIST);
    const reader = q.head(o, READERS_LIST);
    if (writer === 0 && reader === 0) {
      w.and(o + MAIN, ~(WAITERS | READERS_NEXT));
      return;
    }
    const word = w.or(o + MAIN, WAITERS);
    if ((word & WRITING) !== 0) return;
    if (reader !== 0 && (writer === 0 || readersNext(q, o, word))) {
      if (writer === 0) w.store(o + READERS + UPTO, w.load(o + READERS + TICKET));
      wakeReaders(q, o, force);
    } else if (writer !== 0 && (word & ID) === 0) {
      // At most one writer is on its way.
      if (w.load(writer + S_STATE) === WAITING) q.wakeSlot(o, WRITERS_LIST, writer, force);
      else if (force) q.wake(writer, true);
    }
  },

  take(q, o, s, late) {
    return q.listOf(s) === WRITERS_LIST ? takeWrite(q, o, s, late) : takeRead(q, o, s, late);
  },

  announce(q, o) {
    q.w.or(o + MAIN, WAITERS);
  },
  back() {},
  left() {},
  reset() {},
  buried() {},

  holderDied(q, o, dead) {
    const w = q.w;
    for (;;) {
      const word = w.load(o + MAIN);
      if ((word & WRITING) === 0 || (word & ID) !== dead) break;
      w.compareExchange(o + MAIN, word, (word & ~(ID | WRITING)) | ABANDONED);
    }
    if (dead === q.me) return; // a thread that failed, but whose agent lives on, releases its read locks itself
    const { slots } = sumHoldings(q, o, dead);
    if (slots.length === 0) return;
    w.or(o + MAIN, FROZEN);
    waitForIntents(q, o);
    for (const s of slots) w.store(s + S_STATE, PASSING);
    this.redo(q, o);
  },

  redo(q, o) {
    const w = q.w;
    const word = w.load(o + MAIN);
    if ((word & FROZEN) === 0) return;
    waitForIntents(q, o);
    const { living, slots } = sumHoldings(q, o, 0);
    if ((word & WRITING) === 0) {
      w.store(o + MAIN, (w.load(o + MAIN) & ~ID) | (living & ID));
    }
    for (const s of slots) w.store(s + S_STATE, FREE);
    w.and(o + MAIN, ~FROZEN);
  },
};

/** Whether the readers' turn is on, and some of those it is for still wait. */
function readersNext(q: WaitQueue, o: number, word: number): boolean {
  if ((word & READERS_NEXT) === 0) return false;
  const first = q.w.load(o + READERS + HEAD);
  if (
    first !== 0 &&
    ((q.w.get(first + S_TICKET) - q.w.load(o + READERS + UPTO)) | 0) <= 0
  ) return true;
  q.w.and(o + MAIN, ~READERS_NEXT);
  return false;
}

function wakeReaders(q: WaitQueue, o: number, force: boolean): void {
  const w = q.w;
  const upto = w.load(o + READERS + UPTO);
  let count = 0;
  for (let s = w.load(o + READERS + HEAD); s !== 0; s = w.get(s + S_NEXT)) {
    if (((w.get(s + S_TICKET) - upto) | 0) > 0) break;
    count++;
  }
  w.set(o + READERS + CURSOR, w.load(o + READERS + HEAD));
  q.wakeWhile(o, READERS_LIST, count, force);
}

function takeWrite(q: WaitQueue, o: number, s: number, late: boolean): Outcome {
  const w = q.w;
  if (w.load(s + S_STATE) !== WOKEN && !late && q.head(o, WRITERS_LIST) !== s) return NOTHING;
  for (;;) {
    const word = w.load(o + MAIN);
    if ((word & (WRITING | ID | FROZEN)) !== 0) return NOTHING;
    if (!late && readersNext(q, o, word) && w.load(s + S_STATE) !== WOKEN) return NOTHING;
    const preferred = w.load(o + READERS + HEAD) !== 0;
    if (preferred) w.store(o + READERS + UPTO, w.load(o + READERS + TICKET));
    const next = (word & WAITERS) | WRITING | q.me | (preferred ? READERS_NEXT : 0);
    if (w.compareExchange(o + MAIN, word, next) !== word) continue;
    q.leave(o, s);
    clearIfEmpty(q, o);
    return (word & ABANDONED) !== 0 ? TAKEN_ABANDONED : TAKEN;
  }
}

function takeRead(q: WaitQueue, o: number, s: number, late: boolean): Outcome {
  const w = q.w;
  if (w.load(s + S_STATE) !== WOKEN && !late) return NOTHING;
  const holder = holderSlot(q, o);
  for (;;) {
    const word = w.load(o + MAIN);
    if ((word & WRITING) !== 0 || (word & ID) === ID) return NOTHING;
    w.store(holder + S_INTENT, 1);
    const took = w.compareExchange(o + MAIN, word, (word + 1) & ~ABANDONED) === word;
    if (took) w.store(holder + S_COUNT, w.load(holder + S_COUNT) + 1);
    w.store(holder + S_INTENT, 0);
    if (!took) continue;
    q.leave(o, s);
    clearIfEmpty(q, o);
    return (word & ABANDONED) !== 0 ? TAKEN_ABANDONED : TAKEN;
  }
}

function clearIfEmpty(q: WaitQueue, o: number): void {
  if (q.head(o, WRITERS_LIST) === 0 && q.head(o, READERS_LIST) === 0) {
    q.w.and(o + MAIN, ~(WAITERS | READERS_NEXT));
  }
}

/** Read locks that this agent holds. */
export function readsHeld(q: WaitQueue, o: number): number {
  const s = q.holders.get(o);
  return s === undefined ? 0 : held(q, s);
}

/** Takes the lock for reading, if it may. */
export function tryRead(q: WaitQueue, o: number): Outcome {
  const w = q.w;
  const s = holderSlot(q, o);
  w.store(s + S_INTENT, 1);
  let outcome: Outcome = NOTHING;
  for (let word = w.load(o + MAIN); (word & (WRITING | WAITERS)) === 0;) {
    if ((word & ID) === ID) break; // as many readers as can be counted
    if ((word & FROZEN) !== 0) {
      w.store(s + S_INTENT, 0);
      waitForThaw(q, o);
      w.store(s + S_INTENT, 1);
      word = w.load(o + MAIN);
      continue;
    }
    const seen = w.compareExchange(o + MAIN, word, (word + 1) & ~ABANDONED);
    if (seen === word) {
      w.store(s + S_COUNT, w.load(s + S_COUNT) + 1);
      outcome = (word & ABANDONED) !== 0 ? TAKEN_ABANDONED : TAKEN;
      break;
    }
    word = seen;
  }
  w.store(s + S_INTENT, 0);
  return outcome;
}

/** Takes the lock for writing, if it may. */
export function tryWrite(q: WaitQueue, o: number): Outcome {
  const w = q.w;
  for (let word = w.load(o + MAIN); (word & (WRITING | WAITERS)) === 0;) {
    if ((word & FROZEN) !== 0) {
      waitForThaw(q, o);
      word = w.load(o + MAIN);
      continue;
    }
    if ((word & ID) !== 0) break;
    const seen = w.compareExchange(o + MAIN, word, WRITING | q.me);
    if (seen === word) return (word & ABANDONED) !== 0 ? TAKEN_ABANDONED : TAKEN;
    word = seen;
  }
  return NOTHING;
}

/** Releases one read lock of this agent; `false` when it holds none. */
export function releaseRead(q: WaitQueue, o: number): boolean {
  const w = q.w;
  const s = holderSlot(q, o);
  if (held(q, s) === 0) return false;
  for (;;) {
    w.store(s + S_INTENT, 1);
    const word = w.load(o + MAIN);
    if ((word & FROZEN) === 0) {
      if (w.compareExchange(o + MAIN, word, word - 1) === word) {
        w.store(s + S_COUNT, w.load(s + S_COUNT) - 1);
        w.store(s + S_INTENT, 0);
        if ((word & WAITERS) !== 0 && (word & ID) === 1) q.resettle(o, false);
        return true;
      }
      w.store(s + S_INTENT, 0);
      continue;
    }
    w.store(s + S_INTENT, 0);
    q.latch(o);
    q.unlatch(o);
  }
}

/** Releases the write lock of this agent; `false` when it does not hold it. */
export function releaseWrite(q: WaitQueue, o: number): boolean {
  const w = q.w;
  for (;;) {
    const word = w.load(o + MAIN);
    if ((word & WRITING) === 0 || (word & ID) !== q.me) return false;
    if (w.compareExchange(o + MAIN, word, word & ~(ID | WRITING)) !== word) continue;
    if ((word & WAITERS) !== 0) q.resettle(o, false);
    return true;
  }
}

/** Agent that writes, or 0. */
export function writerOf(q: WaitQueue, o: number): number {
  const word = q.w.load(o + MAIN);
  return (word & WRITING) !== 0 ? word & ID : 0;
}

/** Number of read locks held. */
export function readersOf(q: WaitQueue, o: number): number {
  const word = q.w.load(o + MAIN);
  return (word & WRITING) !== 0 ? 0 : word & ID;
}
