/**
 * Tasks of asyncio: greenlets with the names that asyncio has for what they can do.
 *
 * @module
 */

import { CancelledError, InvalidStateError } from "../errors.ts";
import { checkGrace } from "./greenlet_checks.ts";
import { Greenlet, type GreenletResult, strandOf } from "./greenlet.ts";
import type { LinkTarget } from "./link.ts";
import { strandsOf } from "./population.ts";
import { currentStrand, type Strand } from "./strand.ts";

/** Milliseconds that a task which was cancelled has to end in, unless something else is said. */
export const GRACE = 1000;

/** How a task is cancelled. */
export interface CancelOptions {
  /**
   * Milliseconds that the task has to end in. After that it is given up: it counts as cancelled, whatever its code does.
   * Default: 1000; `Infinity` never gives it up.
   */
  grace?: number;
}

/** Adds to the requests to cancel a task, and gives how many there are. */
let addRequests: (task: AsyncTask<unknown>, count: number) => number;

/** Is told of the start of tasks. */
let onStart: (task: AsyncTask<unknown>) => void = () => {};

/** Sets what is done with every task that is started. */
export function watchTasks(watch: (task: AsyncTask<unknown>) => void): void {
  onStart = watch;
}

/**
 * A task, as asyncio's `Task`: a {@linkcode Greenlet} that can be cancelled.
 *
 * To cancel a task is to kill it with a {@linkcode CancelledError}: its code gets the error where it waits, and whoever awaits
 * the task gets it, too. As to what cannot be reached, and what happens then, see {@linkcode Greenlet}: unlike in Python, code
 * that swallows the error and goes on is given up after a second, or after `grace` milliseconds.
 *
 * Unlike in Python, to cancel a task does not cancel the task that it awaits; `gather`, `waitFor` and `TaskGroup` do
 * that.
 *
 * @example Usage
 * ```ts
 * import { createTask, sleep } from "@nogil/std/coroutine";
 * import { CancelledError } from "@nogil/std/errors";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const task = createTask(async () => {
 *   await sleep(60_000);
 * });
 * assertEquals(task.cancel("no time"), true);
 * await assertRejects(() => task.get(), CancelledError, "no time");
 * assertEquals([task.done(), task.cancelled()], [true, true]);
 * ```
 *
 * @typeParam T The type of the result.
 */
export class AsyncTask<T = unknown> extends Greenlet<T> {
  #requests = 0;

  static {
    addRequests = (task, count) => task.#requests = Math.max(0, task.#requests + count);
  }

  /** Lets the task begin when its turn comes. Does nothing if that was done before. */
  override start(): this {
    super.start();
    onStart(this as AsyncTask<unknown>);
    return this;
  }

  /**
   * Cancels the task: its code gets a `CancelledError` where it waits, or at its next wait. One that has not begun never does.
   *
   * @param message The message of the error.
   * @param options `grace`: how long the task has to end.
   * @returns Whether the task was not done.
   * @throws {RangeError} If `grace` is out of range.
   */
  cancel(message?: string, options?: CancelOptions): boolean {
    return cancelGreenlet(this, message, options);
  }

  /**
   * How many requests to cancel the task there are that were not taken back: those of `cancel`, and those of a `timeout` or
   * a `TaskGroup` that is just ending the code inside of it.
   */
  cancelling(): number {
    return this.#requests;
  }

  /**
   * Takes a request to cancel the task back: for code that catches the `CancelledError`, and goes on. When none is left, an
   * error that was not thrown yet never is, the task is not given up any more, and its `signal` is a new one.
   *
   * @returns How many requests are left.
   */
  uncancel(): number {
    const left = addRequests(this as AsyncTask<unknown>, -1);
    const strand = strandOf(this);
    if (left === 0 && strand.killedWith?.error instanceof CancelledError) strand.forgive();
    return left;
  }

  /** Whether the task is done, however it ended. */
  done(): boolean {
    return this.ready();
  }

  /** Whether the task has ended by a `CancelledError`. */
  cancelled(): boolean {
    const { hasFailed, value } = strandOf(this);
    return this.ready() && hasFailed && value instanceof CancelledError;
  }

  /**
   * Gives the result of a task that is done.
   *
   * @throws {InvalidStateError} If it is not done.
   * @throws What the task threw, or was cancelled with.
   */
  result(): T {
    if (!this.ready()) {
      throw new InvalidStateError(`Cannot get result: ${this.name} is not done`);
    }
    const strand = strandOf(this);
    strand.isLookedAt = true;
    if (strand.hasFailed) throw strand.value;
    return strand.value as T;
  }

  /** Gives the name of the task. */
  getName(): string {
    return this.name;
  }

