/**
 * The acquisitions of a semaphore by this thread.
 *
 * They are counted; a guard knows the number of its own, and is kept by nobody but its owner.
 *
 * @module
 */

import { TimeoutError } from "../errors.ts";
import type { Agent } from "../_core/agent.ts";
import { type GuardOwner, HeldGuard } from "../_core/held_guard.ts";
import { NOTHING, type Outcome } from "../_core/kind.ts";
import { type Acquiring, LocalPermits } from "../_core/local_permits.ts";
import type { Place } from "../_core/place.ts";
import { done } from "../_core/reachable_wait.ts";
import { permits, releasePermits, tryPermit } from "../_core/semaphore_kind.ts";
import { Spent } from "../_core/spent.ts";

/** The acquisitions of a semaphore by this thread. */
export abstract class Permits implements GuardOwner, Acquiring<HeldGuard> {
  readonly #released: Spent = new Spent();
  #acquired = 0;
  /** Its record is freed when it is collected: it lives as long as anybody has a guard. */
  readonly semaphore: object;

  constructor(semaphore: object) {
    this.semaphore = semaphore;
  }

  /** Permits that are left. */
  abstract get value(): number;

  /** Takes a permit if one is left and nobody waits. */
  protected abstract take(): boolean;

  /** Waits for a permit. */
  protected abstract wait(timeout: number, signal: AbortSignal | undefined): Promise<HeldGuard>;

  /** Gives permits back; `false` if there would be too many. */
  protected abstract give(n: number): boolean;

  /** Counts an acquisition. */
  granted(): HeldGuard {
    return new HeldGuard(this, false, ++this.#acquired);
  }

  /** Gives what is thrown when time is up. */
  late(timeout: number): TimeoutError {
    return new TimeoutError(`Cannot acquire semaphore: timed out after ${timeout} ms`);
  }

  /** What a wait has brought. */
  taken(outcome: Outcome, timeout: number): HeldGuard {
    if (outcome === NOTHING) throw this.late(timeout);
    return this.granted();
  }

  /** Acquires a permit if one is left and nobody waits. */
  tryAcquire(): HeldGuard | null {
    return this.take() ? this.granted() : null;
  }

  /** Acquires a permit. */
  acquire(timeout: number, signal: AbortSignal | undefined): Promise<HeldGuard> {
    return this.take() ? done(this.granted()) : this.wait(timeout, signal);
  }

  /** Gives the permit of a guard back, unless that was done. */
  releaseGuard(guard: HeldGuard): void {
    if (this.#released.add(guard.number)) this.give(1);
  }

  /** Gives permits back, those of the oldest guards; `false` if there would be too many. */
  release(n: number): boolean {
    const last = this.#acquired;
    if (!this.give(n)) return false;
    this.#released.addSmallest(n, last);
    return true;
  }
}

/** Those of a semaphore that others may know. */
export class SharedPermits extends Permits {
  readonly #agent: Agent;
  readonly #o: number;
  readonly #bound: number;
  /** Ends a wait that has no end of its own. */
  readonly #brought = (outcome: Outcome): HeldGuard => this.taken(outcome, Infinity);

  /** Makes the view on a record; there are never more permits than `bound`. */
  constructor(semaphore: object, { agent, o }: Place, bound: number) {
    super(semaphore);
    this.#agent = agent;
    this.#o = o;
    this.#bound = bound;
  }

  get value(): number {
    return permits(this.#agent.q, this.#o);
  }

  protected take(): boolean {
    return tryPermit(this.#agent.q, this.#o) !== NOTHING;
  }

  protected wait(timeout: number, signal: AbortSignal | undefined): Promise<HeldGuard> {
    const finish = timeout === Infinity
      ? this.#brought
      : (outcome: Outcome): HeldGuard => this.taken(outcome, timeout);
    return this.#agent.waitThen(this.#o, 0, 0, timeout, signal, finish);
  }

  protected give(n: number): boolean {
    return releasePermits(this.#agent.q, this.#o, n, this.#bound);
  }
}

/** Those of a semaphore of scope `"local"`. */
export class OwnPermits extends Permits {
  readonly #permits: LocalPermits<HeldGuard>;
  readonly #bound: number;

  /** Makes `count` permits; there are never more than `bound`. */
  constructor(semaphore: object, count: number, bound: number) {
    super(semaphore);
    this.#permits = new LocalPermits(count, this);
    this.#bound = bound;
  }

  get value(): number {
    return this.#permits.value;
  }

  protected take(): boolean {
    return this.#permits.take();
  }

  protected wait(timeout: number, signal: AbortSignal | undefined): Promise<HeldGuard> {
    if (timeout === 0) return Promise.reject(this.late(timeout));
    return this.#permits.wait(timeout, signal);
  }

  protected give(n: number): boolean {
    if (this.#permits.value + n > this.#bound) return false;
    this.#permits.give(n);
    return true;
  }
}
