/**
 * How large the memory of a pool is.
 *
 * @module
 */

import { NotSupportedError } from "../errors.ts";
import type { TaskGeometry } from "../_core/task_layout.ts";
import type { TaskMemory } from "../_core/task_memory.ts";
import type { EngineOptions } from "./engine_types.ts";
import type { WorkerHost } from "./worker_host.ts";

/** Bytes of the main ring, the urgent ring and a result ring. Memory between threads costs nothing until it is touched. */
const SIZES = {
  thread: [1 << 23, 1 << 19, 1 << 21],
  process: [1 << 22, 1 << 18, 1 << 19],
} as const;

/** Gives the geometry for an engine. There are seats for the successors of all workers. */
export function geometryOf(
  { workers, concurrency = 1, tuning = {} }: EngineOptions,
  kind: WorkerHost["kind"],
): TaskGeometry {
  const [mainBytes, urgentBytes, resultBytes] = SIZES[kind];
  return {
    seats: workers * 2 + 1,
    lanes: concurrency,
    mainBytes: tuning.mainBytes ?? mainBytes,
    urgentBytes: tuning.urgentBytes ?? urgentBytes,
    resultBytes: tuning.resultBytes ?? resultBytes,
  };
}

/**
 * Makes the memory of an engine.
 *
 * @throws {RangeError} If so many workers or tasks find no room.
 */
export function createMemory(host: WorkerHost, options: EngineOptions): TaskMemory {
  try {
    return host.createMemory(geometryOf(options, host.kind));
  } catch (cause) {
    if (cause instanceof NotSupportedError) throw cause;
    const { workers, concurrency = 1 } = options;
    const what = `${workers} workers of ${concurrency} tasks at once`;
    throw new RangeError(`Cannot create pool: there is no memory for ${what}`, { cause });
  }
}
