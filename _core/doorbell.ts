/**
 * The doorbell of an agent: a word that others set when one of its promises may go on.
 *
 * The agent looks at it for a few turns of its event loop before it waits asynchronously: a message between threads that
 * the engine delivers takes tens of microseconds, a turn of the loop one or two. While nobody rings the looks become fewer.
 *
 * Between processes an asynchronous wait takes the sleeper's help, that is two threads to wake instead of one. So the agent
 * naps before: when its event loop goes round without anything else to do, it sleeps on the word itself, for a tenth of a
 * millisecond and once a wait. A nap in vain costs the next waits theirs: one, three, seven of them, and so on.
 *
 * ```text
 * 0  nobody listens, or somebody waits asynchronously: who rings notifies
 * 1  rung
 * 2  the agent looks by itself: who rings need not notify
 * 3  it naps: who rings wakes it
 * ```
 *
 * @module
 */

import { runtime } from "../_runtime/runtime.ts";
import { BELL_PARKED } from "./layout.ts";
import type { SharedWords } from "./shared_words.ts";

const RUNG = 1;
const LOOKING = 2;
/** Turns of the event loop in which it looks. */
const MOST_TURNS = 20;
/** So many at least. */
const LEAST_TURNS = 2;
/** After so many waits in vain it looks for all turns again. */
const PATIENCE = 16;
/** The longest nap, in milliseconds. */
const NAP = 0.1;
/** A turn of the event loop that has taken no longer had nothing else to do, in milliseconds. */
const IDLE_TURN = 0.1;
/** The most waits without a nap. */
const MOST_SKIPPED = 63;

/** The doorbell of one agent. */
export class Doorbell {
  readonly #w: SharedWords;
  readonly #bell: number;
  readonly #isWanted: () => boolean;
  readonly #onRing: () => void;
  #listens = false;
  #turns = MOST_TURNS;
  #vain = 0;
  /** When the event loop was seen last, and whether there was a nap in this wait. */
  #seen = 0;
  #hasNapped = false;
  /** Waits without a nap: those to come, and how many it will be after the next nap in vain. */
  #skip = 0;
  #skipNext = 1;

  /** Makes the listener at a word: `onRing` is called when it was rung, as long as `isWanted`. */
  constructor(w: SharedWords, bell: number, isWanted: () => boolean, onRing: () => void) {
    this.#w = w;
    this.#bell = bell;
    this.#isWanted = isWanted;
    this.#onRing = onRing;
  }

  /** Whether somebody has rung. */
  isRung(): boolean {
    return this.#w.load(this.#bell) === RUNG;
  }

  /** Says that what was rung for is being looked at. */
  clear(): void {
    this.#w.store(this.#bell, 0);
  }

  /** Listens until it is not wanted any more. */
  listen(): void {
    if (this.#listens || !this.#isWanted()) return;
    this.#listens = true;
    this.#hasNapped = false;
    this.#w.compareExchange(this.#bell, 0, LOOKING);
    this.#look(this.#vain < PATIENCE ? this.#turns : MOST_TURNS);
  }

  #look(turns: number): void {
    runtime().nextTurn(() => {
      if (this.#w.load(this.#bell) === RUNG || this.#w.parks && this.#nap()) {
        this.#turns = MOST_TURNS;
        this.#vain = 0;
        return this.#rung();
      }
      if (turns > 1 && this.#isWanted()) return this.#look(turns - 1);
      this.#w.compareExchange(this.#bell, LOOKING, 0);
      if (!this.#isWanted()) {
        this.#listens = false;
        return;
      }
      this.#vain = this.#vain < PATIENCE ? this.#vain + 1 : 0;
      this.#turns = Math.max(LEAST_TURNS, this.#turns >> 1);
      this.#wait();
    });
  }

  /** Naps if that may pay; whether it was rung by then. */
  #nap(): boolean {
    const since = this.#seen;
    this.#seen = performance.now();
    if (this.#hasNapped || this.#seen - since > IDLE_TURN || !this.#isWanted()) return false;
    this.#hasNapped = true;
    if (this.#skip > 0) {
      this.#skip--;
      return false;
    }
    if (this.#w.compareExchange(this.#bell, LOOKING, BELL_PARKED) === LOOKING) {
      this.#w.park(this.#bell, BELL_PARKED, NAP);
      this.#w.compareExchange(this.#bell, BELL_PARKED, LOOKING);
    }
    const rung = this.#w.load(this.#bell) === RUNG;
    this.#skip = rung ? 0 : this.#skipNext;
    this.#skipNext = rung ? 1 : Math.min(2 * this.#skipNext + 1, MOST_SKIPPED);
    this.#seen = performance.now();
    return rung;
  }

  #wait(): void {
    while (this.#isWanted()) {
      const rung = this.#w.waitAsync(this.#bell, 0);
      if (rung !== null) {
        void rung.then(() => this.#rung());
        return;
      }
      this.#onRing();
    }
    this.#listens = false;
  }

  #rung(): void {
    this.#listens = false;
    this.#onRing();
    this.listen();
  }
}
