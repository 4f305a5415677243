/**
 * Pauses: what `sleep` returns.
 *
 * In asynchronous code that is a promise. In the step of a generator it is a {@linkcode Pause}, which the driver takes as it
 * is, without a promise; for anybody else, it becomes one when it is awaited.
 *
 * @module
 */

import { ReachableWait } from "../_core/wait_scope.ts";
import type { Alarm } from "./alarm_heap.ts";
import type { GreenletScope } from "./greenlet_scope.ts";
import type { Waiter } from "./hub.ts";
import { forgetLast, lastReject, lastResolve, newPromise } from "../_core/open_promise.ts";
import { scheduler } from "./scheduler.ts";

/** What a pause resumes. */
export interface Stepper {
  step(value: unknown, isError: boolean): void;
}

const WAITING = 0;
const OVER = 1;
const FAILED = 2;

type Resolve = (value: void) => void;

/** A promise that is settled from outside. */
interface Open {
  promise: Promise<void>;
  resolve: Resolve;
  reject: (error: unknown) => void;
}

function whatOf(delay: number): string {
  return delay < 0 ? "sleep(0)" : `sleep(${delay})`;
}

/** Begins to wait; gives the alarm, if there is one. */
function begin(delay: number, waiter: Waiter): Alarm<Waiter> | null {
  if (delay <= 0) scheduler.post(waiter);
  else if (delay !== Infinity) return scheduler.sleep(delay, waiter);
  return null;
}

/** A pause in the step of a generator. */
export class Pause extends ReachableWait implements Waiter, Promise<void> {
  /** What interrupted it. */
  error: unknown = undefined;
  readonly #delay: number;
  readonly #alarm: Alarm<Waiter> | null;
  #state = WAITING;
  #stepper: Stepper | null = null;
  /** What it has become for who awaits it. */
  #open: Open | null = null;

  /** Begins a pause of `delay` milliseconds; one of 0 is over when its turn has come. */
  constructor(scope: GreenletScope, delay: number) {
    super();
    this.#delay = delay;
    this.#alarm = begin(delay, this);
    scope.enter(this);
  }

  get what(): string {
    return whatOf(this.#delay);
  }

  get [Symbol.toStringTag](): string {
    return "Promise";
  }

  /** Whether it was interrupted. */
  get hasFailed(): boolean {
    return this.#state === FAILED;
  }

  /** Says who is to go on when it is over; `false` if it is. */
  attach(stepper: Stepper): boolean {
    if (this.#state !== WAITING) return false;
    this.#stepper = stepper;
    return true;
  }

  resume(): void {
    if (this.#state !== WAITING) return;
    this.#state = OVER;
    this.leaveScope();
    if (this.#stepper !== null) this.#stepper.step(undefined, false);
    else this.#open?.resolve();
  }

  interrupt(error: unknown): boolean {
    if (this.#state !== WAITING) return false;
    this.#state = FAILED;
    this.error = error;
    if (this.#alarm !== null) scheduler.cancel(this.#alarm);
    const stepper = this.#stepper;
    if (stepper !== null) scheduler.post({ resume: () => stepper.step(error, true) });
    else this.#open?.reject(error);
    return true;
  }

  then<A = void, B = never>(
    onFulfilled?: ((value: void) => A | PromiseLike<A>) | null,
    onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#asPromise().then(onFulfilled, onRejected);
  }

  catch<B = never>(
    onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<void | B> {
    return this.#asPromise().catch(onRejected);
  }

  finally(onFinally?: (() => void) | null): Promise<void> {
    return this.#asPromise().finally(onFinally);
  }

  #asPromise(): Promise<void> {
    if (this.#state === OVER) return Promise.resolve();
    if (this.#state === FAILED) return Promise.reject(this.error);
    if (this.#open === null) {
      const promise = newPromise<void>();
      this.#open = { promise, resolve: lastResolve as Resolve, reject: lastReject };
      forgetLast();
    }
    return this.#open.promise;
  }
}

/** A pause of asynchronous code. */
export class Sleep extends ReachableWait implements Waiter {
  readonly promise: Promise<void>;
  readonly #delay: number;
  readonly #resolve: Resolve;
  readonly #reject: (error: unknown) => void;
  readonly #alarm: Alarm<Waiter> | null;
  #isOver = false;

  /** Begins a pause of `delay` milliseconds; one of 0 is over when its turn has come. */
  constructor(scope: GreenletScope | null, delay: number) {
    super();
    this.promise = newPromise();
    this.#resolve = lastResolve as Resolve;
    this.#reject = lastReject;
    forgetLast();
    this.#delay = delay;
    this.#alarm = begin(delay, this);
    scope?.enter(this);
  }

  get what(): string {
    return whatOf(this.#delay);
  }

  resume(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.leaveScope();
    this.#resolve();
  }

  interrupt(error: unknown): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    if (this.#alarm !== null) scheduler.cancel(this.#alarm);
    // A greenlet that is killed may have begun a pause that it does not await.
    this.promise.then(undefined, ignore);
    this.#reject(error);
    return true;
  }
}

function ignore(): void {}
