/**
 * Tasks for the tests of the pool's engine.
 *
 * @module
 */

import { task } from "../../_core/task.ts";

export const square = task(import.meta, (x: number) => x * x);
export const echo = task(import.meta, (x: unknown) => x);
export const add = task(import.meta, (a: number, b: number) => a + b);
export const nothing = task(import.meta, () => undefined);
export const fail = task(import.meta, (message: string) => {
  throw new RangeError(message);
});
export const later = task(
  import.meta,
  (ms: number) => new Promise<number>((resolve) => setTimeout(() => resolve(ms), ms)),
);
