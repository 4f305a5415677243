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
  if (typeof run === "function") {
    if (!(Symbol.toStringTag in run) || run[Symbol.toStringTag] !== "AsyncGeneratorFunction") {
      return run as Body;
    }
    throw new TypeError(
      "Cannot create greenlet: nobody takes what an 'async function*' yields, make it an 'async function' or a 'function*'",
    );
  }
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

/** Checks how long something has to end. */
export function checkGrace(verb: string, grace: unknown): number {
  if (typeof grace !== "number") {
    throw new TypeError(
      `Cannot ${verb}: 'grace' must be a number of milliseconds: received ${typeof grace}`,
    );
  }
  if (!(grace >= 0)) {
    throw new RangeError(
      `Cannot ${verb}: 'grace' must be a number of milliseconds >= 0: received ${grace}`,
    );
  }
  return grace;
}
