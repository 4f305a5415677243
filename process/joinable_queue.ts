/**
 * The queue between processes, by its name in Python.
 *
 * @module
 */

import { Queue, TYPE } from "../queue/queue.ts";
import type { QueueOptions } from "../queue/settings.ts";
import { registerQueue } from "../queue/travel.ts";

const HANDLE_TYPE = "process/JoinableQueue";

/**
 * A {@linkcode Queue} between processes: what `multiprocessing.JoinableQueue` is called in Python.
 *
 * It is a `Queue` whose scope is `"process"` unless it says otherwise. Every queue of this library has `taskDone` and
 * `join`.
 *
 * @example Usage
 * ```ts
 * import { JoinableQueue } from "@nogil/std/process";
 * import { assertEquals } from "@std/assert";
 *
 * const queue = new JoinableQueue<string>();
 * queue.putSync("work");
 * assertEquals(queue.getSync(), "work");
 * queue.taskDone();
 * await queue.join();
 * ```
 *
 * @typeParam T The type of the items.
 */
export class JoinableQueue<T = unknown> extends Queue<T> {
  /**
   * Creates a queue.
   *
   * @param maxsize How many items find room before `put` waits. Default: 0, which as any number below is no limit.
   * @param options `scope`: `"process"` (default) to share it between processes, `"thread"` between threads, `"local"` for
   * the promises of one thread.
   * @throws {TypeError} If an argument has a wrong type, or the scope is unknown.
   * @throws {RangeError} If `maxsize` is no integer.
   * @throws {NotSupportedError} If the scope is `"process"`, and what it needs is not granted or installed.
   */
  constructor(maxsize?: number, options?: QueueOptions) {
    super(maxsize, { ...options, scope: options?.scope ?? "process" });
  }

  /**
   * What handles of the class are called.
   *
   * @ignore
   */
  override get [TYPE](): string {
    return HANDLE_TYPE;
  }
}

// The scope of one that arrives is that of its record.
registerQueue(
  HANDLE_TYPE,
  import.meta.url,
  JoinableQueue,
  () => new JoinableQueue(0, { scope: "thread" }),
);
