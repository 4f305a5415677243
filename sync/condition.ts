/**
 * Waiting, under a lock, until somebody says that things have changed.
 *
 * @module
 */

import { InvalidStateError, TimeoutError } from "../errors.ts";
import { notify } from "../_core/condition_kind.ts";
import { HANDLE, type HandleRecord, type Scope } from "../_core/handle.ts";
import { NOTHING, type Outcome } from "../_core/kind.ts";
import { TYPE_CONDITION } from "../_core/layout.ts";
import { type AcquireOptions, LockCore, type SyncAcquireOptions } from "../_core/lock_core.ts";
import {
  adopt,
  checkScope,
  createPlace,
  handleOf,
  type Place,
  registerPlaced,
} from "../_core/place.ts";
import {
  checkSyncWait,
  checkWait,
  type SyncWaitOptions,
  type WaitOptions,
} from "../_core/wait_options.ts";
import { checkFunction, look } from "./callback.ts";
import type { Guard } from "./guard.ts";
import type { Lock } from "./lock.ts";
import { RLock } from "./rlock.ts";

let revived: Place | null = null;

/**
 * A condition variable: waiters let go of its lock, sleep until they are notified, and hold the lock again afterwards.
 *
 * `notify(n)` wakes exactly the `n` waiters that came first; it is not remembered for later ones. A waiter that died is
 * skipped, and passes on a notify that it can no longer use.
 *
 * Without a lock of yours it makes an `RLock`: two async functions on one thread are then one owner (see `RLock`); give
 * it a `Lock` to use it between async functions.
 *
 * @example Usage
 * ```ts
 * import { Condition, Lock } from "@nogil/std/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const items: number[] = [];
 * const filled = new Condition(new Lock());
 * const consumer = filled.with(async () => {
 *   await filled.waitFor(() => items.length > 0);
 *   return items.pop();
 * });
 * await filled.with(() => {
 *   items.push(7);
 *   filled.notify();
 * });
 * assertEquals(await consumer, 7);
 * ```
 */
export class Condition {
  readonly #place: Place;
  readonly #lock: Lock | RLock;
  readonly #core: LockCore;

