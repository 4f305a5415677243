/**
 * The result of a task that is still to come, as a pool gives it.
 *
 * @module
 */

import { DeadlockError, InvalidStateError, TimeoutError } from "../errors.ts";
import { calledWithin, reachable } from "../_core/deadline.ts";
import {
  checkSyncWait,
  checkWait,
  type SyncWaitOptions,
  type WaitOptions,
} from "../_core/wait_options.ts";
import { WAITABLE, type WaitState } from "../_core/wait_state.ts";
import { printIgnored } from "../_core/ignored_error.ts";
import { callInTurn } from "./callbacks.ts";
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

/** Where a result comes from. */
export interface ResultSource {
  /** Takes in what results are there, without waiting. */
  poll(): void;
  /** Blocks this thread until `isDone`; gives `false` when time is up. */
  waitSync(isDone: () => boolean, timeout: number): boolean;
  /** Whether the result can only come while this thread goes through its event loop. */
  needsLoop(): boolean;
}

/** Called with the result, or with the error: one of them, once. */
export interface ResultCallbacks<R> {
  /** Called with the result, in the thread of the pool. */
  callback?: (value: R) => void;
  /** Called with the error, in the thread of the pool. */
  errorCallback?: (error: unknown) => void;
}

/** A result of whatever type. */
export type AnyResult = AsyncResult<unknown>;

/** Makes a result. */
export let createResult: (
  source: ResultSource,
  callbacks: ResultCallbacks<never> | undefined,
) => AnyResult;
/** Settles a result. What comes after the first settlement is ignored. `isNew`: nobody has the result yet. */
export let resolveResult: (result: AnyResult, value: unknown, isNew?: boolean) => void;
/** Settles a result with an error. `isNew`: nobody has the result yet. */
export let rejectResult: (result: AnyResult, error: unknown, isNew?: boolean) => void;

/** Where the next instance comes from: a program cannot make one. */
let nextSource: ResultSource | null = null;

/**
 * The result of `applyAsync`, `mapAsync` and `starmapAsync`: Python's `AsyncResult`.
 *
 * It can be awaited as it is. A failure that nobody looks at is not reported. It belongs to the thread of its pool.
 *
 * @example Usage
 * ```ts
 * import { ThreadPool } from "@nogil/std/pool";
 * import { assertEquals } from "@std/assert";
 *
 * await ThreadPool.with(2, async (pool) => {
 *   const result = pool.applyAsync((x: number) => x * x, [7]);
 *   assertEquals(await result.get({ timeout: 30_000 }), 49);
 *   assertEquals(result.successful(), true);
 * });
 * ```
 *
 * @typeParam R The type of the result.
 */
export class AsyncResult<R> extends Promise<R> {
  /** Where it comes from; a result that is there keeps nothing of its pool. */
  #source: ResultSource | null;
  readonly #resolve: Resolve;
  readonly #reject: Reject;
  /** Made when somebody listens: most results are awaited as promises. */
  #listeners: Set<() => void> | null = null;
  #callbacks: ResultCallbacks<never> | undefined = undefined;
  #state: "pending" | "done" | "failed" = "pending";
  #value: unknown = undefined;

