/**
 * Tasks that end together.
 *
 * ```text
 *   state    | createTask()  | a task fails                          | the body ends
 *   ---------+---------------+---------------------------------------+---------------------------------------------
 *   OPEN     | starts a task | the others are cancelled, the body is | waits for the tasks: CLOSING; with an error,
 *            |               | interrupted: FAILED                   | they are cancelled: FAILED
 *   CLOSING  | starts a task | the others are cancelled: FAILED      | –
 *   FAILED   | throws        | its error is kept                     | waits for the tasks
 *   OVER     | throws        | –                                     | –
 * ```
 *
 * @module
 */

import { CancelledError, GreenletExit, InvalidStateError } from "../errors.ts";
import {
  type AsyncTask,
  cancelGreenlet,
  type CancelOptions,
  countRequest,
  GRACE,
  startTask,
} from "./async_task.ts";
import { waitForGreenlets } from "./awaitable.ts";
import { belongsHere } from "./belongs_here.ts";
import { checkGrace } from "./greenlet_checks.ts";
import { type GreenletResult, strandOf } from "./greenlet.ts";
import type { GreenletScope } from "./greenlet_scope.ts";
import { Part } from "./part.ts";
import { currentScope } from "./scheduler.ts";
import type { Strand } from "./strand.ts";
import { Timeout } from "./timeout.ts";

const OPEN = 0;
const CLOSING = 1;
const FAILED = 2;
const OVER = 3;

/** Throws an error in the body, where it waits. */
interface Body {
  interrupt(error: unknown): unknown;
  calmDown(error: unknown): void;
}

/**
 * A group of tasks that end together: Python's `asyncio.TaskGroup`.
 *
 * Whoever leaves the group waits for its tasks. If one fails, the others are cancelled, and so is what the body waits for;
 * when all have ended, their errors are thrown together, as an `AggregateError`. Those that were cancelled are not among them.
 * A task that does not end when it is cancelled is given up after a second, or after `grace` milliseconds.
 *
 * {@linkcode TaskGroup.run} is the whole form. With `await using`, JavaScript does not tell the group how its block ended: an
 * error of the block does not cancel the tasks, and if the block throws as well, what is thrown is a `SuppressedError`, of
 * which the `error` is the `AggregateError`.
 *
 * @example Usage
 * ```ts
 * import { sleep, TaskGroup } from "@nogil/std/coroutine";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const sum = await TaskGroup.run(async (group) => {
 *   const one = group.createTask(() => sleep(2).then(() => 1));
 *   const two = group.createTask(() => sleep(1).then(() => 2));
 *   return await one + await two;
 * });
 * assertEquals(sum, 3);
 *
 * const error = await assertRejects(() =>
 *   TaskGroup.run((group) => {
 *     group.createTask(() => sleep(60_000));
 *     group.createTask(() => Promise.reject(new Error("no")));
 *   }), AggregateError);
 * assertEquals(error.errors.map(String), ["Error: no"]);
 * ```
 *
 * @example As a block
 * ```ts
 * import { run, sleep, TaskGroup } from "@nogil/std/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * const log: string[] = [];
 * await run(async () => {
 *   await using group = new TaskGroup();
 *   group.createTask(() => sleep(1).then(() => log.push("done")));
 * });
 * assertEquals(log, ["done"]);
 * ```
 */
export class TaskGroup implements AsyncDisposable {
  static {
    belongsHere(this, "group of tasks", "send the functions as tasks and make a group there");
  }

  readonly #tasks: Set<AsyncTask<unknown>> = new Set();
  readonly #errors: unknown[] = [];
  readonly #grace: number;
  #state = OPEN;
  #body: Body | null = null;
  /** What the body was interrupted with. */
  #interruption: CancelledError | null = null;
  #onEmpty: (() => void) | null = null;
  readonly #scope: GreenletScope | null = currentScope();
  /** What the greenlet was killed with last, when the group was made. */
  readonly #killing: unknown = this.#scope?.strand.killedWith ?? null;

