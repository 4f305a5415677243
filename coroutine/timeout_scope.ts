/**
 * Time limits of asyncio.
 *
 * @module
 */

import { CancelledError, InvalidStateError, TimeoutError } from "../errors.ts";
import type { Alarm } from "./alarm_heap.ts";
import { GRACE, startTask } from "./async_task.ts";
import type { GreenletResult } from "./greenlet.ts";
import type { GreenletScope } from "./greenlet_scope.ts";
import type { Waiter } from "./hub.ts";
import { Part } from "./part.ts";
import { currentScope, scheduler } from "./scheduler.ts";

/** Makes a time limit that runs. */
let start: (delay: number | null, expire: () => void, end: () => void) => TimeoutScope;

/**
 * A time limit of asyncio: what {@linkcode timeout} makes.
 *
 * @example Usage
 * ```ts
 * import { createTask, sleep, timeout } from "@nogil/std/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * const task = createTask(async () => {
 *   using limit = timeout(10);
 *   limit.reschedule(performance.now() + 60_000);
 *   await sleep(20);
 *   return limit.expired();
 * });
 * assertEquals(await task, false);
 * ```
 */
export class TimeoutScope implements Disposable {
  readonly #controller: AbortController = new AbortController();
  readonly #expire: () => void;
  readonly #end: () => void;
  #when: number | null;
  #alarm: Alarm<Waiter> | null = null;
  #isExpired = false;
  #isOver = false;

  private constructor(delay: number | null, expire: () => void, end: () => void) {
    this.#when = delay === null || delay === Infinity ? null : performance.now() + delay;
    this.#expire = expire;
    this.#end = end;
    this.#arm();
  }

  static {
    start = (delay, expire, end) => new TimeoutScope(delay, expire, end);
  }

  /** When time is up, in milliseconds of `performance.now()`; `null` for never. */
  when(): number | null {
    return this.#when;
  }

  /** Whether time is up: what was waited for was given up. */
  expired(): boolean {
    return this.#isExpired;
  }

  /** Is aborted when time is up. For what takes a signal, and cannot be given up otherwise. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /**
   * Moves the end of the time.
   *
   * @param when In milliseconds of `performance.now()`; `null` for never. What is past ends at once.
   * @throws {TypeError} If `when` is neither a number nor `null`.
   * @throws {RangeError} If it is NaN.
   * @throws {InvalidStateError} If time is up, or the block has ended.
   */
  reschedule(when: number | null): void {
    if (when !== null && typeof when !== "number") {
      throw new TypeError(
        `Cannot reschedule timeout: 'when' must be a number or null: received ${typeof when}`,
      );
    }
    if (Number.isNaN(when)) throw new RangeError("Cannot reschedule timeout: 'when' is NaN");
    if (this.#isExpired || this.#isOver) {
      const state = this.#isExpired ? "time is up" : "its block has ended";
      throw new InvalidStateError(`Cannot reschedule timeout: ${state}`);
    }
    this.#disarm();
    this.#when = when === Infinity ? null : when;
    this.#arm();
  }

  /** Ends the time limit. What was thrown already stays thrown. */
  [Symbol.dispose](): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#disarm();
    this.#end();
  }

  /** Describes the time limit, as `<TimeoutScope active>`. */
  toString(): string {
    const state = this.#isExpired ? "expired" : this.#isOver ? "finished" : "active";
    return `<TimeoutScope ${state}>`;
  }

  #arm(): void {
    if (this.#when === null) return;
    const left = Math.max(0, this.#when - performance.now());
    this.#alarm = scheduler.sleep(left, {
      resume: () => {
        this.#alarm = null;
        if (this.#isOver) return;
        this.#isExpired = true;
        this.#expire();
        this.#controller.abort(new TimeoutError("Cannot go on: time is up"));
      },
    });
  }

  #disarm(): void {
    if (this.#alarm !== null) scheduler.cancel(this.#alarm);
    this.#alarm = null;
  }
}

