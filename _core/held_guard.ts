/**
 * The guard that all locks hand out.
 *
 * @module
 */

/** What a guard belongs to. */
export interface GuardOwner {
  /** Releases the acquisition of a guard, unless it was released otherwise. */
  releaseGuard(guard: HeldGuard): void;
}

/** One acquisition. */
export class HeldGuard implements Disposable {
  /** Whether the last holder died. */
  readonly abandoned: boolean;
  /** Which acquisition of its owner it is, if that counts them. */
  readonly number: number;
  #owner: GuardOwner | null;

  constructor(owner: GuardOwner, abandoned: boolean, number: number = 0) {
    this.#owner = owner;
    this.abandoned = abandoned;
    this.number = number;
  }

  /** Releases the acquisition, once. */
  release(): void {
    const owner = this.#owner;
    this.#owner = null;
    owner?.releaseGuard(this);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
