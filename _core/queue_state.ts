/**
 * What can be said of a queue without its items: how many there are, how many there may be, and whether all are done.
 *
 * @module
 */

import type { Agent } from "./agent.ts";
import { type Outcome, TAKEN, TAKEN_ABANDONED } from "./kind.ts";
import { FLAGS } from "./layout.ts";
import { joinAbandoned, joinRefused } from "./queue_errors.ts";
import { itemCount, setMaxsize } from "./queue_kind.ts";
import { JOINERS, MAXSIZE, SHUT } from "./queue_layout.ts";
import { abandoned, unfinished } from "./queue_tasks.ts";

/** The record of a queue. */
export class QueueState {
  readonly #agent: Agent;
  readonly #o: number;

  /** Looks at the record at `o`. */
  constructor(agent: Agent, o: number) {
    this.#agent = agent;
    this.#o = o;
  }

  /** Whether the queue is shut down. */
  get isShutdown(): boolean {
    return (this.#agent.q.w.load(this.#o + FLAGS) & SHUT) !== 0;
  }

  /** How many items there may be; 0 = any number; below 0: so many bytes of them. */
  get maxsize(): number {
    return this.#agent.q.w.load(this.#o + MAXSIZE);
  }

  set maxsize(maxsize: number) {
    setMaxsize(this.#agent.q, this.#o, Math.max(0, Math.min(maxsize, 2 ** 31 - 1)));
  }

  /** Items that were put and are not done. */
  get unfinishedTasks(): number {
    return Math.max(0, unfinished(this.#agent.q, this.#o));
  }

  /** Number of items, at one instant of the call. */
  qsize(): number {
    return itemCount(this.#agent.q, this.#o);
  }

  /**
   * Waits until all items are done.
   *
   * @throws {AbandonedError} If all that are not are lost.
   */
  join(timeout: number, signal?: AbortSignal): Promise<void> {
    if (this.unfinishedTasks === 0) return Promise.resolve();
    const lost = abandoned(this.#agent.q, this.#o);
    if (lost > 0) return Promise.reject(joinAbandoned(lost));
    return this.#agent.waitThen(
      this.#o,
      JOINERS,
      0,
      timeout,
      signal,
      (outcome) => this.#joined(outcome, timeout),
    );
  }

  /** Blocks until all items are done. */
  joinSync(timeout: number): void {
    if (this.unfinishedTasks === 0) return;
    const lost = abandoned(this.#agent.q, this.#o);
    if (lost > 0) throw joinAbandoned(lost);
    this.#joined(this.#agent.waitSync(this.#o, JOINERS, timeout, "join queue"), timeout);
  }

  #joined(outcome: Outcome, timeout: number): void {
    if (outcome === TAKEN) return;
    if (outcome !== TAKEN_ABANDONED) throw joinRefused(timeout);
    throw joinAbandoned(Math.max(1, abandoned(this.#agent.q, this.#o)));
  }
}
