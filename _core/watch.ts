/**
 * Objects that are waited for together.
 *
 * @module
 */

import { describe, PromiseState, stateOf, type WaitObject, type WaitState } from "./wait_state.ts";

/** An object that is not done. */
interface Pending {
  readonly state: WaitState;
  unsubscribe: (() => void) | null;
}

/** Objects that are waited for together. */
export class Watch<T extends WaitObject> {
  /** How many were found to be done. */
  found = 0;
  /** Whether one of those has failed. */
  failed = false;
  readonly #pending: Map<T, Pending> = new Map();
  #ready: (T | undefined)[] = [];
  #taken = 0;
  #onFound: (() => void) | null = null;

  /** Takes the objects; each must be something to wait for. */
  constructor(objects: Iterable<T>) {
    if (typeof (objects as Partial<Iterable<T>> | null)?.[Symbol.iterator] !== "function") {
      throw new TypeError(
        `Cannot wait: expected an iterable, as [future, thread]: received ${describe(objects)}`,
      );
    }
    for (const object of objects) {
      if (this.#pending.has(object)) continue;
      this.#pending.set(object, { state: stateOf(object), unsubscribe: null });
    }
  }

  /** How many are not done. */
  get left(): number {
    return this.#pending.size;
  }

  /** How many are done and were not taken. */
  get ready(): number {
    return this.#ready.length - this.#taken;
  }

  /** Whether there are promises that may be settled already, which one turn of the microtasks shows. */
  mayKnowSoon(): boolean {
    for (const { state } of this.#pending.values()) {
      if (state instanceof PromiseState && !state.done) return true;
    }
    return false;
  }

  /** Finds what is done now. */
  look(): void {
    for (const [object, { state }] of this.#pending) if (state.done) this.#find(object);
  }

  /** Calls back whenever an object is done, until the returned function is called. */
  follow(onFound: () => void): () => void {
    this.#onFound = onFound;
    try {
      for (const [object, pending] of this.#pending) {
        pending.unsubscribe = pending.state.subscribe(() => {
          pending.unsubscribe = null;
          this.#find(object);
        });
      }
    } catch (error) {
      this.#unfollow();
      throw error;
    }
    return () => this.#unfollow();
  }

  /** Takes the first object that is done. */
  take(): T {
    const object = this.#ready[this.#taken] as T;
    this.#ready[this.#taken++] = undefined;
    if (this.#taken === this.#ready.length) {
      this.#ready = [];
      this.#taken = 0;
    }
    return object;
  }

  /** Takes all objects that are done. */
  takeAll(): T[] {
    return this.#ready as T[];
  }

  /** Gives the objects that are not done. */
  notDone(): Set<T> {
    return new Set(this.#pending.keys());
  }

  #find(object: T): void {
    const pending = this.#pending.get(object);
    if (pending === undefined) return;
    this.#pending.delete(object);
    pending.unsubscribe?.();
    this.#ready.push(object);
    this.found++;
    if (pending.state.failed) this.failed = true;
    this.#onFound?.();
  }

  #unfollow(): void {
    this.#onFound = null;
    for (const pending of this.#pending.values()) {
      pending.unsubscribe?.();
      pending.unsubscribe = null;
    }
  }
}
