/**
 * Promises that are settled from outside, without a closure for each, and classes of such promises.
 *
 * `await` and `Promise.all` take a promise whose `constructor` is `Promise` itself as it is; any other thenable costs
 * them another promise, two functions and a turn of the microtasks, which is several times what a future costs
 * otherwise. Hence the class extends `Promise`, and says of its instances that `Promise` has made them:
 *
 * ```text
 * class Open<R> extends Promise<R> {
 *   #resolve: Resolve | null;
 *   static { isAwaitedAsPromise(this.prototype); }
 *   constructor() { super(capture); this.#resolve = lastResolve; forgetLast(); }
 * }
 * ```
 *
 * @module
 */

/** Fulfils a promise. */
export type Resolve = (value: never) => void;
/** Rejects a promise. */
export type Reject = (error: unknown) => void;

/** Fulfils the promise that was made last with {@linkcode capture}. */
export let lastResolve: Resolve;
/** Rejects the promise that was made last with {@linkcode capture}. */
export let lastReject: Reject;

/** The executor of such a promise: one for all, so that none has a closure of its own. */
export function capture(resolve: Resolve, reject: Reject): void {
  lastResolve = resolve;
  lastReject = reject;
}

/** Makes a plain promise, which {@linkcode lastResolve} and {@linkcode lastReject} settle. */
export function newPromise<T>(): Promise<T> {
  return new Promise<T>(capture as never);
}

/** Holds on to the promise that was made last no longer. */
export function forgetLast(): void {
  lastResolve = ignore;
  lastReject = ignore;
}

/** Lets `await` take the instances of a class of promises as they are. */
export function isAwaitedAsPromise(prototype: object): void {
  Object.defineProperty(prototype, "constructor", { value: Promise });
}

/** Lets a promise reject without anybody looking. */
export function needNoHandler(promise: Promise<unknown>): void {
  promise.then(undefined, ignore);
}

function ignore(): void {}
