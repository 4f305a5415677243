/**
 * Objects whose attributes everybody has for himself: every thread, or every greenlet.
 *
 * Such an object is a proxy, which sends every operation to the namespace of who is running. The first time that somebody
 * looks at an object of a subclass, its constructor runs again, and what that sets goes into the new namespace.
 *
 * @module
 */

import { UnshareableError } from "../errors.ts";
import { HANDLE, type HandleRecord } from "./handle.ts";

/** The namespaces of who is running, by the keys of the objects. */
export interface Namespaces {
  /** Gives the namespace of an object, if there is one. */
  find(key: object): object | undefined;
  /** Keeps the namespace of an object. */
  keep(key: object, namespace: object): void;
  /** Forgets the namespace of an object. */
  drop(key: object): void;
}

/** Set while a subclass fills the namespace of somebody who looks at the object for the first time. */
let filling: object | null = null;

/**
 * Makes a class of such objects.
 *
 * @param name The name of the class.
 * @param who Who has attributes for himself, in the words of messages: `"thread"`.
 * @param namespaces Where they are.
 */
export function createLocalClass(
  name: string,
  who: string,
  namespaces: Namespaces,
): new (...args: unknown[]) => object {
  class Local {
    constructor(...args: unknown[]) {
      if (filling !== null) {
        const namespace = filling;
        filling = null;
        return namespace;
      }
      const cls = new.target;
      if (cls === Local && args.length > 0) {
        throw new TypeError(`Cannot create ${name}: it takes no arguments unless it is extended`);
      }
      const key = {};
      // What the subclass sets after `super()` goes into the namespace of who is running, through the proxy.
      namespaces.keep(key, Object.create(cls.prototype as object));
      return new Proxy(this, new LocalHandler(key, namespaces, cls, args));
    }
  }
  Object.defineProperty(Local, "name", { value: name, configurable: true });
  Object.defineProperty(Local.prototype, HANDLE, {
    value(): HandleRecord {
      throw new UnshareableError(
        `Cannot send ${name}: every ${who} has its own, create it at the top level of a module that both import`,
      );
    },
  });
  return Local;
}

/** Sends every operation on the object to the namespace of who is running. */
class LocalHandler implements ProxyHandler<object> {
  readonly #key: object;
  readonly #namespaces: Namespaces;
  readonly #cls: new (...args: unknown[]) => object;
  readonly #args: readonly unknown[];

  constructor(
    key: object,
    namespaces: Namespaces,
    cls: new (...args: unknown[]) => object,
    args: readonly unknown[],
  ) {
    this.#key = key;
    this.#namespaces = namespaces;
    this.#cls = cls;
    this.#args = args;
  }

  get #namespace(): object {
    return this.#namespaces.find(this.#key) ?? this.#create();
  }

  #create(): object {
    const namespace = Object.create(this.#cls.prototype as object) as object;
    this.#namespaces.keep(this.#key, namespace);
    filling = namespace;
    try {
      Reflect.construct(this.#cls, this.#args);
    } catch (error) {
      this.#namespaces.drop(this.#key);
      throw error;
    } finally {
      filling = null;
    }
    return namespace;
  }

  get(_target: object, name: PropertyKey, receiver: unknown): unknown {
    return Reflect.get(this.#namespace, name, receiver);
  }

  set(_target: object, name: PropertyKey, value: unknown): boolean {
    return Reflect.set(this.#namespace, name, value);
  }

  has(_target: object, name: PropertyKey): boolean {
    return Reflect.has(this.#namespace, name);
  }

  deleteProperty(_target: object, name: PropertyKey): boolean {
    return Reflect.deleteProperty(this.#namespace, name);
  }

  defineProperty(_target: object, name: PropertyKey, property: PropertyDescriptor): boolean {
    // A proxy may only claim properties that can go away again.
    return Reflect.defineProperty(this.#namespace, name, { ...property, configurable: true });
  }

  ownKeys(): (string | symbol)[] {
    return Reflect.ownKeys(this.#namespace);
  }

  getOwnPropertyDescriptor(_target: object, name: PropertyKey): PropertyDescriptor | undefined {
    return Reflect.getOwnPropertyDescriptor(this.#namespace, name);
  }

  getPrototypeOf(): object | null {
    return Reflect.getPrototypeOf(this.#namespace);
  }
}
