/**
 * Greenlets of which there may be only so many at once.
 *
 * @module
 */

import { Group } from "./group.ts";

/**
 * A group of greenlets of which there may be only so many at once. As gevent's `Pool`.
 *
 * What is spawned when the pool is full waits for its turn, first come, first served. A producer that should not run
 * ahead waits too: `await pool.waitAvailable()`.
 *
 * A greenlet of the pool that waits for another one of the pool keeps its place meanwhile. If all do, nobody can go on. `apply`
 * is made for that: in a greenlet of the pool it runs the function itself.
 *
 * (gevent's `spawn` waits in the place of the producer. Here it returns the greenlet at once: a promise of something that
 * can itself be awaited would be one of its result.)
 *
 * @example Usage
 * ```ts
 * import { GreenletPool, sleep } from "@nogil/std/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * const pool = new GreenletPool(2);
 * let [now, most] = [0, 0];
 * await pool.map(async () => {
 *   most = Math.max(most, ++now);
 *   await sleep(1);
 *   now--;
 * }, [1, 2, 3, 4, 5]);
 * assertEquals(most, 2);
 * ```
 */
export class GreenletPool extends Group {
  /** How many greenlets there may be at once. */
  readonly size: number;

  /**
   * Creates a pool.
   *
   * @param size How many greenlets there may be at once, 0 or more. Default: any number.
   * @throws {TypeError} If it is no number.
   * @throws {RangeError} If it is negative or no integer.
   */
  constructor(size: number | null = null) {
    super();
    const limit = size ?? Infinity;
    if (typeof limit !== "number") {
      throw new TypeError(
        `Cannot create GreenletPool: 'size' must be a number: received ${typeof size}`,
      );
    }
    if (!(Number.isInteger(limit) || limit === Infinity) || limit < 0) {
      throw new RangeError(
        `Cannot create GreenletPool: 'size' must be an integer >= 0: received ${size}`,
      );
    }
    this.size = limit;
  }

  /** How many greenlets there may be at once. */
  protected override get limit(): number {
    return this.size;
  }

  /** How many greenlets could start at once. */
  freeCount(): number {
    return Math.max(0, this.size - this.length);
  }
}