  /**
   * Gives the task a name.
   *
   * @param name The name.
   */
  setName(name: string): void {
    this.name = name;
  }

  /**
   * Calls a function with the task when it is done, as `link` does.
   *
   * @param fn The function.
   * @throws {TypeError} If it is none.
   */
  addDoneCallback(fn: (task: this) => unknown): void {
    this.link(fn as LinkTarget<this>);
  }

  /**
   * Takes back what `addDoneCallback` was given, all of it that has not been called.
   *
   * @param fn The function.
   * @returns How often it was taken back.
   */
  removeDoneCallback(fn: (task: this) => unknown): number {
    const before = this.hasLinks();
    for (let links = -1; links !== this.hasLinks();) {
      links = this.hasLinks();
      this.unlink(fn as LinkTarget<this>);
    }
    return before - this.hasLinks();
  }
}

/**
 * Starts a function as a task: asyncio's `create_task`. It begins when its turn has come, not before the running code waits.
 *
 * @example Usage
 * ```ts
 * import { createTask, sleep } from "@nogil/std/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * async function double(x: number) {
 *   await sleep(10);
 *   return 2 * x;
 * }
 * const first = createTask(double, 1);
 * const second = createTask(double, 2);
 * assertEquals(await first + await second, 6);
 * ```
 *
 * @typeParam A The types of the arguments.
 * @typeParam R What the function returns.
 * @param fn An asynchronous function, a generator function that yields what it waits for, or a plain function.
 * @param args Its arguments.
 * @throws {TypeError} If `fn` is no function: a promise, say, whose work nobody could cancel.
 */
export function createTask<A extends unknown[], R>(
  fn: (...args: A) => R,
  ...args: A
): AsyncTask<GreenletResult<R>> {
  return startTask(fn, args, "create task");
}

/** Starts a function as a task, with its arguments in an array. */
export function startTask<A extends unknown[], R>(
  fn: (...args: A) => R,
  args: A,
  verb: string,
): AsyncTask<GreenletResult<R>> {
  if (typeof fn !== "function") {
    const received = fn !== null && typeof fn === "object" && "then" in fn
      ? "a promise, pass the function and its arguments instead"
      : typeof fn;
    throw new TypeError(`Cannot ${verb}: 'fn' must be a function: received ${received}`);
  }
  return new AsyncTask<GreenletResult<R>>(fn as never, ...args).start();
}

/** Kills a greenlet with a `CancelledError`; tells whether it was not dead. */
export function cancelGreenlet(
  greenlet: Greenlet<unknown>,
  message?: string,
  options?: CancelOptions,
): boolean {
  const strand = strandOf(greenlet);
  if (greenlet.ready()) return false;
  const grace = checkGrace("cancel", options?.grace ?? GRACE);
  if (greenlet instanceof AsyncTask) addRequests(greenlet, 1);
  strand.kill(cancelled(greenlet, message), grace);
  return true;
}

/**
 * Counts a request to cancel the task of a greenlet, if it is one, that ends only a part of it.
 *
 * @param count 1 when it is made, -1 when it is over.
 */
export function countRequest(strand: Strand, count: 1 | -1): void {
  if (strand.facade instanceof AsyncTask) addRequests(strand.facade, count);
}

/**
 * Gives the task in which the code runs: asyncio's `current_task`. `null` outside of tasks, also in other greenlets.
 *
 * `@nogil/std` has another function of that name, for the tasks of pools.
 *
 * @example Usage
 * ```ts
 * import { createTask, currentTask } from "@nogil/std/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * const task = createTask(() => currentTask()?.getName());
 * assertEquals(await task, task.getName());
 * assertEquals(currentTask(), null);
 * ```
 */
export function currentTask(): AsyncTask<unknown> | null {
  const facade = currentStrand()?.facade;
  return facade instanceof AsyncTask ? facade : null;
}

/**
 * Gives the tasks of this thread that were started and are not done, the oldest first: asyncio's `all_tasks`.
 *
 * @example Usage
 * ```ts
 * import { allTasks, createTask, sleep } from "@nogil/std/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * const task = createTask(() => sleep(1));
 * assertEquals(allTasks().has(task), true);
 * await task;
 * assertEquals(allTasks().has(task), false);
 * ```
 */
export function allTasks(): Set<AsyncTask<unknown>> {
  const tasks = strandsOf().map(({ facade }) => facade);
  return new Set(tasks.filter((one): one is AsyncTask<unknown> => one instanceof AsyncTask));
}

function cancelled(greenlet: Greenlet<unknown>, message: string | undefined): CancelledError {
  return new CancelledError(message ?? `Cannot go on: ${greenlet.name} was cancelled`);
}
