/**
 * A set of numbers that fills from below, kept as spans: as large as it has gaps, however many numbers are in it.
 *
 * @module
 */

interface Span {
  from: number;
  to: number;
}

/** Which of the numbers from 1 are spent. */
export class Spent {
  readonly #first: Span = { from: 0, to: 0 };
  readonly #spans: Span[] = [this.#first];

  /** Spends a number; `false` if it is spent already. */
  add(n: number): boolean {
    const spans = this.#spans;
    let i = spans.length - 1;
    while (i > 0 && (spans[i] as Span).from > n) i--;
    const span = spans[i] as Span;
    if (n <= span.to) return false;
    const next = spans[i + 1];
    if (n === span.to + 1) {
      span.to = n;
      if (next?.from === n + 1) {
        span.to = next.to;
        spans.splice(i + 1, 1);
      }
    } else if (next?.from === n + 1) next.from = n;
    else spans.splice(i + 1, 0, { from: n, to: n });
    return true;
  }

  /** Spends the `count` smallest numbers that are not spent, up to `last`. */
  addSmallest(count: number, last: number): void {
    const first = this.#first;
    while (count > 0 && first.to < last) {
      const next = this.#spans[1];
      const end = Math.min(first.to + count, next === undefined ? last : next.from - 1);
      count -= end - first.to;
      first.to = Math.min(end, last);
      if (next?.from === first.to + 1) {
        first.to = next.to;
        this.#spans.splice(1, 1);
      }
    }
  }
}
