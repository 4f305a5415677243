/**
 * Threads, as in Python's `threading`, but truly parallel.
 *
 * ```ts
 * import { Thread } from "@nogil/std/thread";
 *
 * const threads = [1, 2, 3].map((n) =>
 *   new Thread({ target: (x: number) => x ** 2, args: [n] }).start()
 * );
 * console.log(await Promise.all(threads.map((thread) => thread.join()))); // [1, 4, 9]
 * ```
 *
 * @module
 */

export type { SyncWaitOptions, WaitOptions } from "../_core/wait_options.ts";
export { registerAtExit } from "./at_exit.ts";
export { activeCount, currentThread, enumerate, getIdent, mainThread } from "./current_thread.ts";
export { type ExceptHook, excepthook, type ExceptHookArgs, setExcepthook } from "./except_hook.ts";
export { sleepSync } from "./sleep_sync.ts";
export { type AnyThread, Thread } from "./thread.ts";
export { ThreadLocal, type ThreadLocalConstructor } from "./thread_local.ts";
export type { ThreadOptions } from "./thread_options.ts";
export { Timer, type TimerOptions } from "./timer.ts";
