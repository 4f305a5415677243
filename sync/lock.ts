/**
 * The lock of one holder at a time.
 *
 * @module
 */

import { HANDLE, type HandleRecord, type Scope } from "../_core/handle.ts";
import { TYPE_LOCK } from "../_core/layout.ts";
import { type AcquireOptions, LockCore, type SyncAcquireOptions } from "../_core/lock_core.ts";
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

let revived: Place | null = null;

/**
 * A lock that one holder has at a time: between coroutines, between threads, between processes.
 *
 * As in Python, it is not re-entrant, and may be released by another thread than the one that acquired it. A thread that
 * returns while it holds the lock leaves it held.
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
 * import { Lock } from "@nogil/std/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const lock = new Lock();
 * let count = 0;
 * await Promise.all([1, 2, 3].map(() => lock.with(() => count++)));
 *
 * const guard = lock.acquireSync(); // or `using _ = await lock.acquire()`
 * assertEquals([count, lock.locked()], [3, true]);
 * guard.release();
 * ```
 */
export class Lock {
  static {
    LockCore.findBy((lock) => #core in lock ? lock.#core : undefined);
  }

  readonly #core: LockCore;
  readonly #place: Place;

  /**
   * Creates a free lock.
   *
   * @param options `scope`: `"thread"` (default) to share it between threads, `"process"` between processes too, `"local"`
   * for the promises of one thread.
   * @throws {TypeError} If the scope is unknown.
   * @throws {NotSupportedError} If the scope is `"process"` and FFI is not granted (Deno) or `koffi` not installed (Node).
   */
  constructor(options?: { scope?: Scope }) {
    this.#place = revived ?? createPlace(TYPE_LOCK, checkScope(options, "Lock"));
    if (revived === null) adopt(this.#place, this);
    this.#core = new LockCore(this, this.#place);
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
   * @param options As for {@linkcode Lock.acquire}.
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
   * Releases the lock, whoever holds it. The guard of that acquisition does nothing any more.
   *
   * @throws {InvalidStateError} If nobody holds it.
   */
  release(): void {
    this.#core.release();
  }

  /** Whether anybody holds the lock. */
  locked(): boolean {
    return this.#core.locked();
  }

  /** Describes the lock, as `<Lock locked>`. */
  toString(): string {
    return `<Lock ${this.locked() ? "locked" : "unlocked"}>`;
  }

  /**
   * Gives what travels of the lock.
   *
   * @ignore
   */
  [HANDLE](target: "thread" | "process"): HandleRecord {
    return handleOf(this.#place, this, "sync/Lock", target);
  }
}

registerPlaced("sync/Lock", import.meta.url, (place) => {
  revived = place;
  try {
    return new Lock();
  } finally {
    revived = null;
  }
});
