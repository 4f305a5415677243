/**
 * Pages of the heap into which a large message is written, without a copy in between.
 *
 * @module
 */

import { currentAgent } from "../_core/agent.ts";

/** The pages of one message while it is written. */
export class Placement {
  #pages: number[] = [];

  /** Gives memory for the message, which moves there; what it had before is freed by {@linkcode clear}. */
  readonly allocate: (bytes: number) => Uint8Array = (bytes) => {
    const agent = currentAgent();
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
    for (const page of this.#pages) currentAgent().arena.heap.free(page);
    this.#pages = [];
  }
}
