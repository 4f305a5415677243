/**
 * Events among other objects that are waited for.
 *
 * @module
 */

import type { Agent } from "./agent.ts";
import { isEventSet } from "./event_kind.ts";
import { unreachable } from "./wait_scope.ts";
import type { WaitState } from "./wait_state.ts";

/** An event, as a wait for many objects sees it: done while it is set, or once it has been set during the wait. */
export class EventState implements WaitState {
  readonly failed = false;
  readonly #agent: Agent;
  readonly #o: number;

  /** Looks at an event of an agent. */
  constructor(agent: Agent, o: number) {
    this.#agent = agent;
    this.#o = o;
  }

  get done(): boolean {
    return isEventSet(this.#agent.q, this.#o);
  }

  subscribe(onDone: () => void): () => void {
    const controller = new AbortController();
    const { signal } = controller;
    unreachable(() => this.#agent.wait(this.#o, 0, Infinity, signal)).then(onDone, (error) => {
      if (!signal.aborted) throw error;
    });
    return () => controller.abort();
  }
}
