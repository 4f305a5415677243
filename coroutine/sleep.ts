/**
 * Letting the others run.
 *
 * @module
 */

import { runtime } from "../_runtime/runtime.ts";
import { stepping } from "../_core/stepping.ts";
import type { GreenletScope } from "./greenlet_scope.ts";
import { Pause } from "./pause.ts";
import { currentScope, scheduler } from "./scheduler.ts";
import { waitInHub } from "./wait_in_hub.ts";

/**
 * Puts the current greenlet to sleep, and lets the others run.
 *
 * `sleep(0)`, or `sleep()`, lets everybody run who can, in order, and comes back when its turn has come round. Timers,
 * sockets and files get their turn, too, however many greenlets do that in a loop.
 *
 * In a generator function, `yield sleep(…)` costs no promise.
 *
 * @example Usage
 * ```ts
 * import { joinAll, sleep, spawn } from "@nogil/std/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * const log: string[] = [];
 * async function work(name: string) {
 *   log.push(`${name} begins`);
 *   await sleep(0);
 *   log.push(`${name} ends`);
 * }
 * await joinAll([spawn(work, "foo"), spawn(work, "bar")]);
 * assertEquals(log, ["foo begins", "bar begins", "foo ends", "bar ends"]);
 * ```
 *
 * @param milliseconds How long, at least. Default: 0. `Infinity` never ends, unless the greenlet is killed.
 * @throws {TypeError} If `milliseconds` is no number.
 * @throws {RangeError} If it is negative or NaN.
 */
export function sleep(milliseconds: number = 0): Promise<void> {
  if (typeof milliseconds !== "number" || !(milliseconds >= 0)) {
    return Promise.reject(wrongDelay("sleep", milliseconds));
  }
  if (stepping !== null) return new Pause(stepping as GreenletScope, milliseconds, false);
  return new Pause(currentScope(), milliseconds, true).awaitable;
}

/**
 * Waits until nothing else is to be done: a turn of the event loop has passed, and no greenlet can run.
 *
 * Greenlets that sleep or wait for others do not count.
 *
 * @example Usage
 * ```ts
 * import { idle, sleep, spawn } from "@nogil/std/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * let rounds = 0;
 * spawn(async () => {
 *   for (; rounds < 100; rounds++) await sleep(0);
 * });
 * await idle();
 * assertEquals(rounds, 100);
 * ```
 */
export function idle(): Promise<void> {
  return waitInHub("idle()", (resolve) => {
    let isWanted = true;
    const look = (): void => {
      if (!isWanted) return;
      if (scheduler.ready === 0) resolve();
      else runtime().nextTurn(look);
    };
    runtime().nextTurn(look);
    return () => {
      isWanted = false;
    };
  });
}

/** Checks a delay. */
export function checkDelay(verb: string, milliseconds: unknown): void {
  if (typeof milliseconds !== "number" || !(milliseconds >= 0)) {
    throw wrongDelay(verb, milliseconds);
  }
}

/** Says what is wrong with a delay. */
export function wrongDelay(verb: string, milliseconds: unknown): Error {
  if (typeof milliseconds !== "number") {
    return new TypeError(
      `Cannot ${verb}: 'milliseconds' must be a number: received ${typeof milliseconds}`,
    );
  }
  return new RangeError(
    `Cannot ${verb}: 'milliseconds' must be a number >= 0: received ${milliseconds}`,
  );
}
