/**
 * Waiting without taking down what is waited for.
 *
 * @module
 */

import {
  type Awaitable,
  type AwaitableResult,
  checkAwaitable,
  follow,
  startAwaitable,
  waitForGreenlets,
} from "./awaitable.ts";
import { callErrorHook } from "./error_hook.ts";
import { Greenlet, strandOf } from "./greenlet.ts";

/**
 * Waits for something that goes on if the greenlet that waits is interrupted: Python's `asyncio.shield`.
 *
 * A function is started as a task. Keep what is to be waited for later in a variable: `const task = createTask(save); await
 * shield(task)`. If nobody waits any more and it fails, the hook for errors of greenlets is told.
 *
 * @example Usage
 * ```ts
 * import { createTask, shield, sleep, waitFor } from "@nogil/std/coroutine";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const task = createTask(() => sleep(20).then(() => "saved"));
 * await assertRejects(() => waitFor(() => shield(task), 1));
 * assertEquals(await task, "saved");
 * ```
 *
 * @typeParam A The type of what is waited for.
 * @param awaitable A function, a greenlet, a future or a promise.
 * @returns What it leads to.
 * @throws {TypeError} If nobody can wait for it.
 */
export async function shield<A extends Awaitable>(awaitable: A): Promise<AwaitableResult<A>> {
  checkAwaitable(awaitable, "shield");
  const inner = startAwaitable(awaitable, "shield");
  return await waitForGreenlets<unknown>("shield()", (resolve, reject) => {
    let isAlone = false;
    follow(inner, resolve, (error) => {
      reject(error);
      if (!isAlone || !(inner instanceof Greenlet)) return;
      if (strandOf(inner).killedWith?.error !== error) callErrorHook({ error, greenlet: inner });
    });
    return () => {
      isAlone = true;
    };
  }) as AwaitableResult<A>;
}
