/**
 * Times in buckets of growing width, for percentiles.
 *
 * @module
 */

/** Buckets for each doubling. */
const STEPS = 8;
/** The shortest time that is told apart, in milliseconds. */
const SHORTEST = 2 ** -14;
const BUCKETS = 40 * STEPS;

/** Percentiles of times, in milliseconds; 0 where nothing was measured. */
export interface Percentiles {
  /** Half of the times are not longer. */
  p50: number;
  /** Nine of ten times are not longer. */
  p90: number;
  /** Ninety-nine of a hundred times are not longer. */
  p99: number;
}

/** A histogram of times. */
export class Histogram {
  readonly #counts: Float64Array = new Float64Array(BUCKETS);
  #total = 0;

  /** Adds a time in milliseconds. */
  add(milliseconds: number): void {
    const bucket = milliseconds > SHORTEST
      ? Math.min(BUCKETS - 1, Math.floor(Math.log2(milliseconds / SHORTEST) * STEPS))
      : 0;
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#total++;
  }

  /** Gives the percentiles, exact to 9 %. */
  percentiles(): Percentiles {
    return { p50: this.#at(0.5), p90: this.#at(0.9), p99: this.#at(0.99) };
  }

  #at(part: number): number {
    if (this.#total === 0) return 0;
    let left = this.#total * part;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.#counts[bucket] as number;
      if (left <= 0) return SHORTEST * 2 ** ((bucket + 0.5) / STEPS);
    }
    return SHORTEST * 2 ** (BUCKETS / STEPS);
  }
}
