/**
 * The processes of a family, in the arena that they share.
 *
 * ```text
 * state  FREE ──reserve──▶ RESERVED ──enter──▶ ALIVE ──declareDead──▶ DEAD ──free──▶ FREE
 *                              └────────────declareDead───────────────▲
 * ```
 *
 * A tag names a process for ever: the number of its record in the lower 10 bits, a generation above. The generation is in
 * the state, too, so that whoever comes late changes nothing. The record is free again when nothing names the process any
 * more.
 *
 * What the system calls a process (its id and when it began) is valid if `P_BOUND` is the generation: the parent writes it
 * as soon as it knows it, and the child when it comes. A process that is bound is dead when the system says so; one that is
 * not, when its parent is.
 *
 * @module
 */

import * as layout from "./layout.ts";
import { processRecord } from "./layout.ts";
import type { SharedWords } from "./shared_words.ts";

const SLOT = layout.MAX_PROCESSES - 1;
const SLOT_BITS = 10;
const GENERATIONS = (1 << (32 - SLOT_BITS)) - 1;
/** All processes together are looked at so often at most, in milliseconds. */
const LOOK_INTERVAL = 200;

/** How the system says whether a process lives. */
export type IsDead = (pid: number, start: number) => boolean;

/** The processes of a family. */
export class ProcessTable {
  readonly #w: SharedWords;
  readonly #isDead: IsDead;

  /** Makes a view of the table in `words`. */
  constructor(words: SharedWords, isDead: IsDead) {
    this.#w = words;
    this.#isDead = isDead;
  }

  /**
   * Takes a record for a process that is about to come, and gives its tag.
   *
   * @param parent The tag of its parent; 0 for the first process.
   * @throws {RangeError} If there are too many.
   */
  reserve(parent: number): number {
    const w = this.#w;
    for (let slot = 1; slot < layout.MAX_PROCESSES; slot++) {
      const at = processRecord(slot);
      const word = w.load(at);
      if ((word & 3) !== layout.PROCESS_FREE) continue;
      const generation = ((word >>> 2) + 1) & GENERATIONS;
      const reserved = generation << 2 | layout.PROCESS_RESERVED;
      if (w.compareExchange(at, word, reserved) !== word) continue;
      w.store(at + layout.P_PARENT, parent);
      w.store(at + layout.P_RUNG, 0);
      for (let high; (high = w.load(layout.PROCESSES)) < slot;) {
        w.compareExchange(layout.PROCESSES, high, slot);
      }
      return generation << SLOT_BITS | slot;
    }
    throw new RangeError(
      `Cannot start process: ${layout.MAX_PROCESSES - 1} share their memory already`,
    );
  }

  /** The child has come; `false` if nobody waits for it any more. */
  enter(tag: number, pid: number, start: number): boolean {
    const at = recordOf(tag);
    const reserved = stateWord(tag, layout.PROCESS_RESERVED);
    const alive = stateWord(tag, layout.PROCESS_ALIVE);
    if (this.#w.compareExchange(at, reserved, alive) !== reserved) return false;
    this.#bind(tag, pid, start);
    return this.#w.load(at) === alive;
  }

  /** Says how the system calls a process that has not come yet. */
  bind(tag: number, pid: number, start: number): void {
    const at = recordOf(tag);
    if (this.#w.load(at) !== stateWord(tag, layout.PROCESS_RESERVED)) return;
    this.#bind(tag, pid, start);
  }

  #bind(tag: number, pid: number, start: number): void {
    const at = recordOf(tag);
    this.#w.store(at + layout.P_START, start);
    this.#w.store(at + layout.P_PID, pid);
    this.#w.store(at + layout.P_BOUND, generationOf(tag));
  }

  /** Says that a process is about to end; gives whether all others are, too, or have ended. */
  leave(tag: number): boolean {
    this.#w.store(recordOf(tag) + layout.P_LEFT, generationOf(tag));
    return this.all().every((other) =>
      this.#w.load(recordOf(other) + layout.P_LEFT) === generationOf(other) ||
      this.isGone(other) || this.examine(other)
    );
  }

  /** Declares a process dead, or one that will never come; `false` if it is gone already. */
  declareDead(tag: number): boolean {
    const w = this.#w;
    const at = recordOf(tag);
    const dead = stateWord(tag, layout.PROCESS_DEAD);
    for (;;) {
      const word = w.load(at);
      if (word === dead) return true;
      if (word >>> 2 !== generationOf(tag) || (word & 3) === layout.PROCESS_FREE) return false;
      if (w.compareExchange(at, word, dead) === word) return true;
    }
  }

  /** Frees the record of a dead process, which nothing names any more. */
  free(tag: number): void {
    this.#w.compareExchange(
      recordOf(tag),
      stateWord(tag, layout.PROCESS_DEAD),
      stateWord(tag, layout.PROCESS_FREE),
    );
  }

  /** Whether a process has ended, as far as is known. */
  isGone(tag: number): boolean {
    const word = this.#w.load(recordOf(tag));
    return word >>> 2 !== generationOf(tag) || (word & 3) === layout.PROCESS_FREE ||
      (word & 3) === layout.PROCESS_DEAD;
  }

  /** The tags of all records in use. */
  all(): number[] {
    const tags: number[] = [];
    const last = this.#w.load(layout.PROCESSES);
    for (let slot = 1; slot <= last; slot++) {
      const word = this.#w.load(processRecord(slot));
      if ((word & 3) !== layout.PROCESS_FREE) tags.push((word >>> 2) << SLOT_BITS | slot);
    }
    return tags;
  }

  /** Looks whether a process is dead, unless somebody has looked a moment ago; declares it dead if so. */
  look(tag: number): boolean {
    if (this.isGone(tag)) return true;
    return this.#isDue(tag) && this.examine(tag);
  }

  /** Looks whether a process is dead; declares it dead if so. */
  examine(tag: number): boolean {
    const w = this.#w;
    const at = recordOf(tag);
    if (w.load(at + layout.P_BOUND) !== generationOf(tag)) {
      const parent = w.load(at + layout.P_PARENT);
      if (parent === 0 || !this.isGone(parent)) return false;
    } else if (!this.#isDead(w.load(at + layout.P_PID), w.load(at + layout.P_START))) return false;
    this.declareDead(tag);
    return true;
  }

  #isDue(tag: number): boolean {
    const at = recordOf(tag) + layout.P_CHECKED;
    const checked = this.#w.load(at);
    const now = Date.now() | 0;
    const since = (now - checked) | 0;
    return (since < 0 || since >= LOOK_INTERVAL) &&
      this.#w.compareExchange(at, checked, now) === checked;
  }
}

/** Word index of the record of a process. */
export function recordOf(tag: number): number {
  return processRecord(tag & SLOT);
}

function generationOf(tag: number): number {
  return tag >>> SLOT_BITS;
}

function stateWord(tag: number, state: number): number {
  return generationOf(tag) << 2 | state;
}