  /**
   * Creates a condition.
   *
   * @param lock Its lock; the lock is held exactly when the condition is. Default: a new `RLock`.
   * @param options `scope`, which must be that of the lock. Default: the lock's, or `"thread"`.
   * @throws {TypeError} If the lock is no `Lock` or `RLock`, or the scopes differ.
   */
  constructor(lock?: Lock | RLock, options?: { scope?: Scope }) {
    const made = lock ?? new RLock(options);
    const core = LockCore.of(made);
    if (core === undefined) {
      throw new TypeError(
        "Cannot create Condition: 'lock' must be a Lock or an RLock: options come second, " +
          "as new Condition(undefined, options)",
      );
    }
    const { scope } = core.agent.arena;
    if (checkScope({ scope, ...options }, "Condition") !== scope) {
      throw new TypeError(`Cannot create Condition: the scope of its lock is "${scope}"`);
    }
    this.#place = revived ?? createPlace(TYPE_CONDITION, scope);
    if (revived === null) adopt(this.#place, this);
    this.#lock = made;
    this.#core = core;
  }

  /** Acquires the lock. As `acquire` of the lock. */
  acquire(options?: AcquireOptions): Promise<Guard> {
    return this.#lock.acquire(options);
  }

  /** Acquires the lock, blocking. As `acquireSync` of the lock. */
  acquireSync(options?: SyncAcquireOptions): Guard {
    return this.#lock.acquireSync(options);
  }

  /** Acquires the lock if that is possible at once. As `tryAcquire` of the lock. */
  tryAcquire(): Guard | null {
    return this.#lock.tryAcquire();
  }

  /** Releases the lock. As `release` of the lock. */
  release(): void {
    this.#lock.release();
  }

  /** Whether anybody holds the lock. */
  locked(): boolean {
    return this.#lock.locked();
  }

  /** Runs a function while the lock is held. As `with` of the lock. */
  with<T>(fn: () => T | Promise<T>, options?: AcquireOptions): Promise<T> {
    return this.#lock.with(fn, options);
  }

  /**
   * Lets go of the lock, waits until notified, and acquires the lock again, also when it throws.
   *
   * @param options `timeout` in milliseconds, `signal` to give up. Neither bounds the acquiring of the lock afterwards.
   * @throws {InvalidStateError} If the lock is not held.
   * @throws {TimeoutError} If time runs out.
   * @throws {AbandonedError} If a holder of the lock died in the meantime. The lock is held nevertheless.
   */
  async wait(options?: WaitOptions): Promise<void> {
    const timeout = checkWait(options, "wait on condition");
    if (!await this.#wait(timeout, options?.signal)) throw late(timeout);
  }

  /** Waits until notified, with the lock held again in the end; `false` when time was up. */
  async #wait(timeout: number, signal: AbortSignal | undefined): Promise<boolean> {
    this.#assertOwned("wait on");
    const { agent, o } = this.#place;
    const slot = this.#enqueue(true);
    const saved = this.#core.save();
    let outcome: Outcome;
    try {
      outcome = await agent.promises.wait(o, slot, timeout, signal);
    } finally {
      await this.#core.restore(saved);
    }
    return outcome !== NOTHING;
  }

  /**
   * Lets go of the lock, blocks this thread until notified, and acquires the lock again, also when it throws.
   *
   * @param options `timeout` in milliseconds. It does not bound the acquiring of the lock afterwards.
   * @throws {InvalidStateError} If the lock is not held.
   * @throws {TimeoutError} If time runs out.
   * @throws {DeadlockError} If the wait could never end: no other thread knows the condition, or its scope is `"local"`.
   * @throws {AbandonedError} If a holder of the lock died in the meantime. The lock is held nevertheless.
   */
  waitSync(options?: SyncWaitOptions): void {
    const timeout = checkSyncWait(options, "wait on condition");
    this.#assertOwned("wait on");
    const { agent, o } = this.#place;
    agent.assertEnds(o, timeout, "wait on condition");
    const slot = this.#enqueue(false);
    const saved = this.#core.save();
    let outcome: Outcome;
    try {
      outcome = agent.park(o, slot, timeout);
    } finally {
      this.#core.restoreSync(saved);
    }
    if (outcome === NOTHING) throw late(timeout);
  }

  /**
   * Waits until a predicate holds; it is looked at now and after each notify, while the lock is held.
   *
   * @param predicate Its first truthy value is the result.
   * @param options `timeout` in milliseconds for all waits together, `signal` to give up.
   * @throws {TypeError} If the predicate is no function, or returns a promise.
   * @throws {TimeoutError} If time runs out and the predicate does not hold.
   */
  async waitFor<T>(predicate: () => T, options?: WaitOptions): Promise<T> {
    const limit = checkWait(options, "wait on condition");
    const end = performance.now() + limit;
    checkFunction("predicate", predicate, "wait on condition");
    this.#assertOwned("wait on");
    for (;;) {
      const value = look(predicate);
      if (value) return value;
      options?.signal?.throwIfAborted();
      if (await this.#wait(Math.max(0, end - performance.now()), options?.signal)) continue;
      const last = look(predicate);
      if (last) return last;
      throw late(limit);
    }
  }

  /**
   * Blocks this thread until a predicate holds; it is looked at now and after each notify, while the lock is held.
   *
   * @param predicate Its first truthy value is the result.
   * @param options `timeout` in milliseconds for all waits together.
   * @throws {TypeError} If the predicate is no function, or returns a promise.
   * @throws {TimeoutError} If time runs out and the predicate does not hold.
   */
  waitForSync<T>(predicate: () => T, options?: SyncWaitOptions): T {
    const limit = checkSyncWait(options, "wait on condition");
    const end = performance.now() + limit;
    checkFunction("predicate", predicate, "wait on condition");
    this.#assertOwned("wait on");
    for (;;) {
      const value = look(predicate);
      if (value) return value;
      const left = Math.max(0, end - performance.now());
      try {
        this.waitSync(left === Infinity ? {} : { timeout: left });
      } catch (error) {
        if (!(error instanceof TimeoutError)) throw error;
        const last = look(predicate);
        if (last) return last;
        throw late(limit);
      }
    }
  }

  /**
   * Wakes the waiters that came first.
   *
   * @param n How many at most. Default: 1.
   * @throws {InvalidStateError} If the lock is not held.
   * @throws {RangeError} If `n` is no integer of at least 0.
   */
  notify(n: number = 1): void {
    if (typeof n !== "number") {
      throw new TypeError(`Cannot notify: 'n' must be a number: received ${typeof n}`);
    }
    if (n !== Infinity && !(Number.isInteger(n) && n >= 0)) {
      throw new RangeError(`Cannot notify: 'n' must be an integer >= 0: received ${n}`);
    }
    this.#assertOwned("notify");
    notify(this.#place.agent.q, this.#place.o, n);
  }

  /**
   * Wakes everybody who waits.
   *
   * @throws {InvalidStateError} If the lock is not held.
   */
  notifyAll(): void {
    this.notify(Infinity);
  }

  /** Describes the condition by its lock. */
  toString(): string {
    return `<Condition ${String(this.#lock)}>`;
  }

  /**
   * Gives what travels of the condition.
   *
   * @ignore
   */
  [HANDLE](target: "thread" | "process"): HandleRecord {
    return handleOf(this.#place, this, "sync/Condition", target, this.#lock);
  }

  #enqueue(promise: boolean): number {
    const { agent: { q }, o } = this.#place;
    q.latch(o);
    const slot = q.enqueue(o, 0, promise);
    q.unlatch(o);
    return slot;
  }

  #assertOwned(action: string): void {
    if (this.#core.isOwned()) return;
    throw new InvalidStateError(`Cannot ${action} condition: its lock is not held`);
  }
}

function late(timeout: number): TimeoutError {
  return new TimeoutError(`Cannot wait on condition: not notified within ${timeout} ms`);
}

registerPlaced("sync/Condition", import.meta.url, (place, lock) => {
  revived = place;
  try {
    return new Condition(lock as Lock | RLock);
  } finally {
    revived = null;
  }
});
