/**
 * A value that follows the flow of asynchronous code, for millions of flows.
 *
 * On Node this is `AsyncLocalStorage`, and `AsyncResource` to enter a context again. On Deno both keep books: each `run`
 * costs an entry in a weak map, and each resource one in a finalization registry, which for a million greenlets are
 * seconds and a gigabyte. What they are made of there, a function that gives the present context and one that sets it,
 * costs next to nothing; a context is an object in which every variable has a key of its own. Where a version of Deno does
 * not offer the two functions, it is served like Node.
 *
 * @module
 */

import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";

/** A context that was taken down; of interest only to the store that did. */
export type KeptContext = object;

/** A value for each asynchronous context. */
export interface ContextStore<T extends object> {
  /** Gives the value of the present context. */
  get(): T | undefined;
  /** Calls a function in the present context, but with another value. */
  run<R>(value: T | undefined, fn: () => R): R;
  /** Takes the present context down, but with another value. */
  keep(value: T | undefined): KeptContext;
  /** Calls a function in a context that was taken down. */
  call<A, B, C, R>(context: KeptContext, fn: (a: A, b: B, c: C) => R, a: A, b: B, c: C): R;
}

/** What Deno's own modules use. */
export interface ContextFunctions {
  getAsyncContext(): object | null | undefined;
  setAsyncContext(context: object | null | undefined): void;
}

/** Makes a value for each asynchronous context. */
export function createContextStore<T extends object>(): ContextStore<T> {
  const functions = contextFunctions();
  return functions === null ? createNodeStore() : createDenoStore(functions);
}

/** Finds the functions of this version of Deno, if there are any. */
export function contextFunctions(): ContextFunctions | null {
  const deno = (globalThis as { Deno?: Record<PropertyKey, unknown> }).Deno;
  const inner = deno?.[deno.internal as PropertyKey] as { core?: Partial<ContextFunctions> };
  const { getAsyncContext, setAsyncContext } = inner?.core ?? {};
  if (typeof getAsyncContext !== "function" || typeof setAsyncContext !== "function") return null;
  return { getAsyncContext, setAsyncContext };
}

/** Makes a store of the two functions of Deno. */
export function createDenoStore<T extends object>(
  { getAsyncContext, setAsyncContext }: ContextFunctions,
): ContextStore<T> {
  const withValue = (value: T | undefined): { nogilGreenlet: T | undefined } => {
    const present = getAsyncContext();
    if (present === null || present === undefined) return { nogilGreenlet: value };
    return { ...present, nogilGreenlet: value };
  };
  return {
    get: () => (getAsyncContext() as { nogilGreenlet?: T } | null | undefined)?.nogilGreenlet,
    run(value, fn) {
      const before = getAsyncContext();
      setAsyncContext(withValue(value));
      try {
        return fn();
      } finally {
        setAsyncContext(before);
      }
    },
    keep: withValue,
    call(context, fn, a, b, c) {
      const before = getAsyncContext();
      setAsyncContext(context);
      try {
        return fn(a, b, c);
      } finally {
        setAsyncContext(before);
      }
    },
  };
}

/** Makes a store of what Node has. */
export function createNodeStore<T extends object>(): ContextStore<T> {
  const storage = new AsyncLocalStorage<T | undefined>();
  const takeDown = (): AsyncResource => new AsyncResource("nogil.greenlet");
  return {
    get: () => storage.getStore(),
    run: (value, fn) => storage.run(value, fn),
    keep: (value) => storage.run(value, takeDown),
    call: (context, fn, a, b, c) =>
      (context as AsyncResource).runInAsyncScope(fn, undefined, a, b, c),
  };
}
