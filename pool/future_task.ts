/**
 * The tasks of executors, behind their futures.
 *
 * @module
 */

import type { TaskSink } from "./engine_types.ts";
import { type AnyFuture, cancelOwned, createOwned, rejectOwned, resolveOwned } from "./future.ts";
import type { FutureOwner } from "./future_owner.ts";
import type { TaskEngine, Ticket } from "./task_engine.ts";

/** The executor behind the task. */
interface Place {
  readonly engine: TaskEngine;
  /** Whether what has not begun is being cancelled. */
  readonly isCancelling: boolean;
}

/** The task behind a future. */
export class FutureTask implements FutureOwner, TaskSink {
  readonly future: AnyFuture;
  readonly #place: Place;
  /** What the engine calls it; `null` before it knows it. */
  ticket: Ticket | null = null;

  constructor(place: Place) {
    this.#place = place;
    this.future = createOwned(this);
  }

  resolve(value: unknown): void {
    resolveOwned(this.future, value);
  }

  reject(error: unknown): void {
    if (this.#place.isCancelling) cancelOwned(this.future);
    else rejectOwned(this.future, error);
  }

  poll(): void {
    this.#place.engine.poll();
  }

  begun(): boolean {
    return this.ticket !== null && this.#place.engine.isBegun(this.ticket);
  }

  cancel(): boolean {
    return this.ticket !== null && this.#place.engine.cancel(this.ticket);
  }

  waitSync(isDone: () => boolean, timeout: number): boolean {
    return this.#place.engine.waitSync(isDone, timeout);
  }
}
