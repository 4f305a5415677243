/**
 * How large the memory of a pool is.
 *
 * @module
 */

import type { TaskGeometry } from "../_core/task_layout.ts";
import type { EngineOptions } from "./engine_types.ts";

const MAIN_BYTES = 1 << 23;
const URGENT_BYTES = 1 << 19;
const RESULT_BYTES = 1 << 21;

/** Gives the geometry for an engine. There are seats for the successors of all workers. */
export function geometryOf({ workers, concurrency = 1, tuning = {} }: EngineOptions): TaskGeometry {
  return {
    seats: workers * 2 + 1,
    lanes: concurrency,
    mainBytes: tuning.mainBytes ?? MAIN_BYTES,
    urgentBytes: tuning.urgentBytes ?? URGENT_BYTES,
    resultBytes: tuning.resultBytes ?? RESULT_BYTES,
  };
}
