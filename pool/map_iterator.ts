/**
 * The results of a map, one after the other.
 *
 * @module
 */

import { DeadlockError, TimeoutError, UnshareableError } from "../errors.ts";
import { callOnAbort } from "../_core/abort_calls.ts";
import { callAfter, reachable } from "../_core/deadline.ts";
import { HANDLE, type HandleRecord } from "../_core/handle.ts";
import {
  checkSyncWait,
  checkWait,
  type SyncWaitOptions,
  type WaitOptions,
} from "../_core/wait_options.ts";
import type { Failure, Feed, FeedListener } from "./feed.ts";
import { closeQuietly } from "./input.ts";
import type { Outcome, Shelf } from "./shelf.ts";

/** Where the results come from. */
interface ResultSource {
  /** Takes in what results are there, without waiting. */
  poll(): void;
  /** Blocks this thread until `isDone`; gives `false` when time is up. */
  waitSync(isDone: () => boolean, timeout: number): boolean;
}

/** Somebody who waits for the next result. */
interface Request {
  resolve(result: IteratorResult<unknown, undefined>): void;
  reject(error: unknown): void;
}

/** What the pool does with an iterator that it has made. */
export interface IteratorControl<R> {
  readonly iterator: MapIterator<R>;
  readonly listener: FeedListener;
  /** The pool takes no more work: reads on as far as results can be kept, or ends an iterator that was left. */
  closing(): void;
}

/** Makes an iterator; `connect` gives its feed, once. */
export let createMapIterator: <R>(
  shelf: Shelf,
  source: ResultSource,
  verb: string,
) => { control: IteratorControl<R>; connect(feed: Feed): void };

/** What the next instance is made of: a program cannot make one. */
let nextParts: { shelf: Shelf; source: ResultSource; verb: string } | null = null;

/**
 * The results of `imap`, `imapUnordered` and of an executor's `map`.
 *
 * Tasks run ahead of who fetches their results, but not without bound. After an item that failed, for which
 * {@linkcode MapIterator.next} rejects, the next call goes on with the next item; a `for await` loop ends there, as every
 * error ends it. Whoever stops early, by `break` or {@linkcode MapIterator.return}, keeps what has not begun from running,
 * and closes the input.
 *
 * @example Usage
 * ```ts
 * import { ThreadPool } from "@nogil/std/pool";
 * import { assertEquals } from "@std/assert";
 *
 * function* naturals() {
 *   for (let n = 0;; n++) yield n;
 * }
 *
 * await ThreadPool.with(2, async (pool) => {
 *   const squares: number[] = [];
 *   for await (const square of pool.imap((n: number) => n * n, naturals())) {
 *     if (square > 20) break;
 *     squares.push(square);
 *   }
 *   assertEquals(squares, [0, 1, 4, 9, 16]);
 * });
 * ```
 *
 * @typeParam R The type of the results.
 */
