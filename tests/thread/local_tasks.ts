/** A task with a `ThreadLocal` that has initial values. */

import { task } from "../../_core/task.ts";
import { ThreadLocal } from "../../thread/mod.ts";

class Counter extends ThreadLocal<object> {
  count = 0;

  next(): number {
    return ++this.count;
  }
}

const counter = new Counter();

export const localTask = task(import.meta, () => [counter.next(), counter.next()]);
