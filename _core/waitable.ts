/**
 * The one `wait` and the one `asCompleted`, over any mix of objects.
 *
 * Objects that are done already are found first, in the order in which they were given; the others follow in the order in
 * which they are done. A plain promise does not tell whether it is settled, so that one turn of the microtasks is given to
 * it before the first decision.
 *
 * @module
 */

import { Completion } from "./completion.ts";
import { calledWithin } from "./deadline.ts";
import {
  checkIsObject,
  checkSignal,
  checkTimeout,
  checkWait,
  type WaitOptions,
} from "./wait_options.ts";
import { describe, type WaitObject } from "./wait_state.ts";
import { Watch } from "./watch.ts";

export { WAITABLE, type Waitable, type WaitObject, type WaitState } from "./wait_state.ts";

/** When {@linkcode wait} returns. */
export type ReturnWhen = "ALL_COMPLETED" | "FIRST_COMPLETED" | "FIRST_EXCEPTION";

/** For {@linkcode wait}: return when all objects are done. */
export const ALL_COMPLETED = "ALL_COMPLETED";
/** For {@linkcode wait}: return when any object is done. */
export const FIRST_COMPLETED = "FIRST_COMPLETED";
/** For {@linkcode wait}: return when any object has failed, or all are done. */
export const FIRST_EXCEPTION = "FIRST_EXCEPTION";

const CONDITIONS: readonly unknown[] = [ALL_COMPLETED, FIRST_COMPLETED, FIRST_EXCEPTION];

/** What a wait for many objects waits for, and for how long. */
export interface WaitManyOptions extends WaitOptions {
  /** Return when so many objects are done. Default: all of them. */
  count?: number;
  /**
   * Return when all objects are done, when the first is, or when the first has failed. One that was cancelled is done, and
   * has not failed. Default: `"ALL_COMPLETED"`.
   */
  returnWhen?: ReturnWhen;
}

/** How long {@linkcode asCompleted} goes on. */
export interface AsCompletedOptions extends WaitOptions {
  /** End after so many objects. Default: all of them. */
  count?: number;
}

/** What has come of a {@linkcode wait}. */
export interface WaitResult<T> {
  /** The objects that are done, whatever came of them, in the order in which they were. */
  done: Set<T>;
  /** The others, in the order in which they were given. */
  notDone: Set<T>;
}

/**
 * Waits until objects are done: futures, threads, events (until they are set), promises, in any mix.
 *
 * What came of an object is with the object: a failure does not make the wait fail. Neither does the end of time: what is
 * done by then is returned. An object that is given twice counts once. A failed thread is reported unless it is joined
 * right after the wait. A promise counts as handled from now on, as with `Promise.race`.
 *
 * @example Usage
 * ```ts
 * import { Future, wait } from "@nogil/std/pool";
 * import { assertEquals } from "@std/assert";
 *
 * const [one, two] = [new Future<number>(), new Future<number>()];
 * one.setResult(1);
 * const { done, notDone } = await wait([one, two], { returnWhen: "FIRST_COMPLETED" });
 * assertEquals([done.has(one), notDone.has(two)], [true, true]);
 * ```
 *
 * @typeParam T The type of the objects.
 * @param objects What to wait for.
 * @param options When to return: `returnWhen` or `count`, `timeout` in milliseconds, `signal` to give up.
 * @returns Which objects are done and which are not.
 * @throws {TypeError} If `objects` is not iterable, or holds something that nobody can wait for.
 * @throws {RangeError} If `timeout` or `count` is out of range.
 * @throws {InvalidStateError} If a thread was not started, or would wait for itself.
 */
