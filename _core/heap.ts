/**
 * A heap of 4 KiB pages behind the tables of an arena, for what is larger than a record.
 *
 * A page's word in the page table says whose it is; runs are claimed page by page by CAS, so nobody ever waits for anybody.
 *
 * ```text
 * page word = 0                free
 *           = agent | HEAD     first page of a run that its claimer has not published: freed if he dies
 *           = agent | HEAD | PUBLISHED   first page of a run that somebody else may free
 *           = agent | CONT     goes on from the page before
 * ```
 *
 * @module
 */

import { HEAP_BYTE_BASE, ID, MAX_PAGES, PAGE_BASE, PAGE_BYTES } from "./layout.ts";
import type { SharedWords } from "./shared_words.ts";

const FIRST = 1 << 16;
const CONT = 1 << 17;
const PUBLISHED = 1 << 18;
/** The memory grows by so many bytes at least. */
const GROWTH = 1 << 20;

/** The pages of an arena. A run of pages is known by the number of its first page + 1. */
export class Heap {
  readonly #words: SharedWords;
  readonly #buffer: SharedArrayBuffer | null;
  readonly #pages: number;
  #rotor = 0;

  /** Puts a heap behind the tables in `buffer`. */
  constructor(words: SharedWords, buffer: SharedArrayBuffer | null) {
    this.#words = words;
    this.#buffer = buffer;
    const room = buffer === null
      ? 0
      : Math.floor((buffer.maxByteLength - HEAP_BYTE_BASE) / PAGE_BYTES);
    this.#pages = Math.min(room, MAX_PAGES);
  }

  /**
   * Claims a run of pages for `bytes` bytes. Their content is undefined.
   *
   * @throws {RangeError} If the heap is full.
   */
  allocate(bytes: number, agent: number): number {
    const count = Math.max(1, Math.ceil(bytes / PAGE_BYTES));
    const run = this.#search(this.#rotor, this.#pages, count, agent) ??
      this.#search(0, Math.min(this.#pages, this.#rotor + count), count, agent);
    if (run === null) {
      throw new RangeError(`Cannot allocate ${bytes} bytes of shared memory: the heap is full`);
    }
    this.#rotor = run + count;
    return run + 1;
  }

  /** Says that the run is reachable: it no longer dies with its claimer. */
  publish(address: number): void {
    this.#words.or(PAGE_BASE + address - 1, PUBLISHED);
  }

  /** Gives a run back. */
  free(address: number): void {
    const first = address - 1;
    let end = first + 1;
    while (end < this.#pages && (this.#words.load(PAGE_BASE + end) & CONT) !== 0) end++;
    for (let page = end - 1; page >= first; page--) this.#words.store(PAGE_BASE + page, 0);
    if (first < this.#rotor) this.#rotor = first;
  }

  /** Gives the byte offset of a run in the arena's buffer. */
  byteOffset(address: number): number {
    return HEAP_BYTE_BASE + (address - 1) * PAGE_BYTES;
  }

  /** Gives a view of the first `length` bytes of a run. */
  bytesAt(address: number, length: number): Uint8Array {
    return new Uint8Array(this.#memory(), this.byteOffset(address), length);
  }

  /** Gives back what a dead agent had claimed and not published. */
  reclaim(agent: number): void {
    if (this.#buffer === null) return;
    const used = Math.ceil((this.#buffer.byteLength - HEAP_BYTE_BASE) / PAGE_BYTES);
    for (let page = 0; page < Math.min(used, this.#pages); page++) {
      const word = this.#words.load(PAGE_BASE + page);
      if ((word & ID) === agent && (word & FIRST) !== 0 && (word & PUBLISHED) === 0) {
        this.free(page + 1);
      }
    }
  }

  #search(from: number, to: number, count: number, agent: number): number | null {
    const words = this.#words;
    for (let page = from; page + count <= to; page++) {
      if (words.load(PAGE_BASE + page) !== 0) continue;
      // Before the claim: `reclaim` looks no further than the memory reaches.
      this.#grow(HEAP_BYTE_BASE + (page + count) * PAGE_BYTES);
      let got = 0;
      while (
        got < count &&
        words.compareExchange(PAGE_BASE + page + got, 0, agent | (got === 0 ? FIRST : CONT)) === 0
      ) got++;
      if (got === count) return page;
      for (let k = got - 1; k >= 0; k--) words.store(PAGE_BASE + page + k, 0);
      page += got;
    }
    return null;
  }

  #grow(end: number): void {
    const buffer = this.#memory();
    while (buffer.byteLength < end) {
      const wanted = Math.min(Math.max(end, buffer.byteLength + GROWTH), buffer.maxByteLength);
      try {
        buffer.grow(wanted);
      } catch (error) {
        // Another thread may have grown it further in the meantime.
        if (buffer.byteLength < end) throw error;
      }
    }
  }

  #memory(): SharedArrayBuffer {
    if (this.#buffer === null) throw new RangeError("Cannot allocate: there is no heap here");
    return this.#buffer;
  }
}
