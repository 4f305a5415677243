/**
 * The lock of many readers or one writer.
 *
 * @module
 */

import { AbandonedError, TimeoutError } from "../errors.ts";
import { HANDLE, type HandleRecord, type Scope } from "../_core/handle.ts";
import { type GuardOwner, HeldGuard } from "../_core/held_guard.ts";
import { NOTHING, type Outcome, TAKEN_ABANDONED } from "../_core/kind.ts";
import { TYPE_RWLOCK } from "../_core/layout.ts";
import type { AcquireOptions, SyncAcquireOptions } from "../_core/lock_core.ts";
import {
  adopt,
  checkScope,
  createPlace,
  handleOf,
  type Place,
  registerPlaced,
} from "../_core/place.ts";
import {
  READERS_LIST,
  readersOf,
  releaseRead,
  releaseWrite,
  tryRead,
  tryWrite,
  writerOf,
  WRITERS_LIST,
} from "../_core/rwlock_kind.ts";
import { checkSyncWait, checkWait } from "../_core/wait_options.ts";
import type { Guard } from "./guard.ts";

let revived: Place | null = null;

/** One of the two ways to hold the lock. */
interface Side extends GuardOwner {
  /** Its record is freed when it is collected: it lives as long as anybody has a guard. */
  readonly lock: RWLock;
  readonly list: number;
  readonly action: string;
  attempt(): Outcome;
  release(): void;
}

/**
 * A readers-writer lock: any number of readers, or one writer. Python has none.
 *
 * Writers are preferred: while one waits, new readers queue behind it. When both wait, reading and writing turns
 * alternate, so that nobody starves. So do not read again while you read (a writer may wait in between, for you), and
 * release the read lock before you acquire the write lock.
 *
 * If a thread dies while it writes, the next acquire throws `AbandonedError` once, or gets the lock with
 * `{ recover: true }`. The read locks of a dead thread are released.
 *
 * @example Usage
 * ```ts
 * import { RWLock } from "@nogil/std/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const lock = new RWLock();
 * const one = lock.acquireReadSync();
 * const two = lock.acquireReadSync();
 * assertEquals(lock.tryAcquireWrite(), null);
 * one.release();
 * two.release();
 * lock.acquireWriteSync().release();
 * ```
 */
export class RWLock {
  readonly #place: Place;
  readonly #reading: Side;
  readonly #writing: Side;

