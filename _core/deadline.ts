/**
 * Waiting for something until time is up or a signal is aborted.
 *
 * @module
 */

import { callOnAbort } from "./abort_calls.ts";
import { TimeoutError } from "../errors.ts";
import { ReachableWait } from "./reachable_wait.ts";
import { type WaitScope, waitScope } from "./wait_scope.ts";

/** Longest delay that a timer takes. */
const LONGEST_DELAY = 2 ** 31 - 1;

/** Calls a function when a time in milliseconds has passed, unless the returned function is called before. */
export function callAfter(timeout: number, fn: () => void): () => void {
  if (timeout === Infinity) return () => {};
  const since = performance.now();
  let timer: ReturnType<typeof setTimeout>;
  const arm = (left: number): void => {
    timer = setTimeout(expire, Math.min(Math.ceil(left), LONGEST_DELAY));
  };
  const expire = (): void => {
    const left = since + timeout - performance.now();
    if (left > 0) arm(left);
    else fn();
  };
  arm(timeout);
  return () => clearTimeout(timer);
}

/**
 * Waits until something calls back.
 *
 * @param subscribe Called once with the function to call back; returns what takes the subscription back. It must not call
 * back before it has returned.
 * @param timeout Milliseconds to wait at most; with 0 nothing is subscribed.
 * @param signal Ends the wait: the promise rejects with its reason.
 * @param what What is waited for, if a greenlet is asked.
 * @param scope The scope of the wait. Default: that of the running code, if there is one.
 * @returns Whether it called back in time. Nothing is subscribed any more by then.
 */
export function calledWithin(
  subscribe: (callBack: () => void) => () => void,
  timeout: number,
  signal: AbortSignal | undefined,
  what: string = "wait()",
  scope: WaitScope | null = waitScope(),
): Promise<boolean> {
  if (signal?.aborted) return Promise.reject(signal.reason);
  if (timeout === 0) return Promise.resolve(false);
  return new Promise((resolve, reject) => {
    const end = (): void => {
      unsubscribe();
      stop();
      forget();
      reachable.leaveScope();
    };
    const unsubscribe = subscribe(() => {
      end();
      resolve(true);
    });
    const stop = callAfter(timeout, () => {
      end();
      resolve(false);
    });
    const forget = callOnAbort(signal, () => {
      end();
      reject(signal?.reason);
    });
    const reachable = new Reachable(what, (error) => {
      end();
      reject(error);
    });
    scope?.enter(reachable);
  });
}

/**
 * Gives a promise that ends with an interruption of the greenlet in which the code runs, too; outside of greenlets, and where
 * waits cannot be interrupted, the promise itself.
 *
 * @param what What is waited for, if the greenlet is asked.
 * @param onInterrupt Called with the error, which the promise rejects with.
 */
export function reachable<T>(
  promise: Promise<T>,
  what: string,
  onInterrupt?: (error: unknown) => void,
): Promise<T> {
  const scope = waitScope();
  if (scope === null || !scope.isOfGreenlet) return promise;
  return new Promise((resolve, reject) => {
    const wait = new Reachable(what, (error) => {
      reject(error);
      onInterrupt?.(error);
    });
    promise.then((value) => {
      wait.leaveScope();
      resolve(value);
    }, (error) => {
      wait.leaveScope();
      reject(error);
    });
    scope.enter(wait);
  });
}

/** Whether an error says that a wait with a limit ran out of time, and not that it was interrupted by a limit of others. */
export function isOutOfTime(error: unknown, timeout: number): boolean {
  return timeout !== Infinity && error instanceof TimeoutError &&
    error.constructor === TimeoutError;
}

class Reachable extends ReachableWait {
  readonly what: string;
  readonly #stop: (error: unknown) => void;

  constructor(what: string, stop: (error: unknown) => void) {
    super();
    this.what = what;
    this.#stop = stop;
  }

  interrupt(error: unknown): boolean {
    this.#stop(error);
    return true;
  }
}
