/**
 * A short look before a wait.
 *
 * Parking and being woken takes tens of microseconds. Who looks for a moment first is often served within one; how long it
 * looks depends on how often that has paid.
 *
 * @module
 */

import type { SharedWords } from "./shared_words.ts";

/** Looks so often at most. */
const MOST = 400;
/** Looks so often at least: otherwise it would never learn that it pays again. */
const LEAST = 20;

/** Looks at the number of items in one queue. */
export class Spin {
  #looks = MOST;

  /** Looks whether the difference of two words becomes another one; `true` if it has. */
  forChange(w: SharedWords, head: number, tail: number, size: number): boolean {
    for (let i = 0; i < this.#looks; i++) {
      if (((w.load(tail) - w.load(head)) | 0) === size) continue;
      this.#looks = Math.min(MOST, this.#looks * 2);
      return true;
    }
    this.#looks = Math.max(LEAST, this.#looks >> 1);
    return false;
  }
}
