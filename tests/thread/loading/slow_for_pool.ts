/**
 * A module that takes its time to load, in workers.
 *
 * @module
 */

import { task } from "../../../mod.ts";
import { mark, marked } from "./marks.ts";

if (mark("pool begun")) await marked("pool killed", 200);

export const run = task(import.meta, (): void => void mark("pool run"));

mark("pool loaded");
