/**
 * The submission ring, as the owner of a pool sees it: the only one who writes records.
 *
 * Workers claim one record at a time (see `task_seat.ts`). Memory is written again when `HEAD` has passed it and no seat
 * names it as its hazard: `HEAD` is read first, then the hazards, since a worker sets its hazard before it moves `HEAD`.
 *
 * ```text
 * record  QUEUED ──worker──▶ BEGUN
 *            ├────owner───▶ CANCELLED    the worker that claims it answers "skipped"
 *            └────owner───▶ MOVED        it was sent again: its claimer has died, or others are more urgent
 * ```
 *
 * @module
 */

import {
  BEGUN,
  CANCELLED,
  HEAD,
  ITEMS,
  MOVED,
  NONE,
  PAD,
  PAGED,
  POSITIONS,
  QUEUED,
  S_HAZARD,
  TAIL,
  TASK_WORDS,
  URGENT,
  URGENT_HEAD,
  URGENT_TAIL,
} from "./task_layout.ts";
import type { TaskMemory } from "./task_memory.ts";
import type { SharedWords } from "./shared_words.ts";

const HEADER_UNITS = TASK_WORDS / 2;

/** One of the two submission rings. */
export class TaskRing {
  /** `URGENT`, or 0. */
  readonly flag: number;
  readonly #memory: TaskMemory;
  readonly #words: SharedWords;
  readonly #floats: Float64Array;
  readonly #bytes: Uint8Array;
  readonly #base: number;
  readonly #mask: number;
  readonly #tailWord: number;
  readonly #headWord: number;
  #tail: number;
  /** Units that may be written. */
  #free: number;
  /** Where the next record's body begins, in units. */
  #body = 0;

  /** Opens a ring whose memory nobody uses yet. */
  constructor(memory: TaskMemory, urgent: boolean) {
    const { layout, geometry } = memory;
    this.#memory = memory;
    this.#words = memory.words;
    this.#floats = memory.floats;
    this.#bytes = memory.bytes;
    this.flag = urgent ? URGENT : 0;
    this.#base = urgent ? layout.urgent : layout.main;
    this.#mask = (urgent ? geometry.urgentBytes : geometry.mainBytes) / 8 - 1;
    this.#tailWord = urgent ? URGENT_TAIL : TAIL;
    this.#headWord = urgent ? URGENT_HEAD : HEAD;
    this.#tail = this.#words.load(this.#tailWord);
    this.#free = this.#mask + 1;
  }

  /** Whether workers have claimed all. */
  get empty(): boolean {
    return this.#words.load(this.#headWord) === this.#tail;
  }

  /** Sends a task whose argument is one number. Gives its position, or -1 when there is no room. */
  pushNumber(slot: number, op: number, sent: number, value: number): number {
    const position = this.#reserve(HEADER_UNITS + 1, slot, op, sent, 1);
    if (position < 0) return -1;
    this.#floats[this.#body] = value;
    this.#publish(HEADER_UNITS + 1);
    return position;
  }

  /**
   * Sends a task with a body of bytes or of numbers, or one that is in the heap: then the body is its page.
   *
   * @param length Of the body: bytes, or numbers.
   * @param first The first item of a batch.
   * @param count The items of a batch.
   * @param key The key of the buffers beside it, or 0.
   */
  push(
    slot: number,
    op: number,
    sent: number,
    body: Uint8Array | readonly number[] | number | null,
    length: number,
    first: number,
    count: number,
    key: number,
  ): number {
    const isBytes = body instanceof Uint8Array;
    const prefix = ((op & ITEMS) === 0 ? 0 : 1) + (key === 0 ? 0 : 1);
    const room = body === null
      ? 0
      : isBytes
      ? (length + 7) >> 3
      : typeof body === "number"
      ? 1
      : length;
    const units = HEADER_UNITS + prefix + room;
    const position = this.#reserve(units, slot, op, sent, length);
    if (position < 0) return -1;
    let at = this.#body;
    if ((op & ITEMS) !== 0) {
      this.#words.set(at * 2, first);
      this.#words.set(at * 2 + 1, count);
      at++;
    }
    if (key !== 0) this.#words.set(at++ * 2, key);
    if (typeof body === "number" && (op & PAGED) !== 0) this.#words.set(at * 2, body);
    else if (body !== null) this.#write(at, body, length, isBytes);
    this.#publish(units);
    return position;
  }

