/**
 * Promises that are settled from outside, without a closure for each.
 *
 * @module
 */

/** Fulfils the promise that was made last. */
export let lastResolve: (value: never) => void;
/** Rejects the promise that was made last. */
export let lastReject: (error: unknown) => void;

/** Makes a promise, which {@linkcode lastResolve} and {@linkcode lastReject} settle. */
export function newPromise<T>(): Promise<T> {
  return new Promise<T>(capture as never);
}

/** Holds on to the promise that was made last no longer. */
export function forgetCaptured(): void {
  lastResolve = ignore;
  lastReject = ignore;
}

function capture(resolve: (value: never) => void, reject: (error: unknown) => void): void {
  lastResolve = resolve;
  lastReject = reject;
}

function ignore(): void {}
