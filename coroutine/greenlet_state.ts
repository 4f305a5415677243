/**
 * How far greenlets are, for those who look at them and for waits for many objects.
 *
 * @module
 */

import type { WaitState } from "../_core/wait_state.ts";
import { expectStart } from "./population.ts";
import { currentStrand, DEAD, type Listener, POSTED, RUNNING, type Strand } from "./strand.ts";

/** A greenlet, as a wait for many objects sees it. */
export class GreenletState implements WaitState {
  readonly #strand: Strand;

  constructor(strand: Strand) {
    this.#strand = strand;
    strand.isLookedAt = true;
  }

  get done(): boolean {
    return this.#strand.state === DEAD;
  }

  get failed(): boolean {
    return this.#strand.hasFailed;
  }

  subscribe(onDone: () => void): () => void {
    return subscribe(this.#strand, onDone);
  }
}

/** Says in a word how far a greenlet is. */
export function stateWord(strand: Strand): string {
  const { state } = strand;
  if (state === DEAD) return strand.hasFailed ? "failed" : "ended";
  if (state === RUNNING) return strand === currentStrand() ? "current" : "running";
  return state === POSTED || strand.isDue ? "started" : "new";
}

/** Calls back when a greenlet is dead, unless the returned function is called before. */
export function subscribe(strand: Strand, onDone: () => void): () => void {
  const listener: Listener = { notify: onDone };
  if (strand.isForgotten) expectStart(strand);
  strand.listen(listener);
  return () => strand.forget(listener);
}
