/**
 * How a latch is taken that somebody holds.
 *
 * @module
 */

import type { AgentTable } from "./agent_table.ts";
import { BusyError } from "./busy_error.ts";
import { CONTENDED, ID } from "./layout.ts";

const SPINS = 60;
/** A sleeper on a latch looks again after so many milliseconds. */
const SLICE = 5;

/**
 * Takes the latch in a word for agent `me`; `true` if it was stolen from a dead one, who may have left anything half done.
 *
 * @throws {BusyError} If another agent holds it for longer than `patience` milliseconds.
 */
export function takeLatch(agents: AgentTable, at: number, me: number, patience: number): boolean {
  const w = agents.words;
  const isPatient = patience === Infinity;
  const since = isPatient ? 0 : performance.now();
  let slept = 0;
  for (let spin = 0;; spin++) {
    let word = w.load(at);
    if (word === 0) {
      if (w.compareExchange(at, 0, me | slept) === 0) return false;
      continue;
    }
    if ((spin < 3 || spin > SPINS) && agents.isDead(word & ID)) {
      if (w.compareExchange(at, word, me | CONTENDED) === word) return true;
      continue;
    }
    if (spin < SPINS) continue;
    if ((word & CONTENDED) === 0) {
      if (w.compareExchange(at, word, word | CONTENDED) !== word) continue;
      word |= CONTENDED;
    }
    slept = CONTENDED;
    if (w.wait(at, word, SLICE) === "timed-out") agents.look(word & ID);
    if (!isPatient && performance.now() - since > patience) throw new BusyError();
  }
}
