/**
 * A module that takes its time to load, in workers.
 *
 * @module
 */

import { task } from "../../../mod.ts";
import { mark, marked } from "./marks.ts";

if (mark("thread begun")) await marked("thread killed", 200);

export const run = task(import.meta, (): void => void mark("thread run"));

mark("thread loaded");
