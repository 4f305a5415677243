/**
 * Those that wait until all other greenlets have ended: not for each other.
 *
 * @module
 */

import { alive, population } from "./population.ts";
import { DEAD, type Strand } from "./strand.ts";

/** The greenlets that wait for the others, and the code outside, which waits for them, too. */
export class HubJoiners {
  /** How often each of them waits. */
  readonly #counts: Map<Strand, number> = new Map();
  /** Called when another one waits. */
  readonly #looks: Set<() => void> = new Set();

  /** How many greenlets one of them waits for; `null` stands for the code outside. */
  othersOf(strand: Strand | null): number {
    let others = alive();
    if (strand === null) return others;
    for (const { state } of this.#counts.keys()) {
      if (state !== DEAD) others--;
    }
    return others;
  }

  /** Adds one, and gives what takes it out again. */
  add(strand: Strand | null): () => void {
    if (strand === null) return () => {};
    const count = this.#counts.get(strand) ?? 0;
    this.#counts.set(strand, count + 1);
    for (const look of [...this.#looks]) look();
    return () => {
      const left = (this.#counts.get(strand) as number) - 1;
      if (left > 0) this.#counts.set(strand, left);
      else this.#counts.delete(strand);
    };
  }

  /** Calls back when one has none to wait for, unless the returned function is called before. */
  observe(strand: Strand | null, callBack: () => void): () => void {
    const look = (): void => {
      if (this.othersOf(strand) <= 0) callBack();
    };
    this.#looks.add(look);
    population.observers.add(look);
    return () => {
      this.#looks.delete(look);
      population.observers.delete(look);
    };
  }
}
