/**
 * Errors that nobody can be told of: they are printed.
 *
 * @module
 */

import { runtime } from "../_runtime/runtime.ts";

/** Prints an error that belongs to no join: one of a callback, say. */
export function printIgnored(where: string, error: unknown): void {
  runtime().writeErrorSync(`Exception ignored in ${where}:\n${describeError(error)}\n`);
}

/** Describes what was thrown: its name and message, its stack and its cause. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) {
    try {
      return `Thrown: ${String(error)}`;
    } catch {
      return "Thrown: an object that has no text";
    }
  }
  const title = `${error.name}: ${error.message}`;
  const { stack } = error;
  const text = typeof stack !== "string" || stack === ""
    ? title
    : stack.includes(error.message)
    ? stack
    : `${title}\n${stack}`;
  return error.cause === undefined ? text : `${text}\nCaused by: ${describeError(error.cause)}`;
}
