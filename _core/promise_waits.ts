/**
 * The promises of one agent that wait in queues, and its doorbell.
 *
 * However many promises wait, an agent has at most one asynchronous wait on shared memory: on the doorbell in its record.
 * Who wakes a promise marks its slot as ready and rings. When it rings, the agent looks at the ready slots, oldest first.
 * A pending asynchronous wait does not keep the program running, so a timer does while promises wait for other threads;
 * the same timer repairs what a death has left and repeats looks that may have been missed.
 *
 * @module
 */

import { callOnAbort } from "./abort_calls.ts";
import { Doorbell } from "./doorbell.ts";
import { NOTHING, type Outcome } from "./kind.ts";
import { A_BELL, agentRecord, S_STATE, WOKEN } from "./layout.ts";
import type { WaitQueue } from "./wait_queue.ts";
import { enterWaitScope, isUnreachable, ReachableWait, whatOf } from "./wait_scope.ts";

/** A waiter looks by itself after so many milliseconds. */
export const HEAL_SLICE = 250;
/** Who has been passed over for so many milliseconds is next. */
export const FAIR_MS = 1;
/** Where nobody tells that the bell was rung, it is looked at so often, in milliseconds. */
const POLL = 2;
/** Longest delay that a timer takes. */
const LONGEST_DELAY = 2 ** 31 - 1;

/** What a wait queue asks of the promises of its own agent. */
export interface Promises {
  /** Promises of this agent that wait. */
  readonly count: number;
  /** Sees to it that ready promises are looked at soon. */
  schedule(): void;
}

