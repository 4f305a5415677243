/** What the tests of futures and waits share. */

import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { runtime } from "../../_runtime/runtime.ts";
import { turn } from "../conformance/support.ts";

/** Runs a function and gives what the library prints to the standard error stream meanwhile. */
export function capturePrinted(fn: () => void): string {
  const own = runtime();
  const { writeErrorSync } = own;
  let printed = "";
  own.writeErrorSync = (text) => void (printed += text);
  try {
    fn();
  } finally {
    own.writeErrorSync = writeErrorSync;
  }
  return printed;
}

/** Runs a function and gives the reasons of the rejections that nobody handled. */
export async function watchRejections(fn: () => void | Promise<void>): Promise<unknown[]> {
  const reasons: unknown[] = [];
  const note = (reason: unknown): void => void reasons.push(reason);
  // The runner of Node's tests listens as well, and fails the test.
  const others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", note);
  try {
    await fn();
    for (let i = 0; i < 3; i++) await turn();
  } finally {
    process.off("unhandledRejection", note);
    for (const other of others) process.on("unhandledRejection", other);
  }
  return reasons;
}

/** Collects garbage, as far as it goes. */
export async function collectGarbage(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  for (let i = 0; i < 3; i++) {
    await turn();
    gc();
  }
}
