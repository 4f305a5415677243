/** What the programs and tests share that kill. */

import { readFileSync } from "node:fs";
import process from "node:process";

/** Milliseconds after which something counts as hanging. */
const PATIENCE = 60_000;

/** Whether a process has ended; a zombie has. */
export function isGone(pid: number): boolean {
  try {
    return /^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return true;
  }
}

/** Gives the number that stands behind an option of the command line. */
export function numberGiven(name: string, standard: number): number {
  const given = process.argv.find((argument) => argument.startsWith(`--${name}=`));
  return given === undefined ? standard : Number(given.slice(name.length + 3));
}

/** Waits for a promise, which has to be settled in time. */
export async function within<T>(promise: Promise<T>, what: string | (() => string)): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const hang = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const name = typeof what === "string" ? what : what();
      reject(new Error(`Nothing came of ${name}`));
    }, PATIENCE);
  });
  try {
    return await Promise.race([promise, hang]);
  } finally {
    clearTimeout(timer);
  }
}

/** Lets the event loop turn until a condition holds, which has to come true in time. */
export async function until(condition: () => boolean, what: () => string): Promise<void> {
  const end = performance.now() + PATIENCE;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`Nothing came of ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
