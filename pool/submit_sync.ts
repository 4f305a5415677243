/**
 * A task whose result this thread blocks for.
 *
 * @module
 */

import { TimeoutError } from "../errors.ts";
import type { TaskOptions } from "./engine_types.ts";
import type { AnyFunction } from "./function_table.ts";
import type { TaskEngine } from "./task_engine.ts";

/**
 * Runs a task, and blocks until its result is there.
 *
 * @param timeout In milliseconds; afterwards the task is aborted.
 * @throws {TimeoutError} If time runs out.
 */
export function submitSync(
  engine: TaskEngine,
  fn: AnyFunction,
  args: readonly unknown[],
  options: TaskOptions | undefined,
  timeout: number,
): unknown {
  let state: "pending" | "done" | "failed" = "pending";
  let value: unknown;
  const ticket = engine.submit(fn, args, options, {
    resolve(result) {
      state = "done";
      value = result;
    },
    reject(error) {
      state = "failed";
      value = error;
    },
  });
  if (!engine.waitSync(() => state !== "pending", timeout)) {
    const late = new TimeoutError(`Cannot apply: the task was not done within ${timeout} ms`);
    engine.abort(ticket, late);
    throw late;
  }
  if (state as string === "failed") throw value;
  return value;
}
