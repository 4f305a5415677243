/**
 * Values of `AsyncLocalStorage` that travel with the tasks of a pool.
 *
 * @module
 */

import { register } from "../_core/module_registry.ts";

/** An `AsyncLocalStorage`, as far as a pool needs it. */
export interface AsyncLocalStorageLike<S> {
  /** Returns the value of the context that this code runs in. */
  getStore(): S | undefined;
  /** Calls a function in a context with a value. */
  run<R>(store: S, callback: () => R): R;
}

/** How a value travels. */
export interface ContextCoding<S, D = unknown> {
  /** Turns the value into what travels. Default: the value itself. */
  encode?: (value: S) => D;
  /** Turns what has travelled into the value. Default: the data itself. */
  decode?: (data: D) => S;
}

/** A storage whose value goes with every task of the pools that name it. */
export interface ContextVariable {
  /**
   * Gives what travels of the present value.
   *
   * @ignore
   */
  capture(): Captured | null;
}

/** A value on its way. */
export interface Captured {
  /** Calls a function in a context with the value. */
  carrier: Carrier;
  /** What travels of the value. */
  data: unknown;
}

type Carrier = (data: unknown, call: () => unknown) => unknown;

/**
 * Lets the value of an `AsyncLocalStorage` travel with the tasks of a pool that names it in its option `context`.
 *
 * Call it at the top level of a module, as `task()`: the worker imports the module and finds the storage there, so that the
 * tasks see it by the same name.
 *
 * @example Usage
 * ```ts ignore
 * import { AsyncLocalStorage } from "node:async_hooks";
 * import { contextVariable, isMain, task, ThreadPool } from "@nogil/std";
 *
 * export const request: AsyncLocalStorage<number> = new AsyncLocalStorage();
 * export const requestVariable = contextVariable(import.meta, request);
 *
 * export const describe = task(import.meta, (): string => `request ${request.getStore()}`);
 *
 * if (isMain(import.meta)) {
 *   await using pool = new ThreadPool(1, { context: [requestVariable] });
 *   console.log(await request.run(7, () => pool.apply(describe)));
 * }
 * ```
 *
 * @param meta The `import.meta` of the module.
 * @param storage The storage.
 * @param coding How its value travels, if the codec alone does not do.
 * @returns What a pool takes in its option `context`.
 */
export function contextVariable<S, D = S>(
  meta: ImportMeta,
  storage: AsyncLocalStorageLike<S>,
  coding: ContextCoding<S, D> = {},
): ContextVariable {
  const encode = coding.encode ?? ((value: S): D => value as unknown as D);
  const decode = coding.decode ?? ((data: D): S => data as unknown as S);
  const carrier: Carrier = (data, call) => storage.run(decode(data as D), call);
  register(meta, carrier, contextVariable);
  return {
    capture(): Captured | null {
      const value = storage.getStore();
      return value === undefined ? null : { carrier, data: encode(value) };
    },
  };
}

/** Gives the values of some variables, `null` if there are none. */
export function captureContext(variables: readonly ContextVariable[]): Captured[] | null {
  const captured = variables.map((variable) => variable.capture())
    .filter((value): value is Captured => value !== null);
  return captured.length === 0 ? null : captured;
}

/** Calls a function in the context that has travelled. */
export function runWithContext(context: unknown, call: () => unknown): unknown {
  return (context as Captured[]).reduceRight<() => unknown>(
    (inner, { carrier, data }) => () => carrier(data, inner),
    call,
  )();
}

/** Tells whether a value is what `contextVariable` gives. */
export function isContextVariable(value: unknown): value is ContextVariable {
  return typeof (value as Partial<ContextVariable> | null)?.capture === "function";
}
