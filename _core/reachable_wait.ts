/**
 * Waits whose end a promise tells, or where a generator waits, without any promise, the one who drives it.
 *
 * ```text
 *   begun in              | whoever has begun it gets | it becomes a promise
 *   ----------------------+---------------------------+--------------------------------------------------
 *   asynchronous code     | a promise                 | at once
 *   a step of a generator | the wait itself, or if it | when anybody but the driver awaits it, and if it
 *                         | is over at once, `Done`   | fails when nobody does
 * ```
 *
 * @module
 */

import { forgetLast, lastReject, lastResolve, newPromise } from "./open_promise.ts";
import { isThenable } from "./thenable.ts";
import { stepping } from "./stepping.ts";
import type { WaitPlace } from "./wait_scope.ts";

/** Goes on when a wait is over: the driver of a generator. */
export interface Stepper {
  /** Goes on with a value, or with an error. */
  step(value: unknown, isError: boolean): void;
  /** Goes on when a promise is settled, which it cannot take back. */
  follow(promise: Promise<unknown>): void;
}

/** Somebody whose turn comes. */
interface Waiter {
  resume(): void;
}

type Resolve = (value: unknown) => void;
type Reject = (error: unknown) => void;
type OnFulfilled<T, A> = ((value: T) => A | PromiseLike<A>) | null;
type OnRejected<B> = ((error: unknown) => B | PromiseLike<B>) | null;

const WAITING = 0;
const OVER = 1;
const FAILED = 2;

let post: (waiter: Waiter) => void = (waiter) => queueMicrotask(() => waiter.resume());

/** Says who lets drivers go on, each in its turn. Called once, by the module of greenlets. */
export function takeTurnsBy(poster: (waiter: Waiter) => void): void {
  post = poster;
}

/**
 * A wait that can be ended from outside.
 *
 * There is one class below it, and no further: a third would cost as much as a wait. There are many of the one, and what
 * they have in common has no `#`: engines look such fields up by class, and are slow at more than four.
 */
export abstract class ReachableWait<T = unknown> implements Promise<T>, Waiter {
  /** Its place in a scope, as long as it goes on. */
  declare place: WaitPlace | null;
  /** What it has brought. */
  declare value: unknown;
  declare private state: number;
  declare private stepper: Stepper | null;
  declare private promise: Promise<T> | null;
  declare private resolve: Resolve | null;
  declare private reject: Reject | null;

  /** Begins a wait, as a promise or not. */
  constructor(isPromise: boolean = false) {
    this.place = null;
    this.value = undefined;
    this.state = WAITING;
    this.stepper = null;
    this.promise = null;
    this.resolve = null;
    this.reject = null;
    if (isPromise) this.becomePromise();
  }

  /** Whether it is interrupted only if no other wait of its scope was. */
  get isLastResort(): boolean {
    return false;
  }

  /** Whether it cannot be interrupted: then neither can what waits for it. */
  get isShielded(): boolean {
    return false;
  }

  /** What is waited for, in the words of the program: `Queue.get()`. */
  abstract get what(): string;

  /**
   * Takes the wait back and lets it throw an error. It has left its scope by then.
   *
   * @returns `false` if what it waits for has come before, so that it does not throw.
   */
  abstract interrupt(error: unknown): boolean;

  /** Says that the wait is over. */
  leaveScope(): void {
    const { place } = this;
    if (place !== null) place.scope.leave(this);
  }

  private becomePromise(): Promise<T> {
    const promise = this.promise = newPromise<T>();
    this.resolve = lastResolve as Resolve;
    this.reject = lastReject;
    forgetLast();
    return promise;
  }

  /** What whoever has begun it gets. */
  get awaitable(): Promise<T> {
    return this.promise ?? this;
  }

  /** Whether it has neither brought anything nor failed. */
  protected get isWaiting(): boolean {
    return this.state === WAITING;
  }

  /** Whether it has failed. */
  get hasFailed(): boolean {
    return this.state === FAILED;
  }

  /** Whether nobody has awaited it. */
  get isUnused(): boolean {
    return this.promise === null && this.stepper === null;
  }