export class MapIterator<R>
  implements AsyncIterableIterator<R, undefined, WaitOptions | undefined> {
  readonly #shelf: Shelf;
  readonly #source: ResultSource;
  readonly #verb: string;
  readonly #requests: Set<Request> = new Set();
  #feed: Feed | null = null;
  /** What ends the iteration, once the results before it are given. */
  #failure: Failure | null = null;
  /** Whether nothing more is given. */
  #finished = false;
  /** Whether what is behind a gap has no chance to be given. */
  #cut = false;
  /** Whether the last answer was an error, after which a loop does not come back. */
  #left = false;

  static {
    createMapIterator = <R>(shelf: Shelf, source: ResultSource, verb: string) => {
      nextParts = { shelf, source, verb };
      const iterator = new MapIterator<R>();
      const listener: FeedListener = {
        item: (index, value) => iterator.#settle(index, { value }),
        itemFailed: (index, error) => iterator.#settle(index, { error }),
        chunkEnded: () => {},
        inputEnded: (failure) => {
          iterator.#failure ??= failure;
          iterator.#answer();
        },
        aborted: (reason, late) => iterator.#abort(reason, late),
      };
      const control: IteratorControl<R> = {
        iterator,
        listener,
        closing: () => iterator.#closing(),
      };
      return { control, connect: (feed) => void (iterator.#feed = feed) };
    };
  }

  /**
   * Is for pools alone.
   *
   * @ignore
   */
  constructor() {
    if (nextParts === null) {
      throw new TypeError("Cannot create MapIterator: it is what pool.imap() returns");
    }
    ({ shelf: this.#shelf, source: this.#source, verb: this.#verb } = nextParts);
    nextParts = null;
  }

  /**
   * Waits for the next result.
   *
   * @param options `timeout` in milliseconds, `signal` to give up waiting. The result is not lost then: the next call
   * waits for it.
   * @returns The result as `value`, or `done` after the last one. Rejects with the error of an item that failed, or of
   * the input.
   * @throws {TimeoutError} If time runs out.
   */
  next(options?: WaitOptions): Promise<IteratorResult<R, undefined>> {
    let interrupt: (error: unknown) => void = () => {};
    const promise = new Promise<IteratorResult<R, undefined>>((resolve, reject) => {
      const timeout = checkWait(options, this.#verb);
      this.#setLeft(false);
      this.#feed?.release(1);
      if (timeout === 0) this.#source.poll();
      if (this.#requests.size === 0 && this.#ready) {
        this.#give({ resolve: resolve as Request["resolve"], reject });
        return;
      }
      const signal = options?.signal;
      const end = (): void => {
        this.#requests.delete(request);
        stop();
        forget();
        this.#feedAwaited();
      };
      const giveUp = (error: unknown): void => {
        end();
        this.#feed?.release(-1);
        reject(error);
      };
      const late = (): void => giveUp(this.#late(timeout));
      const request: Request = {
        resolve: (result) => {
          end();
          resolve(result as IteratorResult<R, undefined>);
        },
        reject: (error) => {
          end();
          reject(error);
        },
      };
      this.#requests.add(request);
      this.#feedAwaited();
      const forget = callOnAbort(signal, () => giveUp(signal?.reason));
      const stop = timeout === 0 ? () => {} : callAfter(timeout, late);
      if (timeout === 0) late();
      interrupt = (error) => {
        if (this.#requests.has(request)) giveUp(error);
      };
    });
    return reachable(promise, this.#verb, (error) => interrupt(error));
  }

  /**
   * Blocks this thread until the next result is there.
   *
   * @param options `timeout` in milliseconds.
   * @returns The result as `value`, or `done` after the last one.
   * @throws {TimeoutError} If time runs out. The result is not lost then.
   * @throws {DeadlockError} If the input is an async iterable, which this thread would have to read meanwhile, or if
   * promises wait for results that come before this one.
   */
  nextSync(options?: SyncWaitOptions): IteratorResult<R, undefined> {
    const timeout = checkSyncWait(options, this.#verb);
    if (this.#requests.size > 0) {
      throw new DeadlockError(`Cannot ${this.#verb}: a promise waits for the result before`);
    }
    this.#setLeft(false);
    this.#feed?.release(1);
    if (!this.#ready) {
      if (this.#feed?.needsLoop) {
        this.#feed.release(-1);
        throw new DeadlockError(
          `Cannot ${this.#verb}: the input is an async iterable, which this thread cannot read while it is blocked`,
        );
      }
      if (!this.#source.waitSync(() => this.#ready, timeout)) {
        this.#feed?.release(-1);
        throw this.#late(timeout);
      }
    }
    let result: IteratorResult<unknown, undefined> | null = null;
    let failure: Failure | null = null;
    this.#give({
      resolve: (given) => void (result = given),
      reject: (error) => void (failure = { error }),
    });
    if (failure !== null) throw (failure as Failure).error;
    return result as unknown as IteratorResult<R, undefined>;
  }

  /**
   * Ends the iteration: what has not begun will not run, and the input is closed.
   *
   * An async input that is about to give an item closes when it has given it, which is not waited for.
   *
   * @returns Always `done`. Rejects with what the input throws when it is closed.
   */
  async return(): Promise<IteratorResult<R, undefined>> {
    const first = !this.#finished;
    this.#finish();
    if (first) await this.#feed?.abandon();
    return { done: true, value: undefined };
  }

  /** Gives itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Ends the iteration, as {@linkcode return} does. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /**
   * Refuses to travel.
   *
   * @ignore
   */
  [HANDLE](): HandleRecord {
    throw new UnshareableError(
      "Cannot send iterator of results: it belongs to the thread of its pool, put the results into a Queue and send that",
    );
  }

  /** Whether there is an answer to a request. */
  get #ready(): boolean {
    return this.#finished || this.#cut || this.#shelf.ready || this.#exhausted;
  }

  get #exhausted(): boolean {
    const feed = this.#feed;
    return feed !== null && feed.ended && this.#shelf.given === feed.taken;
  }

  #settle(index: number, outcome: Outcome): void {
    if (this.#finished) return;
    this.#shelf.put(index, outcome);
    this.#answer();
  }

  /** Answers those who wait, as far as there are answers. */
  #answer(): void {
    for (const request of this.#requests) {
      if (!this.#ready) return;
      this.#give(request);
    }
  }

  /** Answers a request; {@linkcode #ready} must hold. */
  #give(request: Request): void {
    const outcome = this.#finished ? null : this.#shelf.take();
    if (outcome !== null) {
      if ("error" in outcome) {
        this.#setLeft(true);
        request.reject(outcome.error);
      } else request.resolve({ done: false, value: outcome.value });
      return;
    }
    const failure = this.#failure;
    this.#failure = null;
    this.#finished = true;
    this.#shelf.clear();
    if (failure !== null) request.reject(failure.error);
    else request.resolve({ done: true, value: undefined });
  }

  /** Gives nothing more. */
  #finish(): void {
    this.#finished = true;
    this.#failure = null;
    this.#shelf.clear();
    this.#answer();
  }

  /** When time is up, the results that are there in their order are still given. */
  #abort(reason: unknown, late: boolean): void {
    if (this.#finished) return;
    this.#failure = { error: reason };
    this.#cut = true;
    if (!late) this.#shelf.clear();
    this.#answer();
  }

  #setLeft(left: boolean): void {
    if (this.#left === left) return;
    this.#left = left;
    if (this.#feed !== null && !this.#feed.over) this.#feed.left = left;
  }

  #closing(): void {
    if (this.#left) {
      closeQuietly(() => this.#feed?.abandon());
      this.#finish();
    } else this.#feed?.lift();
  }

  #feedAwaited(): void {
    if (this.#feed !== null) this.#feed.awaited = this.#requests.size > 0;
  }

  #late(timeout: number): TimeoutError {
    return new TimeoutError(
      `Cannot ${this.#verb}: the next result was not there within ${timeout} ms`,
    );
  }
}
