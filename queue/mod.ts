/**
 * Queues between coroutines, threads and processes, as in Python's `queue`.
 *
 * Every wait comes as a promise (`put`, `get`, `join`), with a timeout in milliseconds and an `AbortSignal`, and as a call
 * that blocks its thread (`putSync`, `getSync`, `joinSync`); `tryPut` and `tryGet` never wait. Pass a queue as an argument
 * to a thread, and it arrives; made with `{ scope: "process" }`, also to a process. Both ways of waiting mix freely at one queue.
 *
 * ```ts
 * import { Queue } from "@nogil/std/queue";
 * import { Thread } from "@nogil/std/thread";
 *
 * const lines = new Queue<string>();
 *
 * function produce(lines: Queue<string>): void {
 *   for (const line of ["one", "two", "three"]) lines.putSync(line);
 *   lines.shutdown();
 * }
 *
 * new Thread({ target: produce, args: [lines] }).start();
 * for await (const line of lines) console.log(line);
 * ```
 *
 * @module
 */

export { LifoQueue } from "./lifo_queue.ts";
export { PriorityQueue } from "./priority_queue.ts";
export { Queue } from "./queue.ts";
export type { PriorityQueueOptions, QueueOptions, ShutdownOptions } from "./settings.ts";
export { SimpleQueue } from "./simple_queue.ts";
export type { Scope } from "../_core/handle.ts";
export type { SyncWaitOptions, WaitOptions } from "../_core/wait_options.ts";
