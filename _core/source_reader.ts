/**
 * Who reads the source text of plain functions: a parser, which is loaded with `codec.ts`, or by whoever can do without it for
 * most of the time, when it turns out to be missing.
 *
 * @module
 */

/** What a function needs from outside. */
export interface FreeNames {
  /** Names that are neither declared in the function nor global, in the order of their first use. */
  free: string[];
  /** Global names that the function uses. */
  globals: string[];
  /** A module that the function imports by a relative path, or `null`. */
  relativeImport: string | null;
}

/** Finds what the source text of a function expression needs from outside; `null` if it does not parse as one. */
export type SourceReader = (source: string) => FreeNames | null;

/** A plain function was to be sent, and the reader is not loaded. */
export class NoSourceReader extends Error {
  static {
    this.prototype.name = "NoSourceReader";
  }
}

let reader: SourceReader | null = null;

/** Says who reads source text. */
export function setSourceReader(read: SourceReader): void {
  reader = read;
}

/**
 * Finds what the source text of a function needs from outside.
 *
 * @throws {NoSourceReader} If nobody can tell yet.
 */
export function readSource(source: string): FreeNames | null {
  if (reader === null) throw new NoSourceReader("Cannot send function: codec.ts is not loaded");
  return reader(source);
}
