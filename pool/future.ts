/**
 * Futures.
 *
 * ```text
 * PENDING → RUNNING → RETURNED | RAISED
 *    ↓ cancel() → CANCELLED → NOTIFIED
 * ```
 *
 * A future belongs to the thread that has made it. One of an executor has an owner, until it is done: that is asked before
 * a cancel, and takes in the results while this thread blocks. While the owner is asked, the state is CANCELLING.
 *
 * @module
 */

import { CancelledError, DeadlockError, InvalidStateError } from "../errors.ts";
import { calledWithin, reachable } from "../_core/deadline.ts";
import {
  checkSyncWait,
  checkWait,
  type SyncWaitOptions,
  type WaitOptions,
} from "../_core/wait_options.ts";
import { WAITABLE, type WaitState } from "../_core/wait_state.ts";
import { printIgnored } from "../_core/ignored_error.ts";
import { sleepSync } from "../thread/sleep_sync.ts";
import { callInTurn } from "./callbacks.ts";
import { cancelledError, type FutureOwner, late, typeName } from "./future_owner.ts";
import {
  capture,
  forgetLast,
  isAwaitedAsPromise,
  lastReject,
  lastResolve,
  needNoHandler,
  type Reject,
  type Resolve,
} from "../_core/open_promise.ts";

const PENDING = 0;
const CANCELLING = 1;
const RUNNING = 2;
// From here on the future is done.
const CANCELLED = 3;
const NOTIFIED = 4;
const RETURNED = 5;
const RAISED = 6;

type Listener = (future: AnyFuture) => void;
/** A future of whatever result. */
export type AnyFuture = Future<unknown>;

/** Makes a future of an executor. */
export let createOwned: (owner: FutureOwner) => AnyFuture;
/** Says that the work of a future has begun. */
export let beginOwned: (future: AnyFuture) => void;
/** Settles a future of an executor with a result. Whatever comes after the first settlement is ignored. */
export let resolveOwned: (future: AnyFuture, value: unknown) => void;
/** Settles a future of an executor with an error. */
export let rejectOwned: (future: AnyFuture, error: unknown) => void;
/** Settles a future of an executor whose work will never begin. */
export let cancelOwned: (future: AnyFuture) => void;
let hasFailed: (future: AnyFuture) => boolean;
let subscribeTo: (future: AnyFuture, onDone: () => void) => () => void;

/**
 * The result of work that goes on elsewhere, or will.
 *
 * An executor's `submit` returns futures. It can be awaited like any promise; a failure that nobody looks at is no
 * unhandled rejection. A future that you have made yourself is settled by {@linkcode setResult} or
 * {@linkcode setException}.
 *
 * A future belongs to the thread in which it was made, and does not travel.
 *
 * @example Usage
 * ```ts
 * import { Future } from "@nogil/std/pool";
 * import { assertEquals } from "@std/assert";
 *
 * const future = new Future<number>();
 * future.addDoneCallback((future) => console.log(String(future)));
 * future.setResult(42); // prints <Future state=finished returned number>
 * assertEquals(await future, 42);
 * assertEquals(future.resultSync(), 42);
 * ```
 *
 * @typeParam R The type of the result.
 */
export class Future<R = unknown> extends Promise<R> {
  #state = PENDING;
  /** The result or the error. */
  #value: unknown = undefined;
  #listeners: Listener | Listener[] | null = null;
  #owner: FutureOwner | null = null;
  #resolve: Resolve | null;
  #reject: Reject | null;

