/**
 * What all greenlets of a thread are at.
 *
 * @module
 */

import { runtime } from "../_runtime/runtime.ts";
import { hub } from "./greenlet_hub.ts";
import { GreenletTree } from "./greenlet_tree.ts";

/**
 * Describes the greenlets of this thread: how many there are, and who waits for what, as trees of those that have made each
 * other. gevent's `format_run_info`, in one text.
 *
 * @example Usage
 * ```ts
 * import { formatRunInfo, sleep, spawn } from "@nogil/std/coroutine";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const greenlet = spawn(sleep, 1000);
 * await sleep(0);
 * assertStringIncludes(formatRunInfo(), `${greenlet} waits for sleep(1000)`);
 * await greenlet.kill();
 * ```
 */
export function formatRunInfo(): string {
  const { greenlets, ready, sleeping, started, failed, killed } = hub.statistics();
  const head = `Greenlets: ${greenlets} (${ready} ready), alarms: ${sleeping}; ` +
    `started: ${started}, failed: ${failed}, killed: ${killed}`;
  return [head, ...GreenletTree.forest().map((tree) => tree.format())].join("\n");
}

/**
 * Prints what {@linkcode formatRunInfo} gives to the standard error stream: gevent's `print_run_info`. For a listener to a
 * signal, say, by which a program that hangs is asked what it is at.
 *
 * @example Usage
 * ```ts
 * import { printRunInfo, sleep, spawn } from "@nogil/std/coroutine";
 *
 * const greenlet = spawn(sleep, 1000);
 * printRunInfo();
 * await greenlet.kill();
 * ```
 */
export function printRunInfo(): void {
  runtime().writeErrorSync(`${formatRunInfo()}\n`);
}
