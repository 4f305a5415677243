/**
 * Starting greenlets, and what is done with many of them.
 *
 * @module
 */

import { InvalidStateError } from "../errors.ts";
import { calledWithin } from "../_core/deadline.ts";
import { checkWait, type WaitOptions } from "../_core/wait_options.ts";
import { Greenlet, type GreenletResult, type KillOptions, strandOf } from "./greenlet.ts";
import { hubScope } from "./scheduler.ts";
import { expectStart } from "./population.ts";
import { currentStrand, DEAD, type Listener } from "./strand.ts";

/** For which greenlets {@linkcode joinAll} waits, and for how long. */
export interface JoinAllOptions extends WaitOptions {
  /** Return when so many are dead. Default: all of them. */
  count?: number;
  /** Throw the error of the first greenlet that fails, as soon as it does. Default: `false`. */
  raiseError?: boolean;
}

/**
 * Starts a function as a greenlet. It begins when its turn has come, not before the running code waits.
 *
 * @example Usage
 * ```ts
 * import { sleep, spawn } from "@nogil/std/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * const greenlet = spawn(async (name: string) => {
 *   await sleep(10);
 *   return `Hello ${name}`;
 * }, "Ada");
 * assertEquals(await greenlet, "Hello Ada");
 * ```
 *
 * @typeParam A The types of the arguments.
 * @typeParam R What the function returns.
 * @param fn An asynchronous function, a generator function that yields what it waits for, or a plain function.
 * @param args Its arguments.
 * @throws {TypeError} If `fn` is no function.
 */
export function spawn<A extends unknown[], R>(
  fn: (...args: A) => R,
  ...args: A
): Greenlet<GreenletResult<R>> {
  return spawnGreenlet(fn, args);
}

/**
 * Starts a function as a greenlet after a time.
 *
 * @example Usage
 * ```ts
 * import { spawnLater } from "@nogil/std/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * const greenlet = spawnLater(10, (x: number) => x + 1, 1);
 * assertEquals([greenlet.started, greenlet.ready()], [true, false]);
 * assertEquals(await greenlet, 2);
 * ```
 *
 * @typeParam A The types of the arguments.
 * @typeParam R What the function returns.
 * @param milliseconds How long, at least.
 * @param fn What it runs.
 * @param args Its arguments.
 * @throws {TypeError} If `milliseconds` is no number, or `fn` no function.
 * @throws {RangeError} If `milliseconds` is negative or NaN.
 */
export function spawnLater<A extends unknown[], R>(
  milliseconds: number,
  fn: (...args: A) => R,
  ...args: A
): Greenlet<GreenletResult<R>> {
  return new Greenlet<GreenletResult<R>>(checkFunction(fn) as never, ...args)
    .startLater(milliseconds);
}

/** Starts a function as a greenlet, with its arguments in an array. */
export function spawnGreenlet<A extends unknown[], R>(
  fn: (...args: A) => R,
  args: A,
): Greenlet<GreenletResult<R>> {
  return new Greenlet<GreenletResult<R>>(checkFunction(fn) as never, ...args).start();
}

/**
 * Waits until greenlets are dead.
 *
 * The end of time is no error: those that are dead by then are returned.
 *
 * @example Usage
 * ```ts
 * import { joinAll, sleep, spawn } from "@nogil/std/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * const quick = spawn(() => sleep(1));
 * const slow = spawn(() => sleep(1e6));
 * assertEquals(await joinAll([quick, slow], { timeout: 50 }), [quick]);
 * await slow.kill();
 * ```
 *
 * @typeParam G The type of the greenlets.
 * @param greenlets The greenlets.
 * @param options `count`, `raiseError`, `timeout` in milliseconds, `signal` to give up.
 * @returns Those that are dead, in the order in which they died.
 * @throws {TypeError} If one is no greenlet.
 */
export async function joinAll<G extends Greenlet<unknown>>(
  greenlets: Iterable<G>,
  options?: JoinAllOptions,
): Promise<G[]> {
  const timeout = checkWait(options);
  const { raiseError = false, count = Infinity } = options ?? {};
  if (typeof count !== "number" || !(count >= 0)) {
    throw new RangeError(`Cannot join greenlets: 'count' must be a number >= 0: received ${count}`);
  }
  const all = [...new Set(checkGreenlets("join", greenlets))];
  const strands = all.map((one) => {
    const strand = strandOf(one);
    strand.isLookedAt = true;
    if (strand !== currentStrand()) return strand;
    throw new InvalidStateError("Cannot join greenlets: one would wait for itself");
  });
  const alive = strands.filter(({ state }) => state !== DEAD);
  let left = Math.min(count, all.length) - (all.length - alive.length);
  if (left > 0 && !(raiseError && strands.some(({ hasFailed }) => hasFailed))) {
    const subscribe = (callBack: () => void): () => void => {
      const listener: Listener = {
        notify({ hasFailed }) {
          if (--left === 0 || raiseError && hasFailed) callBack();
        },
      };
      for (const strand of alive) {
        if (strand.isForgotten) expectStart(strand);
        strand.listen(listener);
      }
      return () => {
        for (const strand of alive) strand.forget(listener);
      };
    };
    await calledWithin(
      subscribe,
      timeout,
      options?.signal,
      `joinAll() of ${all.length}`,
      hubScope(),
    );
  }
  const dead = strands.filter(({ state }) => state === DEAD).sort((a, b) => a.rank - b.rank);
  const failed = raiseError ? dead.find(({ hasFailed }) => hasFailed) : undefined;
  if (failed !== undefined) throw failed.value;
  return dead.map(({ facade }) => facade as G);
}

/**
 * Kills greenlets, as {@linkcode Greenlet.kill} does. All get the error before the promise is returned.
 *
 * @example Usage
 * ```ts
 * import { killAll, sleep, spawn } from "@nogil/std/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * const greenlets = [1, 2, 3].map(() => spawn(() => sleep(1e6)));
 * await killAll(greenlets);
 * assertEquals(greenlets.map((one) => one.dead), [true, true, true]);
 * ```
 *
 * @param greenlets The greenlets.
 * @param error What to throw. Default: a `GreenletExit` for each.
 * @param options `grace`, and `timeout` in milliseconds and `signal` for the promise alone.
 * @returns When all are dead.
 * @throws {TypeError} If one is no greenlet, or `error` is no error.
 * @throws {TimeoutError} If time runs out before.
 */
export async function killAll(
  greenlets: Iterable<Greenlet<unknown>>,
  error?: Error | (new () => Error) | null,
  options?: KillOptions,
): Promise<void> {
  await Promise.all(checkGreenlets("kill", greenlets).map((one) => one.kill(error, options)));
}

function checkFunction<F>(fn: F): F {
  if (typeof fn === "function") return fn;
  throw new TypeError(`Cannot spawn greenlet: 'fn' must be a function: received ${typeof fn}`);
}

function checkGreenlets<G extends Greenlet<unknown>>(verb: string, greenlets: Iterable<G>): G[] {
  if (typeof greenlets !== "object" || greenlets === null || !(Symbol.iterator in greenlets)) {
    throw new TypeError(
      `Cannot ${verb} greenlets: 'greenlets' must be iterable: received ${typeof greenlets}`,
    );
  }
  const all = [...greenlets];
  for (const one of all) {
    if (!(one instanceof Greenlet)) {
      throw new TypeError(
        `Cannot ${verb} greenlets: expected greenlets, as spawn() gives them: received ${typeof one}`,
      );
    }
  }
  return all;
}
