/**
 * What is done when a greenlet is dead.
 *
 * @module
 */

import type { Listener, Strand } from "./strand.ts";

/** Something that is settled as a greenlet was: a `Future`. */
export interface Settable {
  /** Takes the result. */
  setResult(result: unknown): unknown;
  /** Takes the error. */
  setException(error: unknown): unknown;
}

/** What a greenlet can be linked to: a function that is called with it, or something that it settles. */
export type LinkTarget<G = object> = ((greenlet: G) => unknown) | Settable;

/** One link of a greenlet. */
export class Link implements Listener {
  /** What was linked. */
  readonly target: LinkTarget;
  readonly #greenlet: object;
  readonly #onValue: boolean;
  readonly #onError: boolean;

  /** Links a greenlet to a target, if it ends with a value, with an error, or either way. */
  constructor(target: LinkTarget, greenlet: object, onValue: boolean, onError: boolean) {
    if (typeof target !== "function" && !isSettable(target)) {
      throw new TypeError(
        "Cannot link greenlet: 'target' must be a function, or an object with 'setResult' and " +
          `'setException': received ${target === null ? "null" : typeof target}`,
      );
    }
    this.target = target;
    this.#greenlet = greenlet;
    this.#onValue = onValue;
    this.#onError = onError;
  }

  notify({ hasFailed, value }: Strand): void {
    if (!(hasFailed ? this.#onError : this.#onValue)) return;
    const { target } = this;
    if (typeof target === "function") target(this.#greenlet);
    else if (hasFailed) target.setException(value);
    else target.setResult(value);
  }
}

function isSettable(target: unknown): target is Settable {
  return typeof target === "object" && target !== null &&
    "setResult" in target && typeof target.setResult === "function" &&
    "setException" in target && typeof target.setException === "function";
}
