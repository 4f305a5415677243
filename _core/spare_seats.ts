/**
 * Seats of spare processes: memory in which the main thread of a program gives one of them its work, and gets the outcome,
 * by a futex and without any other thread in between. The keeper learns of both by messages, and does the rest.
 *
 * ```text
 * FREE ─keeper→ BOOTING ─child→ READY ─main thread→ TAKEN → GIVEN ─child→ DONE ─main thread or keeper→ SETTLED ─keeper→ FREE
 *                  └────────────keeper────────────→ CALLED                  ↑
 *                         anything else ──────────keeper─────────────────────┘
 * ```
 *
 * - The child sleeps while its seat is `READY`. `CALLED` tells it to listen to its channel instead.
 * - Who turns `DONE` into `SETTLED` by a CAS writes the outcome into the record of the process. The keeper does it when it has
 *   heard of the end on the channel: so an outcome that never comes here, or that nobody waits for here, arrives all the same.
 * - A number above the state counts the uses of the seat: whoever comes too late changes nothing.
 *
 * @module
 */

import { type Ffi, ffi, hasFfi } from "../_runtime/ffi.ts";
import {
  createMapping,
  discardMapping,
  type Mapping,
  needsNamedMemory,
  openMapping,
} from "../_runtime/memory.ts";
import { runtime } from "../_runtime/runtime.ts";

const FREE = 0;
const BOOTING = 1;
const READY = 2;
const CALLED = 3;
const TAKEN = 4;
const GIVEN = 5;
const DONE = 6;
const SETTLED = 7;
/** Bits of the state. */
const STATES = 7;
const USE = 8;

// The words of a seat.
const STATE = 0;
const KEY = 1;
const PID = 3;
const FAILED = 4;
const CODE = 5;
const LENGTH = 6;
const BYTES = 16;

const SEATS = 32;
const SEAT_WORDS = 4096;
const SEGMENT = SEATS * SEAT_WORDS * 4;
/** Longest request or outcome, in bytes. */
const ROOM: number = (SEAT_WORDS - BYTES) * 4;
/** A sleeping child looks again after so many milliseconds. */
const LONG = 60_000;

/** Where another process finds a seat. */
export interface SeatPlace {
  /** The process that has made the memory. */
  readonly pid: number;
  /** Its descriptor. */
  readonly fd: number;
  /** Which seat. */
  readonly index: number;
}

/** The outcome of a process, as its child says it. */
export interface SeatOutcome {
  /** Whether it is an error. */
  readonly failed: boolean;
  /** The exit code. */
  readonly code: number;
  /** The encoded result or error. */
  readonly bytes: Uint8Array;
}

/** The seats of one process. */
export class SpareSeats {
  /** Where the memory is in this process, and its descriptor. */
  readonly mapping: Mapping;
  readonly #system: Ffi;
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;

  /** Opens memory that is mapped in this process. */
  constructor(mapping: Mapping) {
    this.mapping = mapping;
    this.#system = ffi("take a spare process");
    const buffer = this.#system.view(mapping.address, SEGMENT);
    this.#words = new Int32Array(buffer);
    this.#bytes = new Uint8Array(buffer);
  }

  /** Makes seats; `null` where processes cannot share memory, or not wait on it, or where there is none left. */
  static create(): SpareSeats | null {
    if (!hasFfi()) return null;
    const system = ffi("prewarm a process");
    if (needsNamedMemory(system)) return null;
    let mapping: Mapping | null = null;
    try {
      mapping = createMapping(system, [SEGMENT], null);
      system.fallocate(mapping.fd, 0, SEGMENT);
      return new SpareSeats(mapping);
    } catch {
      // Spares are started by their channels then.
      if (mapping !== null) discardMapping(system, mapping, null);
      return null;
    }
  }

