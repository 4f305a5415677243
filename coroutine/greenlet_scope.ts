/**
 * The waits of a greenlet, and those of a part of it that has a time limit of its own.
 *
 * @module
 */

import { ownerEnded } from "../_core/owner_token.ts";
import { ReachableWait } from "../_core/reachable_wait.ts";
import { WaitScope } from "../_core/wait_scope.ts";
import { runInScope } from "./scheduler.ts";
import type { Strand } from "./strand.ts";

/** Progress of a greenlet: it was started. */
export const STARTED = 0;
/** Progress of a greenlet: its function begins, or goes on. */
export const BEGUN = 1;
/** Progress of a greenlet: it begins to wait. */
export const WAITS = 2;
/** Progress of a greenlet: it has ended. */
export const ENDED = 3;

/** Is told of the progress of a greenlet. */
type Observer = (strand: Strand, progress: number) => void;

let observer: Observer | null = null;

/** Says who is told of the progress of greenlets. */
export function observeProgress(next: Observer | null): void {
  observer = next;
}

/** Says that a greenlet was started, or that its function begins. */
export function noteProgress(strand: Strand, progress: typeof STARTED | typeof BEGUN): void {
  if (observer !== null) observer(strand, progress);
}

/** Says that a greenlet has ended. */
export function hasEnded(strand: Strand): void {
  ownerEnded(strand.ident);
  if (observer !== null) observer(strand, ENDED);
}

/** The errors by which greenlets were interrupted. */
const interruptions: WeakSet<object> = new WeakSet();

/** Whether an error, or what it inherits from, is one by which a greenlet was interrupted. */
export function isInterruption(error: unknown): boolean {
  return typeof error === "object" && error !== null &&
    (interruptions.has(error) || interruptions.has(Object.getPrototypeOf(error)));
}

/** A scope that belongs to a greenlet. */
export abstract class GreenletScope extends WaitScope {
  /** The greenlet. */
  abstract readonly strand: Strand;

  override get isOfGreenlet(): boolean {
    return true;
  }

  override enter(wait: ReachableWait): void {
    if (observer !== null) observer(this.strand, WAITS);
    super.enter(wait);
  }

  override interrupt(error: unknown): boolean {
    interruptions.add(error as Error);
    return runInScope(this, () => super.interrupt(error));
  }
}

/** The waits of a part of a greenlet: to interrupt the greenlet interrupts the part, but not the other way round. */
export class PartScope extends GreenletScope {
  readonly strand: Strand;
  readonly #whole: GreenletScope;
  readonly #link: Link;

  /** Makes a part of a greenlet, or of a part of it. */
  constructor(whole: GreenletScope) {
    super();
    this.strand = whole.strand;
    this.#whole = whole;
    this.#link = new Link(this);
  }

  override enter(wait: ReachableWait): void {
    super.enter(wait);
    if (this.newest !== null && this.#link.place === null) this.#whole.enter(this.#link);
  }

  override leave(wait: ReachableWait): void {
    super.leave(wait);
    if (this.newest === null) this.#link.leaveScope();
  }
}

/** Stands for all waits of a part among those of the whole. */
class Link extends ReachableWait {
  readonly #part: PartScope;

  constructor(part: PartScope) {
    super();
    this.#part = part;
  }

  get what(): string {
    return this.#part.whats().join(", ");
  }

  interrupt(error: unknown): boolean {
    const met = this.#part.interrupt(error);
    if (!met) this.#part.calmDown(error);
    return met;
  }
}
