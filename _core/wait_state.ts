/**
 * What can be waited for together with others: whatever has a method under {@linkcode WAITABLE}, and every thenable.
 *
 * @module
 */

/** The key of the method by which `wait` and `asCompleted` look at an object. */
export const WAITABLE: unique symbol = Symbol("nogil.waitable");

/** Something that knows when it is done: a future, a thread, an event… */
export interface Waitable {
  /**
   * Gives the state of the object, as a wait sees it.
   *
   * @ignore
   */
  [WAITABLE](): WaitState;
}

/** The state of an object that is waited for. */
export interface WaitState {
  /** Whether the object is done now. */
  readonly done: boolean;
  /** Whether it is done and has failed; a cancelled one has not. */
  readonly failed: boolean;
  /**
   * Calls a function once, when the object is done, unless the returned function is called before. It is called when the
   * object is not done, and does not call back before it has returned. The program is kept alive meanwhile if a wait for
   * this object alone would.
   */
  subscribe(onDone: () => void): () => void;
  /** Says that a wait begins, done or not; the returned function, that whoever waits has had the object back. */
  hold?(): () => void;
}

/** Something to wait for. */
export type WaitObject = Waitable | PromiseLike<unknown>;

/**
 * Gives the state of an object.
 *
 * @throws {TypeError} If it is nothing to wait for.
 */
export function stateOf(object: unknown): WaitState {
  if (typeof object === "object" && object !== null || typeof object === "function") {
    if (WAITABLE in object) return (object as Waitable)[WAITABLE]();
    if ("then" in object && typeof object.then === "function") {
      return promiseState(object as PromiseLike<unknown>);
    }
  }
  throw new TypeError(
    `Cannot wait: expected futures, threads, events or promises: received ${describe(object)}`,
  );
}

/** Says what a value is, for messages. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  if (typeof value !== "object") return typeof value;
  if (Array.isArray(value)) return "an array";
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  const name = tag === "Object" ? value.constructor?.name ?? tag : tag;
  return name === "Object" ? "an object" : `an object of class ${name}`;
}

/** One reaction to each promise, however often it is waited for: reactions cannot be taken back. */
const promises: WeakMap<PromiseLike<unknown>, PromiseState> = new WeakMap();

function promiseState(promise: PromiseLike<unknown>): PromiseState {
  let state = promises.get(promise);
  if (state === undefined) {
    state = new PromiseState();
    promises.set(promise, state);
    state.follow(promise);
  }
  return state;
}

/** The state of a promise, as its reaction has found it. */
export class PromiseState implements WaitState {
  done = false;
  failed = false;
  readonly #listeners: Set<() => void> = new Set();

  /** Reacts to a promise. A failure counts as looked at from now on, as with `Promise.race`. */
  follow(promise: PromiseLike<unknown>): void {
    try {
      promise.then(() => this.#settle(false), () => this.#settle(true));
    } catch {
      // A thenable that throws has failed, as it has for `await`.
      this.#settle(true);
    }
  }

  subscribe(onDone: () => void): () => void {
    const listener = (): void => onDone();
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #settle(failed: boolean): void {
    if (this.done) return;
    this.done = true;
    this.failed = failed;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener();
  }
}
