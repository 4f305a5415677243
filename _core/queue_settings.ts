/**
 * What a queue is made with.
 *
 * @module
 */

import type { Scope } from "./handle.ts";
import type { Compare } from "./queue_compare.ts";

/** In which order items come out. */
export type QueueOrder = "fifo" | "lifo" | "priority";

/** What a queue is made with. */
export interface QueueSettings {
  /** In which order items come out. */
  order: QueueOrder;
  /** How many items there may be; 0 = any number; below 0: not so many, but so many bytes of items. */
  maxsize: number;
  /** How far the queue travels. */
  scope: Scope;
  /** Whether anybody calls `taskDone` and `join`. */
  counted: boolean;
  /** Gives what an item is ordered by. */
  key?: ((item: unknown) => unknown) | undefined;
  /** Compares two items, as for `Array.sort`. */
  compare?: Compare | undefined;
}
