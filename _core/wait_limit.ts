/**
 * The end that few waits have: a timeout, a signal, or both.
 *
 * @module
 */

import { callOnAbort } from "./abort_calls.ts";

/** Longest delay that a timer takes. */
const LONGEST_DELAY = 2 ** 31 - 1;

/** A wait with an end. */
export interface Limited {
  /** Its time is up. */
  expire(): void;
  /** Its signal was aborted. */
  abort(reason: unknown): void;
}

/** The end of a wait. */
export class WaitLimit {
  readonly #wait: Limited;
  readonly #timeout: number;
  readonly #since: number = performance.now();
  readonly #forget: (() => void) | null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Sets the end of a wait that begins now. */
  constructor(wait: Limited, timeout: number, signal: AbortSignal | undefined) {
    this.#wait = wait;
    this.#timeout = timeout;
    this.#forget = signal === undefined ? null : callOnAbort(signal, () => {
      wait.abort(signal.reason);
    });
    if (timeout !== Infinity) this.#setTimer(timeout);
  }

  #setTimer(delay: number): void {
    const wait = Math.min(Math.ceil(delay), LONGEST_DELAY);
    this.#timer = setTimeout(() => this.#look(), wait);
  }

  #look(): void {
    const left = this.#since + this.#timeout - performance.now();
    if (left > 0) this.#setTimer(left);
    else this.#wait.expire();
  }

  /** The wait is over. */
  end(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#forget?.();
  }
}
