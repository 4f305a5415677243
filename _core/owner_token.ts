/**
 * Who, within a thread, owns what it acquires: the current greenlet, or the thread itself.
 *
 * @module
 */

let current: () => number = () => 0;

/** The number of the current greenlet, 0 outside of greenlets. */
export function ownerToken(): number {
  return current();
}

/** Says how the current greenlet is found. Called once, by the module of greenlets. */
export function setOwnerToken(find: () => number): void {
  current = find;
}