  /**
   * Creates a free lock.
   *
   * @param options `scope`: `"thread"` (default) to share it between threads, `"process"` between processes too, `"local"`
   * for the promises of one thread.
   * @throws {TypeError} If the scope is unknown.
   * @throws {NotSupportedError} If the scope is `"process"` and FFI is not granted (Deno) or `koffi` not installed (Node).
   */
  constructor(options?: { scope?: Scope }) {
    const place = revived ?? createPlace(TYPE_RWLOCK, checkScope(options, "RWLock"));
    if (revived === null) adopt(place, this);
    this.#place = place;
    const { agent, o } = place;
    this.#reading = {
      lock: this,
      list: READERS_LIST,
      action: "acquire readers-writer lock for reading",
      attempt: () => tryRead(agent.q, o),
      release: () => releaseRead(agent.q, o),
      releaseGuard: () => releaseRead(agent.q, o),
    };
    const releaseWriting = (): void => {
      if (releaseWrite(agent.q, o)) agent.locksHeld--;
    };
    this.#writing = {
      lock: this,
      list: WRITERS_LIST,
      action: "acquire readers-writer lock for writing",
      attempt: () => tryWrite(agent.q, o),
      release: releaseWriting,
      releaseGuard: releaseWriting,
    };
  }

  /**
   * Acquires the lock for reading, waiting as long as it takes.
   *
   * @param options `timeout` in milliseconds, `signal` to give up, `recover` to go on after a writer's death.
   * @throws {TimeoutError} If time runs out.
   * @throws {AbandonedError} If the last writer died; the lock is free again.
   */
  acquireRead(options?: AcquireOptions): Promise<Guard> {
    return this.#acquire(this.#reading, options);
  }

  /**
   * Acquires the lock for reading, blocking this thread.
   *
   * @param options `timeout` in milliseconds, `recover` to go on after a writer's death.
   * @throws {TimeoutError} If time runs out.
   * @throws {DeadlockError} If the wait could never end: no other thread knows the lock, or its scope is `"local"`.
   * @throws {AbandonedError} If the last writer died; the lock is free again.
   */
  acquireReadSync(options?: SyncAcquireOptions): Guard {
    return this.#acquireSync(this.#reading, options);
  }

  /**
   * Acquires the lock for reading if that is possible at once; gives a guard or `null`.
   *
   * @throws {AbandonedError} If the last writer died; the lock is free again.
   */
  tryAcquireRead(): Guard | null {
    return this.#try(this.#reading);
  }

  /**
   * Acquires the lock for writing, waiting as long as it takes.
   *
   * @param options `timeout` in milliseconds, `signal` to give up, `recover` to go on after a writer's death.
   * @throws {TimeoutError} If time runs out.
   * @throws {AbandonedError} If the last writer died; the lock is free again.
   */
  acquireWrite(options?: AcquireOptions): Promise<Guard> {
    return this.#acquire(this.#writing, options);
  }

  /**
   * Acquires the lock for writing, blocking this thread.
   *
   * @param options `timeout` in milliseconds, `recover` to go on after a writer's death.
   * @throws {TimeoutError} If time runs out.
   * @throws {DeadlockError} If the wait could never end: no other thread knows the lock, or its scope is `"local"`.
   * @throws {AbandonedError} If the last writer died; the lock is free again.
   */
  acquireWriteSync(options?: SyncAcquireOptions): Guard {
    return this.#acquireSync(this.#writing, options);
  }

  /**
   * Acquires the lock for writing if that is possible at once; gives a guard or `null`.
   *
   * @throws {AbandonedError} If the last writer died; the lock is free again.
   */
  tryAcquireWrite(): Guard | null {
    return this.#try(this.#writing);
  }

  /** How many read locks are held at this moment. */
  get readers(): number {
    return readersOf(this.#place.agent.q, this.#place.o);
  }

  /** Whether a writer holds the lock. */
  get writing(): boolean {
    return writerOf(this.#place.agent.q, this.#place.o) !== 0;
  }

  /** Whether anybody holds the lock, reading or writing. */
  locked(): boolean {
    return this.writing || this.readers > 0;
  }

  /** Describes the lock, as `<RWLock readers=2>`. */
  toString(): string {
    return `<RWLock ${this.writing ? "writing" : `readers=${this.readers}`}>`;
  }

  /**
   * Gives what travels of the lock.
   *
   * @ignore
   */
  [HANDLE](target: "thread" | "process"): HandleRecord {
    return handleOf(this.#place, this, "sync/RWLock", target);
  }

  async #acquire(side: Side, options: AcquireOptions | undefined): Promise<Guard> {
    const timeout = checkWait(options, side.action);
    let outcome = side.attempt();
    if (outcome === NOTHING) {
      const { agent, o } = this.#place;
      outcome = await agent.wait(o, side.list, timeout, options?.signal);
    }
    return this.#granted(side, outcome, timeout, options?.recover);
  }

  #acquireSync(side: Side, options: SyncAcquireOptions | undefined): Guard {
    const timeout = checkSyncWait(options, side.action);
    let outcome = side.attempt();
    if (outcome === NOTHING) {
      outcome = this.#place.agent.waitSync(this.#place.o, side.list, timeout, side.action);
    }
    return this.#granted(side, outcome, timeout, options?.recover);
  }

  #try(side: Side): Guard | null {
    const outcome = side.attempt();
    return outcome === NOTHING ? null : this.#granted(side, outcome, 0, false);
  }

  #granted(side: Side, outcome: Outcome, timeout: number, recover: boolean | undefined): Guard {
    if (outcome === NOTHING) {
      throw new TimeoutError(`Cannot ${side.action}: timed out after ${timeout} ms`);
    }
    if (side === this.#writing) this.#place.agent.locksHeld++;
    const abandoned = outcome === TAKEN_ABANDONED;
    if (abandoned && recover !== true) {
      side.release();
      throw new AbandonedError(
        `Cannot ${side.action}: its writer died, what it protects may be half changed ` +
          "(acquire with { recover: true } to repair it)",
      );
    }
    return new HeldGuard(side, abandoned);
  }
}

registerPlaced("sync/RWLock", import.meta.url, (place) => {
  revived = place;
  try {
    return new RWLock();
  } finally {
    revived = null;
  }
});
