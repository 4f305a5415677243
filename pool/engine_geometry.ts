/**
 * How large the memory of a pool is.
 *
 * @module
 */

import type { TaskGeometry } from "../_core/task_layout.ts";
import type { TaskMemory } from "../_core/task_memory.ts";
import type { EngineOptions } from "./engine_types.ts";
import type { WorkerHost } from "./worker_host.ts";

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

/**
 * Makes the memory of an engine.
 *
 * @throws {RangeError} If so many workers or tasks find no room.
 */
export function createMemory(host: WorkerHost, options: EngineOptions): TaskMemory {
  try {
    return host.createMemory(geometryOf(options));
  } catch (cause) {
    const { workers, concurrency = 1 } = options;
    const what = `${workers} workers of ${concurrency} tasks at once`;
    throw new RangeError(`Cannot create pool: there is no memory for ${what}`, { cause });
  }
}
