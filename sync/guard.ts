/**
 * One acquisition, which gives back what it took when it is released or disposed.
 *
 * ```ts
 * import { Lock } from "@nogil/std/sync";
 *
 * const lock = new Lock();
 * {
 *   using _ = lock.acquireSync();
 *   console.log(lock.locked()); // true
 * }
 * console.log(lock.locked()); // false
 * ```
 */
export interface Guard extends Disposable {
  /** Gives back what this acquisition took. Does nothing if that has happened before, in whatever way. */
  release(): void;
  /** Whether the last holder died while it held the lock: what the lock protects may be half changed. */
  readonly abandoned: boolean;
}
