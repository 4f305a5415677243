/**
 * What happens to the errors of greenlets that nobody looks at.
 *
 * @module
 */

import { describeError } from "../_core/ignored_error.ts";
import { runtime } from "../_runtime/runtime.ts";
import type { Greenlet } from "./greenlet.ts";

/** What the hook is told: which greenlet ended with which error. */
export interface GreenletErrorArgs {
  /** What the greenlet threw. */
  error: unknown;
  /** The greenlet. */
  greenlet: Greenlet<unknown>;
}

/** A function that is told of the errors of greenlets that nobody looks at. */
export type GreenletErrorHook = (args: GreenletErrorArgs) => void;

let hook: GreenletErrorHook = printError;

/** Prints the error of a greenlet to the standard error stream: the default hook. */
export function printError({ error, greenlet }: GreenletErrorArgs): void {
  runtime().writeErrorSync(`Exception in greenlet ${greenlet.name}:\n${describeError(error)}\n`);
}

/** Sets the hook, and gives the one before. */
export function exchangeErrorHook(next: GreenletErrorHook | null): GreenletErrorHook {
  const previous = hook;
  hook = next ?? printError;
  return previous;
}

/** Calls the hook; what it throws is printed together with the error that it was given. */
export function callErrorHook(args: { error: unknown; greenlet: object }): void {
  try {
    hook(args as GreenletErrorArgs);
  } catch (error) {
    runtime().writeErrorSync(`Exception in the hook for greenlets:\n${describeError(error)}\n`);
    printError(args as GreenletErrorArgs);
  }
}
