/**
 * All greenlets of this thread that were started and have not ended, and how many there were.
 *
 * @module
 */

import { quietRejections } from "../_runtime/quiet_rejections.ts";
import { isInterruption } from "./greenlet_scope.ts";
import { currentScope, install } from "./scheduler.ts";
import type { Strand } from "./strand.ts";

/** Figures of all greenlets of this thread, and those that have begun and not ended. */
export const population: {
  started: number;
  ended: number;
  failed: number;
  killed: number;
  newest: Strand | null;
  /** Called whenever one has ended. */
  readonly observers: Set<() => void>;
} = { started: 0, ended: 0, failed: 0, killed: 0, newest: null, observers: new Set() };

let firstStart: () => void = () => {};
let hasBegun = false;

/** Those that nobody has started, and somebody waits for. */
const expected: Set<Strand> = new Set();

/** Says what is done when a greenlet is started for the first time. */
export function onFirstStart(callback: () => void): void {
  firstStart = callback;
}

function begin(): void {
  if (hasBegun) return;
  hasBegun = true;
  install();
  // Waits that a greenlet has begun and does not await, and what its code makes of them.
  quietRejections((reason) => isInterruption(reason) && currentScope() !== null);
  firstStart();
}

/** Says that somebody waits for a greenlet that was not started yet. */
export function expectStart(strand: Strand): void {
  begin();
  expected.add(strand);
}

/** Says that a greenlet is started, or that it will never be. */
export function endExpectation(strand: Strand): void {
  if (expected.size > 0) expected.delete(strand);
}

/** Takes those that somebody waits for, and that nobody has started. */
export function takeForgotten(): Strand[] {
  const forgotten = [...expected];
  expected.clear();
  return forgotten;
}

/** Says that a greenlet is about to be started. */
export function beginPopulation(): void {
  if (population.started === 0) begin();
}

/** Counts a greenlet that was started. */
export function enterPopulation(strand: Strand): void {
  population.started++;
  const { newest } = population;
  strand.previous = newest;
  if (newest !== null) newest.next = strand;
  population.newest = strand;
}

/** Counts a greenlet that has ended. */
export function leavePopulation(strand: Strand): void {
  const { previous, next } = strand;
  if (previous !== null) previous.next = next;
  if (next !== null) next.previous = previous;
  else population.newest = previous;
  strand.previous = strand.next = null;
  population.ended++;
  if (strand.hasFailed) population.failed++;
  if (strand.killedWith !== null) population.killed++;
  if (population.observers.size > 0) {
    for (const observer of [...population.observers]) observer();
  }
}

/** How many have begun and not ended. */
export function alive(): number {
  return population.started - population.ended;
}

/** Those that have begun and not ended, the oldest first. */
export function strandsOf(): Strand[] {
  const all: Strand[] = [];
  for (let strand = population.newest; strand !== null; strand = strand.previous) all.push(strand);
  return all.reverse();
}
