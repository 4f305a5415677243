/**
 * Waits of a greenlet for what goes on elsewhere and hears by a signal that nobody waits any more.
 *
 * @module
 */

import { ReachableWait } from "../_core/reachable_wait.ts";
import { runOutside } from "./scheduler.ts";
import { waitInHub } from "./wait_in_hub.ts";

/** Starts what is waited for. The signal is aborted when the wait is interrupted. */
export type Begin<T> = (signal: AbortSignal) => PromiseLike<T> | T;

/**
 * Waits for what `begin` starts, in the name of the running greenlet, if there is one. What it starts is not the greenlet's.
 *
 * @param what What is waited for, in the words of the program.
 */
export function waitForOperation<T>(what: string, begin: Begin<T>): Promise<T> {
  return waitInHub<T>(what, (resolve, reject) => {
    const controller = new AbortController();
    Promise.resolve(runOutside(() => begin(controller.signal))).then(resolve, reject);
    return (error) => controller.abort(error);
  });
}

/** A wait by means that the hub does not see: it is interrupted only if the greenlet is in no other. */
export class HiddenWait extends ReachableWait {
  readonly what: string;
  readonly #stop: (error: unknown) => void;

  /** Makes a wait; `stop` is called when it is interrupted. */
  constructor(what: string, stop: (error: unknown) => void) {
    super();
    this.what = what;
    this.#stop = stop;
  }

  override get isLastResort(): boolean {
    return true;
  }

  interrupt(error: unknown): boolean {
    this.#stop(error);
    return true;
  }
}
