/**
 * Ctrl-C.
 *
 * @module
 */

import process from "node:process";
import { isMainThread } from "node:worker_threads";

/**
 * Calls a function at the first Ctrl-C; the second one ends the program. Does nothing in a worker, or if the program listens
 * itself.
 *
 * @returns Listens no more.
 */
export function onInterrupt(fn: () => void): () => void {
  if (!isMainThread || process.listenerCount("SIGINT") > 0) return () => {};
  let count = 0;
  const listener = (): void => {
    if (++count > 1) process.exit(130);
    process.exitCode ||= 130;
    fn();
  };
  process.on("SIGINT", listener);
  return () => void process.off("SIGINT", listener);
}
