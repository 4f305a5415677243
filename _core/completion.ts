/**
 * Objects one after the other, as they are done.
 *
 * This is no generator, since those await what they yield.
 *
 * @module
 */

import { TimeoutError } from "../errors.ts";
import { calledWithin } from "./deadline.ts";
import type { WaitObject } from "./wait_state.ts";
import type { Watch } from "./watch.ts";

/** The iterator behind `asCompleted`. */
export class Completion<T extends WaitObject> {
  readonly #watch: Watch<T>;
  readonly #total: number;
  readonly #timeout: number;
  readonly #since = performance.now();
  readonly #signal: AbortSignal | undefined;
  #rest: number;
  #begun = false;
  #wake: (() => void) | null = null;
  /** Settles when the calls of `next` and `return` so far are answered: one after the other. */
  #turn: Promise<void> | null = null;

  /** Iterates over what is watched, until `count` objects are done or time, which begins now, is up. */
  constructor(watch: Watch<T>, count: number, timeout: number, signal: AbortSignal | undefined) {
    this.#watch = watch;
    this.#total = watch.left;
    this.#rest = Math.min(count, watch.left);
    this.#timeout = timeout;
    this.#signal = signal;
  }

  /** Gives the iterator itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Waits for the next object. */
  next(): Promise<IteratorResult<T, undefined>> {
    return this.#inTurn(() => this.#next());
  }

  /** Ends the iteration. */
  return(): Promise<IteratorResult<T, undefined>> {
    return this.#inTurn(() => this.#end());
  }

  async #inTurn<R>(step: () => R | Promise<R>): Promise<R> {
    const before = this.#turn;
    let pass: (() => void) | undefined;
    const turn = new Promise<void>((resolve) => {
      pass = resolve;
    });
    this.#turn = turn;
    if (before !== null) await before;
    try {
      return await step();
    } finally {
      if (this.#turn === turn) this.#turn = null;
      pass?.();
    }
  }

  async #next(): Promise<IteratorResult<T, undefined>> {
    try {
      const watch = this.#watch;
      watch.letGo();
      if (this.#rest === 0) return this.#end();
      this.#signal?.throwIfAborted();
      if (!this.#begun) {
        this.#begun = true;
        if (watch.begin()) await undefined;
        watch.look();
        watch.follow(() => this.#wake?.());
      }
      if (watch.ready === 0) await this.#oneMore();
      this.#rest--;
      return { done: false, value: watch.take() };
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  async #oneMore(): Promise<void> {
    const left = Math.max(0, this.#since + this.#timeout - performance.now());
    const subscribe = (callBack: () => void): () => void => {
      this.#wake = callBack;
      return () => {
        this.#wake = null;
      };
    };
    if (await calledWithin(subscribe, left, this.#signal)) return;
    this.#watch.look();
    if (this.#watch.ready > 0) return;
    throw new TimeoutError(
      `Cannot wait for all: ${this.#watch.left} (of ${this.#total}) unfinished after ${this.#timeout} ms`,
    );
  }

  #end(): IteratorResult<T, undefined> {
    this.#rest = 0;
    this.#watch.end();
    return { done: true, value: undefined };
  }
}
