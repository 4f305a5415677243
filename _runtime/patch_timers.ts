/**
 * What can be patched of timers.
 *
 * The promises of `node:timers/promises` take a signal. `setTimeout` itself calls back, and nobody can see who waits for
 * that, with one exception, which is also how most programs sleep:
 *
 * ```ts
 * await new Promise((resolve) => setTimeout(resolve, 1000));
 * ```
 *
 * The function that settles a promise is made by the engine, without a name, and takes one argument. A greenlet that passes
 * such a function waits until it is called. To interrupt it, the timer is cleared, and the function is called with something
 * that rejects the promise, whichever of the two functions it is: an object with a `then` that rejects, and that inherits
 * from the error.
 *
 * All other callbacks are left alone, as the program may well want them when the greenlet is gone.
 *
 * @module
 */

import { builtin } from "./builtin.ts";
import {
  abortable,
  type PatchedFunction,
  type PatchPoint,
  points,
  type Replace,
  withSignal,
} from "./patch_point.ts";
import { iterate } from "./patch_stream.ts";

/** Ends the waits of greenlets for timers, by the number of the timer. */
const waits: Map<number, () => void> = new Map();

/** Gives what can be patched of timers. */
export function timerPoints(): PatchPoint[] {
  const timers = builtin("node:timers");
  const promises = builtin("node:timers/promises") as { scheduler?: object } | null;
  const sleep = abortable(([delay]) => `a timer of ${delay ?? 1} ms`, 2);
  const callbacks = { setTimeout: { calls: replaceSetTimeout, promised: sleep } };
  const place = { kind: "timers", module: "node:timers/promises" } as const;
  const found = [
    ...points({ kind: "timers", module: "globalThis", holder: globalThis }, callbacks),
    ...points({ kind: "timers", module: "node:timers", holder: timers }, callbacks),
    ...points({ ...place, holder: promises }, {
      setTimeout: sleep,
      setImmediate: abortable(() => "the next turn of the event loop", 1),
      setInterval: replaceSetInterval,
    }),
    ...points({ ...place, holder: promises?.scheduler, prefix: "scheduler." }, {
      wait: abortable(([delay]) => `a timer of ${delay} ms`, 1),
    }),
  ];
  for (const [module, holder] of [["globalThis", globalThis], ["node:timers", timers]] as const) {
    found.push(
      ...points({ kind: "timers", module, holder, forAll: true }, {
        clearTimeout: replaceClearTimeout,
      }),
    );
  }
  return found;
}

const replaceSetTimeout: Replace = (original, host) =>
  function (callback, delay, ...args) {
    if (!isSettler(callback)) return original.call(this, callback, delay, ...args);
    const fire = (...values: unknown[]): void => {
      leave();
      callback(...values);
    };
    const timer = original.call(this, fire, delay, ...args);
    const leaveWait = host.enter(`a timer of ${Number(delay) || 0} ms`, (error) => {
      leave();
      (globalThis.clearTimeout as (timer: unknown) => void)(timer);
      callback(rejecting(error));
    });
    const leave = (): void => {
      waits.delete(Number(timer));
      leaveWait();
    };
    waits.set(Number(timer), leave);
    return timer;
  };

const replaceClearTimeout: Replace = (original) =>
  function (timer) {
    if (waits.size > 0 && timer !== undefined && timer !== null) waits.get(Number(timer))?.();
    return original.call(this, timer);
  };

const replaceSetInterval: Replace = (original, host) =>
  function (delay, value, options) {
    const controller = new AbortController();
    const inner = original.call(this, delay, value, withSignal(options, controller.signal));
    const what = `an interval of ${delay ?? 1} ms`;
    // A loop that is interrupted does not say that it has ended.
    return iterate(inner as AsyncIterator<unknown>, host, what, (reason) => {
      controller.abort(reason);
    });
  };

/** Whether a function is one of the two that settle a promise. */
function isSettler(fn: unknown): fn is PatchedFunction {
  return typeof fn === "function" && fn.name === "" && fn.length === 1 &&
    !Object.hasOwn(fn, "prototype") && NATIVE.test(Function.prototype.toString.call(fn));
}

const NATIVE = /^function \(\) \{ \[native code\] \}$/;

/** Makes a value with which a promise is rejected, by whichever of its two functions. */
function rejecting(error: unknown): unknown {
  const prototype = typeof error === "object" ? error : null;
  return Object.create(prototype, {
    then: { value: (_resolve: unknown, reject: (error: unknown) => void) => reject(error) },
  });
}
