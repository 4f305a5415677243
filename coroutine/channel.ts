/**
 * A queue without room.
 *
 * @module
 */

import { EmptyError, FullError, ShutDownError, TimeoutError } from "../errors.ts";
import { calledWithin } from "../_core/deadline.ts";
import { checkWait, type WaitOptions } from "../_core/wait_options.ts";
import { hubScope } from "./scheduler.ts";

/** Somebody who waits at the channel. */
interface Party<T> {
  /** What a putter has, or what a getter got. */
  item: T | undefined;
  /** Whether the other party has come. */
  isMet: boolean;
  callBack: () => void;
}

/**
 * A channel between greenlets: `put` returns when somebody has got the item. As gevent's `Channel`.
 *
 * It holds nothing: who puts waits for who gets, and the other way round, each in the order of their coming. It belongs to
 * one thread, takes any values, and passes them on as they are. Who is killed, or runs out of time, while he waits leaves
 * nothing behind.
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
  async put(item: T, options?: WaitOptions): Promise<void> {
    const timeout = checkWait(options);
    if (this.tryPut(item)) return;
    await this.#meet(this.#putters, item, timeout, options?.signal, "put");
  }

  /**
   * Gets an item from somebody who puts, waiting for one as long as it takes.
   *
   * @param options `timeout` in milliseconds, `signal` to give up.
   * @throws {TimeoutError} If time runs out.
   * @throws {ShutDownError} If the channel was shut down, or is meanwhile.
   */
  async get(options?: WaitOptions): Promise<T> {
    const timeout = checkWait(options);
    const found = this.tryGet();
    if (found !== null) return found.value;
    return await this.#meet(this.#getters, undefined, timeout, options?.signal, "get") as T;
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
    this.#getters.delete(getter);
    getter.item = item;
    getter.isMet = true;
    getter.callBack();
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
    this.#putters.delete(putter);
    putter.isMet = true;
    putter.callBack();
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
    for (const parties of [this.#putters, this.#getters]) {
      const all = [...parties];
      parties.clear();
      for (const { callBack } of all) callBack();
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

  async #meet(
    parties: Set<Party<T>>,
    item: T | undefined,
    timeout: number,
    signal: AbortSignal | undefined,
    verb: string,
  ): Promise<T | undefined> {
    const party: Party<T> = { item, isMet: false, callBack: () => {} };
    const subscribe = (callBack: () => void): () => void => {
      party.callBack = callBack;
      parties.add(party);
      return () => parties.delete(party);
    };
    const inTime = await calledWithin(subscribe, timeout, signal, `Channel.${verb}()`, hubScope());
    if (party.isMet) return party.item;
    if (!inTime) throw new TimeoutError(`Cannot ${verb} item: nobody came within ${timeout} ms`);
    throw shutDown(verb);
  }
}

function shutDown(verb: string): ShutDownError {
  return new ShutDownError(`Cannot ${verb} item: the channel is shut down`);
}
