/**
 * The items of a queue for `for await`.
 *
 * @module
 */

import { ShutDownError } from "../errors.ts";

/** The reason with which a wait is given up when its iterator is left. */
const LEFT: unique symbol = Symbol("nogil.left");

/** Takes items out of a queue until it is shut down and empty. */
class Items<T> implements AsyncIterableIterator<T> {
  readonly #get: (options: { signal: AbortSignal }) => Promise<T>;
  readonly #left: AbortController = new AbortController();

  constructor(get: (options: { signal: AbortSignal }) => Promise<T>) {
    this.#get = get;
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    const { signal } = this.#left;
    if (signal.aborted) return { done: true, value: undefined };
    try {
      return { done: false, value: await this.#get({ signal }) };
    } catch (error) {
      if (error !== LEFT && !(error instanceof ShutDownError)) throw error;
      this.#left.abort(LEFT);
      return { done: true, value: undefined };
    }
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#left.abort(LEFT);
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** Iterates over what `get` gives, until it throws a `ShutDownError`. */
export function itemsOf<T>(
  get: (options: { signal: AbortSignal }) => Promise<T>,
): AsyncIterableIterator<T> {
  return new Items(get);
}
