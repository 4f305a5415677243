/**
 * What does not travel to other threads, because each thread has greenlets of its own.
 *
 * @module
 */

import { UnshareableError } from "../errors.ts";
import { HANDLE, type HandleRecord } from "../_core/handle.ts";

/** Lets the instances of a class refuse to travel, and say what to do instead. */
export function belongsHere(cls: { prototype: object }, what: string, advice: string): void {
  Object.defineProperty(cls.prototype, HANDLE, {
    value: (): HandleRecord => {
      throw new UnshareableError(
        `Cannot send ${what}: it belongs to the thread that made it, ${advice}`,
      );
    },
  });
}
