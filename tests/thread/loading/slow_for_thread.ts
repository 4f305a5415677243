/**
 * A module that takes its time to load, in workers.
 *
 * @module
 */

import { task } from "../../../mod.ts";
import { mark } from "./marks.ts";

if (mark("thread begun")) await new Promise((resolve) => setTimeout(resolve, 300));

export const run = task(import.meta, (): void => void mark("thread run"));

mark("thread loaded");
