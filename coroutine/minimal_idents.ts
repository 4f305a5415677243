/**
 * Small numbers for those that live.
 *
 * @module
 */

/** Gives the smallest number that nobody has, from 0 on. */
export class MinimalIdents {
  /** How many numbers were given out at most. */
  #used = 0;
  /** Numbers that were given back: a heap, the smallest first. */
  readonly #free: number[] = [];

  /** Gives a number. */
  take(): number {
    const free = this.#free;
    const least = free[0];
    if (least === undefined) return this.#used++;
    const last = free.pop() as number;
    if (free.length > 0) this.#sink(last);
    return least;
  }

  /** Takes a number back. */
  giveBack(ident: number): void {
    const free = this.#free;
    let at = free.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const other = free[above] as number;
      if (other <= ident) break;
      free[at] = other;
      at = above;
    }
    free[at] = ident;
  }

  #sink(ident: number): void {
    const free = this.#free;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= free.length) break;
      if (below + 1 < free.length && (free[below + 1] as number) < (free[below] as number)) below++;
      const other = free[below] as number;
      if (ident <= other) break;
      free[at] = other;
      at = below;
    }
    free[at] = ident;
  }
}
