/**
 * Tasks of asyncio: greenlets with the names that asyncio has for what they can do.
 *
 * @module
 */

import { CancelledError, InvalidStateError } from "../errors.ts";
import { checkGrace } from "./greenlet_checks.ts";
import { Greenlet, type GreenletResult, type LinkTarget, strandOf } from "./greenlet.ts";

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
  const { grace = GRACE } = options ?? {};
  strand.kill(cancelled(greenlet, message), checkGrace("cancel", grace));
  return true;
}

function cancelled(greenlet: Greenlet<unknown>, message: string | undefined): CancelledError {
  return new CancelledError(message ?? `Cannot go on: ${greenlet.name} was cancelled`);
}
