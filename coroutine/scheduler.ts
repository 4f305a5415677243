/**
 * The hub of this thread, and the greenlet whose code is running.
 *
 * Asynchronous code is told apart by a value that follows its flow; the steps of generators, which run from one `yield` to
 * the next without anybody else in between, by a variable.
 *
 * @module
 */

import {
  type ContextStore,
  createContextStore,
  type KeptContext,
} from "../_runtime/async_store.ts";
import { runtime } from "../_runtime/runtime.ts";
import { soon } from "../_runtime/soon.ts";
import { setOwnerToken } from "../_core/owner_token.ts";
import { takeTurnsBy } from "../_core/reachable_wait.ts";
import { exchangeStepping, stepping } from "../_core/stepping.ts";
import { findWaitScopeBy, WaitScope } from "../_core/wait_scope.ts";
import type { GreenletScope } from "./greenlet_scope.ts";
import { Hub } from "./hub.ts";

/** Who goes on next, and when. */
export const scheduler: Hub = new Hub({
  now: () => performance.now(),
  soon,
  nextTurn: (callback) => runtime().nextTurn(callback),
});

/** The scope of the asynchronous code that is running. */
export const store: ContextStore<GreenletScope> = createContextStore();

/** Gives the scope in which the running code begins waits; `null` outside of greenlets. */
export function currentScope(): GreenletScope | null {
  return stepping as GreenletScope | null ?? store.get() ?? null;
}

/** Gives the present asynchronous context, with a scope for what runs in it. */
export function contextFor(scope: GreenletScope): KeptContext {
  return store.keep(scope);
}

/** Gives the present asynchronous context, for what belongs to no greenlet. */
export function keepOutside(): KeptContext {
  return store.keep(undefined);
}

/** Calls a function whose waits belong to a scope. */
export function runInScope<R>(scope: GreenletScope, fn: () => R): R {
  const before = exchangeStepping(null);
  try {
    return store.run(scope, fn);
  } finally {
    exchangeStepping(before);
  }
}

/** Calls a function that starts what belongs to no greenlet. */
export function runOutside<R>(fn: () => R): R {
  const before = exchangeStepping(null);
  try {
    return store.run(undefined, fn);
  } finally {
    exchangeStepping(before);
  }
}

/** The waits of the code outside of greenlets. */
export const mainScope: WaitScope = new WaitScope();

takeTurnsBy((waiter) => scheduler.post(waiter));
// No greenlet has begun yet.
findWaitScopeBy(() => mainScope);

/** Gives the scope of waits that somebody ends if nothing else does: a `LoopExit` those of the code outside. */
export function hubScope(): WaitScope {
  return currentScope() ?? mainScope;
}

/** Lets the rest of the library know of greenlets. */
export function install(): void {
  findWaitScopeBy(hubScope);
  setOwnerToken(() => currentScope()?.strand.ident ?? 0);
}
