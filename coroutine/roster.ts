/**
 * Who is in a group, and who waits for room in it.
 *
 * @module
 */

import { calledWithin } from "../_core/deadline.ts";
import { Greenlet, strandOf } from "./greenlet.ts";
import { subscribe } from "./greenlet_state.ts";
import { hubScope } from "./scheduler.ts";
import { DEAD } from "./strand.ts";

/** Somebody who waits for room. */
export interface Claim {
  greenlet: Greenlet<unknown>;
  /** Called when there is room. */
  grant(): void;
}

/** The greenlets of a group. They leave when they are dead. */
export class Roster {
  /** The error of the first one that failed. */
  firstError: { readonly error: unknown } | null = null;
  readonly #limit: () => number;
  readonly #members: Set<Greenlet<unknown>> = new Set();
  readonly #claims: Map<Greenlet<unknown>, Claim> = new Map();
  /** Called whenever somebody has left. */
  readonly #observers: Set<() => void> = new Set();

  /** Makes a roster with room for as many as `limit` says. */
  constructor(limit: () => number) {
    this.#limit = limit;
  }

  /** How many there are, with those that wait for room. */
  get length(): number {
    return this.#members.size + this.#claims.size;
  }

  /** Whether there is no room for another one. */
  get isFull(): boolean {
    return this.#members.size >= this.#limit();
  }

  /** Whether a greenlet is there, or waits for room. */
  has(greenlet: Greenlet<unknown>): boolean {
    return this.#members.has(greenlet) || this.#claims.has(greenlet);
  }

  /** Gives all, those that wait for room last. */
  all(): Greenlet<unknown>[] {
    return [...this.#members, ...this.#claims.keys()];
  }

  /** Lets a greenlet in if there is room and nobody waits for it. */
  tryEnter(greenlet: Greenlet<unknown>): boolean {
    checkGreenlet(greenlet);
    if (this.isFull || this.#claims.size > 0) return false;
    this.enter(greenlet);
    return true;
  }

  /** Lets a greenlet in, unless it is dead. */
  enter(greenlet: Greenlet<unknown>): void {
    checkGreenlet(greenlet);
    if (this.#members.has(greenlet)) return;
    const strand = strandOf(greenlet);
    if (strand.state === DEAD) return;
    this.#members.add(greenlet);
    strand.listen({
      notify: ({ hasFailed, value }) => {
        if (!this.#members.delete(greenlet)) return;
        if (hasFailed) this.firstError ??= { error: value };
        this.#left();
      },
    });
  }

  /** Lets a greenlet in and calls back as soon as there is room, or it is dead; the returned function takes that back. */
  claim(greenlet: Greenlet<unknown>, callBack: () => void): () => void {
    const forget = subscribe(strandOf(greenlet), () => {
      this.discard(greenlet);
      callBack();
    });
    const claim: Claim = {
      greenlet,
      grant: () => {
        forget();
        this.enter(greenlet);
        callBack();
      },
    };
    this.#claims.set(greenlet, claim);
    return () => {
      if (this.#claims.get(greenlet) !== claim) return;
      forget();
      this.#claims.delete(greenlet);
    };
  }

  /** Lets a greenlet leave, or wait no longer. */
  discard(greenlet: Greenlet<unknown>): void {
    const hasWaited = this.#claims.delete(greenlet);
    if (this.#members.delete(greenlet) || hasWaited) this.#left();
  }

  /** Waits until a condition holds, which is looked at whenever somebody has left; tells whether it did in time. */
  async observe(
    isTrue: () => boolean,
    timeout: number,
    signal: AbortSignal | undefined,
    what: string,
  ): Promise<boolean> {
    if (isTrue()) return true;
    const subscribe = (callBack: () => void): () => void => {
      const observer = (): void => {
        if (isTrue()) callBack();
      };
      this.#observers.add(observer);
      return () => this.#observers.delete(observer);
    };
    return await calledWithin(subscribe, timeout, signal, what, hubScope());
  }

  #left(): void {
    for (const claim of this.#claims.values()) {
      if (this.isFull) break;
      this.#claims.delete(claim.greenlet);
      claim.grant();
    }
    for (const observer of [...this.#observers]) observer();
  }
}

function checkGreenlet(greenlet: unknown): void {
  if (greenlet instanceof Greenlet) return;
  throw new TypeError(`Cannot add greenlet: expected a greenlet: received ${typeof greenlet}`);
}
