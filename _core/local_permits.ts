/**
 * The permits of a semaphore that one thread alone knows, and who waits for them.
 *
 * Nobody dies here, and nobody is in the way. So a permit that is given back goes straight to who waits first: one who is in
 * the list has none, and who has one is in no list. While anybody waits, there is no permit left.
 *
 * @module
 */

import { ReachableWait } from "./reachable_wait.ts";
import { stepping } from "./stepping.ts";
import { type Limited, WaitLimit } from "./wait_limit.ts";
import { enterWaitScope } from "./wait_scope.ts";

/** What a semaphore makes of the end of a wait. */
export interface Acquiring<T> {
  /** Gives what stands for a permit. */
  granted(): T;
  /** Gives what is thrown when time is up. */
  late(timeout: number): Error;
}

/** Permits, and those who wait for one, in the order in which they came. */
export class LocalPermits<T> {
  /** How many are left. */
  value: number;
  readonly acquiring: Acquiring<T>;
  /** Who waits first. */
  first: PermitWait<T> | null = null;
  /** Who came last. */
  last: PermitWait<T> | null = null;

  /** Makes `value` permits. */
  constructor(value: number, acquiring: Acquiring<T>) {
    this.value = value;
    this.acquiring = acquiring;
  }

  /** Takes a permit if one is left. */
  take(): boolean {
    if (this.value === 0) return false;
    this.value--;
    return true;
  }

  /** Waits for a permit. */
  wait(timeout: number, signal: AbortSignal | undefined): Promise<T> {
    const wait = new PermitWait<T>(this, timeout, stepping === null);
    if (timeout !== Infinity || signal !== undefined) wait.limitBy(signal);
    enterWaitScope(wait);
    return wait.awaitable;
  }

  /** Gives permits back. */
  give(n: number): void {
    let left = n;
    for (; left > 0 && this.first !== null; left--) this.first.grant();
    this.value += left;
  }
}

/** One who waits. */
class PermitWait<T> extends ReachableWait<T> implements Limited {
  readonly #permits: LocalPermits<T>;
  readonly #timeout: number;
  #limit: WaitLimit | null = null;
  /** Who came before. */
  previous: PermitWait<T> | null;
  /** Who came afterwards. */
  next: PermitWait<T> | null = null;

  /** Queues behind the others. */
  constructor(permits: LocalPermits<T>, timeout: number, isPromise: boolean) {
    super(isPromise);
    this.#permits = permits;
    this.#timeout = timeout;
    const { last } = permits;
    this.previous = last;
    if (last === null) permits.first = this;
    else last.next = this;
    permits.last = this;
  }

  get what(): string {
    return "Semaphore.acquire()";
  }

  /** Gives it an end. */
  limitBy(signal: AbortSignal | undefined): void {
    this.#limit = new WaitLimit(this, this.#timeout, signal);
  }

  /** Gives it a permit. */
  grant(): void {
    this.#leave();
    this.leaveScope();
    this.bring(this.#permits.acquiring.granted());
  }

  expire(): void {
    this.abort(this.#permits.acquiring.late(this.#timeout));
  }

  abort(reason: unknown): void {
    this.leaveScope();
    this.interrupt(reason);
  }

  interrupt(error: unknown): boolean {
    this.#leave();
    this.fail(error, false);
    return true;
  }

  #leave(): void {
    const { previous, next } = this;
    if (previous === null) this.#permits.first = next;
    else previous.next = next;
    if (next === null) this.#permits.last = previous;
    else next.previous = previous;
    // Whoever keeps a wait does not keep those that came later.
    this.previous = this.next = null;
    this.#limit?.end();
  }
}
