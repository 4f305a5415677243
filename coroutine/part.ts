/**
 * A part of the running greenlet that can be interrupted without the rest.
 *
 * A function that waits for a promise of somebody else cannot be reached, and is left to itself; the next wait of its code
 * throws.
 *
 * ```text
 *   state    | interrupt()                                               | the function ends
 *   ---------+-----------------------------------------------------------+------------------------------------
 *   RUNNING  | its waits throw, or the next one will; ENDING             | the promise settles likewise; OVER
 *   ENDING   | –                                                         | the promise settles likewise; OVER
 *            | it has not noticed after a turn of the event loop, or has |
 *            | not ended after the time of grace: the promise rejects;   |
 *            | OVER                                                      |
 *   OVER     | –                                                         | –
 * ```
 *
 * @module
 */

import { runtime } from "../_runtime/runtime.ts";
import { countRequest } from "./async_task.ts";
import type { Alarm } from "./alarm_heap.ts";
import { drive, isGenerator } from "./driver.ts";
import { type GreenletScope, PartScope } from "./greenlet_scope.ts";
import type { Waiter } from "./hub.ts";
import { contextFor, runInScope, scheduler } from "./scheduler.ts";

const RUNNING = 0;
const ENDING = 1;
const OVER = 2;

/** A function that runs as a part of a greenlet. */
export class Part<T> {
  readonly #scope: PartScope;
  readonly #grace: number;
  /** What the greenlet was killed with last, when the part was made. */
  readonly #killing: unknown;
  readonly #controller: AbortController = new AbortController();
  #state = RUNNING;
  #alarm: Alarm<Waiter> | null = null;
  #reject: (error: unknown) => void = () => {};

  /** Makes a part; once it is interrupted, it has `grace` milliseconds to end. */
  constructor(whole: GreenletScope, grace: number) {
    this.#scope = new PartScope(whole);
    this.#killing = whole.strand.killedWith;
    this.#grace = grace;
  }

  /** Whether the function has not ended, and was not given up. */
  get isRunning(): boolean {
    return this.#state !== OVER;
  }

  /**
   * Gives what the whole greenlet was killed with since the part was made, which goes before what the part was interrupted
   * with; `null` if it was not. It is not thrown again at the next wait.
   */
  takeKilling(): unknown {
    const { strand } = this.#scope;
    const killing = strand.killedWith;
    if (killing === null || killing === this.#killing) return null;
    strand.calmDown(killing.error);
    return killing.error;
  }

  /** Is aborted when the part is interrupted. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Runs a function, which may be a generator function. */
  run(fn: () => unknown): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      const finish = (value: unknown, isError: boolean): void => {
        if (!this.#end()) return;
        if (isError) reject(value);
        else resolve(value as T);
      };
      const scope = this.#scope;
      try {
        const result = runInScope(scope, fn);
        if (isGenerator(result)) drive(scope, result, contextFor(scope), { end: finish });
        else {
          Promise.resolve(result).then(
            (value) => finish(value, false),
            (error) => finish(error, true),
          );
        }
      } catch (error) {
        finish(error, true);
      }
    });
  }

  /** Throws an error in the function, where it waits or at its next wait. */
  interrupt(error: unknown): void {
    if (this.#state !== RUNNING) return;
    this.#state = ENDING;
    countRequest(this.#scope.strand, 1);
    const giveUp = (): void => {
      if (this.#end()) this.#reject(error);
    };
    if (this.#grace !== Infinity) {
      this.#alarm = scheduler.sleep(this.#grace, { resume: giveUp });
    }
    this.#scope.interrupt(error);
    this.#controller.abort(error);
    runtime().nextTurn(() => {
      if (this.#scope.isInterrupted) giveUp();
    });
  }

  #end(): boolean {
    if (this.#state === OVER) return false;
    if (this.#state === ENDING) countRequest(this.#scope.strand, -1);
    this.#state = OVER;
    if (this.#alarm !== null) scheduler.cancel(this.#alarm);
    return true;
  }
}
