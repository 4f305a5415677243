/**
 * Attributes that every thread has for itself.
 *
 * @module
 */

import { createLocalClass } from "../_core/local_object.ts";
import { realm } from "./realm.ts";

/**
 * The constructor of {@linkcode ThreadLocal}.
 */
export interface ThreadLocalConstructor {
  /**
   * Creates a namespace whose attributes every thread has for itself.
   *
   * @typeParam T The attributes. They are all missing at first, unless a subclass sets them.
   * @param args Arguments for the constructor of a subclass, which is called again for every thread.
   * @throws {TypeError} If arguments are given and there is no subclass to take them.
   */
  new <T extends object = Record<string, unknown>>(...args: unknown[]): T;
  /** The prototype of all namespaces. */
  readonly prototype: object;
}

/**
 * An object whose attributes every thread has for itself: Python's `threading.local`.
 *
 * A thread starts with an empty namespace, also when it runs in a worker that another thread has used before; its
 * attributes are dropped when it ends. To start with values, extend the class: the constructor and the field initializers
 * of the subclass run again for every thread that uses the object. Private fields (`#name`) are no attributes.
 *
 * @example Usage
 * ```ts
 * import { ThreadLocal } from "@nogil/std/thread";
 * import { assertEquals } from "@std/assert";
 *
 * const local = new ThreadLocal<{ user?: string }>();
 * local.user = "ada";
 * assertEquals(local.user, "ada"); // in this thread; other threads see none
 * ```
 *
 * @example Initial values
 * ```ts
 * import { ThreadLocal } from "@nogil/std/thread";
 * import { assertEquals } from "@std/assert";
 *
 * class Counter extends ThreadLocal {
 *   count = 0;
 * }
 *
 * const counter = new Counter();
 * counter.count++;
 * assertEquals(counter.count, 1); // another thread starts from 0
 * ```
 */
export const ThreadLocal: ThreadLocalConstructor = createLocalClass("ThreadLocal", "thread", {
  find: (key) => realm().locals.get(key),
  keep: (key, namespace) => realm().locals.set(key, namespace),
  drop: (key) => realm().locals.delete(key),
}) as ThreadLocalConstructor;
