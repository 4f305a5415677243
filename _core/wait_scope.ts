/**
 * Waits that can be ended from outside: those of a greenlet, which may be killed.
 *
 * Whoever begins a wait as a promise enters it into the scope in which the code runs, if there is one, and takes it out when
 * the wait is over. To interrupt a scope ends every wait in it with an error, as if its own signal had been aborted: the
 * waiter leaves no entry behind, and a wake-up that it can no longer use is passed on. An interruption that finds no wait
 * meets the next one; if there are several, each meets one, the oldest first.
 *
 * ```text
 *   interrupt() ──▶ waits in the scope? ── yes ──▶ each is taken back and throws the error
 *                          │ no
 *                          ▼
 *                       pending ──▶ the next wait that is entered throws the error at once
 * ```
 *
 * @module
 */

import {
  TYPE,
  TYPE_BARRIER,
  TYPE_CONDITION,
  TYPE_EVENT,
  TYPE_LOCK,
  TYPE_QUEUE,
  TYPE_RLOCK,
  TYPE_RWLOCK,
  TYPE_SEMAPHORE,
} from "./layout.ts";
import type { ReachableWait } from "./reachable_wait.ts";
import type { SharedWords } from "./shared_words.ts";

/** The place of a wait in a scope: an object of its own, since waits are of many classes, and access to those is slow. */
export class WaitPlace {
  readonly scope: WaitScope;
  readonly wait: ReachableWait;
  /** The place of the wait that was entered before. */
  older: WaitPlace | null;
  /** The place of the wait that was entered afterwards. */
  newer: WaitPlace | null = null;

  constructor(scope: WaitScope, wait: ReachableWait, older: WaitPlace | null) {
    this.scope = scope;
    this.wait = wait;
    this.older = older;
  }
}

const NONE: readonly unknown[] = [];

let onLeave: ((scope: WaitScope) => void) | null = null;

/** Says who is told when a wait has left its scope. */
export function observeLeaving(callback: ((scope: WaitScope) => void) | null): void {
  onLeave = callback;
}

/** The waits of one greenlet. */
export class WaitScope {
  /** The wait that was entered last. */
  newest: WaitPlace | null = null;
  /** The interruptions that have met no wait yet, the oldest first. */
  #pending: readonly unknown[] = NONE;

  /** Whether the waits are those of a greenlet. */
  get isOfGreenlet(): boolean {
    return false;
  }

  /** Whether an interruption is still to meet a wait. */
  get isInterrupted(): boolean {
    return this.#pending.length > 0;
  }

  /** Whether there is a wait that cannot be interrupted. */
  get isShielded(): boolean {
    for (let place = this.newest; place !== null; place = place.older) {
      if (place.wait.isShielded) return true;
    }
    return false;
  }

  /** Whether there is a wait that can be interrupted. */
  get isReachable(): boolean {
    for (let place = this.newest; place !== null; place = place.older) {
      if (!place.wait.isShielded) return true;
    }
    return false;
  }

  /** Enters a wait that begins. If an interruption is pending, the wait is ended by it at once. */
  enter(wait: ReachableWait): void {
    const { newest } = this;
    const place = new WaitPlace(this, wait, newest);
    if (newest !== null) newest.newer = place;
    wait.place = this.newest = place;
    if (this.#pending.length > 0) this.#meet();
  }

  /** Takes a wait out that is over. */
  leave(wait: ReachableWait): void {
    const place = wait.place as WaitPlace;
    wait.place = null;
    const { older, newer } = place;
    if (older !== null) older.newer = newer;
    if (newer !== null) newer.older = older;
    else this.newest = older;
    if (onLeave !== null) onLeave(this);
  }

  /** Ends all waits with an error; if none can be ended, the next one will be. Tells whether one was. */
  interrupt(error: unknown): boolean {
    this.#pending = [...this.#without(error), error];
    const [oldest] = this.#pending;
    return this.#meet() && oldest === error;
  }

  /** Takes an interruption back that has met no wait; tells whether there was one. Without an error: any. */
  calmDown(error?: unknown): boolean {
    const { length } = this.#pending;
    this.#pending = error === undefined ? NONE : this.#without(error);
    return this.#pending.length < length;
  }

  /** What is waited for. */
  whats(): string[] {
    const all: ReachableWait[] = [];
    for (let place = this.newest; place !== null; place = place.older) all.unshift(place.wait);
    const known = all.filter(({ isLastResort }) => !isLastResort);
    return (known.length > 0 ? known : all).map(({ what }) => what);
  }

  #without(error: unknown): readonly unknown[] {
    return this.#pending.length === 0 ? NONE : this.#pending.filter((other) => other !== error);
  }

  #meet(): boolean {
    const [error] = this.#pending;
    // If what an ordinary wait waits for has come before, the code goes on with that, and its next wait throws.
    const met = this.#end(error, false) ?? this.#end(error, true) ?? false;
    if (met) this.#pending = this.#without(error);
    return met;
  }

  /** Ends waits of one sort; tells whether any throws, `null` if there is none. */
  #end(error: unknown, lastResorts: boolean): boolean | null {
    let met: boolean | null = null;
    for (;;) {
      let place = this.newest;
      while (
        place !== null && (place.wait.isLastResort !== lastResorts || place.wait.isShielded)
      ) {
        if (place.wait.isShielded) met ??= false;
        place = place.older;
      }
      if (place === null) return met;
      const { wait } = place;
      this.leave(wait);
      met = wait.interrupt(error) || (met ?? false);
    }
  }
}

let find: () => WaitScope | null = () => null;
let isHidden = false;

/** Gives the scope in which the running code begins waits; `null` if nobody can end them. */
export function waitScope(): WaitScope | null {
  return isHidden ? null : find();
}

/** Says how the scope of the running code is found. Called once, by the module of greenlets. */
export function findWaitScopeBy(finder: () => WaitScope | null): void {
  find = finder;
}

/** Whether the wait that begins is one that nobody can end. */
export function isUnreachable(): boolean {
  return isHidden;
}

/** Enters a wait that begins into the scope of the running code, if there is one. */
export function enterWaitScope(wait: ReachableWait): void {
  find()?.enter(wait);
}

/** Begins a wait that nobody can end: the one of a condition that takes its lock back, say. */
export function unreachable<T>(begin: () => T): T {
  const before = isHidden;
  isHidden = true;
  try {
    return begin();
  } finally {
    isHidden = before;
  }
}

const WHATS: ReadonlyMap<number, readonly string[]> = new Map([
  [TYPE_LOCK, ["Lock.acquire()"]],
  [TYPE_RLOCK, ["RLock.acquire()"]],
  [TYPE_CONDITION, ["Condition.wait()"]],
  [TYPE_EVENT, ["Event.wait()"]],
  [TYPE_SEMAPHORE, ["Semaphore.acquire()"]],
  [TYPE_BARRIER, ["Barrier.wait()"]],
  [TYPE_RWLOCK, ["RWLock.acquireWrite()", "RWLock.acquireRead()"]],
  [TYPE_QUEUE, ["Queue.get()", "Queue.put()", "Queue.join()"]],
]);

/** Says what is waited for in a list of an object. */
export function whatOf(words: SharedWords, o: number, list: number): string {
  return WHATS.get(words.get(o + TYPE))?.[list] ?? "wait()";
}
