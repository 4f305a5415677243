/**
 * The point at which threads wait for each other.
 *
 * @module
 */

import { BrokenBarrierError, TimeoutError } from "../errors.ts";
import {
  arrive,
  breakBarrier,
  initializeBarrier,
  isBroken,
  partiesOf,
  releaseRound,
  resetBarrier,
  waitingParties,
} from "../_core/barrier_kind.ts";
import { HANDLE, type HandleRecord, type Scope } from "../_core/handle.ts";
import { NOTHING, type Outcome, TAKEN } from "../_core/kind.ts";
import { MAX_AGENTS, TYPE_BARRIER } from "../_core/layout.ts";
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
  checkTimeout,
  checkWait,
  type SyncWaitOptions,
  type WaitOptions,
} from "../_core/wait_options.ts";
import { unreachable } from "../_core/wait_scope.ts";

/** What a barrier is made with. */
export interface BarrierOptions {
  /**
   * Runs once a round, in the thread that arrives last, before anybody passes. To be sent to another thread it must be a
   * task or a self-contained function.
   */
  action?: () => void;
  /** Milliseconds that a wait without a timeout of its own may take. Default: no limit. */
  timeout?: number;
  /** How far the barrier travels: `"local"`, `"thread"` or `"process"`. Default: `"thread"`. */
  scope?: Scope;
}

let revived: Place | null = null;

/** Largest number of parties. */
const MAX_PARTIES = MAX_AGENTS * 256;

/**
 * A barrier: nobody passes before all parties have arrived; then it is ready for the next round.
 *
 * It breaks, for all who wait and all who come, when a wait times out or is aborted, when the action throws, when a
 * thread that waits at it dies, or by `abort()`; `reset()` makes it whole.
 *
 * @example Usage
 * ```ts
 * import { Barrier } from "@nogil/std/sync";
 * import { assertEquals } from "@std/assert";
 *
 * const barrier = new Barrier(2);
 * const places = await Promise.all([barrier.wait(), barrier.wait()]);
 * assertEquals(places, [0, 1]);
 * ```
 */
export class Barrier {
  readonly #place: Place;
  readonly #action: (() => void) | undefined;
  readonly #timeout: number | undefined;

