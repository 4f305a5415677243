/**
 * What becomes of pools that nobody has any more.
 *
 * The object that a program has is not referred to by what is behind it. When it is collected, the pool is closed, as if
 * by the program: what was submitted is still run, and then the workers leave. Only an iterator of results goes on as it is
 * read. One that nobody has either would keep the pool open for ever: but then nothing refers to the core of the pool, and
 * when that is collected, its engine is closed.
 *
 * @module
 */

/** What can be dropped, more than once. */
interface Droppable {
  drop(): void;
}

const registry: FinalizationRegistry<Droppable> = new FinalizationRegistry((behind) =>
  behind.drop()
);

/** Closes what is behind an object when the object is collected, to which it must not refer. */
export function closeWhenDropped(object: object, behind: Droppable): void {
  registry.register(object, behind);
}
