/**
 * For tests: does code let the others run?
 *
 * @module
 */

import { InvalidStateError } from "../errors.ts";
import { checkIsObject } from "../_core/wait_options.ts";
import { isThenable } from "../_core/thenable.ts";
import { cancelAwaitable, follow, waitForGreenlets } from "./awaitable.ts";
import { isGenerator } from "./driver.ts";
import { Greenlet, type GreenletResult } from "./greenlet.ts";
import type { Waiter } from "./hub.ts";
import { scheduler } from "./scheduler.ts";
import { startWatchdog } from "./watchdog.ts";

/** What {@linkcode assertSwitches} demands. */
export interface AssertSwitchesOptions {
  /** Milliseconds for which the function may keep the event loop at a time. Default: `Infinity`. */
  maxBlockingTime?: number;
}

/** Sees whether somebody else could run before a function ended. */
class Probe implements Waiter {
  hasSwitched = false;
  #hasEnded = false;

  /** Calls the function. What it has returned is looked at without a moment in between, in which others could run. */
  follow(fn: () => unknown): unknown {
    scheduler.post(this);
    const result = fn();
    const end = (): void => {
      this.#hasEnded = true;
    };
    if (isGenerator(result)) return endOf(result, end);
    if (isThenable(result)) result.then(end, end);
    else end();
    return result;
  }

  resume(): void {
    this.hasSwitched = !this.#hasEnded;
  }
}

function* endOf(steps: object, end: () => void): Generator<unknown, unknown, unknown> {
  try {
    return yield* steps as Generator<unknown, unknown, unknown>;
  } finally {
    end();
  }
}

/**
 * Runs a function in a greenlet, and sees to it that it lets others run: gevent's `assert_switches`, for tests.
 *
 * An asynchronous function that never waits, or computes for long between two waits, keeps everybody else waiting. If the code that waits is itself interrupted, the greenlet is killed.
 *
 * With `maxBlockingTime` a watchdog ({@linkcode GreenletHub.watchdog}) is at work meanwhile, in the place of others.
 *
 * @example Usage
 * ```ts
 * import { assertSwitches, sleep } from "@nogil/std/coroutine";
 * import { InvalidStateError } from "@nogil/std/errors";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * assertEquals(await assertSwitches(() => sleep(1).then(() => "fine")), "fine");
 * await assertRejects(() => assertSwitches(async () => {}), InvalidStateError);
 * await assertRejects(() =>
 *   assertSwitches(async () => {
 *     for (const since = performance.now(); performance.now() - since < 50;);
 *     await sleep(1);
 *   }, { maxBlockingTime: 20 }), InvalidStateError);
 * ```
 *
 * @typeParam R What the function returns.
 * @param fn An asynchronous function, or a generator function that yields what it waits for.
 * @param options `maxBlockingTime`.
 * @returns The result of the function.
 * @throws {InvalidStateError} If it has never let others run, or has kept the event loop for too long at a time.
 * @throws {TypeError} If `fn` is no function.
 * @throws {RangeError} If `maxBlockingTime` is not above 0.
 */
export async function assertSwitches<R>(
  fn: () => R,
  options: AssertSwitchesOptions = {},
): Promise<GreenletResult<R>> {
  if (typeof fn !== "function") {
    throw new TypeError(`Cannot assert switches: 'fn' must be a function: received ${typeof fn}`);
  }
  checkIsObject(options, "assert switches");
  const { maxBlockingTime = Infinity } = options;
  if (typeof maxBlockingTime !== "number" || !(maxBlockingTime > 0)) {
    const wrong = typeof maxBlockingTime === "number" ? RangeError : TypeError;
    throw new wrong(
      `Cannot assert switches: 'maxBlockingTime' must be a number above 0: received ${maxBlockingTime}`,
    );
  }
  let longest = 0;
  const probe = new Probe();
  const greenlet = new Greenlet(() => probe.follow(fn));
  const watchdog = maxBlockingTime === Infinity ? null : startWatchdog({
    limit: maxBlockingTime,
    hung: Infinity,
    onBlocked(args) {
      if (args.greenlet === greenlet) longest = Math.max(longest, args.milliseconds);
    },
  });
  let result: unknown;
  try {
    result = await waitForGreenlets<unknown>("assertSwitches()", (resolve, reject) => {
      follow(greenlet.start(), resolve, reject);
      return () => cancelAwaitable(greenlet);
    });
  } finally {
    watchdog?.[Symbol.dispose]();
  }
  const name = fn.name === "" ? "the function" : `'${fn.name}'`;
  if (longest > 0) {
    const text = `${Math.round(longest)} ms, more than ${maxBlockingTime} ms`;
    throw new InvalidStateError(`Cannot go on: ${name} has kept the event loop for ${text}`);
  }
  if (!probe.hasSwitched) {
    throw new InvalidStateError(`Cannot go on: ${name} has never let others run`);
  }
  return result as GreenletResult<R>;
}
