/**
 * The tasks of a pool that have not ended, by the numbers under which workers know them; and what has become of the others.
 *
 * @module
 */

import type { TaskMemory } from "../_core/task_memory.ts";
import { Histogram } from "./engine_histogram.ts";
import { type Batch, type Job, OVER, TO_SKIP } from "./engine_job.ts";
import type { BufferBroker } from "./worker_host.ts";

/** The tasks of a pool. */
export class JobTable {
  /** Tasks that have returned. */
  done = 0;
  /** Tasks that have failed. */
  failed = 0;
  /** Tasks that were cancelled or aborted. */
  cancelled = 0;
  /** Tasks that were lost. */
  lost = 0;
  /** How often tasks were run again. */
  retried = 0;
  /** How long tasks wait. */
  readonly waits: Histogram = new Histogram();
  /** How long tasks run. */
  readonly runs: Histogram = new Histogram();
  /** Records that are pending: workers may still have to do with them. */
  pending = 0;
  /** Tasks, and items of batches, that have not ended. */
  open = 0;
  readonly #memory: TaskMemory;
  readonly #broker: BufferBroker;
  readonly #jobs: (Job | null)[] = [];
  readonly #free: number[] = [];

  /** Makes an empty table. */
  constructor(memory: TaskMemory, broker: BufferBroker) {
    this.#memory = memory;
    this.#broker = broker;
  }

  /** Gives a job a number. */
  add(job: Job): void {
    const slot = this.#free.length > 0 ? this.#free.pop() as number : this.#jobs.length;
    job.slot = slot;
    this.#jobs[slot] = job;
    this.pending++;
  }

  /** Finds a job. */
  at(slot: number): Job | null {
    return this.#jobs[slot] ?? null;
  }

  /** Gives all jobs. */
  all(): Job[] {
    return this.#jobs.filter((job) => job !== null);
  }

  /** Forgets a job which is over: its number is free. A result that has waited for an import may come after the end. */
  remove(job: Job): void {
    if (job.place === OVER) return;
    if (job.place !== TO_SKIP) this.pending--;
    job.place = OVER;
    job.body = null;
    this.#jobs[job.slot] = null;
    this.#free.push(job.slot);
    if (job.extra !== null) this.free(job);
  }

  /** A job was cancelled in its ring: nothing of it is needed any more but its number. */
  skip(job: Job): void {
    this.pending--;
    job.body = null;
    if (job.extra !== null) this.free(job);
  }

  /** Frees what belongs to a job. */
  free(job: Job): void {
    const { extra } = job;
    if (extra === null) return;
    extra.release?.();
    extra.release = null;
    extra.raw = null;
    const { heap } = this.#memory.agent.arena;
    if (extra.reasonPage !== 0) heap.free(extra.reasonPage);
    extra.reasonPage = 0;
    const { batch } = extra;
    if (batch !== null) {
      // What the pieces of a batch share is freed with the last of them.
      batch.pieces.delete(job);
      if (batch.pieces.size > 0) return;
    }
    if (extra.page !== 0) heap.free(extra.page);
    extra.page = 0;
    if (extra.key !== 0) this.#broker.drop(extra.key);
    extra.key = 0;
  }

  /** Tells that a task was cancelled or aborted. */
  cancel(job: Job, reason: unknown): void {
    const { sink } = job;
    if (sink === null) return;
    job.sink = null;
    this.open--;
    this.cancelled++;
    sink.reject(reason);
  }

  /** Tells that all of a batch of which nothing was heard is cancelled. */
  cancelBatch(batch: Batch, reason: unknown, indices: Iterable<number>): void {
    for (const index of indices) {
      const { sink } = batch;
      if (sink === null) return;
      this.cancelled++;
      this.#told(batch);
      sink.itemFailed(batch.offset + index, reason);
    }
  }

  /** Tells that a task has returned. */
  resolve(job: Job, value: unknown): void {
    const { sink } = job;
    if (sink === null) return;
    job.sink = null;
    this.open--;
    this.done++;
    sink.resolve(value);
  }

  /** Tells that a task has failed. */
  reject(job: Job, error: unknown): void {
    const { sink } = job;
    if (sink === null) return;
    job.sink = null;
    this.open--;
    this.failed++;
    sink.reject(error);
  }

  /** Tells the result of an item. */
  item(batch: Batch, index: number, value: unknown): void {
    const { sink } = batch;
    if (sink === null) return;
    this.done++;
    this.#told(batch);
    sink.item(batch.offset + index, value);
  }

  /** Tells that an item has failed. */
  itemFailed(batch: Batch, index: number, error: unknown): void {
    const { sink } = batch;
    if (sink === null) return;
    this.failed++;
    this.#told(batch);
    sink.itemFailed(batch.offset + index, error);
  }

  /** Ends a batch of which no piece is left. */
  endBatch(batch: Batch): void {
    if (batch.pieces.size > 0 || batch.over) return;
    batch.over = true;
    batch.release?.();
    batch.release = null;
    const { sink } = batch;
    this.open -= batch.left;
    batch.left = 0;
    batch.sink = null;
    sink?.end();
  }

  #told(batch: Batch): void {
    batch.told = true;
    batch.left--;
    this.open--;
  }
}
