/**
 * A queue without room.
 *
 * @module
 */

import { EmptyError, FullError, ShutDownError } from "../errors.ts";
import { checkWait, type WaitOptions } from "../_core/wait_options.ts";
import { belongsHere } from "./belongs_here.ts";
import { Party, shutDown } from "./channel_party.ts";
import { scheduler } from "./scheduler.ts";

/**
 * A channel between greenlets: `put` returns when somebody has got the item. As gevent's `Channel`.
 *
 * It holds nothing: who puts waits for who gets, and the other way round, each in the order of their coming. When they have
 * met, who gets goes on first. It belongs to one thread, takes any values, and passes them on as they are. Who is killed, or
 * runs out of time, while he waits leaves nothing behind.
 *
 * @example Usage
 * ```ts
 * import { Channel, spawn } from "@nogil/std/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * const channel = new Channel<string>();
 * spawn(async () => {
 *   for (const word of ["hello", "world"]) await channel.put(word);
 *   channel.shutdown();
 * });
 * const words = [];
 * for await (const word of channel) words.push(word);
 * assertEquals(words, ["hello", "world"]);
 * ```
 *
 * @typeParam T The type of the items.
 */
export class Channel<T = unknown> implements AsyncIterable<T> {
  static {
    belongsHere(this, "channel", "send a Queue instead");
  }

  readonly #putters: Set<Party<T>> = new Set();
  readonly #getters: Set<Party<T>> = new Set();
  #isShutdown = false;

  /** How many wait to put, less how many wait to get. */
  get balance(): number {
    return this.#putters.size - this.#getters.size;
  }

  /** Whether the channel was shut down. */
  get isShutdown(): boolean {
    return this.#isShutdown;
  }

  /** Counts the items in the channel: always 0. */
  qsize(): number {
    return 0;
  }

  /** Whether no item is in the channel: always true. */
  empty(): boolean {
    return true;
  }

  /** Whether there is no room: always true. */
  full(): boolean {
    return true;
  }

  /**
   * Gives an item to somebody who gets, waiting for one as long as it takes.
   *
   * @param item What to give.
   * @param options `timeout` in milliseconds, `signal` to give up; nobody gets the item then.
   * @throws {TimeoutError} If time runs out.
   * @throws {ShutDownError} If the channel was shut down, or is meanwhile.
   */
  put(item: T, options?: WaitOptions): Promise<void> {
    try {
      const timeout = checkWait(options);
      if (!this.tryPut(item)) return this.#wait("put", item, timeout, options) as Promise<void>;
      return new Promise((resolve) => scheduler.post({ resume: resolve }));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Gets an item from somebody who puts, waiting for one as long as it takes.
   *
   * @param options `timeout` in milliseconds, `signal` to give up.
   * @throws {TimeoutError} If time runs out.
   * @throws {ShutDownError} If the channel was shut down, or is meanwhile.
   */
  get(options?: WaitOptions): Promise<T> {
    try {
      const timeout = checkWait(options);
      const found = this.tryGet();
      if (found !== null) return Promise.resolve(found.value);
      return this.#wait("get", undefined, timeout, options) as Promise<T>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Gives an item to somebody who waits for one; tells whether there was somebody.
   *
   * @param item What to give.
   * @throws {ShutDownError} If the channel was shut down.
   */
  tryPut(item: T): boolean {
    if (this.#isShutdown) throw shutDown("put");
    const [getter] = this.#getters;
    if (getter === undefined) return false;
    getter.leave();
    getter.item = item;
    getter.resume();
    return true;
  }

  /**
   * Gets an item, as `{ value }`, from somebody who waits to put it, or gives `null`.
   *
   * @throws {ShutDownError} If the channel was shut down.
   */
  tryGet(): { value: T } | null {
    if (this.#isShutdown) throw shutDown("get");
    const [putter] = this.#putters;
    if (putter === undefined) return null;
    putter.leave();
    scheduler.post(putter);
    return { value: putter.item as T };
  }

  /**
   * Gives an item to somebody who waits for one, or throws.
   *
   * @param item What to give.
   * @throws {FullError} If nobody waits.
   * @throws {ShutDownError} If the channel was shut down.
   */
  putNowait(item: T): void {
    if (!this.tryPut(item)) throw new FullError("Cannot put item: nobody waits for one");
  }

  /**
   * Gets an item from somebody who waits to put it, or throws.
   *
   * @throws {EmptyError} If nobody waits.
   * @throws {ShutDownError} If the channel was shut down.
   */
  getNowait(): T {
    const found = this.tryGet();
    if (found === null) throw new EmptyError("Cannot get item: nobody waits to put one");
    return found.value;
  }

  /** Shuts the channel down, for good: whoever waits, and whoever comes, gets a {@linkcode ShutDownError}; loops end. */
  shutdown(): void {
    this.#isShutdown = true;
    for (const party of [...this.#putters, ...this.#getters]) {
      party.leave();
      party.refuse(shutDown(party.verb));
    }
  }

  /** Gets items until the channel is shut down. */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<T> {
    for (;;) {
      let item: T;
      try {
        item = await this.get();
      } catch (error) {
        if (this.#isShutdown && error instanceof ShutDownError) return;
        throw error;
      }
      yield item;
    }
  }

  /** Describes the channel, as `<Channel balance=-1>`. */
  toString(): string {
    return `<Channel balance=${this.balance}${this.#isShutdown ? " shutdown" : ""}>`;
  }

  #wait(
    verb: "put" | "get",
    item: T | undefined,
    timeout: number,
    options: WaitOptions | undefined,
  ): Promise<unknown> {
    options?.signal?.throwIfAborted();
    const parties = verb === "put" ? this.#putters : this.#getters;
    return new Party(parties, verb, item, timeout, options?.signal).awaitable;
  }
}
