/**
 * Waits that obey `kill` and `Timeout`, for whatever can be taken back.
 *
 * @module
 */

import { ReachableWait } from "../_core/reachable_wait.ts";
import type { WaitScope } from "../_core/wait_scope.ts";
import { printIgnored } from "../_core/ignored_error.ts";
import { currentScope } from "./scheduler.ts";

/**
 * Begins a wait of the running greenlet.
 *
 * @param what What is waited for, as the lists of `hub.statistics()` and of `LoopExit` say it: `"Channel.get()"`.
 * @param begin Begins it: `resolve` and `reject` end it, once; what comes later does not count. It returns how to take the
 * wait back, which is called with the error that is thrown instead, when the greenlet is killed or runs out of time.
 * @returns The wait. Outside of greenlets nobody takes it back.
 */
export function waitInHub<T = void>(
  what: string,
  begin: (
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ) => (error: unknown) => void,
): Promise<T> {
  return new HubWait<T>(what, currentScope(), begin).awaitable;
}

/** A wait of a scope. */
export class HubWait<T> extends ReachableWait<T> {
  readonly what: string;
  readonly #takeBack: ((error: unknown) => void) | null = null;
  #isOver = false;

  constructor(
    what: string,
    scope: WaitScope | null,
    begin: (
      resolve: (value: T) => void,
      reject: (error: unknown) => void,
    ) => (error: unknown) => void,
  ) {
    super(true);
    this.what = what;
    try {
      this.#takeBack = begin(
        (value) => {
          if (this.#finish()) this.bring(value);
        },
        (error) => {
          if (this.#finish()) this.fail(error, false);
        },
      );
    } catch (error) {
      if (this.#finish()) this.fail(error, false);
    }
    if (!this.#isOver) scope?.enter(this);
  }

  interrupt(error: unknown): boolean {
    if (!this.#finish()) return false;
    // A greenlet that is killed may have begun a wait that it does not await.
    this.fail(error, true);
    try {
      this.#takeBack?.(error);
    } catch (problem) {
      printIgnored(`the end of ${this.what}`, problem);
    }
    return true;
  }

  #finish(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.leaveScope();
    return true;
  }
}