  static {
    isAwaitedAsPromise(this.prototype);
    createOwned = (owner) => {
      const future = new Future();
      future.#owner = owner;
      return future;
    };
    beginOwned = (future) => {
      if (future.#state < RUNNING) future.#state = RUNNING;
    };
    resolveOwned = (future, value) => {
      if (future.#state < CANCELLED) future.#settle(RETURNED, value, true);
    };
    rejectOwned = (future, error) => {
      if (future.#state >= CANCELLED) return;
      const cancelled = future.#state === CANCELLING && error instanceof CancelledError;
      future.#settle(cancelled ? CANCELLED : RAISED, error, !cancelled);
    };
    hasFailed = (future) => future.#state === RAISED;
    subscribeTo = (future, onDone) => {
      const listener = (): void => onDone();
      future.#listen(listener);
      return () => future.#unlisten(listener);
    };
    cancelOwned = (future) => {
      if (future.#state < CANCELLED) future.#settle(CANCELLED, cancelledError());
    };
  }

  /** Creates a future that is pending, and that nobody but you will settle. */
  constructor() {
    super(capture);
    this.#resolve = lastResolve;
    this.#reject = lastReject;
    forgetLast();
  }

  /**
   * Cancels the work, unless it has begun or is done. Whoever waits gets a `CancelledError`.
   *
   * @returns Whether the future is cancelled now.
   */
  cancel(): boolean {
    if (!this.done() && this.#state === PENDING) {
      const owner = this.#owner;
      this.#state = CANCELLING;
      try {
        if (owner === null || owner.cancel()) cancelOwned(this);
      } finally {
        if (this.#state as number === CANCELLING) this.#state = PENDING;
      }
    }
    return this.#isCancelled;
  }

  /** Whether the future was cancelled. */
  cancelled(): boolean {
    return this.done() && this.#isCancelled;
  }

  /** Whether the work has begun and is not done: it cannot be cancelled any more. */
  running(): boolean {
    if (this.done()) return false;
    return this.#state === RUNNING || (this.#owner?.begun() ?? false);
  }

  /** Whether there is a result or an error, or the future was cancelled. */
  done(): boolean {
    if (this.#state < CANCELLED && this.#owner !== null) this.#owner.poll();
    return this.#state >= CANCELLED;
  }

  /**
   * Waits for the result. `await future` does the same, without a limit.
   *
   * @param options `timeout` in milliseconds, `signal` to give up.
   * @returns The result. The promise rejects with the error of the work, the same object each time.
   * @throws {CancelledError} If the future is cancelled.
   * @throws {TimeoutError} If time runs out. The work goes on.
   */
  result(options?: WaitOptions): Promise<R> {
    if (options !== undefined) return this.#resultWithin(options);
    return reachable(this.then(), "Future.result()");
  }

  /**
   * Blocks this thread until there is a result. The results of the other futures of the executor are taken in meanwhile,
   * and their callbacks are called; if this is called in a callback, after that one.
   *
   * @param options `timeout` in milliseconds.
   * @returns The result.
   * @throws {CancelledError} If the future is cancelled.
   * @throws {TimeoutError} If time runs out. The work goes on.
   * @throws {DeadlockError} If the future is not that of an executor, and no timeout is given: only this thread could
   * settle it.
   */
  resultSync(options?: SyncWaitOptions): R {
    const timeout = checkSyncWait(options, "get result");
    if (!this.done() && !this.#block(timeout)) throw late(timeout);
    return this.#outcome();
  }

  /**
   * Waits for the error.
   *
   * @param options `timeout` in milliseconds, `signal` to give up.
   * @returns What the work has thrown; `null` if it has a result.
   * @throws {CancelledError} If the future is cancelled.
   * @throws {TimeoutError} If time runs out. The work goes on.
   */
  async exception(options?: WaitOptions): Promise<Error | null> {
    await this.#wait(options);
    if (this.#isCancelled) throw this.#value;
    return this.#state === RAISED ? this.#value as Error : null;
  }

  /**
   * Calls a function when the future is done, in the thread of the future: at once if it is done already. Functions are
   * called in the order in which they were added. What one throws is printed to the standard error stream.
   *
   * @param fn Called with the future.
   * @throws {TypeError} If `fn` is no function.
   */
  addDoneCallback(fn: (future: this) => unknown): void {
    if (typeof fn !== "function") {
      throw new TypeError(`Cannot add callback: 'fn' must be a function: received ${typeof fn}`);
    }
    const callback = fn as unknown as Listener;
    if (this.done()) this.#call(callback);
    else this.#listen(callback);
  }

  /**
   * Settles the future with a result. For futures that you have made yourself.
   *
   * @param result The result.
   * @throws {InvalidStateError} If the future is done.
   */
  setResult(result: R): void {
    this.#checkOpen("result");
    // It may be a promise, which fails.
    needNoHandler(this);
    this.#settle(RETURNED, result);
  }

  /**
   * Settles the future with an error. For futures that you have made yourself.
   *
   * @param error What whoever waits is thrown.
   * @throws {InvalidStateError} If the future is done.
   */
  setException(error: unknown): void {
    this.#checkOpen("exception");
    this.#settle(RAISED, error);
  }

  /**
   * Says that the work begins, unless the future was cancelled. For futures that you have made yourself: call it before
   * you do the work.
   *
   * @returns Whether to do the work; `false` if the future was cancelled.
   * @throws {InvalidStateError} If it was called before, or if the future has a result or an error.
   */
  setRunningOrNotifyCancel(): boolean {
    if (this.#state === CANCELLED) {
      this.#state = NOTIFIED;
      return false;
    }
    if (this.#state !== PENDING) {
      throw new InvalidStateError(`Cannot run future: it is ${this.#description} already`);
    }
    this.#state = RUNNING;
    return true;
  }

  /** Describes the future, as `<Future state=finished returned number>`. */
  override toString(): string {
    const description = this.#description;
    if (description !== "finished") return `<Future state=${description}>`;
    const verb = this.#state === RETURNED ? "returned" : "raised";
    return `<Future state=finished ${verb} ${typeName(this.#value)}>`;
  }

  /** The tag by which the future is printed. */
  override get [Symbol.toStringTag](): string {
    return "Future";
  }

  /**
   * Gives the state of the future, as a wait for many objects sees it.
   *
   * @ignore
   */
  [WAITABLE](): WaitState {
    return new FutureState(this as AnyFuture);
  }

  get #isCancelled(): boolean {
    return this.#state === CANCELLED || this.#state === NOTIFIED;
  }

  get #description(): string {
    if (this.#isCancelled) return "cancelled";
    if (this.#state >= RETURNED) return "finished";
    return this.running() ? "running" : "pending";
  }

  #settle(state: number, value: unknown, inTurn = false): void {
    const listeners = this.#listeners;
    this.#state = state;
    this.#value = value;
    this.#owner = null;
    this.#listeners = null;
    if (state === RETURNED) this.#resolve?.(value as never);
    else {
      needNoHandler(this);
      this.#reject?.(value);
    }
    this.#resolve = this.#reject = null;
    if (listeners === null) return;
    const all = typeof listeners === "function" ? [listeners] : listeners;
    callInTurn(() => all.forEach((listener) => this.#call(listener)), inTurn);
  }

  #call(listener: Listener): void {
    try {
      listener(this as AnyFuture);
    } catch (error) {
      printIgnored(`callback of ${this}`, error);
    }
  }

  #listen(listener: Listener): void {
    const listeners = this.#listeners;
    if (listeners === null) this.#listeners = listener;
    else if (typeof listeners === "function") this.#listeners = [listeners, listener];
    else listeners.push(listener);
  }

  #unlisten(listener: Listener): void {
    const listeners = this.#listeners;
    if (listeners === listener) this.#listeners = null;
    if (typeof listeners !== "object") return;
    this.#listeners = listeners?.filter((other) => other !== listener) ?? null;
  }

  async #resultWithin(options: WaitOptions): Promise<R> {
    await this.#wait(options);
    return this.#outcome();
  }

  async #wait(options: WaitOptions | undefined): Promise<void> {
    const timeout = checkWait(options, "get result");
    if (this.done()) return;
    const subscribe = (onDone: () => void): () => void => subscribeTo(this as AnyFuture, onDone);
    if (!await calledWithin(subscribe, timeout, options?.signal)) throw late(timeout);
  }

  #block(timeout: number): boolean {
    if (timeout === 0) return false;
    if (this.#owner !== null) {
      return this.#owner.waitSync(() => this.#state >= CANCELLED, timeout);
    }
    if (timeout === Infinity) {
      throw new DeadlockError(
        "Cannot get result: blocking would never end, since only this thread can settle the future; " +
          "await it, or settle it before",
      );
    }
    sleepSync(timeout);
    return false;
  }

  #outcome(): R {
    if (this.#state === RETURNED) return this.#value as R;
    throw this.#value;
  }

  #checkOpen(what: string): void {
    if (this.#state < CANCELLED) return;
    throw new InvalidStateError(`Cannot set ${what} of future: it is ${this.#description} already`);
  }
}

/** A future, as a wait for many objects sees it. */
class FutureState implements WaitState {
  readonly #future: AnyFuture;

  constructor(future: AnyFuture) {
    this.#future = future;
  }

  get done(): boolean {
    return this.#future.done();
  }

  get failed(): boolean {
    return hasFailed(this.#future);
  }

  subscribe(onDone: () => void): () => void {
    return subscribeTo(this.#future, onDone);
  }
}
