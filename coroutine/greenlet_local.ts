/**
 * Attributes that every greenlet has for itself.
 *
 * @module
 */

import { HANDLE, type HandleRecord } from "../_core/handle.ts";
import { UnshareableError } from "../errors.ts";
import { currentStrand } from "./strand.ts";

/** The namespaces of the code outside of greenlets. */
const outside: WeakMap<object, object> = new WeakMap();

/** Set while a subclass fills the namespace of a greenlet that looks at the object for the first time. */
let filling: object | null = null;

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
export const GreenletLocal: GreenletLocalConstructor = class GreenletLocal {
  constructor(...args: unknown[]) {
    if (filling !== null) {
      const namespace = filling;
      filling = null;
      return namespace;
    }
    const cls = new.target;
    if (cls === GreenletLocal && args.length > 0) {
      throw new TypeError(
        "Cannot create GreenletLocal: it takes no arguments unless it is extended",
      );
    }
    const prototype = cls.prototype as object;
    const key = {};
    // What the subclass sets after `super()` goes into the namespace of this greenlet, through the proxy.
    keep(key, Object.create(prototype));
    return new Proxy(
      this,
      new NamespaceHandler(key, () => {
        const namespace = Object.create(prototype) as object;
        keep(key, namespace);
        filling = namespace;
        try {
          Reflect.construct(cls, args);
        } catch (error) {
          drop(key);
          throw error;
        } finally {
          filling = null;
        }
        return namespace;
      }),
    );
  }
} as GreenletLocalConstructor;

Object.defineProperty(GreenletLocal.prototype, HANDLE, {
  value(): HandleRecord {
    throw new UnshareableError(
      "Cannot send GreenletLocal: every greenlet has its own, create it at the top level of a module that both import",
    );
  },
});

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

/** Sends every operation on the object to the namespace of the current greenlet. */
class NamespaceHandler implements ProxyHandler<object> {
  readonly #key: object;
  readonly #create: () => object;

  constructor(key: object, create: () => object) {
    this.#key = key;
    this.#create = create;
  }

  #namespace(): object {
    return find(this.#key) ?? this.#create();
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