  static {
    isAwaitedAsPromise(this.prototype);
    createResult = (source, callbacks) => {
      nextSource = source;
      const result = new AsyncResult<unknown>();
      result.#callbacks = callbacks;
      return result;
    };
    resolveResult = (result, value, isNew = false) => {
      const callback = result.#callbacks?.callback;
      if (!result.#settle("done", value) || !result.#isHeard(callback)) return;
      const call = (): void => result.#call("callback", callback, value as never);
      if (isNew) queueMicrotask(() => callInTurn(call));
      else callInTurn(call);
    };
    rejectResult = (result, error, isNew = false) => {
      const callback = result.#callbacks?.errorCallback;
      if (!result.#settle("failed", error) || !result.#isHeard(callback)) return;
      const call = (): void => result.#call("errorCallback", callback, error as never);
      if (isNew) queueMicrotask(() => callInTurn(call));
      else callInTurn(call);
    };
  }

  /**
   * Is for pools alone.
   *
   * @ignore
   */
  constructor() {
    super(capture);
    this.#resolve = lastResolve;
    this.#reject = lastReject;
    forgetLast();
    if (nextSource === null) {
      throw new TypeError("Cannot create AsyncResult: it is what pool.applyAsync() returns");
    }
    this.#source = nextSource;
    nextSource = null;
  }

  /**
   * Waits for the result and gives it.
   *
   * @param options `timeout` in milliseconds, `signal` to give up waiting. The task goes on either way.
   * @throws {TimeoutError} If time runs out.
   * @throws {WorkerLostError} If the worker of the task was lost. Any error of the task is thrown as it is.
   */
  get(options?: WaitOptions): Promise<R> {
    if (options !== undefined) return this.#getWithin(options);
    return reachable(this.then(), "AsyncResult.get()");
  }

  /**
   * Blocks this thread until the result is there, and gives it.
   *
   * @param options `timeout` in milliseconds.
   * @throws {TimeoutError} If time runs out.
   * @throws {DeadlockError} If it is the result of a map whose async iterable this thread would have to read meanwhile.
   * @throws {WorkerLostError} If the worker of the task was lost. Any error of the task is thrown as it is.
   */
  getSync(options?: SyncWaitOptions): R {
    this.#waitSync(options, "get result");
    return this.#take();
  }

  /**
   * Waits until the task is over, however it ends.
   *
   * @param options `timeout` in milliseconds, `signal` to give up waiting.
   * @throws {TimeoutError} If time runs out.
   */
  async wait(options?: WaitOptions): Promise<void> {
    await this.#wait(options, "wait for result");
  }

  /**
   * Blocks this thread until the task is over, however it ends.
   *
   * @param options `timeout` in milliseconds.
   * @throws {TimeoutError} If time runs out.
   * @throws {DeadlockError} If it is the result of a map whose async iterable this thread would have to read meanwhile.
   */
  waitSync(options?: SyncWaitOptions): void {
    this.#waitSync(options, "wait for result");
  }

  /** Whether the task is over. Takes in what has come meanwhile, so that a thread may ask that only blocks. */
  ready(): boolean {
    this.#source?.poll();
    return this.#state !== "pending";
  }

  /**
   * Whether the task has ended without an error.
   *
   * @throws {InvalidStateError} If it is not over.
   */
  successful(): boolean {
    if (!this.ready()) {
      throw new InvalidStateError("Cannot tell whether the task was successful: it is not over");
    }
    return this.#state === "done";
  }

  /** Describes the result, as `<AsyncResult pending>`. */
  override toString(): string {
    return `<AsyncResult ${this.#state}>`;
  }

  /** The tag by which the result is printed. */
  override get [Symbol.toStringTag](): string {
    return "AsyncResult";
  }

  /**
   * Gives what `wait()` and `asCompleted()` wait for.
   *
   * @ignore
   */
  [WAITABLE](): WaitState {
    const isDone = (): boolean => this.ready();
    const isFailed = (): boolean => this.#state === "failed";
    return {
      get done(): boolean {
        return isDone();
      },
      get failed(): boolean {
        return isFailed();
      },
      subscribe: (onDone) => this.#subscribe(onDone),
    };
  }

  #subscribe(onDone: () => void): () => void {
    const listener = (): void => onDone();
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
    return () => void this.#listeners?.delete(listener);
  }

  #isHeard(callback: unknown): boolean {
    return callback !== undefined || this.#listeners !== null;
  }

  #settle(state: "done" | "failed", value: unknown): boolean {
    if (this.#state !== "pending") return false;
    this.#state = state;
    this.#value = value;
    this.#callbacks = undefined;
    this.#source = null;
    if (state === "done") this.#resolve(value as never);
    else {
      needNoHandler(this);
      this.#reject(value);
    }
    return true;
  }

  #call<T>(name: string, callback: ((value: T) => void) | undefined, value: T): void {
    try {
      callback?.(value);
    } catch (error) {
      printIgnored(name, error);
    }
    const listeners = [...this.#listeners ?? []];
    this.#listeners = null;
    for (const listener of listeners) listener();
  }

  #take(): R {
    if (this.#state === "failed") throw this.#value;
    return this.#value as R;
  }

  async #getWithin(options: WaitOptions): Promise<R> {
    await this.#wait(options, "get result");
    return this.#take();
  }

  async #wait(options: WaitOptions | undefined, verb: string): Promise<void> {
    const timeout = checkWait(options, verb);
    if (this.ready()) return;
    if (!await calledWithin((done) => this.#subscribe(done), timeout, options?.signal)) {
      throw late(verb, timeout);
    }
  }

  #waitSync(options: SyncWaitOptions | undefined, verb: string): void {
    const timeout = checkSyncWait(options, verb);
    const source = this.#source;
    if (source === null) return;
    if (source.needsLoop()) {
      throw new DeadlockError(
        `Cannot ${verb}: the map reads an async iterable, which this thread cannot do while it is blocked`,
      );
    }
    const isDone = (): boolean => this.#state !== "pending";
    if (!source.waitSync(isDone, timeout)) throw late(verb, timeout);
  }
}

function late(verb: string, timeout: number): TimeoutError {
  return new TimeoutError(`Cannot ${verb}: it was not there within ${timeout} ms`);
}
