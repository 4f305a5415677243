/**
 * Pages of the heap into which a large message is written, without a copy in between.
 *
 * @module
 */

import type { TaskMemory } from "../_core/task_memory.ts";

/** The pages of one message while it is written. */
export class Placement {
  readonly #memory: TaskMemory;
  #pages: number[] = [];

  /** Places messages in the heap that goes with the memory of a pool. */
  constructor(memory: TaskMemory) {
    this.#memory = memory;
  }

  /** Gives memory for the message, which moves there; what it had before is freed by {@linkcode clear}. */
  readonly allocate: (bytes: number) => Uint8Array = (bytes) => {
    const { agent } = this.#memory;
    const { heap } = agent.arena;
    const page = heap.allocate(bytes, agent.id);
    this.#pages.push(page);
    return heap.bytesAt(page, bytes);
  };

  /** Takes the pages in which the message is now. */
  take(): number {
    return this.#pages.pop() ?? 0;
  }

  /** Frees what nobody has taken. */
  clear(): void {
    for (const page of this.#pages) this.#memory.agent.arena.heap.free(page);
    this.#pages = [];
  }
}
