/**
 * Running a program of tasks.
 *
 * @module
 */

import { InvalidStateError } from "../errors.ts";
import { onInterrupt } from "../_runtime/interrupt_signal.ts";
import { type AsyncStore, runtime } from "../_runtime/runtime.ts";
import { AsyncTask, watchTasks } from "./async_task.ts";
import { type GreenletResult, strandOf } from "./greenlet.ts";
import { joinWait } from "./join_wait.ts";
import { currentScope } from "./scheduler.ts";

/** The tasks of one run that have not ended. */
type Tasks = Set<AsyncTask<unknown>>;

/** Tells which run the running code belongs to. */
let runs: Promise<AsyncStore<Tasks>> | null = null;

/**
 * Runs a program of tasks: Python's `asyncio.run`.
 *
 * When the function has ended, the tasks are cancelled that were started in the run, by `createTask` and whatever else starts
 * tasks, and have not ended; they have a second to do so. Errors that they throw meanwhile go to the hook for errors of
 * greenlets.
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
  if (typeof fn !== "function") {
    const received = fn === null ? "null" : typeof fn;
    throw new TypeError(
      `Cannot run: 'fn' must be a function, as run(main): received ${received}`,
    );
  }
  if (currentScope() !== null) {
    throw new InvalidStateError("Cannot run: this is a greenlet already, await the function");
  }
  const store = await (runs ??= watchRuns());
  const tasks: Tasks = new Set();
  const main = new AsyncTask<GreenletResult<R>>(fn as never, ...args);
  const stopListening = onInterrupt(() => void main.cancel("Cannot go on: interrupted by Ctrl-C"));
  try {
    return await store.run(tasks, () => main.start()).get();
  } finally {
    await endAll(tasks);
    stopListening();
  }
}

/** Cancels tasks, and those that they start meanwhile. */
async function endAll(tasks: Tasks): Promise<void> {
  while (tasks.size > 0) {
    const all = [...tasks];
    tasks.clear();
    for (const task of all) task.cancel("Cannot go on: the run has ended");
    await Promise.all(all.map((task) => task.ready() || joinWait(strandOf(task), false)));
  }
}

/** Sees to it that tasks are known to the run in which they are started. */
async function watchRuns(): Promise<AsyncStore<Tasks>> {
  const store = await runtime().asyncStore<Tasks>();
  watchTasks((task) => {
    const tasks = store.getStore();
    if (tasks === undefined || tasks.has(task) || task.ready()) return;
    tasks.add(task);
    strandOf(task).listen({ notify: () => void tasks.delete(task) });
  });
  return store;
}
