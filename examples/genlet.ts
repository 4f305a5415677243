// deno run examples/genlet.ts
// A generator built of greenlets: any function below it emits its values. Prints the leaves of a tree: 1 2 3 4 5.
import { getCurrent, RawGreenlet, type Switched } from "@nogil/std/coroutine";

class Genlet<T> extends RawGreenlet implements IterableIterator<T> {
  next(): IteratorResult<T> {
    this.parent = getCurrent();
    const value: T = this.switch();
    return this.dead ? { done: true, value: undefined } : { done: false, value };
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this;
  }
}

/** Gives a value to whoever iterates, and waits until the next one is wanted; to be yielded. */
function emit(value: unknown): Switched<void> {
  const greenlet = getCurrent();
  if (greenlet instanceof Genlet && greenlet.parent) return greenlet.parent.switch(value);
  throw new RangeError("Cannot emit: this is no genlet");
}

type Tree = number | Tree[];

function* walk(tree: Tree): Generator<unknown, void, unknown> {
  if (typeof tree === "number") yield emit(tree);
  else for (const branch of tree) yield* walk(branch);
}

console.log(...new Genlet<number>(() => walk([1, [2, [3]], [[4], 5]])));
