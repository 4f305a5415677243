/**
 * Attributes that every greenlet has for itself.
 *
 * @module
 */

import { createLocalClass } from "../_core/local_object.ts";
import { currentStrand } from "./strand.ts";

/** The namespaces of the code outside of greenlets. */
const outside: WeakMap<object, object> = new WeakMap();

/**
 * The constructor of {@linkcode GreenletLocal}.
 */
export interface GreenletLocalConstructor {
  /**
   * Creates a namespace whose attributes every greenlet has for itself.
   *
   * @typeParam T The attributes. They are all missing at first, unless a subclass sets them.
   * @param args Arguments for the constructor of a subclass, which is called again for every greenlet.
   * @throws {TypeError} If arguments are given and there is no subclass to take them.
   */
  new <T extends object = Record<string, unknown>>(...args: unknown[]): T;
  /** The prototype of all namespaces. */
  readonly prototype: object;
}

/**
 * An object whose attributes every greenlet has for itself: gevent's `local`.
 *
 * A greenlet starts with an empty namespace, which is dropped when it ends; the code outside of greenlets has one for
 * itself. To start with values, extend the class: the constructor and the field initializers of the subclass run again for
 * every greenlet that uses the object. Private fields (`#name`) are no attributes.
 *
 * @example Usage
 * ```ts
 * import { GreenletLocal, joinAll, sleep, spawn } from "@nogil/std/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * const local = new GreenletLocal<{ user?: string }>();
 * const seen: unknown[] = [];
 * async function serve(user: string) {
 *   local.user = user;
 *   await sleep(1);
 *   seen.push(local.user);
 * }
 * await joinAll([spawn(serve, "ada"), spawn(serve, "bob")]);
 * assertEquals([seen, local.user], [["ada", "bob"], undefined]);
 * ```
 */
export const GreenletLocal: GreenletLocalConstructor = createLocalClass(
  "GreenletLocal",
  "greenlet",
  { find, keep, drop },
) as GreenletLocalConstructor;

function find(key: object): object | undefined {
  const strand = currentStrand();
  return strand === null ? outside.get(key) : strand.locals?.get(key);
}

function keep(key: object, namespace: object): void {
  const strand = currentStrand();
  if (strand === null) outside.set(key, namespace);
  else strand.ownLocals.set(key, namespace);
}

function drop(key: object): void {
  const strand = currentStrand();
  if (strand === null) outside.delete(key);
  else strand.locals?.delete(key);
}
