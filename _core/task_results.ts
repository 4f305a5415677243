/**
 * The result ring of a seat, as the owner of the pool reads it.
 *
 * @module
 */

import type { SharedWords } from "./shared_words.ts";
import {
  NONE,
  POSITIONS,
  RESULT_WORDS,
  S_FULL,
  S_RESULT_HEAD,
  S_RESULT_TAIL,
} from "./task_layout.ts";
import type { TaskMemory } from "./task_memory.ts";

/** Reads the results of one seat. */
export class TaskResults {
  /** The result that was read: its slot. */
  slot = 0;
  /** The result that was read: the kind of its body. */
  op = 0;
  /** The result that was read: how long its body is, in bytes or numbers. */
  length = 0;
  /** The result that was read: the first unit after its header. */
  body = 0;
  readonly #words: SharedWords;
  readonly #at: number;
  readonly #base: number;
  readonly #mask: number;
  #head: number;
  /** What the seat knows of `#head`. */
  #told: number;
  #next: number;
  #isOver = false;

  /** Opens the ring of a seat. */
  constructor(memory: TaskMemory, seat: number) {
    this.#words = memory.words;
    this.#at = memory.layout.seat(seat);
    this.#base = memory.layout.results + seat * memory.layout.resultUnits;
    this.#mask = memory.layout.resultUnits - 1;
    this.#head = this.#words.load(this.#at + S_RESULT_HEAD);
    this.#told = this.#head;
    this.#next = this.#head;
  }

  /** Whether there is a result. */
  get ready(): boolean {
    return this.end() !== this.#head;
  }

  /** Where the results end that are there now. */
  end(): number {
    return this.#isOver ? this.#head : this.#words.load(this.#at + S_RESULT_TAIL);
  }

  /** Reads no more: the worker has died, all was read, and its seat is given to another one. */
  close(): void {
    this.tell();
    this.#isOver = true;
  }

  /** Goes to the next result before `end`; its body stays until {@linkcode done}. */
  read(end: number): boolean {
    const words = this.#words;
    while (this.#head !== end) {
      const unit = this.#base + (this.#head & this.#mask);
      const at = unit * 2;
      const next = (this.#head + words.get(at)) & POSITIONS;
      this.slot = words.get(at + 1);
      if (this.slot === NONE) {
        this.#head = next;
        continue;
      }
      this.op = words.get(at + 2);
      this.length = words.get(at + 3);
      this.body = unit + RESULT_WORDS / 2;
      this.#next = next;
      return true;
    }
    return false;
  }

  /** Says that the body has been read. */
  done(): void {
    this.#head = this.#next;
    // The worker is not told of each: every store costs it a cache line.
    if (((this.#head - this.#told) & POSITIONS) > (this.#mask >> 3)) this.tell();
  }

  /** Tells the worker what has been read. */
  tell(): void {
    if (this.#told === this.#head || this.#isOver) return;
    const words = this.#words;
    this.#told = this.#head;
    words.store(this.#at + S_RESULT_HEAD, this.#head);
    if (words.load(this.#at + S_FULL) === 0) return;
    words.store(this.#at + S_FULL, 0);
    words.notify(this.#at + S_RESULT_HEAD, Infinity);
  }
}
