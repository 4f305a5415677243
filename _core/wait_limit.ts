/**
 * The end that few waits have: a timeout, a signal, or both.
 *
 * @module
 */

import { callOnAbort } from "./abort_calls.ts";
import { callAfter } from "./deadline.ts";

/** A wait with an end. */
export interface Limited {
  /** Its time is up. */
  expire(): void;
  /** Its signal was aborted. */
  abort(reason: unknown): void;
}

/** The end of a wait. */
export class WaitLimit {
  readonly #forget: () => void;
  readonly #stop: () => void;

  /** Sets the end of a wait that begins now. */
  constructor(wait: Limited, timeout: number, signal: AbortSignal | undefined) {
    this.#forget = callOnAbort(signal, () => wait.abort(signal?.reason));
    this.#stop = callAfter(timeout, () => wait.expire());
  }

  /** The wait is over. */
  end(): void {
    this.#stop();
    this.#forget();
  }
}
