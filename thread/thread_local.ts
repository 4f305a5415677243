/**
 * Attributes that every thread has for itself.
 *
 * @module
 */

import { HANDLE, type HandleRecord } from "../_core/handle.ts";
import { UnshareableError } from "../errors.ts";
import { realm } from "./realm.ts";

/** Set while a subclass fills the namespace of a thread that looks at the object for the first time. */
let filling: object | null = null;

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
export const ThreadLocal: ThreadLocalConstructor = class ThreadLocal {
  constructor(...args: unknown[]) {
    if (filling !== null) {
      const namespace = filling;
      filling = null;
      return namespace;
    }
    const cls = new.target;
    if (cls === ThreadLocal && args.length > 0) {
      throw new TypeError("Cannot create ThreadLocal: it takes no arguments unless it is extended");
    }
    const prototype = cls.prototype as object;
    const key = {};
    // What the subclass sets after `super()` goes into the namespace of this thread, through the proxy.
    realm().locals.set(key, Object.create(prototype));
    return new Proxy(
      this,
      new NamespaceHandler(key, () => {
        const namespace = Object.create(prototype) as object;
        realm().locals.set(key, namespace);
        filling = namespace;
        try {
          Reflect.construct(cls, args);
        } catch (error) {
          realm().locals.delete(key);
          throw error;
        } finally {
          filling = null;
        }
        return namespace;
      }),
    );
  }
} as ThreadLocalConstructor;

Object.defineProperty(ThreadLocal.prototype, HANDLE, {
  value(): HandleRecord {
    throw new UnshareableError(
      "Cannot send ThreadLocal: every thread has its own, create it at the top level of a module that both import",
    );
  },
});

/** Sends every operation on the object to the namespace of the current thread. */
class NamespaceHandler implements ProxyHandler<object> {
  readonly #key: object;
  readonly #create: () => object;

  constructor(key: object, create: () => object) {
    this.#key = key;
    this.#create = create;
  }

  #namespace(): object {
    return realm().locals.get(this.#key) ?? this.#create();
  }

  get(_target: object, name: PropertyKey, receiver: unknown): unknown {
    return Reflect.get(this.#namespace(), name, receiver);
  }

  set(_target: object, name: PropertyKey, value: unknown): boolean {
    return Reflect.set(this.#namespace(), name, value);
  }

  has(_target: object, name: PropertyKey): boolean {
    return Reflect.has(this.#namespace(), name);
  }

  deleteProperty(_target: object, name: PropertyKey): boolean {
    return Reflect.deleteProperty(this.#namespace(), name);
  }

  defineProperty(_target: object, name: PropertyKey, property: PropertyDescriptor): boolean {
    // A proxy may only claim properties that can go away again.
    return Reflect.defineProperty(this.#namespace(), name, { ...property, configurable: true });
  }

  ownKeys(): (string | symbol)[] {
    return Reflect.ownKeys(this.#namespace());
  }

  getOwnPropertyDescriptor(_target: object, name: PropertyKey): PropertyDescriptor | undefined {
    return Reflect.getOwnPropertyDescriptor(this.#namespace(), name);
  }

  getPrototypeOf(): object | null {
    return Reflect.getPrototypeOf(this.#namespace());
  }
}
