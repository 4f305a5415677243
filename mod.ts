/**
 * Python's threads, processes, locks, queues, pools and coroutines, for Deno and Node: the same names and the same
 * semantics, truly parallel, and nothing that hangs because something died.
 *
 * This module has all that the others have, and what functions and classes need to travel: {@linkcode task},
 * {@linkcode shareable} and {@linkcode isMain}.
 *
 * | module | as in Python |
 * | --- | --- |
 * | `@nogil/std/thread` | `threading`: threads |
 * | `@nogil/std/sync` | `threading` and `multiprocessing`: locks |
 * | `@nogil/std/queue` | `queue` |
 * | `@nogil/std/process` | `multiprocessing`: processes, connections, shared memory |
 * | `@nogil/std/pool` | `multiprocessing.pool` and `concurrent.futures` |
 * | `@nogil/std/coroutine` | `greenlet`, `gevent` and `asyncio` |
 * | `@nogil/std/errors` | the errors of all |
 *
 * ```ts
 * import { Thread, Value } from "@nogil/std";
 *
 * const total = new Value("i", 0);
 * const threads = [1, 2, 3].map((n) =>
 *   new Thread({
 *     target: (total: Value<"i">, n: number) => {
 *       using _ = total.getLock().acquireSync();
 *       total.value += n;
 *     },
 *     args: [total, n],
 *   }).start()
 * );
 * for (const thread of threads) await thread.join();
 * console.log(total.value); // 6
 * ```
 *
 * @module
 */

export * from "./coroutine/mod.ts";
export { type CurrentTask, currentTask } from "./pool/mod.ts";
export * from "./errors.ts";
export * from "./pool/mod.ts";
export * from "./process/mod.ts";
export * from "./queue/mod.ts";
export * from "./sync/mod.ts";
export * from "./thread/mod.ts";
export type { Scope } from "./_core/handle.ts";
export { shareable } from "./_core/shareable.ts";
export { isMain, task } from "./_core/task.ts";
export type { SyncWaitOptions, WaitOptions } from "./_core/wait_options.ts";
