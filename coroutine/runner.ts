/**
 * Running several programs of tasks that share what they have started.
 *
 * @module
 */

import { InvalidStateError } from "../errors.ts";
import type { KeptContext } from "../_runtime/async_store.ts";
import { onInterrupt } from "../_runtime/interrupt_signal.ts";
import { type AsyncStore, runtime } from "../_runtime/runtime.ts";
import { AsyncTask, watchTasks } from "./async_task.ts";
import { belongsHere } from "./belongs_here.ts";
import { type GreenletResult, strandOf } from "./greenlet.ts";
import { joinWait } from "./join_wait.ts";
import { currentScope, keepOutside, store } from "./scheduler.ts";

/** The tasks of one runner that have not ended. */
type Tasks = Set<AsyncTask<unknown>>;

/** Tells which runner the running code belongs to. */
let owners: AsyncStore<Tasks> | null = null;

/**
 * Runs several programs of tasks, one after the other, that share what they have started: Python's `asyncio.Runner`.
 *
 * Tasks that a function leaves behind go on when it has ended, also while no other one runs; they are cancelled when the
 * runner is closed, for which `await using` is made. Everything runs in the asynchronous context in which the runner was
 * made: what an `AsyncLocalStorage` held there is what all functions see. For a single function there is
 * {@linkcode run}.
 *
 * @example Usage
 * ```ts
 * import { createTask, Runner, sleep } from "@nogil/std/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * const log: string[] = [];
 * {
 *   await using runner = new Runner();
 *   const task = await runner.run(() =>
 *     createTask(async () => {
 *       await sleep(5);
 *       log.push("left by the first function");
 *     })
 *   );
 *   await runner.run(async () => {
 *     await task;
 *     log.push("seen by the second one");
 *   });
 * }
 * assertEquals(log, ["left by the first function", "seen by the second one"]);
 * ```
 */
export class Runner implements AsyncDisposable {
  static {
    belongsHere(this, "runner", "make one there");
  }

  readonly #tasks: Tasks = new Set();
  readonly #context: KeptContext = keepOutside();
  #main: AsyncTask<unknown> | null = null;
  #closing: Promise<void> | null = null;

  /**
   * Runs a function as a task, and waits for its result.
   *
   * Ctrl-C cancels the function, so that `finally` blocks run; at the second one, the program ends. A program that listens to
   * the signal itself is left alone.
   *
   * @typeParam A The types of the arguments.
   * @typeParam R What the function returns.
   * @param fn An asynchronous function, or a generator function that yields what it waits for.
   * @param args Its arguments.
   * @returns The result of the function.
   * @throws {TypeError} If `fn` is no function.
   * @throws {InvalidStateError} In a greenlet; while the runner runs another function; when it is closed.
   */
  async run<A extends unknown[], R>(
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
    if (this.#closing !== null) throw new InvalidStateError("Cannot run: the runner is closed");
    if (this.#main !== null) {
      throw new InvalidStateError("Cannot run: the runner runs another function");
    }
    const main = new AsyncTask<GreenletResult<R>>(fn as never, ...args);
    this.#main = main as AsyncTask<unknown>;
    const stopListening = onInterrupt(() =>
      void main.cancel("Cannot go on: interrupted by Ctrl-C")
    );
    try {
      const found = await findOwners();
      const start = (): AsyncTask<GreenletResult<R>> => found.run(this.#tasks, () => main.start());
      return await store.call(this.#context, start, null, null, null).get();
    } finally {
      this.#main = null;
      stopListening();
    }
  }

  /**
   * Cancels the function that runs, if one does, and the tasks that were started and have not ended; they have a second to
   * end. Errors that they throw meanwhile go to the hook for errors of greenlets. Later calls wait for the same.
   *
   * @throws {InvalidStateError} In a task of the runner, which would wait for itself.
   */
  close(): Promise<void> {
    if (owners?.getStore() === this.#tasks) {
      const message = "Cannot close runner: a task of it would wait for itself";
      return Promise.reject(new InvalidStateError(message));
    }
    return this.#closing ??= this.#endAll();
  }

  /** Closes the runner, as `close` does. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Describes the runner, as `<Runner tasks=2>`. */
  toString(): string {
    return `<Runner tasks=${this.#tasks.size}${this.#closing === null ? "" : " closed"}>`;
  }

  /** Cancels tasks, and those that they start meanwhile. */
  async #endAll(): Promise<void> {
    const main = this.#main;
    if (main !== null) {
      // It may not have begun.
      main.cancel("Cannot go on: the runner was closed");
      await joinWait(strandOf(main), false);
    }
    const tasks = this.#tasks;
    while (tasks.size > 0) {
      const all = [...tasks];
      tasks.clear();
      for (const task of all) task.cancel("Cannot go on: the run has ended");
      await Promise.all(all.map((task) => task.ready() || joinWait(strandOf(task), false)));
    }
  }
}

/** Sees to it that tasks are known to the runner in which they are started. */
async function findOwners(): Promise<AsyncStore<Tasks>> {
  if (owners !== null) return owners;
  const created = await runtime().asyncStore<Tasks>();
  if (owners !== null) return owners;
  owners = created;
  watchTasks((task) => {
    const tasks = created.getStore();
    if (tasks === undefined || tasks.has(task) || task.ready()) return;
    tasks.add(task);
    strandOf(task).listen({ notify: () => void tasks.delete(task) });
  });
  return created;
}
