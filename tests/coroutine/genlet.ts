/**
 * Generators built of greenlets, as greenlet's own tests have them: any function below one may emit, also for an outer one.
 */

import { getCurrent, RawGreenlet, type Switched } from "../../coroutine/mod.ts";

/** A generator that is a greenlet. */
export class Genlet<T> extends RawGreenlet implements IterableIterator<T> {
  #child: Genlet<unknown> | null = null;

  /** Goes on to the next value, from plain code. */
  next(): IteratorResult<T> {
    return this.#answer(this.#pull());
  }

  /** Goes on to the next value, from another greenlet. */
  *advance(): Generator<unknown, IteratorResult<T>, T> {
    return this.#answer(yield this.#pull());
  }

  /** Remembers whose value went past this one. */
  setChild(child: Genlet<unknown>): void {
    this.#child = child;
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this;
  }

  #pull(): Switched<T> {
    let child = this.#child;
    if (child === null) {
      this.parent = getCurrent();
      return this.switch<T>();
    }
    while (child.#child !== null) {
      const outer: Genlet<unknown> = child;
      child = child.#child;
      outer.#child = null;
    }
    return child.switch<T>();
  }

  #answer(value: T): IteratorResult<T> {
    return this.dead ? { done: true, value: undefined } : { done: false, value };
  }
}

/** Makes a function of which each call gives a generator. */
export function genlet<T, A extends unknown[]>(
  fn: (...args: A) => Generator<unknown, void, unknown>,
): (...args: A) => Genlet<T> {
  return (...args) => new Genlet<T>(() => fn(...args));
}

/** Emits a value from the generator that the code is in, or from one further out; to be yielded. */
export function emit(value: unknown, level = 1): Switched<unknown> {
  let greenlet = getCurrent();
  for (let i = level; i > 0; i--) {
    if (!(greenlet instanceof Genlet)) throw new RangeError("emit outside of a genlet");
    const parent = greenlet.parent as RawGreenlet;
    if (i > 1) (parent as Genlet<unknown>).setChild(greenlet);
    greenlet = parent;
  }
  return greenlet.switch(value);
}
