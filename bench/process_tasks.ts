/** What runs in the processes of `process_bench.ts`. */

import { task } from "@nogil/std";

export const square = task(import.meta, (x: number): number => x * x);
