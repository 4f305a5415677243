/**
 * The flag that threads wait for.
 *
 * @module
 */

import { TimeoutError } from "../errors.ts";
import { clearEvent, isEventSet, setEvent } from "../_core/event_kind.ts";
import { EventState } from "../_core/event_state.ts";
import { HANDLE, type HandleRecord, type Scope } from "../_core/handle.ts";
import { NOTHING } from "../_core/kind.ts";
import { TYPE_EVENT } from "../_core/layout.ts";
import {
  adopt,
  checkScope,
  createPlace,
  handleOf,
  type Place,
  registerPlaced,
} from "../_core/place.ts";
import {
  checkSyncWait,
  checkWait,
  type SyncWaitOptions,
  type WaitOptions,
} from "../_core/wait_options.ts";
import { WAITABLE, type WaitState } from "../_core/wait_state.ts";

let revived: Place | null = null;

/**
 * A flag that is set once for everybody who waits for it, and can be cleared.
 *
 * `set()` releases all who wait at that moment, even if `clear()` follows at once. They are released in the order in
 * which they came. Waiters that died are skipped.
 *
 * @example Usage
 * ```ts
 * import { Event } from "@nogil/std/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const ready = new Event();
 * const waiting = ready.wait();
 * ready.set();
 * await waiting;
 * assertEquals(ready.isSet(), true);
 * ```
 */
export class Event {
  readonly #place: Place;

  /**
   * Creates an event that is not set.
   *
   * @param options `scope`: `"thread"` (default) to share it between threads, `"process"` between processes too, `"local"`
   * for the promises of one thread.
   * @throws {TypeError} If the scope is unknown.
   * @throws {NotSupportedError} If the scope is `"process"` and FFI is not granted (Deno) or `koffi` not installed (Node).
   */
  constructor(options?: { scope?: Scope }) {
    this.#place = revived ?? createPlace(TYPE_EVENT, checkScope(options, "Event"));
    if (revived === null) adopt(this.#place, this);
  }

  /** Sets the flag and releases everybody who waits. */
  set(): void {
    setEvent(this.#place.agent.q, this.#place.o);
  }

  /** Takes the flag back. Whoever was released stays released. */
  clear(): void {
    clearEvent(this.#place.agent.q, this.#place.o);
  }

  /** Whether the flag is set. */
  isSet(): boolean {
    return isEventSet(this.#place.agent.q, this.#place.o);
  }

  /**
   * Waits until the flag is set.
   *
   * @param options `timeout` in milliseconds, `signal` to give up.
   * @throws {TimeoutError} If time runs out.
   */
  async wait(options?: WaitOptions): Promise<void> {
    const timeout = checkWait(options, "wait for event");
    if (this.isSet()) return;
    const { agent, o } = this.#place;
    if (await agent.wait(o, 0, timeout, options?.signal) === NOTHING) throw late(timeout);
  }

  /**
   * Blocks this thread until the flag is set.
   *
   * @param options `timeout` in milliseconds.
   * @throws {TimeoutError} If time runs out.
   * @throws {DeadlockError} If the wait could never end: no other thread knows the event, or its scope is `"local"`.
   */
  waitSync(options?: SyncWaitOptions): void {
    const timeout = checkSyncWait(options, "wait for event");
    if (this.isSet()) return;
    const { agent, o } = this.#place;
    if (agent.waitSync(o, 0, timeout, "wait for event") === NOTHING) throw late(timeout);
  }

  /** Describes the event, as `<Event set>`. */
  toString(): string {
    return `<Event ${this.isSet() ? "set" : "unset"}>`;
  }

  /**
   * Gives what travels of the event.
   *
   * @ignore
   */
  [HANDLE](target: "thread" | "process"): HandleRecord {
    return handleOf(this.#place, this, "sync/Event", target);
  }

  /**
   * Gives the state of the event, as a wait for many objects sees it.
   *
   * @ignore
   */
  [WAITABLE](): WaitState {
    return new EventState(this.#place.agent, this.#place.o);
  }
}

function late(timeout: number): TimeoutError {
  return new TimeoutError(`Cannot wait for event: it was not set within ${timeout} ms`);
}

registerPlaced("sync/Event", import.meta.url, (place) => {
  revived = place;
  try {
    return new Event();
  } finally {
    revived = null;
  }
});
