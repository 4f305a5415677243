/**
 * Waiting for one thing, and giving it up.
 *
 * @module
 */

import { CancelledError, TimeoutError } from "../errors.ts";
import { callAfter } from "../_core/deadline.ts";
import {
  type Awaitable,
  type AwaitableResult,
  cancelAwaitable,
  checkAwaitable,
  follow,
  waitForGreenlets,
} from "./awaitable.ts";
import { Greenlet, strandOf } from "./greenlet.ts";
import { checkDelay, timeout } from "./timeout_scope.ts";

/**
 * Waits for something, and cancels it when time is up: Python's `asyncio.wait_for`.
 *
 * A function is run as {@linkcode timeout} runs it. A greenlet is cancelled, and waited for until it has ended, or a second is
 * over: a result that it brings nevertheless is not lost. A future is cancelled if it has not begun. A plain promise is
 * left to itself.
 *
 * A greenlet or a future is cancelled, too, if the greenlet that waits is itself interrupted.
 *
 * @example Usage
 * ```ts
 * import { createTask, sleep, waitFor } from "@nogil/std/coroutine";
 * import { TimeoutError } from "@nogil/std/errors";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const task = createTask(() => sleep(60_000));
 * await assertRejects(() => waitFor(task, 10), TimeoutError);
 * assertEquals(task.cancelled(), true);
 * ```
 *
 * @typeParam A The type of what is waited for.
 * @param awaitable A function, a greenlet, a future or a promise.
 * @param delay How many milliseconds to wait; `null` and `Infinity` for no limit, 0 only looks.
 * @returns What it leads to.
 * @throws {TimeoutError} If time is up before.
 * @throws {TypeError} If nobody can wait for it, or `delay` is neither a number nor `null`.
 * @throws {RangeError} If `delay` is negative or NaN.
 */
export async function waitFor<A extends Awaitable>(
  awaitable: A,
  delay: number | null,
): Promise<AwaitableResult<A>> {
  checkAwaitable(awaitable, "wait");
  checkDelay(delay);
  const result = typeof awaitable === "function"
    ? timeout(delay, awaitable)
    : await waitWithin(awaitable, delay ?? Infinity);
  return await result as AwaitableResult<A>;
}

async function waitWithin(awaitable: PromiseLike<unknown>, delay: number): Promise<unknown> {
  let isLate = false;
  try {
    return await waitForGreenlets<unknown>("waitFor()", (resolve, reject) => {
      const disarm = callAfter(delay, () => {
        isLate = true;
        cancelAwaitable(awaitable);
        if (!(awaitable instanceof Greenlet)) reject(late(delay));
      });
      follow(awaitable, (value) => {
        disarm();
        resolve(value);
      }, (error) => {
        disarm();
        reject(error);
      });
      return () => {
        disarm();
        cancelAwaitable(awaitable);
      };
    });
  } catch (error) {
    if (isLate && awaitable instanceof Greenlet && wasKilledWith(awaitable, error)) {
      throw late(delay, error);
    }
    throw error;
  }
}

/** Whether an error is the one of the last cancellation of a greenlet. */
function wasKilledWith(greenlet: Greenlet<unknown>, error: unknown): boolean {
  return error instanceof CancelledError && strandOf(greenlet).killedWith?.error === error;
}

function late(delay: number, cause?: unknown): TimeoutError {
  const message = `Cannot wait: it took longer than ${delay} ms`;
  return cause === undefined ? new TimeoutError(message) : new TimeoutError(message, { cause });
}