export async function wait<T extends WaitObject>(
  objects: Iterable<T>,
  options?: WaitManyOptions,
): Promise<WaitResult<T>> {
  const timeout = checkWait(options);
  const returnWhen = checkReturnWhen(options?.returnWhen);
  const count = returnWhen === FIRST_COMPLETED
    ? Math.min(1, checkCount(options?.count))
    : checkCount(options?.count);
  const watch = new Watch(objects);
  const enough = (): boolean =>
    watch.left === 0 || watch.found >= count || returnWhen === FIRST_EXCEPTION && watch.failed;
  try {
    if (watch.begin()) await undefined;
    watch.look();
    if (!enough()) {
      const subscribe = (callBack: () => void): () => void => {
        watch.follow(() => {
          if (enough()) callBack();
        });
        if (enough()) queueMicrotask(callBack);
        return () => watch.unfollow();
      };
      await calledWithin(subscribe, timeout, options?.signal);
      watch.look();
    }
  } catch (error) {
    watch.end();
    throw error;
  }
  const [done, notDone] = watch.end();
  return { done: new Set(done), notDone: new Set(notDone) };
}

/** One half of {@linkcode CompletedIterator}. */
export interface CompletedSteps<T, Half extends "one" | "other"> {
  /** Waits for the next object. */
  next(): Promise<IteratorResult<T, undefined>>;
  /** Ends the iteration. */
  return(): Promise<IteratorResult<T, undefined>>;
  /** Gives the iterator itself. */
  [Symbol.asyncIterator](): CompletedSteps<T, Half>;
}

/**
 * An asynchronous iterator of objects that can be awaited, and are not.
 *
 * It is assignable to `AsyncIterableIterator<T>`, of which TypeScript believes that `for await` awaits what it gives: the
 * loop's variable would have the type of a future's result. It does not believe that of a union.
 */
export type CompletedIterator<T> = CompletedSteps<T, "one"> | CompletedSteps<T, "other">;

/**
 * Gives objects one after the other, each when it is done: futures, threads, events (when they are set), promises, in any
 * mix.
 *
 * What came of an object is with the object: a failure does not end the iteration. An object that is given twice comes
 * once. What was given is released as it comes; leaving the loop leaves nothing behind. As to threads and promises that
 * fail, see {@linkcode wait}.
 *
 * @example Usage
 * ```ts
 * import { asCompleted, Future } from "@nogil/std/pool";
 * import { assertEquals } from "@std/assert";
 *
 * const [one, two] = [new Future<number>(), new Future<number>()];
 * two.setResult(2);
 * one.setResult(1);
 * const results = [];
 * for await (const future of asCompleted([one, two])) results.push(await future);
 * assertEquals(results, [1, 2]); // both were done already: in the order in which they were given
 * ```
 *
 * @typeParam T The type of the objects.
 * @param objects What to wait for.
 * @param options `count` to end after so many, `timeout` in milliseconds from the call on for all together, `signal` to
 * give up.
 * @returns The objects, as they are done. The iterator rejects with {@linkcode TimeoutError} when time is up before all
 * are done, and when those that are done have been taken.
 * @throws {TypeError} If `objects` is not iterable, or holds something that nobody can wait for.
 * @throws {RangeError} If `timeout` or `count` is out of range.
 * @throws {InvalidStateError} If a thread was not started, or would wait for itself.
 */
export function asCompleted<T extends WaitObject>(
  objects: Iterable<T>,
  options?: AsCompletedOptions,
): CompletedIterator<T> {
  if (options !== undefined) checkIsObject(options, "wait");
  const timeout = checkTimeout(options?.timeout);
  const signal = checkSignal(options?.signal);
  const count = checkCount(options?.count);
  return new Completion(new Watch(objects), count, timeout, signal);
}

function checkReturnWhen(returnWhen: unknown): ReturnWhen {
  if (returnWhen === undefined) return ALL_COMPLETED;
  if (CONDITIONS.includes(returnWhen)) return returnWhen as ReturnWhen;
  const received = typeof returnWhen === "string" ? `"${returnWhen}"` : describe(returnWhen);
  throw new TypeError(
    `Cannot wait: 'returnWhen' must be "ALL_COMPLETED", "FIRST_COMPLETED" or "FIRST_EXCEPTION": received ${received}`,
  );
}

function checkCount(count: unknown): number {
  if (count === undefined) return Infinity;
  if (typeof count !== "number") {
    throw new TypeError(`Cannot wait: 'count' must be a number: received ${describe(count)}`);
  }
  if (!Number.isInteger(count) && count !== Infinity || count < 0) {
    throw new RangeError(`Cannot wait: 'count' must be an integer >= 0: received ${count}`);
  }
  return count;
}
