/**
 * Words of a child process that its parent can set while the child computes: the thread that watches for the end of the
 * parent hears of them, and stores them here. For those who share no memory with their parent.
 *
 * @module
 */

const WORDS = 1024;

let words: Int32Array | null = null;

/** Gives the memory of the words, for the thread that stores them. */
export function ownFlags(): SharedArrayBuffer {
  words ??= new Int32Array(new SharedArrayBuffer(WORDS * 4));
  return words.buffer as SharedArrayBuffer;
}

/** Gives a word. */
export function readFlag(index: number): number {
  return words === null ? 0 : Atomics.load(words, index);
}
