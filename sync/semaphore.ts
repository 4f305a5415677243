/**
 * A number of permits.
 *
 * @module
 */

import { InvalidStateError } from "../errors.ts";
import { HANDLE, type HandleRecord, type Scope } from "../_core/handle.ts";
import { TYPE_SEMAPHORE } from "../_core/layout.ts";
import {
  adopt,
  checkScope,
  createPlace,
  handleOf,
  type Place,
  registerPlaced,
} from "../_core/place.ts";
import { initializeSemaphore, MAX_PERMITS } from "../_core/semaphore_kind.ts";
import {
  checkSyncWait,
  checkWait,
  type SyncWaitOptions,
  type WaitOptions,
} from "../_core/wait_options.ts";
import { checkFunction } from "./callback.ts";
import type { Guard } from "./guard.ts";
import { OwnPermits, type Permits, SharedPermits } from "./permits.ts";

let revived: Place | null = null;

/**
 * A semaphore: a number of permits that are acquired and given back.
 *
 * Waiters are served in the order in which they came; while somebody waits, newcomers queue behind him. A permit may be
 * released by anybody, also by a thread that acquired none, so that a semaphore can serve as a signal.
 *
 * If a thread dies, the permits that it had acquired, and that nobody has released since, come back.
 *
 * @example Usage
 * ```ts
 * import { Semaphore } from "@nogil/std/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const seats = new Semaphore(2);
 * const guard = seats.acquireSync();
 * assertEquals(seats.value, 1);
 * guard.release();
 * assertEquals(seats.value, 2);
 * ```
 */
export class Semaphore {
  readonly #place: Place;
  readonly #permits: Permits;
  readonly #initial: number;

  /**
   * Creates a semaphore.
   *
   * @param value Number of permits, 0 to 536 870 911. Default: 1.
   * @param options `scope`: `"thread"` (default) to share it between threads, `"process"` between processes too, `"local"`
   * for the promises of one thread.
   * @throws {RangeError} If the number of permits is negative, too large or no integer.
   * @throws {TypeError} If it is no number, or the scope is unknown.
   * @throws {NotSupportedError} If the scope is `"process"` and FFI is not granted (Deno) or `koffi` not installed (Node).
   */
  constructor(value?: number, options?: { scope?: Scope }) {
    const count = value ?? 1;
    checkCount("create", "value", count, 0);
    if (revived === null) {
      this.#place = createPlace(TYPE_SEMAPHORE, checkScope(options, new.target.name));
      adopt(this.#place, this);
      initializeSemaphore(this.#place.agent.q, this.#place.o, count);
    } else this.#place = revived;
    this.#initial = count;
    const bound = this.bounded ? count : MAX_PERMITS;
    this.#permits = this.#place.scope === "local"
      ? new OwnPermits(this, count, bound)
      : new SharedPermits(this, this.#place, bound);
  }

  /** Whether there can never be more permits than at the beginning. */
  protected get bounded(): boolean {
    return false;
  }

  /** Permits that are left at this moment. */
  get value(): number {
    return this.#permits.value;
  }

  /**
   * Acquires a permit, waiting as long as it takes.
   *
   * @param options `timeout` in milliseconds, `signal` to give up.
   * @returns A guard that gives the permit back.
   * @throws {TimeoutError} If time runs out.
   */
  acquire(options?: WaitOptions): Promise<Guard> {
    try {
      const timeout = checkWait(options, "acquire semaphore");
      return this.#permits.acquire(timeout, options?.signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Acquires a permit, blocking this thread as long as it takes.
   *
   * @param options `timeout` in milliseconds.
   * @returns A guard that gives the permit back.
   * @throws {TimeoutError} If time runs out.
   * @throws {DeadlockError} If the wait could never end: no other thread knows the semaphore, or its scope is `"local"`.
   */
  acquireSync(options?: SyncWaitOptions): Guard {
    const timeout = checkSyncWait(options, "acquire semaphore");
    const guard = this.#permits.tryAcquire();
    if (guard !== null) return guard;
    const { agent, o } = this.#place;
    return this.#permits.taken(agent.waitSync(o, 0, timeout, "acquire semaphore"), timeout);
  }

  /** Acquires a permit if one is left and nobody waits; gives a guard or `null`. */
  tryAcquire(): Guard | null {
    return this.#permits.tryAcquire();
  }

  /**
   * Runs a function with a permit, and gives it back whatever happens.
   *
   * @param fn What to run; its result, awaited, is the result.
   * @param options As for {@linkcode Semaphore.acquire}.
   */
  async with<T>(fn: () => T | Promise<T>, options?: WaitOptions): Promise<T> {
    checkFunction("fn", fn, "run with semaphore");
    const guard = await this.acquire(options);
    try {
      return await fn();
    } finally {
      guard.release();
    }
  }

  /**
   * Gives permits back and wakes as many waiters. Guards of this thread's oldest acquisitions do nothing any more.
   *
   * @param n How many. Default: 1.
   * @throws {RangeError} If `n` is no integer of at least 1.
   * @throws {InvalidStateError} If there would be too many permits; none is given back then.
   */
  release(n: number = 1): void {
    checkCount("release", "n", n, 1);
    if (this.#permits.release(n)) return;
    const bound = this.bounded ? this.#initial : MAX_PERMITS;
    throw new InvalidStateError(
      `Cannot release semaphore: there would be more than ${bound} permits`,
    );
  }

  /** Describes the semaphore, as `<Semaphore value=3>`. */
  toString(): string {
    return `<${this.constructor.name} value=${this.value}${
      this.bounded ? `/${this.#initial}` : ""
    }>`;
  }

  /**
   * Gives what travels of the semaphore.
   *
   * @ignore
   */
  [HANDLE](target: "thread" | "process"): HandleRecord {
    const type = this.bounded ? "sync/BoundedSemaphore" : "sync/Semaphore";
    return handleOf(this.#place, this, type, target, this.#initial);
  }
}

/**
 * A semaphore that can never have more permits than at the beginning: a release too many is an error.
 *
 * @example Usage
 * ```ts
 * import { BoundedSemaphore } from "@nogil/std/sync";
 * import { InvalidStateError } from "@nogil/std/errors";
 * import { assertThrows } from "@std/assert";
 *
 * const seats = new BoundedSemaphore(2);
 * assertThrows(() => seats.release(), InvalidStateError);
 * ```
 */
export class BoundedSemaphore extends Semaphore {
  /** Whether there can never be more permits than at the beginning: true. */
  protected override get bounded(): boolean {
    return true;
  }
}

function checkCount(verb: string, name: string, value: number, least: number): void {
  if (typeof value !== "number") {
    throw new TypeError(
      `Cannot ${verb} semaphore: '${name}' must be a number: received ${typeof value}`,
    );
  }
  if (!Number.isInteger(value) || value < least || value > MAX_PERMITS) {
    throw new RangeError(
      `Cannot ${verb} semaphore: '${name}' must be an integer from ${least} to ${MAX_PERMITS}: received ${value}`,
    );
  }
}

for (
  const [type, make] of [["sync/Semaphore", Semaphore], [
    "sync/BoundedSemaphore",
    BoundedSemaphore,
  ]] as const
) {
  registerPlaced(type, import.meta.url, (place, initial) => {
    revived = place;
    try {
      return new make(initial as number);
    } finally {
      revived = null;
    }
  });
}
