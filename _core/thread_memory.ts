/**
 * The memory of the thread table: words and short byte strings of its own, and pages of the arena's heap for long ones.
 *
 * ```text
 * header   32 words                     numbers and words to wait on
 * slots    MAX_SLOTS   x 16 words       one a worker, a cache line each
 * records  MAX_THREADS x 128 words      one a thread: 32 words, then the bytes of its name, request and result
 * ```
 *
 * @module
 */

import { BLOCKED_SLICE, doChore, hasChore } from "./blocked.ts";
import type { Heap } from "./heap.ts";
import { ThreadWords } from "./shared_words.ts";

/** Workers at one time. */
export const MAX_SLOTS = 4096;
/** Words of a worker's slot. */
export const SLOT_WORDS = 16;
/** Threads that are alive, or that somebody still refers to. */
export const MAX_THREADS = 1 << 17;
/** Words of a thread's record. */
export const RECORD_WORDS = 128;
/** First slot of a worker. */
export const SLOTS = 32;
/** First record of a thread. */
export const RECORDS: number = SLOTS + MAX_SLOTS * SLOT_WORDS;
const TOTAL_WORDS = RECORDS + MAX_THREADS * RECORD_WORDS;

/** A place for bytes in a record: two words that say where they are, and room for short ones. */
export interface ByteField {
  /** The word that holds the page of the heap, or one of the constants below; the next word holds the length. */
  readonly word: number;
  /** The first word of the room in the record. */
  readonly room: number;
  /** Bytes of room. */
  readonly size: number;
}

const NOWHERE = 0;
const IN_RECORD = -1;
/** Blocking waits look again at least so often, in milliseconds. */
const SLICE = 500;
const NOTHING = new Uint8Array(0);

/** The words and bytes of the thread table. */
export class ThreadMemory extends ThreadWords {
  /** The memory itself, to be given to another thread. */
  readonly buffer: SharedArrayBuffer;
  readonly #bytes: Uint8Array;
  readonly #heap: Heap;
  readonly #agent: number;

  /** Opens the memory, or reserves it: untouched pages cost nothing. */
  constructor(heap: Heap, agent: number, buffer?: SharedArrayBuffer) {
    const memory = buffer ?? new SharedArrayBuffer(TOTAL_WORDS * 4);
    super(new Int32Array(memory));
    this.buffer = memory;
    this.#bytes = new Uint8Array(memory);
    this.#heap = heap;
    this.#agent = agent;
  }

  /** Wakes all who wait on a word. */
  notifyAll(word: number): void {
    this.notify(word, Infinity);
  }

  /** Blocks while a word holds a value, for at most a time in milliseconds. */
  waitWhile(word: number, value: number, timeout: number): void {
    const end = performance.now() + timeout;
    while (this.load(word) === value) {
      const left = end - performance.now();
      if (!(left > 0)) return;
      this.wait(word, value, Math.min(left, hasChore() ? BLOCKED_SLICE : SLICE));
      doChore();
    }
  }

  /** Stores bytes in an empty field of a record. */
  put(record: number, field: ByteField, bytes: Uint8Array): void {
    const word = record + field.word;
    this.store(word + 1, bytes.length);
    if (bytes.length <= field.size) {
      this.#bytes.set(bytes, (record + field.room) * 4);
      this.store(word, IN_RECORD);
      return;
    }
    const address = this.#heap.allocate(bytes.length, this.#agent);
    this.#heap.bytesAt(address, bytes.length).set(bytes);
    this.store(word, address);
    this.#heap.publish(address);
  }

  /** Copies the bytes out of a field. */
  copy(record: number, field: ByteField): Uint8Array {
    const address = this.load(record + field.word);
    const length = this.load(record + field.word + 1);
    if (address === NOWHERE) return NOTHING;
    if (address !== IN_RECORD) return this.#heap.bytesAt(address, length).slice();
    const start = (record + field.room) * 4;
    return this.#bytes.slice(start, start + Math.min(length, field.size));
  }

  /** Empties a field. */
  clear(record: number, field: ByteField): void {
    const address = this.exchange(record + field.word, NOWHERE);
    if (address > 0) this.#heap.free(address);
  }
}
