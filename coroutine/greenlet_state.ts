/**
 * Greenlets among other objects that are waited for.
 *
 * @module
 */

import type { WaitState } from "../_core/wait_state.ts";
import { expectStart } from "./population.ts";
import { DEAD, type Listener, type Strand } from "./strand.ts";

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

/** Calls back when a greenlet is dead, unless the returned function is called before. */
export function subscribe(strand: Strand, onDone: () => void): () => void {
  const listener: Listener = { notify: onDone };
  if (strand.isForgotten) expectStart(strand);
  strand.listen(listener);
  return () => strand.forget(listener);
}
