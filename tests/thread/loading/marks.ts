/**
 * What modules say while they are loaded, by files: they know nothing yet that they could share with the test.
 *
 * @module
 */

import { existsSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { isMainThread } from "node:worker_threads";

const fileOf = (name: string): string => join(tmpdir(), `nogil-loading-${process.pid}-${name}`);

/** Leaves a mark. */
export function leave(name: string): void {
  writeFileSync(fileOf(name), "");
}

/** Leaves a mark, unless this is the main thread; tells whether it did. */
export function mark(name: string): boolean {
  if (!isMainThread) leave(name);
  return !isMainThread;
}

/** Whether a mark was left. */
export function isMarked(name: string): boolean {
  return existsSync(fileOf(name));
}

/** Waits for a mark, and then for so many milliseconds. */
export async function marked(name: string, longer = 0): Promise<void> {
  while (!isMarked(name)) await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, longer));
}

/** Removes marks. */
export function unmark(...names: string[]): void {
  for (const name of names) rmSync(fileOf(name), { force: true });
}
