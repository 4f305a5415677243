/**
 * What becomes of pools that nobody has any more.
 *
 * The object that a program has is not referred to by what is behind it. When it is collected, the pool is closed, as if
 * by the program: what was submitted is still run, and then the workers leave. A map whose results have piled up, and whose
 * iterator nobody has either, would keep the pool open for ever: but then nothing refers to the core of the pool, and
 * when that is collected, its engine is closed.
 *
 * @module
 */

/** What can be closed, more than once. */
interface Closable {
  close(): void;
}

const registry: FinalizationRegistry<Closable> = new FinalizationRegistry((behind) =>
  behind.close()
);

/** Closes what is behind an object when the object is collected, to which it must not refer. */
export function closeWhenDropped(object: object, behind: Closable): void {
  registry.register(object, behind);
}
