/**
 * What happens to the errors of threads that nobody joins.
 *
 * @module
 */

import { describeError } from "../_core/ignored_error.ts";
import { runtime } from "../_runtime/runtime.ts";
import type { Thread } from "./thread.ts";

/** What an except hook is told: which thread or process ended with which error. */
export interface ExceptHookArgs {
  /** What the target threw, or the error that says how the thread or the process was lost. */
  error: unknown;
  /** The thread that ended; for a process, the main thread, which reports it. */
  thread: Thread<never[], unknown>;
  /** The process that ended, if it was one. */
  process?: { name: string };
}

/** A function that is told of the errors of threads and processes that nobody joins. */
export type ExceptHook = (args: ExceptHookArgs) => void;

let hook: ExceptHook = excepthook;

/**
 * The default except hook: prints the error of a thread, with its stack, to the standard error stream.
 *
 * A hook of your own may call it. An error is reported on the main thread, as soon as the main thread's event loop
 * learns that the thread has ended, unless the thread has been joined, or is being joined, by then; what is still
 * unreported when the program ends is reported then. The program goes on. Threads that were ended by `kill()`, or that threw
 * the very reason given to `stop()`, are not reported.
 *
 * @example Usage
 * ```ts
 * import { excepthook, setExcepthook } from "@nogil/std/thread";
 *
 * setExcepthook((args) => {
 *   console.log(`${args.thread.name} has failed`);
 *   excepthook(args);
 * });
 * ```
 *
 * @param args The thread and its error.
 */
export function excepthook(args: ExceptHookArgs): void {
  const { error, thread, process } = args;
  const where = process === undefined ? `thread ${thread.name}` : `process ${process.name}`;
  runtime().writeErrorSync(`Exception in ${where}:\n${describeError(error)}\n`);
}

/**
 * Replaces the function that is told of the errors of threads that nobody joins.
 *
 * Call it on the main thread: hooks are called there, whichever thread has started the one that failed. If the hook
 * itself throws, both errors are printed to the standard error stream.
 *
 * @example Usage
 * ```ts
 * import { setExcepthook } from "@nogil/std/thread";
 *
 * const previous = setExcepthook(({ error, thread }) => console.log(thread.name, error));
 * setExcepthook(previous);
 * ```
 *
 * @param next The new hook; `null` for {@linkcode excepthook}.
 * @returns The hook that was set before.
 * @throws {TypeError} If `next` is neither a function nor `null`.
 */
export function setExcepthook(next: ExceptHook | null): ExceptHook {
  if (next !== null && typeof next !== "function") {
    throw new TypeError(`Cannot set except hook: expected a function, received ${typeof next}`);
  }
  const previous = hook;
  hook = next ?? excepthook;
  return previous;
}

/** Calls the hook that is set; what it throws is printed together with the error that it was given. */
export function callExceptHook(args: ExceptHookArgs): void {
  try {
    hook(args);
  } catch (error) {
    runtime().writeErrorSync(`Exception in the except hook:\n${describeError(error)}\n`);
    excepthook(args);
  }
}
