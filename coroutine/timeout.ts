/**
 * Time limits for what a greenlet does.
 *
 * @module
 */

import { InvalidStateError, TimeoutError } from "../errors.ts";
import { SENT_AS } from "../_core/handle.ts";
import { runtime } from "../_runtime/runtime.ts";
import type { Alarm } from "./alarm_heap.ts";
import type { GreenletResult } from "./greenlet.ts";
import { type GreenletScope, PartScope } from "./greenlet_scope.ts";
import type { Waiter } from "./hub.ts";
import { runInline } from "./run_inline.ts";
import { currentScope, scheduler } from "./scheduler.ts";
import { wrongDelay } from "./sleep.ts";
import { spawnGreenlet } from "./spawn.ts";

/** How {@linkcode Timeout.run} ends when time is up. */
export interface TimeoutRunOptions {
  /** What is thrown instead of the timeout: an error, a class of errors, or the message of the timeout. */
  error?: Error | (new () => Error) | string;
  /** Throw nothing: the result is `undefined`. Default: `false`. */
  silent?: boolean;
}

/**
 * A time limit: when it is up, what the greenlet waits for is given up, and the wait throws. As gevent's `Timeout`.
 *
 * The timeout is itself what is thrown, so that of several, one inside the other, the one whose time is up is known. It
 * reaches what `kill` reaches ({@linkcode Greenlet}); where the greenlet does not wait, or waits for a promise of
 * somebody else, its next wait throws.
 *
 * It belongs to its thread: thrown in another one, it arrives as a `TimeoutError`.
 *
 * {@linkcode Timeout.run} is the whole form. `new Timeout(100).start()` holds until `cancel()`, for which `using` is made:
 * `using _ = Timeout.startNew(100)`; at the latest, until the greenlet has ended.
 *
 * @example Usage
 * ```ts
 * import { sleep, Timeout } from "@nogil/std/coroutine";
 * import { TimeoutError } from "@nogil/std/errors";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * assertEquals(await Timeout.run(1000, () => sleep(1).then(() => "done")), "done");
 * await assertRejects(() => Timeout.run(10, () => sleep(1000)), TimeoutError);
 * assertEquals(await Timeout.run(10, () => sleep(1000), { silent: true }), undefined);
 * ```
 */
export class Timeout extends TimeoutError implements Disposable {
  static {
    this.prototype.name = "Timeout";
    Object.defineProperty(this.prototype, SENT_AS, { value: "TimeoutError" });
  }

  /** The limit in milliseconds; `null` when there is none. */
  readonly milliseconds: number | null;
  readonly #thrown: Error;
  #alarm: Alarm<Waiter> | null = null;
  #scope: GreenletScope | null = null;
  #forget: (() => void) | null = null;

  /**
   * Creates a time limit, which `start` starts.
   *
   * @param milliseconds The limit. `null` and `Infinity` never end; 0 ends as soon as the greenlet waits.
   * @param error What is thrown instead of the timeout: an error, a class of errors, or the message of the timeout.
   * @throws {TypeError} If an argument has a wrong type.
   * @throws {RangeError} If `milliseconds` is negative or NaN.
   */
  constructor(
    milliseconds?: number | null,
    error?: Error | (new () => Error) | string | null,
  ) {
    const limit = milliseconds ?? null;
    if (limit !== null && (typeof limit !== "number" || !(limit >= 0))) {
      throw wrongDelay("create Timeout", limit);
    }
    super(typeof error === "string" ? error : `Cannot go on: ${limit} ms are over`);
    this.milliseconds = limit === Infinity ? null : limit;
    this.#thrown = this.#checkError(error);
  }

  /**
   * Creates a time limit for the current greenlet, and starts it.
   *
   * @param milliseconds The limit.
   * @param error What is thrown instead of the timeout.
   * @throws {InvalidStateError} Outside of greenlets.
   */
  static startNew(
    milliseconds: number | null,
    error?: Error | (new () => Error) | string | null,
  ): Timeout {
    return new Timeout(milliseconds, error).start();
  }

