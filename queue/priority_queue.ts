/**
 * The queue that gives the smallest item first.
 *
 * @module
 */

import type { QueueOrder } from "../_core/queue_core.ts";
import { ORDER, Queue } from "./queue.ts";
import type { PriorityQueueOptions } from "./settings.ts";
import { registerQueue } from "./travel.ts";

/**
 * A queue that gives the smallest item first.
 *
 * Items are compared as Python compares them: numbers, bigints and booleans by their value, strings by their code points,
 * arrays item by item, so that `[priority, job]` orders by priority, whatever the job is, until two have the same. What
 * would have to be compared and cannot be is a `TypeError` when it is put: an object, `NaN`, a string with a number. For
 * such items give `key` or `compare`.
 *
 * Items that are equal come out in the order in which they were put. In all else it is a {@linkcode Queue}.
 *
 * @example Usage
 * ```ts
 * import { PriorityQueue } from "@nogil/std/queue";
 * import { assertEquals } from "@std/assert";
 *
 * const errands = new PriorityQueue<[number, string]>();
 * errands.putSync([2, "post"]);
 * errands.putSync([1, "bank"]);
 * assertEquals(errands.getSync(), [1, "bank"]);
 * ```
 *
 * @example With a key
 * ```ts
 * import { PriorityQueue } from "@nogil/std/queue";
 * import { assertEquals } from "@std/assert";
 *
 * const jobs = new PriorityQueue(0, { key: (job: { name: string; cost: number }) => job.cost });
 * jobs.putSync({ name: "build", cost: 9 });
 * jobs.putSync({ name: "lint", cost: 1 });
 * assertEquals(jobs.getSync().name, "lint");
 * ```
 *
 * @typeParam T The type of the items.
 */
export class PriorityQueue<T = unknown> extends Queue<T> {
  /**
   * Creates a priority queue.
   *
   * @param maxsize How many items find room before `put` waits. Default: 0, which as any number below is no limit.
   * @param options `key` or `compare` to order the items by, not both; `scope` as for {@linkcode Queue}.
   * @throws {TypeError} If an argument has a wrong type, or both `key` and `compare` are given.
   * @throws {RangeError} If `maxsize` is no integer.
   */
  constructor(maxsize?: number, options?: PriorityQueueOptions<T>) {
    super(maxsize, options);
  }

  /**
   * In which order items come out: fixed by the class.
   *
   * @ignore
   */
  override get [ORDER](): QueueOrder {
    return "priority";
  }
}

registerQueue(
  "queue/PriorityQueue",
  import.meta.url,
  PriorityQueue,
  (functions) => new PriorityQueue(0, functions),
);
