/**
 * The end of a process, as a wait for many objects sees it.
 *
 * @module
 */

import { InvalidStateError } from "../errors.ts";
import { WAITABLE, type Waitable, type WaitState } from "../_core/wait_state.ts";
import { EndState } from "../thread/end_watch.ts";
import type { Innards } from "./innards.ts";

/** A process, as a wait for many objects sees it. */
export class ProcessState extends EndState {
  /** Looks at a process, which must have been started here. */
  constructor(innards: Innards) {
    const { kind, ident, name } = innards;
    if (kind !== "child") {
      throw new InvalidStateError(`Cannot wait for process ${name}: it is the ${kind} one`);
    }
    if (ident === null) {
      throw new InvalidStateError(
        `Cannot wait for process ${name}: it was not started, call start() first`,
      );
    }
    super(innards);
  }
}

/** Something that is done when a process has ended, and that never fails. */
export class Sentinel implements Waitable {
  readonly #state: ProcessState;

  /** Makes a sentinel of a process. */
  constructor(state: ProcessState) {
    this.#state = state;
  }

  /**
   * Gives the state, as a wait for many objects sees it.
   *
   * @ignore
   */
  [WAITABLE](): WaitState {
    const state = this.#state;
    return {
      get done() {
        return state.done;
      },
      failed: false,
      subscribe: (onDone) => state.subscribe(onDone),
      hold: () => state.hold(),
    };
  }
}