/**
 * Limits the time of a function: Python's `async with asyncio.timeout(delay)`.
 *
 * When time is up, the function gets a `CancelledError` where it waits, and once it has ended, the promise rejects with a
 * `TimeoutError`. An error of its own that it throws while it ends is thrown instead. If it waits for a promise of somebody
 * else, which cannot be given up, or has not ended a second after, it is left to itself. Inside a greenlet, the function runs
 * in that greenlet; outside, in a task of its own.
 *
 * @example Usage
 * ```ts
 * import { sleep, timeout } from "@nogil/std/coroutine";
 * import { TimeoutError } from "@nogil/std/errors";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * assertEquals(await timeout(60_000, () => sleep(1).then(() => "in time")), "in time");
 * await assertRejects(() => timeout(1, () => sleep(60_000)), TimeoutError);
 * ```
 *
 * @typeParam R What the function returns.
 * @param delay How many milliseconds it has; `null` and `Infinity` for no limit, 0 to give up at the first wait.
 * @param fn An asynchronous function, or a generator function that yields what it waits for. It gets the time limit.
 * @returns The result of the function.
 * @throws {TimeoutError} If time is up before.
 */
export function timeout<R>(
  delay: number | null,
  fn: (limit: TimeoutScope) => R,
): Promise<GreenletResult<R>>;
/**
 * Limits the time of the running greenlet, until the end of the `using` block, or its own end: when time is up, it gets a `TimeoutError` where
 * it waits.
 *
 * @param delay How many milliseconds it has; `null` and `Infinity` for no limit, 0 to give up at the first wait.
 * @throws {TypeError} If `delay` is neither a number nor `null`.
 * @throws {RangeError} If `delay` is negative or NaN.
 * @throws {InvalidStateError} Outside of greenlets.
 */
export function timeout(delay: number | null): TimeoutScope;
export function timeout<R>(
  delay: number | null,
  fn?: (limit: TimeoutScope) => R,
): Promise<GreenletResult<R>> | TimeoutScope {
  if (fn !== undefined) return limit(delay, fn);
  checkDelay(delay);
  const scope = currentScope();
  if (scope === null) {
    throw new InvalidStateError(
      "Cannot start timeout: this code runs in no greenlet, pass a function, or use run()",
    );
  }
  const error = late(delay);
  const forget = scope.strand.atEnd(() => given[Symbol.dispose]());
  const given = start(delay, () => scope.interrupt(error), () => {
    scope.calmDown(error);
    forget();
  });
  return given;
}

async function limit<R>(
  delay: number | null,
  fn: (limit: TimeoutScope) => R,
): Promise<GreenletResult<R>> {
  checkDelay(delay);
  if (typeof fn !== "function") {
    throw new TypeError(`Cannot start timeout: 'fn' must be a function: received ${typeof fn}`);
  }
  const scope = currentScope();
  if (scope !== null) return await limitWithin(scope, delay, fn);
  return await startTask(() => timeout(delay, fn), [], "start timeout") as GreenletResult<R>;
}

async function limitWithin<R>(
  whole: GreenletScope,
  delay: number | null,
  fn: (limit: TimeoutScope) => R,
): Promise<GreenletResult<R>> {
  const part = new Part<GreenletResult<R>>(whole, GRACE);
  const cancelled = new CancelledError("Cannot go on: time is up");
  const scope = start(delay, () => part.interrupt(cancelled), () => {});
  try {
    return await part.run(() => fn(scope));
  } catch (error) {
    const isOurs = error === cancelled || scope.signal.aborted && error === scope.signal.reason;
    // Who is cancelled, and out of time, is cancelled.
    const killing = isOurs ? part.takeKilling() : error;
    if (killing !== null) throw killing;
    throw new TimeoutError(late(delay).message, { cause: error });
  } finally {
    scope[Symbol.dispose]();
  }
}

/** Checks a delay. */
export function checkDelay(delay: unknown): void {
  if (delay === null) return;
  if (typeof delay !== "number") {
    throw new TypeError(
      `Cannot start timeout: 'delay' must be a number or null: received ${typeof delay}`,
    );
  }
  if (!(delay >= 0)) {
    throw new RangeError(
      `Cannot start timeout: 'delay' must be a number of milliseconds >= 0: received ${delay}`,
    );
  }
}

function late(delay: number | null): TimeoutError {
  return new TimeoutError(`Cannot go on: it took longer than ${delay} ms`);
}