  /** Says who is to go on when it is over; `false` if it is. To be called only if it is unused. */
  attach(stepper: Stepper): boolean {
    if (this.state !== WAITING) return false;
    this.stepper = stepper;
    return true;
  }

  /** Ends it with a value, which may have to be awaited, unless it has ended. */
  protected bring(value: T | PromiseLike<T>): void {
    if (this.state !== WAITING) return;
    const resolve = this.resolve;
    const hasStepper = this.stepper !== null;
    if (resolve === null || hasStepper) {
      if (isThenable(value)) return this.bringPromise(value);
      this.value = value;
    }
    this.state = OVER;
    if (resolve !== null) resolve(value);
    if (hasStepper) post(this);
  }

  private bringPromise(value: PromiseLike<T>): void {
    this.state = OVER;
    const promise = Promise.resolve(value);
    if (this.resolve !== null) this.resolve(promise);
    else this.promise = promise;
    const stepper = this.stepper;
    if (stepper === null) return;
    promise.then(undefined, ignore);
    post({ resume: () => stepper.follow(promise) });
  }

  /** Ends it in its turn, with a value that need not be awaited: the driver goes on at once. */
  protected bringNow(value: T): void {
    this.state = OVER;
    this.value = value;
    if (this.resolve !== null) this.resolve(value);
    if (this.stepper !== null) this.stepper.step(value, false);
  }

  /** Ends it with an error, unless it has ended; `isQuiet`: if nobody awaits it, that is no failure. */
  protected fail(error: unknown, isQuiet: boolean): void {
    if (this.state !== WAITING) return;
    this.state = FAILED;
    this.value = error;
    const stepper = this.stepper;
    if (stepper !== null) post({ resume: () => stepper.step(error, true) });
    if (this.promise === null && (stepper !== null || isQuiet)) return;
    const promise = this.asPromise();
    if (isQuiet) promise.then(undefined, ignore);
    this.reject?.(error);
  }

  /** Its turn has come. */
  resume(): void {
    this.stepper?.step(this.value, false);
  }

  private asPromise(): Promise<T> {
    if (this.promise !== null) return this.promise;
    if (this.state === WAITING) return this.becomePromise();
    return this.promise = this.state === OVER
      ? Promise.resolve(this.value as T)
      : Promise.reject(this.value);
  }

  get [Symbol.toStringTag](): string {
    return "Promise";
  }

  then<A = T, B = never>(
    onFulfilled?: OnFulfilled<T, A>,
    onRejected?: OnRejected<B>,
  ): Promise<A | B> {
    return this.asPromise().then(onFulfilled, onRejected);
  }

  catch<B = never>(onRejected?: OnRejected<B>): Promise<T | B> {
    return this.asPromise().catch(onRejected);
  }

  finally(onFinally?: (() => void) | null): Promise<T> {
    return this.asPromise().finally(onFinally);
  }
}

/**
 * What a wait in the step of a generator is that was over at once. It has no base in common with the waits that go on, which
 * would be one class too many for them.
 */
export class Done<T> implements Promise<T> {
  /** What it has brought. */
  readonly value: T;

  constructor(value: T) {
    this.value = value;
  }

  get [Symbol.toStringTag](): string {
    return "Promise";
  }

  then<A = T, B = never>(
    onFulfilled?: OnFulfilled<T, A>,
    onRejected?: OnRejected<B>,
  ): Promise<A | B> {
    return Promise.resolve(this.value).then(onFulfilled, onRejected);
  }

  catch<B = never>(onRejected?: OnRejected<B>): Promise<T | B> {
    return Promise.resolve(this.value).catch(onRejected);
  }

  finally(onFinally?: (() => void) | null): Promise<T> {
    return Promise.resolve(this.value).finally(onFinally);
  }
}

const DONE: Done<void> = new Done(undefined);
const RESOLVED: Promise<void> = Promise.resolve();

/** Gives what a wait is that was over at once. */
export function done<T>(value: T): Promise<T> {
  return stepping === null || isThenable(value) ? Promise.resolve(value) : new Done(value);
}

/** Gives what a wait is that was over at once and has brought nothing: the same each time. */
export function doneWithout(): Promise<void> {
  return stepping === null ? RESOLVED : DONE;
}

function ignore(): void {}
