/**
 * The tasks of executors, behind their futures.
 *
 * @module
 */

import type { TaskSink } from "./engine_types.ts";
import { type AnyFuture, cancelOwned, createOwned, rejectOwned, resolveOwned } from "./future.ts";
import type { FutureOwner } from "./future_owner.ts";
import type { TaskEngine, Ticket } from "./task_engine.ts";

/** The task behind a future. */
export class FutureTask implements FutureOwner, TaskSink {
  readonly future: AnyFuture;
  readonly #engine: TaskEngine;
  readonly #isCancelling: () => boolean;
  /** What the engine calls it; `null` before it knows it. */
  ticket: Ticket | null = null;

  constructor(engine: TaskEngine, isCancelling: () => boolean) {
    this.#engine = engine;
    this.#isCancelling = isCancelling;
    this.future = createOwned(this);
  }

  resolve(value: unknown): void {
    resolveOwned(this.future, value);
  }

  reject(error: unknown): void {
    if (this.#isCancelling()) cancelOwned(this.future);
    else rejectOwned(this.future, error);
  }

  poll(): void {
    this.#engine.drain();
  }

  begun(): boolean {
    return this.ticket !== null && this.#engine.isBegun(this.ticket);
  }

  cancel(): boolean {
    return this.ticket !== null && this.#engine.cancel(this.ticket);
  }

  waitSync(isDone: () => boolean, timeout: number): boolean {
    return this.#engine.waitSync(isDone, timeout);
  }
}
