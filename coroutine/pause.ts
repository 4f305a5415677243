/**
 * Pauses: what `sleep` returns.
 *
 * @module
 */

import { ReachableWait } from "../_core/reachable_wait.ts";
import type { Alarm } from "./alarm_heap.ts";
import type { GreenletScope } from "./greenlet_scope.ts";
import type { Waiter } from "./hub.ts";
import { scheduler } from "./scheduler.ts";

/** A pause. */
export class Pause extends ReachableWait<void> implements Waiter {
  readonly #delay: number;
  readonly #alarm: Alarm<Waiter> | null;

  /** Begins a pause of `delay` milliseconds; one of 0 is over when its turn has come. as a promise or not. */
  constructor(scope: GreenletScope | null, delay: number, isPromise: boolean) {
    super(isPromise);
    this.#delay = delay;
    this.#alarm = delay > 0 && delay !== Infinity ? scheduler.sleep(delay, this) : null;
    if (delay <= 0) scheduler.post(this);
    if (scope !== null) scope.enter(this);
  }

  get what(): string {
    return this.#delay < 0 ? "sleep(0)" : `sleep(${this.#delay})`;
  }

  /** Its time has come. */
  override resume(): void {
    if (!this.isWaiting) return;
    this.leaveScope();
    this.bringNow(undefined);
  }

  interrupt(error: unknown): boolean {
    if (!this.isWaiting) return false;
    if (this.#alarm !== null) scheduler.cancel(this.#alarm);
    // A greenlet that is killed may have begun a pause that it does not await.
    this.fail(error, true);
    return true;
  }
}

/** A turn of the others between a wait that was over at once and what it has brought, which nobody can take back. */
export class Breath extends ReachableWait<unknown> implements Waiter {
  readonly #brought: unknown;

  /** Begins the turn, in the step of a generator. */
  constructor(scope: GreenletScope, brought: unknown) {
    super();
    this.#brought = brought;
    scheduler.post(this);
    scope.enter(this);
  }

  get what(): string {
    return "sleep(0)";
  }

  override get isShielded(): boolean {
    return true;
  }

  override resume(): void {
    this.leaveScope();
    this.bringNow(this.#brought);
  }

  interrupt(): boolean {
    return false;
  }
}
