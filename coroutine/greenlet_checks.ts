/**
 * What greenlets are made of and killed with.
 *
 * @module
 */

import { GreenletExit } from "../errors.ts";
import type { Body } from "./strand.ts";

/** Gives the function of a greenlet, or `null` if there is none. */
export function checkBody(run: unknown): Body | null {
  if (run === undefined || run === null) return null;
  if (typeof run === "function") return run as Body;
  throw new TypeError(`Cannot create greenlet: 'run' must be a function: received ${typeof run}`);
}

/** Gives what a greenlet is killed with. */
export function checkError(error: unknown): Error {
  if (error === undefined || error === null) return new GreenletExit();
  if (error instanceof Error) return error;
  if (typeof error === "function" && (error === Error || error.prototype instanceof Error)) {
    return Reflect.construct(error, []) as Error;
  }
  throw new TypeError(
    `Cannot kill greenlet: 'error' must be an error or a class of errors: received ${typeof error}`,
  );
}
