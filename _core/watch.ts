/**
 * Objects that are waited for together.
 *
 * @module
 */

import { describe, PromiseState, stateOf, type WaitObject, type WaitState } from "./wait_state.ts";

/** One of the objects. */
interface Entry<T> {
  readonly object: T;
  readonly state: WaitState;
  /** Takes the subscription back. */
  unsubscribe: (() => void) | null;
  /** Says that whoever waits has had the object. */
  letGo: (() => void) | null;
}

/** Objects that are waited for together. */
export class Watch<T extends WaitObject> {
  /** How many were found to be done. */
  found = 0;
  /** Whether one of those has failed. */
  failed = false;
  readonly #pending: Map<T, Entry<T>> = new Map();
  #ready: (Entry<T> | null)[] = [];
  #taken = 0;
  /** Of the object that was handed over last. */
  #letGo: (() => void) | null = null;
  #onFound: (() => void) | null = null;

  /** Takes the objects; each must be something to wait for. */
  constructor(objects: Iterable<T>) {
    if (typeof (objects as Partial<Iterable<T>> | null)?.[Symbol.iterator] !== "function") {
      throw new TypeError(
        `Cannot wait: expected an iterable, as [future, thread]: received ${describe(objects)}`,
      );
    }
    for (const object of objects) {
      const state = stateOf(object);
      this.#pending.set(object, { object, state, unsubscribe: null, letGo: null });
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

  /**
   * Begins; {@linkcode end} has to follow.
   *
   * @returns Whether there are promises that may be settled, which one turn of the microtasks shows.
   */
  begin(): boolean {
    let mayKnowSoon = false;
    for (const entry of this.#pending.values()) {
      entry.letGo = entry.state.hold?.() ?? null;
      if (entry.state instanceof PromiseState && !entry.state.done) mayKnowSoon = true;
    }
    return mayKnowSoon;
  }

  /** Finds what is done now. */
  look(): void {
    for (const entry of this.#pending.values()) if (entry.state.done) this.#find(entry);
  }

  /**
   * Calls back whenever an object is done, until {@linkcode unfollow} is called. What was done before this returns is found
   * without a call: the look at one future may settle others that have been looked at.
   */
  follow(onFound: () => void): void {
    for (const entry of this.#pending.values()) {
      entry.unsubscribe = entry.state.subscribe(() => {
        entry.unsubscribe = null;
        this.#find(entry);
      });
    }
    this.look();
    this.#onFound = onFound;
  }

  /** Takes the subscriptions back. */
  unfollow(): void {
    this.#onFound = null;
    for (const entry of this.#pending.values()) {
      entry.unsubscribe?.();
      entry.unsubscribe = null;
    }
  }

  /** Hands over the first object that is done. */
  take(): T {
    const entry = this.#ready[this.#taken] as Entry<T>;
    this.#ready[this.#taken++] = null;
    if (this.#taken === this.#ready.length) {
      this.#ready = [];
      this.#taken = 0;
    }
    this.#letGo = entry.letGo;
    return entry.object;
  }

  /** Says that whoever waits has had the object that was handed over last. */
  letGo(): void {
    this.#letGo?.();
    this.#letGo = null;
  }

  /** Ends, and hands all objects over: those that are done, and the others. */
  end(): [done: T[], notDone: T[]] {
    this.unfollow();
    this.letGo();
    const ready = this.#ready.filter((entry) => entry !== null);
    const pending = [...this.#pending.values()];
    this.#ready = [];
    this.#taken = 0;
    this.#pending.clear();
    const handOver = (entry: Entry<T>): T => {
      entry.letGo?.();
      return entry.object;
    };
    return [ready.map(handOver), pending.map(handOver)];
  }

  #find(entry: Entry<T>): void {
    if (!this.#pending.delete(entry.object)) return;
    entry.unsubscribe?.();
    entry.unsubscribe = null;
    this.#ready.push(entry);
    this.found++;
    if (entry.state.failed) this.failed = true;
    this.#onFound?.();
  }
}