  /**
   * Creates a barrier.
   *
   * @param parties How many have to arrive, from 1.
   * @param options An action for each round, a default timeout in milliseconds, the scope.
   * @throws {RangeError} If `parties` is no integer of at least 1, or the timeout is negative.
   * @throws {TypeError} If an argument has a wrong type.
   */
  constructor(parties: number, options?: BarrierOptions) {
    if (typeof parties !== "number") {
      throw new TypeError(
        `Cannot create Barrier: 'parties' must be a number: received ${typeof parties}`,
      );
    }
    if (!Number.isInteger(parties) || parties < 1 || parties > MAX_PARTIES) {
      throw new RangeError(
        `Cannot create Barrier: 'parties' must be an integer from 1 to ${MAX_PARTIES}: received ${parties}`,
      );
    }
    const scope = checkScope(options, "Barrier");
    checkTimeout(options?.timeout, "create Barrier");
    if (options?.action !== undefined && typeof options.action !== "function") {
      throw new TypeError("Cannot create Barrier: 'action' must be a function");
    }
    this.#action = options?.action;
    this.#timeout = options?.timeout;
    this.#place = revived ?? createPlace(TYPE_BARRIER, scope);
    if (revived !== null) return;
    adopt(this.#place, this);
    initializeBarrier(this.#place.agent.q, this.#place.o, parties);
  }

  /** How many have to arrive. */
  get parties(): number {
    return partiesOf(this.#place.agent.q, this.#place.o);
  }

  /** How many wait at this moment for their round to fill. */
  get nWaiting(): number {
    return waitingParties(this.#place.agent.q, this.#place.o);
  }

  /** Whether the barrier is broken. */
  get broken(): boolean {
    return isBroken(this.#place.agent.q, this.#place.o);
  }

  /**
   * Waits for the other parties.
   *
   * @param options `timeout` in milliseconds (default: the barrier's), `signal` to give up. Both break the barrier;
   * a signal that is aborted before the call only refuses it.
   * @returns How many of the round were there before: 0 to `parties` - 1, each once.
   * @throws {BrokenBarrierError} If the barrier is broken, or breaks or is reset meanwhile.
   * @throws {TimeoutError} If this wait runs out of time.
   */
  async wait(options?: WaitOptions): Promise<number> {
    const timeout = this.#limit(options, checkWait(options, "wait at barrier"));
    const { agent, o } = this.#place;
    const arrival = arrive(agent.q, o, true);
    if (arrival === null) throw broken();
    const { slot, index } = arrival;
    const waiting = arrival.acting
      ? unreachable(() => agent.promises.wait(o, slot, Infinity, undefined))
      : agent.promises.wait(o, slot, timeout, options?.signal);
    if (arrival.acting) {
      try {
        const acted: unknown = this.#action?.();
        if (acted !== undefined) await acted;
      } catch (error) {
        breakBarrier(agent.q, o);
        await waiting;
        throw error;
      }
      releaseRound(agent.q, o, slot);
    }
    let outcome: Outcome;
    try {
      outcome = await waiting;
    } catch (error) {
      breakBarrier(agent.q, o);
      throw error;
    }
    this.#assertPassed(outcome, timeout);
    return index;
  }

  /**
   * Blocks this thread until the other parties are there.
   *
   * @param options `timeout` in milliseconds (default: the barrier's). It breaks the barrier.
   * @returns How many of the round were there before: 0 to `parties` - 1, each once.
   * @throws {BrokenBarrierError} If the barrier is broken, or breaks or is reset meanwhile.
   * @throws {TimeoutError} If this wait runs out of time.
   * @throws {DeadlockError} If the wait could never end: no other thread knows the barrier, or its scope is `"local"`.
   */
  waitSync(options?: SyncWaitOptions): number {
    const timeout = this.#limit(options, checkSyncWait(options, "wait at barrier"));
    const { agent, o } = this.#place;
    const { q } = agent;
    const arrival = arrive(q, o, false);
    if (arrival === null) throw broken();
    const { slot, index } = arrival;
    if (arrival.acting) {
      try {
        this.#action?.();
      } catch (error) {
        breakBarrier(q, o);
        q.slots.release(slot);
        throw error;
      }
      releaseRound(q, o, slot);
      const outcome = q.granted(slot);
      q.slots.release(slot);
      this.#assertPassed(outcome, timeout);
      return index;
    }
    try {
      agent.assertEnds(o, timeout, "wait at barrier");
    } catch (error) {
      if (q.cancel(o, slot) === NOTHING) {
        q.slots.release(slot);
        throw error;
      }
    }
    this.#assertPassed(agent.park(o, slot, timeout), timeout);
    return index;
  }

  /** Turns away those who wait with `BrokenBarrierError`, and makes the barrier whole and empty. */
  reset(): void {
    resetBarrier(this.#place.agent.q, this.#place.o);
  }

  /** Breaks the barrier: all who wait, and all who come, get a `BrokenBarrierError`. */
  abort(): void {
    breakBarrier(this.#place.agent.q, this.#place.o);
  }

  /** Describes the barrier, as `<Barrier waiters=0/3>`. */
  toString(): string {
    return this.broken ? "<Barrier broken>" : `<Barrier waiters=${this.nWaiting}/${this.parties}>`;
  }

  /**
   * Gives what travels of the barrier.
   *
   * @ignore
   */
  [HANDLE](target: "thread" | "process"): HandleRecord {
    return handleOf(this.#place, this, "sync/Barrier", target, {
      parties: this.parties,
      action: this.#action,
      timeout: this.#timeout,
    });
  }

  /** The timeout of a wait: its own, or that of the barrier. */
  #limit(options: SyncWaitOptions | undefined, own: number): number {
    return options?.timeout === undefined ? this.#timeout ?? Infinity : own;
  }

  #assertPassed(outcome: Outcome, timeout: number): void {
    if (outcome === TAKEN) return;
    if (outcome !== NOTHING) throw broken();
    breakBarrier(this.#place.agent.q, this.#place.o);
    throw new TimeoutError(
      `Cannot pass barrier: the others did not arrive within ${timeout} ms, it is broken now`,
    );
  }
}

function broken(): BrokenBarrierError {
  return new BrokenBarrierError("Cannot pass barrier: it is broken, or was reset");
}

registerPlaced("sync/Barrier", import.meta.url, (place, extra) => {
  const { parties, ...options } = extra as { parties: number } & BarrierOptions;
  revived = place;
  try {
    return new Barrier(parties, options);
  } finally {
    revived = null;
  }
});
