/**
 * Running a function in the greenlet that is there.
 *
 * @module
 */

import { drive, isGenerator } from "./driver.ts";
import type { GreenletScope } from "./greenlet_scope.ts";
import { contextFor, runInScope } from "./scheduler.ts";

/** Calls a function whose waits belong to a scope, and gives what it leads to: a generator is driven. */
export function runInline(scope: GreenletScope, fn: () => unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    try {
      const result = runInScope(scope, fn);
      if (!isGenerator(result)) return resolve(result);
      drive(scope, result, contextFor(scope), {
        end(value, isError) {
          if (isError) reject(value);
          else resolve(value);
        },
      });
    } catch (error) {
      reject(error);
    }
  });
}
