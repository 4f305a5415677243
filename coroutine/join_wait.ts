/**
 * Waiting for the end of a greenlet.
 *
 * @module
 */

import { ReachableWait } from "../_core/reachable_wait.ts";
import { hubScope } from "./scheduler.ts";
import { expectStart } from "./population.ts";
import type { Listener, Strand } from "./strand.ts";

/** Waits until a greenlet is dead; gives its value, or throws its error, if `wantsValue`. */
export function joinWait(strand: Strand, wantsValue: boolean): Promise<unknown> {
  return new JoinWait(strand, wantsValue).awaitable;
}

/** What has come of a greenlet that is dead. */
export function outcomeOf({ hasFailed, value }: Strand, wantsValue: boolean): Promise<unknown> {
  if (!wantsValue) return Promise.resolve();
  return hasFailed ? Promise.reject(value) : Promise.resolve(value);
}

/** Throws what a greenlet was killed with, if it awaits that before anything else. */
export function killedItself(strand: Strand): Promise<void> {
  const told = Promise.resolve().then(() => joinWait(strand, false) as Promise<void>);
  told.catch(() => {});
  return told;
}

class JoinWait extends ReachableWait implements Listener {
  readonly #strand: Strand;
  readonly #wantsValue: boolean;

  constructor(strand: Strand, wantsValue: boolean) {
    super(true);
    this.#strand = strand;
    this.#wantsValue = wantsValue;
    if (strand.isForgotten) expectStart(strand);
    strand.listen(this);
    hubScope().enter(this);
  }

  get what(): string {
    return `${this.#strand.facade}.${this.#wantsValue ? "get" : "join"}()`;
  }

  notify({ hasFailed, value }: Strand): void {
    this.leaveScope();
    if (!this.#wantsValue) this.bring(undefined);
    else if (hasFailed) this.fail(value, false);
    else this.bring(value);
  }

  interrupt(error: unknown): boolean {
    this.#strand.forget(this);
    // A greenlet that is killed may have begun a wait that it does not await.
    this.fail(error, true);
    return true;
  }
}
