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

/** A greenlet that waits for room. */
interface Claim {
  /** Called when there is room, or it is dead. */
  readonly callBacks: Set<() => void>;
  /** Says that nobody is to be told of its death any more. */
  forget: () => void;
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

  /** Whether a greenlet is there. */
  isMember(greenlet: Greenlet<unknown>): boolean {
    return this.#members.has(greenlet);
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

  /**
   * Lets a greenlet in and calls back as soon as there is room, or it is dead; the returned function takes that back. It has
   * one place in the line, however many wait for it.
   */
  claim(greenlet: Greenlet<unknown>, callBack: () => void): () => void {
    const claim = this.#claims.get(greenlet) ?? this.#claimFor(greenlet);
    const { callBacks } = claim;
    // Who gives the same function twice is called twice.
    const own = (): void => callBack();
    callBacks.add(own);
    return () => {
      if (!callBacks.delete(own) || callBacks.size > 0) return;
      claim.forget();
      this.#claims.delete(greenlet);
    };
  }

  #claimFor(greenlet: Greenlet<unknown>): Claim {
    const claim: Claim = { callBacks: new Set(), forget: () => {} };
    claim.forget = subscribe(strandOf(greenlet), () => this.discard(greenlet));
    this.#claims.set(greenlet, claim);
    return claim;
  }

  /** Lets a greenlet leave; one that waits for room needs none any more, and whoever waits for that goes on. */
  discard(greenlet: Greenlet<unknown>): void {
    const claim = this.#claims.get(greenlet);
    if (claim !== undefined) {
      this.#claims.delete(greenlet);
      claim.forget();
      callAll(claim);
    }
    if (this.#members.delete(greenlet) || claim !== undefined) this.#left();
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
    for (const [greenlet, claim] of this.#claims) {
      if (this.isFull) break;
      this.#claims.delete(greenlet);
      claim.forget();
      this.enter(greenlet);
      callAll(claim);
    }
    for (const observer of [...this.#observers]) observer();
  }
}

function callAll({ callBacks }: Claim): void {
  for (const callBack of callBacks) {
    callBacks.delete(callBack);
    callBack();
  }
}

function checkGreenlet(greenlet: unknown): void {
  if (greenlet instanceof Greenlet) return;
  throw new TypeError(`Cannot add greenlet: expected a greenlet: received ${typeof greenlet}`);
}
