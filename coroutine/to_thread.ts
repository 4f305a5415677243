/**
 * Functions that would block, on threads.
 *
 * @module
 */

import { waitForOperation } from "./operation.ts";

let executor: ReturnType<typeof createExecutor> | null = null;

/**
 * Runs a function on a thread, and waits for it: Python's `asyncio.to_thread`.
 *
 * For functions that compute or block. As all that goes to another thread, the function is a task, or self-contained. The
 * threads are those of a `ThreadPoolExecutor` that all calls share, as many as there are processors and four more, at most 32;
 * they do not keep the program alive.
 *
 * If the greenlet that waits is interrupted, a function that has not begun never does; one that has goes on, and nobody waits
 * for it.
 *
 * @example Usage
 * ```ts
 * import { toThread } from "@nogil/std/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * function sum(n: number) {
 *   let total = 0;
 *   for (let i = 1; i <= n; i++) total += i;
 *   return total;
 * }
 * assertEquals(await toThread(sum, 1000), 500_500);
 * ```
 *
 * @typeParam A The types of the arguments.
 * @typeParam R What the function returns.
 * @param fn A task, or a self-contained function.
 * @param args Its arguments.
 * @returns Its result.
 * @throws {TypeError} If `fn` is no function.
 * @throws {UnshareableError} If something cannot travel to another thread.
 */
export async function toThread<A extends unknown[], R>(
  fn: (...args: A) => R,
  ...args: A
): Promise<Awaited<R>> {
  if (typeof fn !== "function") {
    throw new TypeError(`Cannot run on a thread: 'fn' must be a function: received ${typeof fn}`);
  }
  return await waitForOperation("toThread()", async (signal) => {
    const pool = await (executor ??= createExecutor());
    signal.throwIfAborted();
    const future = pool.submit(fn, ...args);
    signal.addEventListener("abort", () => future.cancel());
    return await future;
  });
}

// The pools are loaded by the first call.
async function createExecutor() {
  const { ThreadPoolExecutor } = await import("../pool/mod.ts");
  return new ThreadPoolExecutor({ threadNamePrefix: "toThread" });
}