/** The waiting promises of an agent. */
export class PromiseWaits implements Promises {
  readonly #q: WaitQueue;
  readonly #heal: (o: number) => void;
  readonly #pending: Map<number, PromiseWait<unknown>> = new Map();
  readonly #onSchedule = (): void => {
    this.#scheduled = false;
    this.#drain();
  };
  readonly #onEnd = (wait: PromiseWait<unknown>): void => this.#end(wait);
  readonly #doorbell: Doorbell;
  #scheduled = false;
  #timer: ReturnType<typeof setInterval> | null = null;
  #poller: ReturnType<typeof setInterval> | null = null;
  #shared = 0;

  /** Serves the promises of the agent of `q`; `heal` repairs an object after a death. */
  constructor(q: WaitQueue, heal: (o: number) => void) {
    this.#q = q;
    this.#heal = heal;
    this.#doorbell = new Doorbell(
      q.w,
      agentRecord(q.me) + A_BELL,
      () => this.#shared > 0,
      () => this.#drain(),
    );
    q.connect(this);
  }

  /** Promises that wait. */
  get count(): number {
    return this.#pending.size;
  }

  /** Looks at the ready slots in the next microtask. */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(this.#onSchedule);
  }

  /** Says that an object, at which promises may wait, is now known to others. */
  shared(o: number): void {
    for (const pending of this.#pending.values()) if (pending.o === o) this.#shared++;
    this.#listen();
  }

  /**
   * Waits until a queued slot has what it wants. Frees the slot.
   *
   * @returns `NOTHING` when time was up; rejects with the signal's reason when that came first.
   */
  wait(o: number, s: number, timeout: number, signal: AbortSignal | undefined): Promise<Outcome> {
    return this.waitThen(o, s, timeout, signal, (outcome) => outcome);
  }

  /**
   * Waits until a queued slot has what it wants. Frees the slot.
   *
   * @param finish Gets the outcome at once, before anything else runs here; `NOTHING` when time was up or the wait was
   * aborted.
   * @returns What `finish` returns; rejects with what it throws, or with the signal's reason when that came first.
   */
  waitThen<T>(
    o: number,
    s: number,
    timeout: number,
    signal: AbortSignal | undefined,
    finish: (outcome: Outcome) => T | PromiseLike<T>,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const wait = new PromiseWait(this.#q, o, s, { timeout, signal, finish, resolve, reject });
      wait.onEnd = this.#onEnd;
      this.#pending.set(s, wait as PromiseWait<unknown>);
      if (this.#q.isShared(o)) this.#shared++;
      this.#listen();
      wait.begin();
    });
  }

  #end(wait: PromiseWait<unknown>): void {
    if (this.#pending.delete(wait.s) && this.#q.isShared(wait.o)) this.#shared--;
    if (this.#shared <= 0) this.#rest();
  }

  /** Keeps the program alive and an ear at the bell while promises wait for other threads. */
  #listen(): void {
    if (this.#shared <= 0) return;
    this.#timer ??= setInterval(() => this.#healAll(), HEAL_SLICE);
    this.#doorbell.listen();
    if (this.#q.w.polls) this.#poller ??= setInterval(() => this.#poll(), POLL);
  }

  #rest(): void {
    if (this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
    this.#stopPolling();
  }

  #poll(): void {
    if (!this.#q.w.polls) this.#stopPolling();
    if (this.#doorbell.isRung()) this.#drain();
  }

  #stopPolling(): void {
    if (this.#poller === null) return;
    clearInterval(this.#poller);
    this.#poller = null;
  }

  #drain(): void {
    this.#doorbell.clear();
    for (const s of this.#q.slots.takeReady()) this.#pending.get(s)?.retry(false);
  }

  #healAll(): void {
    const healed = new Set<number>();
    for (const wait of [...this.#pending.values()]) {
      const { o, s } = wait;
      if (!healed.has(o) && this.#q.isShared(o)) {
        healed.add(o);
        this.#heal(o);
      }
      if (this.#pending.get(s) === wait) wait.retry(true);
    }
  }
}

/** What a promise wait is made of. */
interface Terms<T> {
  timeout: number;
  signal: AbortSignal | undefined;
  finish: (outcome: Outcome) => T | PromiseLike<T>;
  resolve: (value: T | PromiseLike<T>) => void;
  reject: (error: unknown) => void;
}

/** One promise that waits. */
class PromiseWait<T> extends ReachableWait {
  readonly o: number;
  readonly s: number;
  onEnd: ((wait: PromiseWait<unknown>) => void) | null = null;
  readonly #q: WaitQueue;
  readonly #terms: Terms<T>;
  /** When it began, if it has an end; the clock costs as much as all the rest. */
  readonly #since: number;
  /** When it was passed over first. */
  #passedOver = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #forget: (() => void) | null = null;
  readonly #isShielded = isUnreachable();

  constructor(q: WaitQueue, o: number, s: number, terms: Terms<T>) {
    super();
    this.#q = q;
    this.o = o;
    this.s = s;
    this.#terms = terms;
    this.#since = terms.timeout === Infinity ? 0 : performance.now();
  }

  override get isShielded(): boolean {
    return this.#isShielded;
  }

  get what(): string {
    return whatOf(this.#q.w, this.o, this.#q.listOf(this.s));
  }

  begin(): void {
    const { timeout, signal } = this.#terms;
    if (timeout !== Infinity) this.#setTimer(timeout);
    if (signal !== undefined) {
      this.#forget = callOnAbort(signal, () => {
        this.leaveScope();
        this.interrupt(signal.reason);
      });
    }
    enterWaitScope(this);
  }

  interrupt(error: unknown): boolean {
    const outcome = this.#q.cancel(this.o, this.s);
    this.#end();
    if (outcome === NOTHING) this.#terms.reject(error);
    this.#settle(outcome);
    return outcome === NOTHING;
  }

  retry(late: boolean): void {
    const q = this.#q;
    const { o, s } = this;
    let outcome = q.granted(s);
    if (outcome === NOTHING) {
      const woken = q.w.load(s + S_STATE) === WOKEN;
      if (!woken && !late) return;
      q.latch(o);
      outcome = q.take(o, s, late);
      if (outcome === NOTHING && woken) {
        const now = performance.now();
        if (this.#passedOver === 0) this.#passedOver = now;
        q.back(o, s, now - this.#passedOver > FAIR_MS);
      }
      q.unlatch(o);
      if (outcome === NOTHING) return;
    }
    this.#end();
    this.#settle(outcome);
  }

  #setTimer(delay: number): void {
    this.#timer = setTimeout(() => this.#expire(), Math.min(Math.ceil(delay), LONGEST_DELAY));
  }

  #expire(): void {
    const left = this.#since + this.#terms.timeout - performance.now();
    if (left > 0) return this.#setTimer(left);
    const outcome = this.#q.cancel(this.o, this.s);
    this.#end();
    this.#settle(outcome);
  }

  #end(): void {
    this.leaveScope();
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#forget?.();
    this.onEnd?.(this as PromiseWait<unknown>);
    this.#q.slots.release(this.s);
  }

  #settle(outcome: Outcome): void {
    const { finish, resolve, reject } = this.#terms;
    try {
      resolve(finish(outcome));
    } catch (error) {
      reject(error);
    }
  }
}
