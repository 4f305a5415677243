/**
 * Running a program of tasks.
 *
 * @module
 */

import type { GreenletResult } from "./greenlet.ts";
import { Runner } from "./runner.ts";

/**
 * Runs a program of tasks: Python's `asyncio.run`.
 *
 * When the function has ended, the tasks are cancelled that were started in the run, by `createTask` and whatever else starts
 * tasks, and have not ended; they have a second to do so. Errors that they throw meanwhile go to the hook for errors of
 * greenlets. For several functions that share their tasks there is {@linkcode Runner}.
 *
 * Ctrl-C cancels the function, so that `finally` blocks run; at the second one, the program ends. A program that listens to
 * the signal itself is left alone.
 *
 * At the top level of a program, `void run(main)` does on Deno what `await run(main)` does not: it ends the program with a
 * list of who waits for what (`LoopExit`) when no task can ever go on.
 *
 * @example Usage
 * ```ts
 * import { run, sleep } from "@nogil/std/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * async function main(name: string) {
 *   await sleep(1);
 *   return `Hello ${name}`;
 * }
 * assertEquals(await run(main, "Ada"), "Hello Ada");
 * ```
 *
 * @typeParam A The types of the arguments.
 * @typeParam R What the function returns.
 * @param fn An asynchronous function, or a generator function that yields what it waits for.
 * @param args Its arguments.
 * @returns The result of the function.
 * @throws {TypeError} If `fn` is no function.
 * @throws {InvalidStateError} In a greenlet: await the function there, or start it by `createTask`.
 */
export async function run<A extends unknown[], R>(
  fn: (...args: A) => R,
  ...args: A
): Promise<GreenletResult<R>> {
  const runner = new Runner();
  try {
    return await runner.run(fn, ...args);
  } finally {
    await runner.close();
  }
}