  /**
   * Runs a function, and gives it up when time is up.
   *
   * Inside a greenlet, the function runs in that greenlet, and only its own waits are given up. If it does not wait in a
   * way that can be given up, the promise rejects all the same, and the next such wait of its code throws. Outside, it runs
   * in a greenlet of its own, which is killed.
   *
   * @typeParam R What the function returns.
   * @param milliseconds The limit. `null` and `Infinity` never end.
   * @param fn A function, or a generator function that yields what it waits for. Its result, awaited, is the result.
   * @param options `error` to throw, or `silent` to throw nothing.
   * @throws {Timeout} When time is up.
   */
  static async run<R>(
    milliseconds: number | null,
    fn: () => R,
    options?: TimeoutRunOptions,
  ): Promise<GreenletResult<R> | undefined> {
    const timeout = new Timeout(milliseconds, options?.error);
    const scope = currentScope();
    try {
      const result = scope === null ? timeout.#runAlone(fn) : timeout.#runWithin(scope, fn);
      return await result as GreenletResult<R>;
    } catch (error) {
      if (error === timeout.#thrown && options?.silent === true) return undefined;
      throw error;
    } finally {
      timeout.cancel();
    }
  }

  /** What is thrown: the timeout itself, unless another error was given. */
  get error(): Error {
    return this.#thrown;
  }

  /** Whether the time runs. */
  get pending(): boolean {
    return this.#alarm !== null;
  }

  /**
   * Starts the time for the current greenlet; again, if it was over or cancelled.
   *
   * @throws {InvalidStateError} If it runs already, or outside of greenlets.
   */
  start(): this {
    const scope = currentScope();
    if (scope === null) {
      throw new InvalidStateError(
        "Cannot start timeout: this code runs in no greenlet, use Timeout.run(), or spawn it",
      );
    }
    if (this.pending) throw new InvalidStateError("Cannot start timeout: it runs already");
    this.#scope = scope;
    this.#begin(() => void scope.interrupt(this.#thrown));
    this.#forget?.();
    this.#forget = scope.strand.atEnd(() => this.cancel());
    return this;
  }

  /** Stops the time. Nothing is thrown any more, unless it was thrown before. */
  cancel(): void {
    if (this.#alarm !== null) scheduler.cancel(this.#alarm);
    this.#alarm = null;
    this.#scope?.calmDown(this.#thrown);
    this.#scope = null;
    this.#forget?.();
    this.#forget = null;
  }

  /** Stops the time, as `cancel` does. */
  close(): void {
    this.cancel();
  }

  /** Stops the time at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.cancel();
  }

  #begin(expire: () => void): void {
    if (this.milliseconds === null) return;
    this.#alarm = scheduler.sleep(this.milliseconds, {
      resume: () => {
        this.#alarm = null;
        expire();
      },
    });
  }

  #runAlone(fn: () => unknown): Promise<unknown> {
    const greenlet = spawnGreenlet(fn, []);
    this.#begin(() => void greenlet.kill(this.#thrown, { grace: 0 }));
    return greenlet.get();
  }

  #runWithin(whole: GreenletScope, fn: () => unknown): Promise<unknown> {
    const scope = new PartScope(whole);
    return new Promise((resolve, reject) => {
      this.#begin(() => {
        if (scope.interrupt(this.#thrown)) return;
        // What the function waits for may have come, and not be here yet.
        runtime().nextTurn(() => reject(this.#thrown));
      });
      runInline(scope, fn).then(resolve, reject);
    });
  }

  #checkError(error: unknown): Error {
    if (error === undefined || error === null || typeof error === "string") return this;
    if (error instanceof Error) return error;
    if (typeof error === "function" && (error === Error || error.prototype instanceof Error)) {
      return Reflect.construct(error, []) as Error;
    }
    throw new TypeError(
      `Cannot create Timeout: 'error' must be an error, a class of errors or a message: received ${typeof error}`,
    );
  }
}
