/**
 * Waiting for the end of a greenlet.
 *
 * @module
 */

import { ReachableWait } from "../_core/wait_scope.ts";
import { forgetLast, lastReject, lastResolve, newPromise } from "../_core/open_promise.ts";
import { hubScope } from "./scheduler.ts";
import { expectStart } from "./population.ts";
import type { Listener, Strand } from "./strand.ts";

/** Waits until a greenlet is dead; gives its value, or throws its error, if `wantsValue`. */
export function joinWait(strand: Strand, wantsValue: boolean): Promise<unknown> {
  return new JoinWait(strand, wantsValue).promise;
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
  readonly promise: Promise<unknown>;
  readonly #strand: Strand;
  readonly #wantsValue: boolean;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: unknown) => void;

  constructor(strand: Strand, wantsValue: boolean) {
    super();
    this.promise = newPromise();
    this.#resolve = lastResolve as (value: unknown) => void;
    this.#reject = lastReject;
    forgetLast();
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
    if (!this.#wantsValue) this.#resolve(undefined);
    else if (hasFailed) this.#reject(value);
    else this.#resolve(value);
  }

  interrupt(error: unknown): boolean {
    this.#strand.forget(this);
    // A greenlet that is killed may have begun a wait that it does not await.
    this.promise.then(undefined, ignore);
    this.#reject(error);
    return true;
  }
}

function ignore(): void {}
