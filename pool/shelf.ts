/**
 * Results that have come, and are not fetched yet.
 *
 * @module
 */

import type { Failure } from "./feed.ts";

/** How one item ended. */
export type Outcome = { readonly value: unknown } | Failure;

/** The results that have come and are not fetched yet. */
export interface Shelf {
  put(index: number, outcome: Outcome): void;
  /** Gives the next one, if it is there. */
  take(): Outcome | null;
  /** Whether the next one is there. */
  readonly ready: boolean;
  /** How many were given. */
  readonly given: number;
  clear(): void;
}

/** Gives results in the order of the items. */
export class OrderedShelf implements Shelf {
  readonly #outcomes: Map<number, Outcome> = new Map();
  given = 0;

  get ready(): boolean {
    return this.#outcomes.has(this.given);
  }

  put(index: number, outcome: Outcome): void {
    this.#outcomes.set(index, outcome);
  }

  take(): Outcome | null {
    const outcome = this.#outcomes.get(this.given);
    if (outcome === undefined) return null;
    this.#outcomes.delete(this.given++);
    return outcome;
  }

  clear(): void {
    this.#outcomes.clear();
  }
}

/** Gives results in the order in which they come. */
export class UnorderedShelf implements Shelf {
  #outcomes: Outcome[] = [];
  #next = 0;
  given = 0;

  get ready(): boolean {
    return this.#next < this.#outcomes.length;
  }

  put(_index: number, outcome: Outcome): void {
    this.#outcomes.push(outcome);
  }

  take(): Outcome | null {
    if (!this.ready) return null;
    const outcome = this.#outcomes[this.#next] as Outcome;
    // What was given is kept by nobody.
    this.#outcomes[this.#next++] = { value: undefined };
    this.given++;
    if (this.#next > 64 && this.#next * 2 > this.#outcomes.length) {
      this.#outcomes = this.#outcomes.slice(this.#next);
      this.#next = 0;
    }
    return outcome;
  }

  clear(): void {
    this.#outcomes = [];
    this.#next = 0;
  }
}
