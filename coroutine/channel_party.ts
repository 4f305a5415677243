/**
 * Who waits at a channel.
 *
 * @module
 */

import { ShutDownError, TimeoutError } from "../errors.ts";
import { callOnAbort } from "../_core/abort_calls.ts";
import { callAfter } from "../_core/deadline.ts";
import { ReachableWait } from "../_core/reachable_wait.ts";
import type { Waiter } from "./hub.ts";
import { hubScope } from "./scheduler.ts";

/** Somebody who waits at a channel: by a promise that nothing stands behind, so that who was settled first goes on first. */
export class Party<T> extends ReachableWait<T | undefined> implements Waiter {
  /** What it does. */
  readonly verb: "put" | "get";
  /** What a putter has, or what a getter gets. */
  item: T | undefined;
  readonly #parties: Set<Party<T>>;
  #disarm: () => void = () => {};
  #forget: () => void = () => {};

  /** Begins to wait among others. */
  constructor(
    parties: Set<Party<T>>,
    verb: "put" | "get",
    item: T | undefined,
    timeout: number,
    signal: AbortSignal | undefined,
  ) {
    super(true);
    this.#parties = parties;
    this.verb = verb;
    this.item = item;
    if (timeout === 0) {
      this.refuse(late(verb, timeout));
      return;
    }
    parties.add(this);
    if (timeout !== Infinity) {
      this.#disarm = callAfter(timeout, () => {
        this.leave();
        this.refuse(late(verb, timeout));
      });
    }
    if (signal !== undefined) {
      this.#forget = callOnAbort(signal, () => {
        this.leave();
        this.refuse(signal.reason);
      });
    }
    hubScope().enter(this);
  }

  get what(): string {
    return `Channel.${this.verb}()`;
  }

  /** Waits no longer. */
  leave(): void {
    this.#end();
    this.leaveScope();
  }

  /** Goes on with the item. */
  override resume(): void {
    this.bring(this.verb === "get" ? this.item : undefined);
  }

  /** Throws an error. */
  refuse(error: unknown): void {
    this.fail(error, false);
  }

  interrupt(error: unknown): boolean {
    this.#end();
    // A greenlet that is killed may have begun a wait that it does not await.
    this.fail(error, true);
    return true;
  }

  #end(): void {
    this.#parties.delete(this);
    this.#disarm();
    this.#forget();
  }
}

/** What is thrown at a channel that is shut down. */
export function shutDown(verb: string): ShutDownError {
  return new ShutDownError(`Cannot ${verb} item: the channel is shut down`);
}

function late(verb: string, timeout: number): TimeoutError {
  return new TimeoutError(`Cannot ${verb} item: nobody came within ${timeout} ms`);
}
