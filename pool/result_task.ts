/**
 * The tasks of `applyAsync`, behind their results.
 *
 * @module
 */

import {
  type AnyResult,
  createResult,
  rejectResult,
  resolveResult,
  type ResultCallbacks,
  type ResultSource,
} from "./async_result.ts";
import type { TaskSink } from "./engine_types.ts";
import type { TaskEngine } from "./task_engine.ts";

/** The task behind a result. */
export class ResultTask implements ResultSource, TaskSink {
  readonly result: AnyResult;
  readonly #engine: TaskEngine;

  constructor(engine: TaskEngine, callbacks: ResultCallbacks<never> | undefined) {
    this.#engine = engine;
    this.result = createResult(this, callbacks);
  }

  resolve(value: unknown): void {
    resolveResult(this.result, value);
  }

  reject(error: unknown): void {
    rejectResult(this.result, error);
  }

  poll(): void {
    this.#engine.poll();
  }

  waitSync(isDone: () => boolean, timeout: number): boolean {
    return this.#engine.waitSync(isDone, timeout);
  }

  needsLoop(): boolean {
    return false;
  }
}
