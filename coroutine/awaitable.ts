/**
 * What can be awaited, as asyncio calls it: a coroutine, a task, a future.
 *
 * A coroutine is a function here. It is started as a task, which can be cancelled; a promise is at work already, and cannot.
 *
 * @module
 */

import { InvalidStateError } from "../errors.ts";
import { cancelGreenlet, startTask } from "./async_task.ts";
import { Greenlet, type GreenletResult, strandOf } from "./greenlet.ts";
import { currentScope, hubScope } from "./scheduler.ts";
import { DEAD, type Listener, type Strand } from "./strand.ts";
import { HubWait } from "./wait_in_hub.ts";
import { isThenable } from "../_core/thenable.ts";

/**
 * Something to wait for: a function, which is started as a task, or whatever can be awaited, as a greenlet, a future or a
 * promise.
 */
export type Awaitable = (() => unknown) | PromiseLike<unknown>;

/** What an {@linkcode Awaitable} leads to. */
export type AwaitableResult<A> = A extends () => infer R ? GreenletResult<R> : Awaited<A>;

/**
 * Starts functions, and takes everything else as it is.
 *
 * @throws {TypeError} If it is neither a function nor can be awaited.
 */
export function startAwaitable(awaitable: Awaitable, verb: string): PromiseLike<unknown> {
  if (typeof awaitable === "function") return startTask(awaitable, [], verb);
  checkAwaitable(awaitable, verb);
  return awaitable;
}

/** Checks that something can be awaited, or called. */
export function checkAwaitable(awaitable: unknown, verb: string): void {
  if (typeof awaitable === "function" || isThenable(awaitable)) return;
  throw new TypeError(
    `Cannot ${verb}: expected a function, a greenlet, a future or a promise: received ${
      awaitable === null ? "null" : typeof awaitable
    }`,
  );
}

/**
 * Waits for things that only greenlets may bring: a wait of the running greenlet, or of the code outside, which a `LoopExit`
 * ends. See {@linkcode waitInHub}.
 */
export function waitForGreenlets<T>(
  what: string,
  begin: (
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ) => (error: unknown) => void,
): Promise<T> {
  return new HubWait<T>(what, hubScope(), begin).awaitable;
}

/**
 * Calls back when something has a result or an error. This is no wait of the running greenlet.
 *
 * @throws {InvalidStateError} If a greenlet would wait for itself.
 */
export function follow(
  awaitable: PromiseLike<unknown>,
  resolve: (value: unknown) => void,
  reject: (error: unknown) => void,
): void {
  if (!(awaitable instanceof Greenlet)) {
    awaitable.then(resolve, reject);
    return;
  }
  const strand = strandOf(awaitable);
  if (strand === currentScope()?.strand && strand.state !== DEAD) {
    throw new InvalidStateError("Cannot wait for greenlet: it would wait for itself");
  }
  strand.isLookedAt = true;
  strand.listen(new Follower(resolve, reject));
}

class Follower implements Listener {
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: unknown) => void;

  constructor(resolve: (value: unknown) => void, reject: (error: unknown) => void) {
    this.#resolve = resolve;
    this.#reject = reject;
  }

  notify({ hasFailed, value }: Strand): void {
    if (hasFailed) this.#reject(value);
    else this.#resolve(value);
  }
}

/** Cancels what can be cancelled: greenlets, and futures that have not begun. */
export function cancelAwaitable(awaitable: PromiseLike<unknown>): void {
  if (awaitable instanceof Greenlet) cancelGreenlet(awaitable);
  else if ("cancel" in awaitable && typeof awaitable.cancel === "function") awaitable.cancel();
}