  /** Takes a free seat for a spare that will serve those who ask by a key; `null` if all are taken. */
  reserve(key: string, pid: number): SeatPlace | null {
    for (let index = 0; index < SEATS; index++) {
      const at = index * SEAT_WORDS;
      if ((this.#load(at) & STATES) !== FREE) continue;
      const [low, high] = hash(key);
      this.#words[at + KEY] = low;
      this.#words[at + KEY + 1] = high;
      this.#words[at + PID] = pid;
      Atomics.add(this.#words, at + STATE, USE + BOOTING - FREE);
      return { pid: runtime().pid(), fd: this.mapping.fd, index };
    }
    return null;
  }

  /** Takes a spare for the keeper, which tells it the rest by its channel; `false` if the main thread was faster. */
  call(index: number): boolean {
    return this.#turn(index, BOOTING, CALLED) || this.#turn(index, READY, CALLED);
  }

  /** Says that the keeper knows the outcome; `false` if the main thread has written it into the record already. */
  settle(index: number): boolean {
    for (;;) {
      const state = this.#load(index * SEAT_WORDS) & STATES;
      if (state === SETTLED) return false;
      if (this.#turn(index, state, SETTLED)) return true;
    }
  }

  /** Gives back the seat of a process that is gone. */
  free(index: number): void {
    const at = index * SEAT_WORDS;
    Atomics.store(this.#words, at, this.#load(at) & ~STATES | FREE);
  }

  /** Whether a seat has room for a request or an outcome. */
  fits(bytes: Uint8Array): boolean {
    return bytes.length <= ROOM;
  }

  /** Takes a spare that serves a key for the main thread; `null` if there is none. */
  take(key: string): Seat | null {
    let wanted: [number, number] | null = null;
    for (let index = 0; index < SEATS; index++) {
      const at = index * SEAT_WORDS;
      const before = this.#load(at);
      if ((before & STATES) !== READY) continue;
      wanted ??= hash(key);
      const [low, high] = wanted;
      if (this.#words[at + KEY] !== low || this.#words[at + KEY + 1] !== high) continue;
      // By the word that was seen before the key: another may sit there since.
      const after = before - READY + TAKEN;
      if (this.change(index, before, after)) return new Seat(this, index, after);
    }
    return null;
  }

  /** Gives the seat that this process has in memory of its parent; `null` if it cannot be opened. */
  static open({ pid, fd, index }: SeatPlace): Seat | null {
    try {
      const mapping = openMapping(ffi("take a seat"), pid, fd, null);
      const seats = new SpareSeats(mapping);
      return new Seat(seats, index, seats.#load(index * SEAT_WORDS));
    } catch {
      // It goes on by its channel.
      return null;
    }
  }

  #load(word: number): number {
    return Atomics.load(this.#words, word);
  }

  /** Turns a state of a seat into another one, and wakes who waits for that. */
  #turn(index: number, from: number, to: number): boolean {
    const at = index * SEAT_WORDS;
    const before = this.#load(at);
    if ((before & STATES) !== from) return false;
    return this.change(index, before, before - from + to);
  }

  /** Changes the word of a seat if it is as it was seen, and wakes who waits for that. */
  change(index: number, before: number, after: number): boolean {
    const at = index * SEAT_WORDS;
    if (Atomics.compareExchange(this.#words, at, before, after) !== before) return false;
    // A child that was taken goes on sleeping until it is given its work.
    if ((after & STATES) !== TAKEN) {
      this.#system.futexWake(this.mapping.address + at * 4, Infinity);
    }
    return true;
  }

  /** Gives the word of a seat. */
  state(index: number): number {
    return this.#load(index * SEAT_WORDS);
  }

  /** Blocks while the word of a seat holds a value, for at most `ms` milliseconds. */
  wait(index: number, value: number, ms: number): void {
    this.#system.futexWait(this.mapping.address + index * SEAT_WORDS * 4, value, ms);
  }

  /** Does that without blocking this thread. */
  async waitLater(index: number, value: number, ms: number): Promise<void> {
    await this.#system.futexWaitLater(this.mapping.address + index * SEAT_WORDS * 4, value, ms);
  }

  /** Lets others go first on a processor from now on. */
  giveWay(): void {
    this.#system.giveWay();
  }

  /** Gives the id of the process on a seat. */
  pid(index: number): number {
    return this.#words[index * SEAT_WORDS + PID] as number;
  }

  /** Writes the message of a seat. */
  put(index: number, bytes: Uint8Array, failed = false, code = 0): void {
    const at = index * SEAT_WORDS;
    this.#words[at + FAILED] = failed ? 1 : 0;
    this.#words[at + CODE] = code;
    this.#words[at + LENGTH] = bytes.length;
    this.#bytes.set(bytes, (at + BYTES) * 4);
  }

  /** Copies the message of a seat. */
  get(index: number): SeatOutcome {
    const at = index * SEAT_WORDS;
    const start = (at + BYTES) * 4;
    const length = Math.min(this.#words[at + LENGTH] as number, ROOM);
    return {
      failed: this.#words[at + FAILED] === 1,
      code: this.#words[at + CODE] as number,
      bytes: this.#bytes.slice(start, start + length),
    };
  }
}

/** One use of a seat. */
export class Seat {
  /** Which seat. */
  readonly index: number;
  readonly #seats: SpareSeats;
  /** The count of uses, with no state. */
  readonly #use: number;

  constructor(seats: SpareSeats, index: number, word: number) {
    this.#seats = seats;
    this.index = index;
    this.#use = word & ~STATES;
  }

  /** The process that sits there. */
  get pid(): number {
    return this.#seats.pid(this.index);
  }

  /** Whether the child has its work, and has not said what has come of it. */
  get isBusy(): boolean {
    return this.#is(GIVEN);
  }

  /** Does what the child will do, on a seat that nobody looks at yet. */
  rehearse(): void {
    const word = this.#seats.state(this.index);
    this.#seats.put(this.index, this.#seats.get(this.index).bytes);
    this.#seats.wait(this.index, word ^ USE, 0);
    this.#seats.change(this.index, word, word);
    this.#is(GIVEN);
  }

  /** The child may be taken from now on. */
  offer(): void {
    this.#change(BOOTING, READY);
  }

  /** The child sleeps until it gets its work: the encoded request, or `null` if that comes by the channel. Blocks. */
  sleep(): Uint8Array | null {
    while (this.#is(READY) || this.#is(TAKEN)) {
      // It may have been taken since, and is woken when it is given its work.
      this.#seats.wait(this.index, this.#use | READY, LONG);
    }
    return this.#is(GIVEN) ? this.#seats.get(this.index).bytes : null;
  }

  /** Whether there is room for an outcome. */
  fits(bytes: Uint8Array): boolean {
    return this.#seats.fits(bytes);
  }

  /** The main thread gives the work to the child. */
  give(request: Uint8Array): void {
    this.#seats.put(this.index, request);
    this.#change(TAKEN, GIVEN);
  }

  /** The main thread gives the spare back, as if it had not been taken. */
  putBack(): void {
    this.#change(TAKEN, READY);
  }

  /** The child lets others go first from now on: it takes the system long to take its memory away. */
  giveWay(): void {
    this.#seats.giveWay();
  }

  /** The child says what has come of it, if there is room for that. */
  finish({ failed, code, bytes }: SeatOutcome): void {
    if (!this.fits(bytes) || !this.#is(GIVEN)) return;
    this.#seats.put(this.index, bytes, failed, code);
    this.#change(GIVEN, DONE);
  }

  /** Gives the outcome to the main thread, which writes it into the record; `null` if it is not here, or no more. */
  settle(): SeatOutcome | null {
    if (!this.#is(DONE)) return null;
    const outcome = this.#seats.get(this.index);
    return this.#change(DONE, SETTLED) ? outcome : null;
  }

  /** Blocks until the child has said what has come of it, or for so many milliseconds. */
  wait(ms: number): void {
    const end = performance.now() + ms;
    for (let left = ms; this.#is(GIVEN) && left > 0; left = end - performance.now()) {
      this.#seats.wait(this.index, this.#use | GIVEN, left);
    }
  }

  /** Does that without blocking this thread. */
  async waitLater(ms: number): Promise<void> {
    if (this.#is(GIVEN)) await this.#seats.waitLater(this.index, this.#use | GIVEN, ms);
  }

  #is(state: number): boolean {
    return this.#seats.state(this.index) === (this.#use | state);
  }

  #change(from: number, to: number): boolean {
    return this.#seats.change(this.index, this.#use | from, this.#use | to);
  }
}

/** Gives two hashes of a text, together 64 bits: FNV-1a over its UTF-16 code units, forwards and backwards. */
export function hash(text: string): [number, number] {
  let low = 0x811c9dc5;
  let high = 0x811c9dc5 ^ text.length;
  const last = text.length - 1;
  for (let i = 0; i <= last; i++) {
    low = Math.imul(low ^ text.charCodeAt(i), 0x01000193);
    high = Math.imul(high ^ text.charCodeAt(last - i), 0x01000193);
  }
  return [low | 0, high | 0];
}