  /**
   * Creates a group, for `await using`. In a greenlet, its body is the rest of that greenlet, until the block ends.
   *
   * @param options `grace`: how long tasks that are cancelled have to end.
   * @throws {RangeError} If `grace` is out of range.
   */
  constructor(options?: CancelOptions) {
    this.#grace = checkGrace("cancel", options?.grace ?? GRACE);
    const scope = this.#scope;
    if (scope === null) return;
    this.#body = {
      interrupt: (error) => {
        countRequest(scope.strand, 1);
        scope.interrupt(error);
      },
      calmDown: (error) => {
        countRequest(scope.strand, -1);
        scope.calmDown(error);
      },
    };
  }

  /**
   * Runs a function, and waits for the tasks that it has started.
   *
   * If the function throws, the tasks are cancelled, and its error is among those that are thrown together. If it is itself
   * cancelled, the tasks are, too, and that error alone is thrown, unless a task fails while it ends: then the next wait
   * throws it.
   *
   * @typeParam R What the function returns.
   * @param fn An asynchronous function, or a generator function that yields what it waits for. It gets the group.
   * @param options `grace`: how long the function and tasks that are cancelled have to end.
   * @returns The result of the function.
   * @throws {AggregateError} If the function or a task has failed.
   */
  static async run<R>(
    fn: (group: TaskGroup) => R,
    options?: CancelOptions,
  ): Promise<GreenletResult<R>> {
    if (typeof fn !== "function") {
      throw new TypeError(
        `Cannot run group of tasks: 'fn' must be a function: received ${typeof fn}`,
      );
    }
    const scope = currentScope();
    if (scope === null) {
      return await startTask(() => TaskGroup.run(fn, options), [], "run") as GreenletResult<R>;
    }
    const group = new TaskGroup(options);
    const part = new Part<GreenletResult<R>>(scope, group.#grace);
    group.#body = { interrupt: (error) => part.interrupt(error), calmDown: () => {} };
    let result: GreenletResult<R> | null = null;
    let end: unknown = null;
    try {
      result = await part.run(() => fn(group));
    } catch (error) {
      end = error;
      group.#failBody(error);
    }
    await group.#leave(comesFromOutside(end) && end !== group.#interruption ? end : null);
    return result as GreenletResult<R>;
  }

  /**
   * Starts a function as a task of the group, as {@linkcode createTask} does.
   *
   * @typeParam A The types of the arguments.
   * @typeParam R What the function returns.
   * @param fn An asynchronous function, a generator function that yields what it waits for, or a plain function.
   * @param args Its arguments.
   * @throws {TypeError} If `fn` is no function.
   * @throws {InvalidStateError} If a task has failed, or the group has ended.
   */
  createTask<A extends unknown[], R>(
    fn: (...args: A) => R,
    ...args: A
  ): AsyncTask<GreenletResult<R>> {
    if (this.#state >= FAILED) {
      const state = this.#state === FAILED ? "is ending, as a task has failed" : "has ended";
      throw new InvalidStateError(`Cannot create task: the group ${state}`);
    }
    const task = startTask(fn, args, "create task");
    this.#tasks.add(task as AsyncTask<unknown>);
    const strand = strandOf(task);
    strand.isLookedAt = true;
    strand.listen({ notify: (strand) => this.#onEnd(task as AsyncTask<unknown>, strand) });
    return task;
  }

  /** How many tasks have not ended. */
  get size(): number {
    return this.#tasks.size;
  }

  /**
   * Cancels all tasks. The group stays open. Python 3.15 has it.
   *
   * @param message The message of the `CancelledError`.
   */
  cancel(message?: string): void {
    for (const task of this.#tasks) cancelGreenlet(task, message, { grace: this.#grace });
  }

  /**
   * Waits for the tasks, at the end of an `await using` block.
   *
   * @throws {AggregateError} If a task has failed.
   * @throws {InvalidStateError} In a task of the group, which would wait for itself.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#tasks.has(currentScope()?.strand.facade as AsyncTask<unknown>)) {
      throw new InvalidStateError("Cannot end group of tasks: one would wait for itself");
    }
    await this.#leave(null);
  }

  /** Describes the group, as `<TaskGroup tasks=2>`. */
  toString(): string {
    const state = this.#state === FAILED ? " failed" : this.#state === OVER ? " ended" : "";
    return `<TaskGroup tasks=${this.#tasks.size}${state}>`;
  }

  #onEnd(task: AsyncTask<unknown>, { hasFailed, value }: Strand): void {
    this.#tasks.delete(task);
    if (hasFailed && !(value instanceof CancelledError)) {
      this.#errors.push(value);
      this.#fail(value);
    }
    if (this.#tasks.size === 0) this.#onEmpty?.();
  }

  #failBody(error: unknown): void {
    if (error !== this.#interruption && !comesFromOutside(error)) this.#errors.push(error);
    this.#body = null;
    this.#fail(error);
  }

  #fail(error: unknown): void {
    if (this.#state >= FAILED) return;
    this.#state = FAILED;
    const cause = error instanceof Error ? error.message : String(error);
    this.cancel(`Cannot go on: the group of tasks is ending: ${cause}`);
    if (this.#body === null) return;
    this.#interruption = new CancelledError("Cannot go on: a task of the group has failed", {
      cause: error,
    });
    this.#body.interrupt(this.#interruption);
  }

  /** Waits for the tasks; throws their errors, or that by which the body, or this wait, was interrupted. */
  async #leave(interruption: unknown): Promise<void> {
    if (this.#interruption !== null) this.#body?.calmDown(this.#interruption);
    this.#body = null;
    if (this.#state === OPEN) this.#state = CLOSING;
    let last = interruption;
    while (this.#tasks.size > 0) {
      try {
        await waitForGreenlets<void>(`a group of ${this.#tasks.size} tasks`, (resolve) => {
          this.#onEmpty = resolve;
          return () => {
            this.#onEmpty = null;
          };
        });
      } catch (error) {
        last = error;
        this.#fail(error);
        this.cancel();
      }
    }
    this.#state = OVER;
    const errors = this.#errors;
    if (errors.length > 0) {
      this.#interruptAgain();
      throw new AggregateError(errors, `Cannot finish group of tasks: ${describeErrors(errors)}`);
    }
    if (last !== null) throw last;
  }

  /** Errors of the group are thrown instead of what the greenlet was killed with meanwhile, which the next wait throws. */
  #interruptAgain(): void {
    const killing = this.#scope?.strand.killedWith ?? null;
    if (killing !== null && killing !== this.#killing) this.#scope?.interrupt(killing.error);
  }
}

/** Whether an error comes from outside of the body, and is meant for more than the group. */
function comesFromOutside(error: unknown): boolean {
  return error instanceof CancelledError || error instanceof GreenletExit ||
    error instanceof Timeout;
}

function describeErrors(errors: readonly unknown[]): string {
  const [first] = errors;
  const message = first instanceof Error ? `${first.name}: ${first.message}` : String(first);
  return errors.length === 1 ? message : `${errors.length} errors, the first is ${message}`;
}
