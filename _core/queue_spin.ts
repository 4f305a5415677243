/**
 * A short look before a wait.
 *
 * Parking and being woken takes tens of microseconds. Who looks for a moment first is often served within one. Where that
 * is in vain again and again (nobody brings anything, or he has no processor to run on) the looks become shorter, and now
 * and then a long one shows whether they pay again.
 *
 * @module
 */

import type { SharedWords } from "./shared_words.ts";

/** Looks so often at most: about a microsecond. */
const MOST = 400;
/** Looks so often at least. */
const LEAST = 20;
/** After so many looks in vain there is a long one. */
const PATIENCE = 16;

/** Looks at the number of items in one queue. */
export class Spin {
  #looks = MOST;
  #vain = 0;

  /** Looks whether the difference of two words becomes another one; `true` if it has. */
  forChange(w: SharedWords, head: number, tail: number, size: number): boolean {
    const looks = this.#vain < PATIENCE ? this.#looks : MOST;
    for (let i = 0; i < looks; i++) {
      if (((w.load(tail) - w.load(head)) | 0) === size) continue;
      this.#vain = 0;
      this.#looks = Math.min(MOST, this.#looks * 2);
      return true;
    }
    this.#vain = this.#vain < PATIENCE ? this.#vain + 1 : 0;
    this.#looks = Math.max(LEAST, this.#looks >> 1);
    return false;
  }
}
