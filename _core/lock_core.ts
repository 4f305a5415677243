/**
 * A lock as one thread works on it: acquisitions, their guards, and how `Condition` lets go of it.
 *
 * `LockCore` is a plain lock. `RLockCore` adds an owner within the thread (the greenlet) and a count of acquisitions.
 *
 * @module
 */

import { AbandonedError, DeadlockError, InvalidStateError, TimeoutError } from "../errors.ts";
import type { Agent } from "./agent.ts";
import { type GuardOwner, HeldGuard } from "./held_guard.ts";
import { NOTHING, type Outcome, TAKEN_ABANDONED } from "./kind.ts";
import { MAIN } from "./layout.ts";
import { abandon, holderOf, spinLock, tryLock, unlock } from "./lock_kind.ts";
import { done } from "./reachable_wait.ts";
import { forgetHolding, type Holding, noteHolding, ownerToken } from "./owner_token.ts";
import type { Place } from "./place.ts";
import {
  checkSyncWait,
  checkWait,
  type SyncWaitOptions,
  type WaitOptions,
} from "./wait_options.ts";
import { unreachable } from "./wait_scope.ts";

/** Options of a promise acquire. */
export interface AcquireOptions extends WaitOptions {
  /** Takes the lock even if its last holder died; the guard's `abandoned` is then true. Default: false. */
  recover?: boolean;
}

/** Options of a blocking acquire. */
export interface SyncAcquireOptions extends SyncWaitOptions {
  /** Takes the lock even if its last holder died; the guard's `abandoned` is then true. Default: false. */
  recover?: boolean;
}

/** What a condition keeps while it has let go of its lock. */
export interface Saved {
  readonly current: HeldGuard | null;
  readonly guards: HeldGuard[];
  readonly token: number;
  readonly count: number;
}

const finders: ((lock: object) => LockCore | undefined)[] = [];

/** A lock that any thread may release. */
export class LockCore implements GuardOwner {
  readonly agent: Agent;
  readonly o: number;
  /** The guard of the latest acquisition of this thread, unless that was released. */
  protected current: HeldGuard | null = null;
  protected readonly noun: string = "lock";
  /** The public lock. Its record is freed when it is collected: it lives as long as anybody has a guard or waits. */
  protected readonly lock: object;

  constructor(lock: object, { agent, o }: Place) {
    this.lock = lock;
    this.agent = agent;
    this.o = o;
  }

  acquire(options?: AcquireOptions): Promise<HeldGuard> {
    try {
      const timeout = options === undefined ? Infinity : checkWait(options, `acquire ${this.noun}`);
      const token = ownerToken();
      const outcome = this.attempt(token);
      if (outcome !== NOTHING) return done(this.granted(outcome, token, options));
      return this.#acquireContended(timeout, token, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The lock has its new owner before anybody else runs: who had it before may come back at once. */
  #acquireContended(
    timeout: number,
    token: number,
    options: AcquireOptions | undefined,
  ): Promise<HeldGuard> {
    return this.agent.waitThen(this.o, 0, 0, timeout, options?.signal, (outcome) => {
      if (outcome === NOTHING) throw this.#late(timeout);
      return this.granted(outcome, token, options);
    });
  }

  acquireSync(options?: SyncAcquireOptions): HeldGuard {
    const token = ownerToken();
    if (options === undefined) {
      const outcome = this.attempt(token);
      if (outcome !== NOTHING) return this.granted(outcome, token, undefined);
      return this.#acquireSyncContended(Infinity, token, undefined);
    }
    const timeout = checkSyncWait(options, `acquire ${this.noun}`);
    const outcome = this.attempt(token);
    if (outcome !== NOTHING) return this.granted(outcome, token, options);
    return this.#acquireSyncContended(timeout, token, options);
  }

  #acquireSyncContended(
    timeout: number,
    token: number,
    options: SyncAcquireOptions | undefined,
  ): HeldGuard {
    if (timeout === Infinity && !this.agent.arena.isLocal) this.#assertNoSelfDeadlock();
    let outcome = timeout === 0 ? NOTHING : spinLock(this.agent.q, this.o);
    if (outcome === NOTHING) {
      outcome = this.agent.waitSync(this.o, 0, timeout, `acquire ${this.noun}`);
    }
    if (outcome === NOTHING) throw this.#late(timeout);
    return this.granted(outcome, token, options);
  }

