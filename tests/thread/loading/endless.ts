/**
 * A module that never ends to load, in workers.
 *
 * @module
 */

import { task } from "../../../mod.ts";
import { mark } from "./marks.ts";

if (mark("endless begun")) {
  setInterval(() => {}, 1000);
  await new Promise(() => {});
}

export const run = task(import.meta, (): void => {});
