/**
 * A moment at which something happens, unless the program has nothing else to do before.
 *
 * @module
 */

import { runtime, type TimerHandle } from "../_runtime/runtime.ts";

/** Longest delay that a timer takes, in milliseconds. */
const LONGEST_DELAY = 2 ** 31 - 1;

/** Calls a function when time is up, unless it is cleared before. */
export class Expiry {
  readonly #end: number;
  readonly #expired: () => void;
  #timer: TimerHandle | null = null;
  #keepsAlive = false;

  /** Sets the deadline `timeout` milliseconds from now. `Infinity` and 0 start no timer. */
  constructor(timeout: number, expired: () => void) {
    this.#end = performance.now() + timeout;
    this.#expired = expired;
    if (timeout > 0 && timeout !== Infinity) this.#arm();
  }

  /** Whether the program goes on until the deadline. */
  set keepsAlive(keepsAlive: boolean) {
    this.#keepsAlive = keepsAlive;
    this.#ref();
  }

  /** Drops the deadline. */
  clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #arm(): void {
    const left = this.#end - performance.now();
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (performance.now() < this.#end) this.#arm();
      else this.#expired();
    }, Math.min(Math.max(Math.ceil(left), 1), LONGEST_DELAY));
    this.#ref();
  }

  #ref(): void {
    if (this.#timer === null) return;
    if (this.#keepsAlive) runtime().refTimer(this.#timer);
    else runtime().unrefTimer(this.#timer);
  }
}
