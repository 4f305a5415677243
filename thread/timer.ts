/**
 * Threads that wait before they run.
 *
 * @module
 */

import { innardsOf, Thread } from "./thread.ts";
import { checkTarget, type ThreadOptions } from "./thread_options.ts";

/** How a {@linkcode Timer} is made. */
export type TimerOptions = Pick<
  ThreadOptions<never[], unknown>,
  "name" | "daemon" | "memoryLimit" | "stackSize"
>;

/**
 * A thread that waits for a time before it runs its target, and that can be cancelled until then.
 *
 * Passed to another thread, it arrives as a {@linkcode Thread}; `stop()` ends its delay from there.
 *
 * @example Usage
 * ```ts
 * import { Timer } from "@nogil/std/thread";
 * import { assertEquals } from "@std/assert";
 *
 * const timer = new Timer(10, (name: string) => `hello, ${name}`, ["ada"]).start();
 * assertEquals(await timer.join(), "hello, ada");
 * ```
 *
 * @example Cancelled
 * ```ts
 * import { Timer } from "@nogil/std/thread";
 * import { assertEquals } from "@std/assert";
 *
 * const timer = new Timer(60_000, () => "too late").start();
 * timer.cancel();
 * assertEquals(await timer.join(), undefined);
 * ```
 *
 * @typeParam A The types of the target's arguments.
 * @typeParam R The type of its result.
 */
export class Timer<A extends unknown[], R> extends Thread<A, R | undefined> {
  /** How long the timer waits after its start, in milliseconds. */
  readonly interval: number;

  /**
   * Creates a timer; `start` starts it.
   *
   * @param interval How long to wait after the start, in milliseconds.
   * @param target The function to run: a task, or a self-contained function.
   * @param args Arguments for the target. Default: none.
   * @param options A name, and the options of a thread.
   * @throws {RangeError} If the interval is negative or NaN.
   * @throws {TypeError} If an argument has a wrong type.
   */
  constructor(
    interval: number,
    target: (...args: A) => R | PromiseLike<R>,
    args?: ThreadOptions<A, R>["args"],
    options: TimerOptions = {},
  ) {
    if (typeof interval !== "number") {
      throw new TypeError(
        `Cannot create timer: 'interval' must be a number of milliseconds: received ${typeof interval}`,
      );
    }
    if (!(interval >= 0)) {
      throw new RangeError(
        `Cannot create timer: 'interval' must be a number of milliseconds >= 0: received ${interval}`,
      );
    }
    checkTarget({ target }, "create timer");
    super({ ...options, target, ...(args === undefined ? {} : { args }) });
    this.interval = interval;
    innardsOf(this).delay = interval;
  }

  /**
   * Keeps the target from running, if it is not running yet. The thread ends at once then, with the result `undefined`.
   *
   * A timer may be cancelled at any time and as often as you like, also before it was started.
   */
  cancel(): void {
    const innards = innardsOf(this);
    innards.cancelled = true;
    innards.record?.cancel();
  }
}
