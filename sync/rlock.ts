/**
 * The lock that its owner may acquire again.
 *
 * @module
 */

import { HANDLE, type HandleRecord, registerHandle, type Scope } from "../_core/handle.ts";
import { TYPE_RLOCK } from "../_core/layout.ts";
import {
  type AcquireOptions,
  LockCore,
  RLockCore,
  type SyncAcquireOptions,
} from "../_core/lock_core.ts";
import {
  adopt,
  checkScope,
  createPlace,
  handleOf,
  type Place,
  registerPlaced,
} from "../_core/place.ts";
import { checkFunction } from "./callback.ts";
import type { Guard } from "./guard.ts";

/** An object that has an `RLock` in its own record: the lock travels with it. */
export interface LockOwner {
  /** Gives the lock. */
  getLock(): RLock;
}

let revived: Place | null = null;
let owner: LockOwner | null = null;

/**
 * A re-entrant lock: its owner may acquire it again, and has to release it as often.
 *
 * The owner is the thread and, within it, the current greenlet if there is one. **Two async functions on one thread,
 * outside of greenlets, are one owner: the lock does not keep them apart.** Use a `Lock` between async functions.
 *
 * Only the owner can release it. A thread or a greenlet that ends while it owns the lock, in whatever way, abandons it.
 *
 * Waiters queue in the order in which they came. A running thread may barge in front of them, but a waiter that has been
 * passed over for 1 ms is handed the lock.
 *
 * If the thread that holds it dies (it throws, is killed, exits, runs out of memory), the next `acquire` throws
 * `AbandonedError` once and leaves the lock free; with `{ recover: true }` it gets the lock and a guard whose `abandoned`
 * is true.
 *
 * @example Usage
 * ```ts
 * import { RLock } from "@nogil/std/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const lock = new RLock();
 * const outer = lock.acquireSync();
 * const inner = lock.acquireSync(); // the owner does not wait for itself
 * inner.release();
 * assertEquals(lock.locked(), true);
 * outer.release();
 * assertEquals(lock.locked(), false);
 * ```
 */
export class RLock {
  static {
    LockCore.findBy((lock) => #core in lock ? lock.#core : undefined);
  }

  readonly #core: RLockCore;
  readonly #place: Place;
  /** What the lock belongs to; holding on to it keeps the record alive. */
  readonly #owner: LockOwner | null = owner;

  /**
   * Creates a free lock.
   *
   * @param options `scope`: `"thread"` (default) to share it between threads, `"process"` between processes too, `"local"`
   * for the promises of one thread.
   * @throws {TypeError} If the scope is unknown.
   * @throws {NotSupportedError} If the scope is `"process"` and FFI is not granted (Deno) or `koffi` not installed (Node).
   */
  constructor(options?: { scope?: Scope }) {
    this.#place = revived ?? createPlace(TYPE_RLOCK, checkScope(options, "RLock"));
    if (revived === null) adopt(this.#place, this);
    this.#core = new RLockCore(this, this.#place);
  }

  /**
   * Acquires the lock, waiting as long as it takes.
   *
   * @param options `timeout` in milliseconds, `signal` to give up, `recover` to take a lock whose holder died.
   * @returns A guard that releases this acquisition.
   * @throws {TimeoutError} If time runs out; with `timeout: 0` if the lock is not free at once.
   * @throws {AbandonedError} If the last holder died; the lock is free again.
   */
  acquire(options?: AcquireOptions): Promise<Guard> {
    return this.#core.acquire(options);
  }

  /**
   * Acquires the lock, blocking this thread as long as it takes.
   *
   * @param options `timeout` in milliseconds, `recover` to take a lock whose holder died.
   * @returns A guard that releases this acquisition.
   * @throws {TimeoutError} If time runs out.
   * @throws {DeadlockError} If the wait could never end: no other thread knows the lock, or its scope is `"local"`.
   * @throws {AbandonedError} If the last holder died; the lock is free again.
   */
  acquireSync(options?: SyncAcquireOptions): Guard {
    return this.#core.acquireSync(options);
  }

  /**
   * Acquires the lock if that is possible at once.
   *
   * @returns A guard, or `null`.
   * @throws {AbandonedError} If the last holder died; the lock is free again.
   */
  tryAcquire(): Guard | null {
    return this.#core.tryAcquire();
  }

  /**
   * Runs a function while the lock is held, and releases it whatever happens.
   *
   * @param fn What to run; its result, awaited, is the result.
   * @param options As for {@linkcode RLock.acquire}.
   */
  async with<T>(fn: () => T | Promise<T>, options?: AcquireOptions): Promise<T> {
    checkFunction("fn", fn, "run with lock");
    const guard = await this.acquire(options);
    try {
      return await fn();
    } finally {
      guard.release();
    }
  }

  /**
   * Releases the latest acquisition.
   *
   * @throws {InvalidStateError} If the caller does not own the lock.
   */
  release(): void {
    this.#core.release();
  }

  /** Whether anybody holds the lock. */
  locked(): boolean {
    return this.#core.locked();
  }

  /** How often the caller has acquired the lock; 0 if it does not own it. */
  recursionCount(): number {
    return this.#core.recursionCount();
  }

  /** Describes the lock, as `<RLock locked>`. */
  toString(): string {
    return `<RLock ${this.locked() ? "locked" : "unlocked"}>`;
  }

  /**
   * Gives what travels of the lock.
   *
   * @ignore
   */
  [HANDLE](target: "thread" | "process"): HandleRecord {
    if (this.#owner !== null) return { type: "sync/OwnedRLock", data: this.#owner };
    return handleOf(this.#place, this, "sync/RLock", target);
  }
}

/** Makes the lock in the record of another object. The owner calls it once, and keeps the lock. */
export function ownedRLock(place: Place, of: LockOwner): RLock {
  owner = of;
  try {
    return reviveRLock(place);
  } finally {
    owner = null;
  }
}

function reviveRLock(place: Place): RLock {
  revived = place;
  try {
    return new RLock();
  } finally {
    revived = null;
  }
}

registerPlaced("sync/RLock", import.meta.url, reviveRLock);
registerHandle(
  "sync/OwnedRLock",
  (data) => (data as LockOwner).getLock(),
  import.meta.url,
);