  /** Sends a task whose body, and what stands before it, is a copy of another record's. */
  pushRaw(slot: number, op: number, sent: number, raw: Uint8Array, length: number): number {
    const units = HEADER_UNITS + raw.length / 8;
    const position = this.#reserve(units, slot, op, sent, length);
    if (position < 0) return -1;
    this.#bytes.set(raw, this.#body * 8);
    this.#publish(units);
    return position;
  }

  #write(
    at: number,
    body: Uint8Array | readonly number[] | number,
    length: number,
    isBytes: boolean,
  ): void {
    if (typeof body === "number") {
      this.#floats[at] = body;
    } else if (!isBytes) {
      for (let i = 0; i < length; i++) this.#floats[at + i] = body[i] as number;
    } else if (length < 64) {
      const start = at * 8;
      for (let i = 0; i < length; i++) this.#bytes[start + i] = body[i] as number;
    } else {
      this.#bytes.set((body as Uint8Array).subarray(0, length), at * 8);
    }
  }

  /** Whether a record may still be in memory as it was written. */
  holds(position: number): boolean {
    const back = (this.#tail - position) & POSITIONS;
    return back !== 0 && back <= this.#mask + 1 - this.#free;
  }

  /** Whether the task of a record has been begun. */
  isBegun(position: number): boolean {
    return !this.holds(position) || this.#words.load(this.#stateWord(position)) === BEGUN;
  }

  /** Keeps a task from being begun; `false` if it was. */
  cancel(position: number): boolean {
    return this.holds(position) && this.#settle(position, CANCELLED);
  }

  /** Takes a record out of the ring that nobody has begun, to send its task again later. */
  withdraw(position: number): boolean {
    return this.holds(position) && this.#settle(position, MOVED);
  }

  /**
   * Takes back a record whose claimer has died before it began the task.
   *
   * @returns The slot, or -1 if that is not so.
   */
  takeBack(position: number): number {
    if (!this.holds(position)) return -1;
    const head = this.#words.load(this.#headWord);
    const claimed = ((this.#tail - position) & POSITIONS) > ((this.#tail - head) & POSITIONS);
    if (!claimed || !this.#settle(position, MOVED)) return -1;
    return this.#words.get(this.#stateWord(position) + 1);
  }

  /** Copies the body of a record, with what stands before it, and gives its length as the record has it. */
  copyBody(position: number): { raw: Uint8Array; length: number } {
    const start = (this.#base + (position & this.#mask)) * 8;
    const units = this.#words.get(start / 4);
    const raw = this.#bytes.slice(start + TASK_WORDS * 4, start + units * 8);
    return { raw, length: this.#words.get(start / 4 + 4) };
  }

  #settle(position: number, state: number): boolean {
    return this.#words.compareExchange(this.#stateWord(position), QUEUED, state) === QUEUED;
  }

  #stateWord(position: number): number {
    return (this.#base + (position & this.#mask)) * 2 + 1;
  }

  #reserve(units: number, slot: number, op: number, sent: number, length: number): number {
    const rest = this.#mask + 1 - (this.#tail & this.#mask);
    const need = rest < units ? units + rest : units;
    if (need > this.#free) {
      this.#reclaim();
      if (need > this.#free) return -1;
    }
    this.#free -= need;
    const words = this.#words;
    if (rest < units) {
      const pad = (this.#base + (this.#tail & this.#mask)) * 2;
      words.set(pad, rest);
      words.set(pad + 1, PAD);
      this.#tail = (this.#tail + rest) & POSITIONS;
    }
    const unit = this.#base + (this.#tail & this.#mask);
    const at = unit * 2;
    words.set(at, units);
    words.set(at + 1, QUEUED);
    words.set(at + 2, slot);
    words.set(at + 3, op);
    words.set(at + 4, length);
    words.set(at + 5, sent);
    this.#body = unit + HEADER_UNITS;
    return this.#tail;
  }

  #publish(units: number): void {
    this.#tail = (this.#tail + units) & POSITIONS;
    this.#words.store(this.#tailWord, this.#tail);
  }

  #reclaim(): void {
    const { layout, geometry } = this.#memory;
    const size = this.#mask + 1;
    let used = (this.#tail - this.#words.load(this.#headWord)) & POSITIONS;
    for (let k = 0; k < geometry.seats; k++) {
      const hazard = this.#words.load(layout.seat(k) + S_HAZARD);
      if (hazard === NONE || (hazard & URGENT) !== this.flag) continue;
      const back = (this.#tail - hazard) & POSITIONS;
      if (back > used && back <= size) used = back;
    }
    this.#free = size - used;
  }
}
