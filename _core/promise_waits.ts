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

import { Doorbell } from "./doorbell.ts";
import { soon } from "../_runtime/soon.ts";
import { NOTHING, type Outcome } from "./kind.ts";
import { A_BELL, agentRecord, CHUNK_BASE, S_STATE, SLOT_WORDS, WOKEN } from "./layout.ts";
import { ReachableWait } from "./reachable_wait.ts";
import { type Limited, WaitLimit } from "./wait_limit.ts";
import type { WaitQueue } from "./wait_queue.ts";
import { stepping } from "./stepping.ts";
import { enterWaitScope, isUnreachable, whatOf } from "./wait_scope.ts";

/** A waiter looks by itself after so many milliseconds. */
export const HEAL_SLICE = 250;
/** Who has been passed over for so many milliseconds is next. */
export const FAIR_MS = 1;
/** Where nobody tells that the bell was rung, it is looked at so often, in milliseconds. */
const POLL = 2;

/** What a wait queue asks of the promises of its own agent. */
export interface Promises {
  /** Promises of this agent that wait. */
  readonly count: number;
  /** Sees to it that ready promises are looked at soon; where nobody else is, the one of slot `s` alone is ready. */
  schedule(s: number): void;
}

/** The waiting promises of an agent. */
export class PromiseWaits implements Promises {
  /** The wait queues of the agent. */
  readonly q: WaitQueue;
  /** Promises that wait. */
  count = 0;
  readonly #heal: (o: number) => void;
  /** The promises that wait, by the number of their slot. */
  readonly #bySlot: (PromiseWait<unknown> | undefined)[] = [];
  /** The same in the order in which they began, where others may know their objects. */
  readonly #all: Set<PromiseWait<unknown>> = new Set();
  /** Where nobody else is, the slots that are ready: the first `#readies` of the array. */
  readonly #ready: number[] = [];
  #readies = 0;
  readonly #onSchedule = (): void => {
    if (this.q.isAlone) return this.#drainOwn();
    this.#scheduled = false;
    this.#drain();
  };
  readonly #doorbell: Doorbell;
  #scheduled = false;
  #timer: ReturnType<typeof setInterval> | null = null;
  #poller: ReturnType<typeof setInterval> | null = null;
  #shared = 0;

  /** Serves the promises of the agent of `q`; `heal` repairs an object after a death. */
  constructor(q: WaitQueue, heal: (o: number) => void) {
    this.q = q;
    this.#heal = heal;
    this.#doorbell = new Doorbell(
      q.w,
      agentRecord(q.me) + A_BELL,
      () => this.#shared > 0,
      () => this.#drain(),
    );
    q.connect(this);
  }

  /** Looks at the ready slots in the next microtask, at the latest. */
  schedule(s: number): void {
    if (this.q.isAlone) {
      // Who has what he waits for needs nothing more; who may only try does so when the code that runs has ended.
      if (this.q.granted(s) !== NOTHING) return this.#bySlot[slotNumber(s)]?.retry(false);
      this.#ready[this.#readies++] = s;
    }
    if (this.#scheduled) return;
    this.#scheduled = true;
    soon(this.#onSchedule);
  }

  /** Says that an object, at which promises may wait, is now known to others. */
  shared(o: number): void {
    for (const wait of this.#all) if (wait.o === o) this.#shared++;
    this.#listen();
  }

  /**
   * Waits until a queued slot has what it wants. Frees the slot.
   *
   * @returns `NOTHING` when time was up; rejects with the signal's reason when that came first.
   */
  wait(o: number, s: number, timeout: number, signal: AbortSignal | undefined): Promise<Outcome> {
    return this.#begin(o, s, timeout, signal, (outcome) => outcome, true);
  }

  /**
   * Waits until a queued slot has what it wants. Frees the slot. The step of a generator gets a wait that is a promise only
   * when it is awaited.
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
    return this.#begin(o, s, timeout, signal, finish, stepping === null);
  }

  #begin<T>(
    o: number,
    s: number,
    timeout: number,
    signal: AbortSignal | undefined,
    finish: (outcome: Outcome) => T | PromiseLike<T>,
    isPromise: boolean,
  ): Promise<T> {
    const wait = new PromiseWait<T>(this, o, s, finish, isPromise);
    this.#bySlot[slotNumber(s)] = wait as PromiseWait<unknown>;
    this.count++;
    if (!this.q.isAlone) this.#addShareable(wait as PromiseWait<unknown>);
    if (timeout !== Infinity || signal !== undefined) wait.limit(timeout, signal);
    enterWaitScope(wait);
    return wait.awaitable;
  }

  #addShareable(wait: PromiseWait<unknown>): void {
    this.#all.add(wait);
    if (!this.q.isShared(wait.o)) return;
    this.#shared++;
    this.#listen();
  }

  /** Says that a wait is over. */
  ended(wait: PromiseWait<unknown>): void {
    this.#bySlot[slotNumber(wait.s)] = undefined;
    this.count--;
    if (this.q.isAlone) return;
    this.#all.delete(wait);
    if (this.q.isShared(wait.o)) this.#shared--;
    if (this.#shared <= 0) this.#rest();
  }

  /** Keeps the program alive and an ear at the bell while promises wait for other threads. */
  #listen(): void {
    if (this.#shared <= 0) return;
    this.#timer ??= setInterval(() => this.#healAll(), HEAL_SLICE);
    this.#doorbell.listen();
    if (this.q.w.polls) this.#poller ??= setInterval(() => this.#poll(), POLL);
  }

  #rest(): void {
    if (this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
    this.#stopPolling();
  }

  #poll(): void {
    if (!this.q.w.polls) this.#stopPolling();
    if (this.#doorbell.isRung()) this.#drain();
  }

  #stopPolling(): void {
    if (this.#poller === null) return;
    clearInterval(this.#poller);
    this.#poller = null;
  }

  #drain(): void {
    this.#doorbell.clear();
    for (const s of this.q.slots.takeReady()) this.#bySlot[slotNumber(s)]?.retry(false);
  }

  #drainOwn(): void {
    // Those that become ready meanwhile have their turn in the same microtask.
    for (let i = 0; i < this.#readies; i++) {
      this.#bySlot[slotNumber(this.#ready[i] as number)]?.retry(false);
    }
    this.#readies = 0;
    this.#scheduled = false;
  }

  #healAll(): void {
    const healed = new Set<number>();
    for (const wait of [...this.#all]) {
      const { o } = wait;
      if (!healed.has(o) && this.q.isShared(o)) {
        healed.add(o);
        this.#heal(o);
      }
      if (!wait.isOver) wait.retry(true);
    }
  }
}

/** One promise that waits. */
class PromiseWait<T> extends ReachableWait<T> implements Limited {
  readonly o: number;
  readonly s: number;
  readonly #waits: PromiseWaits;
  readonly #finish: (outcome: Outcome) => T | PromiseLike<T>;
  #limit: WaitLimit | null = null;
  /** When it was passed over first. */
  #passedOver = 0;
  readonly #isShielded: boolean;
  isOver = false;

  constructor(
    waits: PromiseWaits,
    o: number,
    s: number,
    finish: (outcome: Outcome) => T | PromiseLike<T>,
    isPromise: boolean,
  ) {
    super(isPromise);
    this.o = o;
    this.s = s;
    this.#waits = waits;
    this.#finish = finish;
    this.#isShielded = isUnreachable();
  }

  override get isShielded(): boolean {
    return this.#isShielded;
  }

  get what(): string {
    const { q } = this.#waits;
    return whatOf(q.w, this.o, q.listOf(this.s));
  }

  /** Gives it an end. */
  limit(timeout: number, signal: AbortSignal | undefined): void {
    this.#limit = new WaitLimit(this, timeout, signal);
  }

  abort(reason: unknown): void {
    this.leaveScope();
    this.interrupt(reason);
  }

  interrupt(error: unknown): boolean {
    const outcome = this.#waits.q.cancel(this.o, this.s);
    this.#end();
    if (outcome === NOTHING) this.fail(error, false);
    this.#settle(outcome);
    return outcome === NOTHING;
  }

  retry(late: boolean): void {
    const { q } = this.#waits;
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

  expire(): void {
    const outcome = this.#waits.q.cancel(this.o, this.s);
    this.#end();
    this.#settle(outcome);
  }

  #end(): void {
    this.isOver = true;
    this.leaveScope();
    this.#limit?.end();
    this.#waits.ended(this as PromiseWait<unknown>);
    this.#waits.q.slots.release(this.s);
  }

  #settle(outcome: Outcome): void {
    try {
      this.bring(this.#finish(outcome));
    } catch (error) {
      this.fail(error, false);
    }
  }
}

/** The number of a slot in its arena. */
function slotNumber(s: number): number {
  return (s - CHUNK_BASE) / SLOT_WORDS;
}
