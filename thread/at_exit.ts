/**
 * Callbacks for the end of the program.
 *
 * @module
 */

import { InvalidStateError } from "../errors.ts";
import { runtime } from "../_runtime/runtime.ts";
import { printIgnored } from "../_core/ignored_error.ts";

const callbacks: (() => void)[] = [];
let begun = false;

/**
 * Registers a function that the main thread calls when it has nothing left to do, before it waits for the threads that
 * are still running.
 *
 * It is the place to tell them to finish: set an event, shut a queue down, call `stop()`. Callbacks run once, the last
 * one registered first. An error in one is printed and does not keep the others from running. They do not run when the
 * program is ended by force: `process.exit()`, `Deno.exit()`, an uncaught error or a signal.
 *
 * @example Usage
 * ```ts
 * import { registerAtExit } from "@nogil/std/thread";
 *
 * registerAtExit(() => console.log("no more work"));
 * ```
 *
 * @param callback The function.
 * @throws {TypeError} If `callback` is no function.
 * @throws {InvalidStateError} If the program is ending already, or if this is not the main thread.
 */
export function registerAtExit(callback: () => void): void {
  if (typeof callback !== "function") {
    throw new TypeError(
      `Cannot register exit callback: expected a function, received ${typeof callback}`,
    );
  }
  if (runtime().isWorkerThread) {
    throw new InvalidStateError("Cannot register exit callback: this is not the main thread");
  }
  if (begun) {
    throw new InvalidStateError("Cannot register exit callback: the program is ending already");
  }
  if (callbacks.length === 0) runtime().onBeforeExit(runExitCallbacks);
  callbacks.push(callback);
}

/** Runs what was registered, the last first, once. */
export function runExitCallbacks(): void {
  begun = true;
  for (let callback = callbacks.pop(); callback !== undefined; callback = callbacks.pop()) {
    try {
      callback();
    } catch (error) {
      printIgnored("exit callback", error);
    }
  }
}