  tryAcquire(): HeldGuard | null {
    const token = ownerToken();
    const outcome = this.attempt(token);
    return outcome === NOTHING ? null : this.granted(outcome, token, undefined);
  }

  release(): void {
    const holder = holderOf(this.agent.q, this.o);
    if (holder === 0 || !unlock(this.agent.q, this.o)) {
      throw new InvalidStateError(`Cannot release ${this.noun}: it is not held`);
    }
    this.current = null;
    if (holder === this.agent.id) this.agent.locksHeld--;
  }

  releaseGuard(guard: HeldGuard): void {
    if (this.current !== guard || !this.isMine()) return;
    this.current = null;
    this.agent.locksHeld--;
    unlock(this.agent.q, this.o);
  }

  locked(): boolean {
    return holderOf(this.agent.q, this.o) !== 0;
  }

  /** Whether the current thread may wait on a condition of this lock. */
  isOwned(): boolean {
    return this.locked();
  }

  /** Lets go of the lock, however often it was acquired. */
  save(): Saved {
    const saved: Saved = { current: this.current, guards: [], token: 0, count: 1 };
    this.current = null;
    this.agent.locksHeld--;
    unlock(this.agent.q, this.o);
    return saved;
  }

  /** Takes the lock back as a promise. The lock is held afterwards, whatever is thrown. */
  async restore(saved: Saved): Promise<void> {
    const outcome = tryLock(this.agent.q, this.o);
    if (outcome !== NOTHING) return this.#restored(saved, outcome);
    const restored = (outcome: Outcome): void => this.#restored(saved, outcome);
    await unreachable(() => this.agent.waitThen(this.o, 0, 0, Infinity, undefined, restored));
  }

  /** Takes the lock back. The lock is held afterwards, whatever is thrown. */
  restoreSync(saved: Saved): void {
    let outcome = tryLock(this.agent.q, this.o);
    if (outcome === NOTHING) outcome = spinLock(this.agent.q, this.o);
    if (outcome === NOTHING) {
      outcome = this.agent.waitSync(this.o, 0, Infinity, `acquire ${this.noun}`);
    }
    this.#restored(saved, outcome);
  }

  /** Finds the core of a public lock. */
  static of(lock: object): LockCore | undefined {
    if (typeof lock !== "object") return undefined;
    for (const find of finders) {
      const core = find(lock);
      if (core !== undefined) return core;
    }
  }

  /** Says how the cores of a class are found. Called once by each public class. */
  static findBy(find: (lock: object) => LockCore | undefined): void {
    finders.push(find);
  }

  #restored(saved: Saved, outcome: Outcome): void {
    this.agent.locksHeld++;
    this.current = saved.current;
    this.remember(saved);
    if (outcome === TAKEN_ABANDONED) throw this.#abandoned();
  }

  /** Takes the lock at once, if possible. */
  protected attempt(_token: number): Outcome {
    return tryLock(this.agent.q, this.o);
  }

  /** Notes in the shared words who holds the lock, and how often. */
  protected remember(_saved: Saved): void {}

  /** Lets go of a lock that was just taken. */
  protected drop(): void {
    unlock(this.agent.q, this.o);
  }

  protected isMine(): boolean {
    return holderOf(this.agent.q, this.o) === this.agent.id;
  }

  protected granted(
    outcome: Outcome,
    _token: number,
    options: { recover?: boolean } | undefined,
  ): HeldGuard {
    const abandoned = outcome === TAKEN_ABANDONED;
    if (abandoned && options?.recover !== true) {
      this.drop();
      throw this.#abandoned();
    }
    this.agent.locksHeld++;
    return this.current = new HeldGuard(this, abandoned);
  }

  #abandoned(): AbandonedError {
    return new AbandonedError(
      `Cannot acquire ${this.noun}: its holder died, what it protects may be half changed ` +
        "(acquire with { recover: true } to repair it)",
    );
  }

  #late(timeout: number): TimeoutError {
    return new TimeoutError(`Cannot acquire ${this.noun}: timed out after ${timeout} ms`);
  }

  #assertNoSelfDeadlock(): void {
    if (!this.isMine() || this.agent.q.isShared(this.o)) return;
    throw new DeadlockError(
      `Cannot acquire ${this.noun}: this thread holds it already and no other thread knows it, ` +
        "so that nobody could ever release it (use an RLock, or release it first)",
    );
  }
}

