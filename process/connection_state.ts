/**
 * Connections among other objects that are waited for.
 *
 * @module
 */

import type { PipeEnd } from "../_core/pipe_end.ts";
import type { WaitState } from "../_core/wait_state.ts";

/** A connection, as a wait for many objects sees it: done while a receive would not wait. */
export class ConnectionState implements WaitState {
  readonly failed = false;
  readonly #end: PipeEnd;
  readonly #hasMessage: () => boolean;

  /** Looks at an end; `hasMessage` tells whether a message is there that does not lie in its queue any more. */
  constructor(end: PipeEnd, hasMessage: () => boolean) {
    this.#end = end;
    this.#hasMessage = hasMessage;
  }

  get done(): boolean {
    return !this.#end.isOpen || this.#hasMessage() || this.#end.isReady;
  }

  subscribe(onDone: () => void): () => void {
    const controller = new AbortController();
    const { signal } = controller;
    this.#end.ready(Infinity, signal).then(onDone, () => {
      // The connection was closed here: there is nothing to wait for.
      if (!signal.aborted) onDone();
    });
    return () => controller.abort();
  }
}
