/**
 * The stack: last in, first out.
 *
 * @module
 */

import type { QueueOrder } from "../_core/queue_core.ts";
import { ORDER, Queue } from "./queue.ts";
import { registerQueue } from "./travel.ts";

/**
 * A queue that gives the item that was put last.
 *
 * In all else it is a {@linkcode Queue}.
 *
 * @example Usage
 * ```ts
 * import { LifoQueue } from "@nogil/std/queue";
 * import { assertEquals } from "@std/assert";
 *
 * const stack = new LifoQueue<string>();
 * stack.putSync("first");
 * stack.putSync("last");
 * assertEquals(stack.getSync(), "last");
 * ```
 *
 * @typeParam T The type of the items.
 */
export class LifoQueue<T = unknown> extends Queue<T> {
  /**
   * In which order items come out: fixed by the class.
   *
   * @ignore
   */
  override get [ORDER](): QueueOrder {
    return "lifo";
  }
}

registerQueue("queue/LifoQueue", import.meta.url, LifoQueue, () => new LifoQueue());