const COUNT = MAIN + 1;
const TOKEN = MAIN + 2;

/** A lock that its owner may acquire again. */
export class RLockCore extends LockCore implements Holding {
  /** Guards of the owner's acquisitions that are not released, oldest first. */
  #guards: HeldGuard[] = [];
  protected override readonly noun: string = "re-entrant lock";

  /** How often the current owner has acquired it; 0 for everybody else. */
  recursionCount(): number {
    return this.isOwned() ? this.agent.q.w.load(this.o + COUNT) : 0;
  }

  override isOwned(): boolean {
    return this.isMine() && this.agent.q.w.load(this.o + TOKEN) === ownerToken();
  }

  override release(): void {
    this.#assertMayRelease();
    this.#guards.pop();
    this.#decrement();
  }

  override releaseGuard(guard: HeldGuard): void {
    const at = this.#guards.lastIndexOf(guard);
    if (at < 0 || !this.isMine()) return;
    this.#guards.splice(at, 1);
    this.#decrement();
  }

  override save(): Saved {
    const w = this.agent.q.w;
    const saved: Saved = {
      current: null,
      guards: this.#guards,
      token: w.load(this.o + TOKEN),
      count: w.load(this.o + COUNT),
    };
    this.#guards = [];
    this.agent.locksHeld--;
    forgetHolding(saved.token, this);
    unlock(this.agent.q, this.o);
    return saved;
  }

  /** The greenlet that held the lock has ended, and nobody else can release it. */
  ownerEnded(token: number): void {
    const { q } = this.agent;
    if (!this.isMine() || q.w.load(this.o + TOKEN) !== token) return;
    this.#guards = [];
    this.agent.locksHeld--;
    abandon(q, this.o);
  }

  #decrement(): void {
    const w = this.agent.q.w;
    const count = w.load(this.o + COUNT) - 1;
    if (count > 0) {
      w.store(this.o + COUNT, count);
      return;
    }
    if (this.#guards.length !== 0) this.#guards = [];
    this.agent.locksHeld--;
    forgetHolding(w.load(this.o + TOKEN), this);
    unlock(this.agent.q, this.o);
  }

  protected override attempt(token: number): Outcome {
    const { q } = this.agent;
    const outcome = tryLock(q, this.o);
    if (outcome !== NOTHING) return outcome;
    return this.isMine() && q.w.load(this.o + TOKEN) === token ? AGAIN : NOTHING;
  }

  protected override granted(
    outcome: Outcome,
    token: number,
    options: { recover?: boolean } | undefined,
  ): HeldGuard {
    const { w } = this.agent.q;
    if (outcome !== AGAIN) {
      const guard = super.granted(outcome, token, options);
      // Those of a thread that has failed here may be left.
      if (this.#guards.length !== 0) this.#guards = [];
      this.#guards.push(guard);
      // They are nearly always what they were, since the last release leaves them.
      if (w.load(this.o + TOKEN) !== token) w.store(this.o + TOKEN, token);
      if (w.load(this.o + COUNT) !== 1) w.store(this.o + COUNT, 1);
      noteHolding(token, this);
      return guard;
    }
    w.store(this.o + COUNT, w.load(this.o + COUNT) + 1);
    const guard = new HeldGuard(this, false);
    this.#guards.push(guard);
    return guard;
  }

  protected override remember({ guards, token, count }: Saved): void {
    this.#guards = guards;
    noteHolding(token, this);
    const { w } = this.agent.q;
    w.store(this.o + TOKEN, token);
    w.store(this.o + COUNT, count);
  }

  #assertMayRelease(): void {
    if (this.isOwned()) return;
    throw new InvalidStateError(
      this.locked()
        ? "Cannot release re-entrant lock: it is held by another owner"
        : "Cannot release re-entrant lock: it is not held",
    );
  }
}

/** Outcome of an acquire by the owner. */
const AGAIN: Outcome = 3;
