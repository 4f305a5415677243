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

/** Something that an owner holds, and nobody else can release. */
export interface Holding {
  /** The owner has ended. */
  ownerEnded(token: number): void;
}

/** What greenlets hold, by their numbers. */
const holdings: Map<number, Set<Holding>> = new Map();

/** Notes that the owner with a number holds something. The thread itself is not noted. */
export function noteHolding(token: number, holding: Holding): void {
  if (token === 0) return;
  const held = holdings.get(token);
  if (held === undefined) holdings.set(token, new Set([holding]));
  else held.add(holding);
}

/** Notes that the owner with a number has released something. */
export function forgetHolding(token: number, holding: Holding): void {
  if (token === 0) return;
  const held = holdings.get(token);
  if (held?.delete(holding) && held.size === 0) holdings.delete(token);
}

/** Says that the owner with a number has ended: what it holds is abandoned. */
export function ownerEnded(token: number): void {
  if (holdings.size === 0) return;
  const held = holdings.get(token);
  if (held === undefined) return;
  holdings.delete(token);
  for (const holding of held) holding.ownerEnded(token);
}
