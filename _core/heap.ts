/**
 * A heap of 4 KiB pages behind the tables of an arena, for what is larger than a record.
 *
 * A page's word in the page table says whose it is; runs are claimed page by page by CAS, so nobody ever waits for anybody.
 *
 * ```text
 * page word = 0                free
 *           = agent | FIRST    first page of a run that its claimer has not published: freed if he dies
 *           = agent | FIRST | PUBLISHED   first page of a run that somebody else may free
 *           = agent | CONT     goes on from the page before
 *           = agent | n * ONE  first page of a run of which n parts are in use: free when it comes to 0
 *           = agent | n * ONE | SUSPECT   the same, and n may be too high
 * ```
 *
 * @module
 */

import { HEAP_BYTE_BASE, ID, MAX_PAGES, PAGE_BASE, PAGE_BYTES } from "./layout.ts";
import type { Memory } from "./memory.ts";
import type { SharedWords } from "./shared_words.ts";

const FIRST = 1 << 16;
const CONT = 1 << 17;
const PUBLISHED = 1 << 18;
/** In a page's word whose parts are counted: the count may be too high, after a death. */
export const SUSPECT = 1 << 18;
/** What one part in use adds to a page's word. */
export const ONE = 1 << 19;
/** A run has so many bytes at most: lengths are said in a word. */
const MAX_BYTES = 2 ** 31 - 1;
/** The memory grows by so many bytes at least. */
const GROWTH = 1 << 20;
/** It grows by a part of what it has, so that the search for a free page is rarely long. */
const GROWTH_PART = 16;

/** The pages of an arena. A run of pages is known by the number of its first page + 1. */
export class Heap {
  readonly #words: SharedWords;
  readonly #block: Memory | null;
  readonly #pages: number;
  #rotor = 0;
  /** Words that the views reach; {@linkcode Heap.cover} makes them reach further when the memory has grown. */
  limit = 0;
  /** The bytes of the arena. */
  bytes: Uint8Array = new Uint8Array(0);
  /** The words of the arena, for what only one agent touches. */
  ints: Int32Array = new Int32Array(0);
  /** The arena as numbers. */
  floats: Float64Array = new Float64Array(0);

  /** Puts a heap behind the tables in `memory`. */
  constructor(words: SharedWords, memory: Memory | null) {
    this.#words = words;
    this.#block = memory;
    const room = memory === null
      ? 0
      : Math.floor((memory.maxByteLength - HEAP_BYTE_BASE) / PAGE_BYTES);
    this.#pages = Math.min(room, MAX_PAGES);
  }

  /** Bytes that the heap can have at most. */
  get capacity(): number {
    return this.#pages * PAGE_BYTES;
  }

  /**
   * Claims a run of pages for `bytes` bytes. Their content is undefined.
   *
   * @throws {RangeError} If the heap is full.
   */
  allocate(bytes: number, agent: number): number {
    return this.#allocate(bytes, agent | FIRST, agent | CONT);
  }

  /**
   * Claims a run of pages of which `count` parts are in use.
   *
   * @throws {RangeError} If the heap is full.
   */
  allocateCounted(bytes: number, agent: number, count: number): number {
    return this.#allocate(bytes, agent | count * ONE, agent | CONT);
  }

  #allocate(bytes: number, first: number, rest: number): number {
    if (bytes > MAX_BYTES) {
      throw new RangeError(
        `Cannot allocate ${bytes} bytes of shared memory at once: ${MAX_BYTES} is the most`,
      );
    }
    const count = Math.max(1, Math.ceil(bytes / PAGE_BYTES));
    const used = this.#used();
    const run = this.#search(this.#rotor, used, count, first, rest) ??
      this.#search(0, Math.min(used, this.#rotor + count - 1), count, first, rest) ??
      this.#search(Math.max(0, used - count), this.#pages, count, first, rest);
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

  /** Whether a run no longer dies with its claimer. */
  isPublished(address: number): boolean {
    return (this.#words.load(PAGE_BASE + address - 1) & PUBLISHED) !== 0;
  }

  /** Makes a run that is about to be freed die with `agent`. */
  unpublish(address: number, agent: number): void {
    this.#words.store(PAGE_BASE + address - 1, agent | FIRST);
  }

  /** Whether an agent has claimed the run, and published it, and nobody has freed it since. */
  isPublishedBy(address: number, agent: number): boolean {
    const word = this.#words.load(PAGE_BASE + address - 1);
    return (word & (ID | FIRST | PUBLISHED)) === (agent | FIRST | PUBLISHED);
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
    return new Uint8Array(this.#memory().buffer, this.byteOffset(address), length);
  }

  /** Makes views of all the memory that there is by now: views of a fixed length are the fast ones. */
  cover(): void {
    const { buffer, viewLength } = this.#memory();
    const length = Math.floor(viewLength / 8);
    this.limit = length * 2;
    this.bytes = new Uint8Array(buffer, 0, length * 8);
    this.floats = new Float64Array(buffer, 0, length);
    this.ints = new Int32Array(buffer, 0, length * 2);
    this.#words.cover(this.ints);
  }

  /** Gives back what a dead agent had claimed and not published. */
  reclaim(agent: number): void {
    this.forEachPage((word, address) => {
      if ((word & ID) === agent && (word & FIRST) !== 0 && (word & PUBLISHED) === 0) {
        this.free(address);
      }
    });
  }

  /** Calls `visit` with the first page of every run whose parts are counted. */
  forEachCounted(visit: (word: number, address: number) => void): void {
    this.forEachPage((word, address) => {
      if ((word & (FIRST | CONT)) === 0) visit(word, address);
    });
  }

  /** Calls `visit` with every page in use. */
  forEachPage(visit: (word: number, address: number) => void): void {
    const used = this.#used();
    for (let page = 0; page < used; page++) {
      const word = this.#words.load(PAGE_BASE + page);
      if (word !== 0) visit(word, page + 1);
    }
  }

  #used(): number {
    if (this.#block === null) return 0;
    const pages = Math.ceil((this.#block.byteLength - HEAP_BYTE_BASE) / PAGE_BYTES);
    return Math.min(pages, this.#pages);
  }

  #search(
    from: number,
    to: number,
    count: number,
    first: number,
    rest: number,
  ): number | null {
    const words = this.#words;
    for (let page = from; page + count <= to; page++) {
      if (words.load(PAGE_BASE + page) !== 0) continue;
      // Before the claim: `reclaim` looks no further than the memory reaches.
      this.#grow(HEAP_BYTE_BASE + (page + count) * PAGE_BYTES);
      let got = 0;
      while (
        got < count &&
        words.compareExchange(PAGE_BASE + page + got, 0, got === 0 ? first : rest) === 0
      ) got++;
      if (got === count) return page;
      for (let k = got - 1; k >= 0; k--) words.store(PAGE_BASE + page + k, 0);
      page += got;
    }
    return null;
  }

  #grow(end: number): void {
    const memory = this.#memory();
    for (let length; (length = memory.byteLength) < end;) {
      const step = Math.max(GROWTH, (length - HEAP_BYTE_BASE) / GROWTH_PART);
      const pages = Math.ceil(Math.max(end, length + step) / PAGE_BYTES);
      memory.grow(Math.min(pages * PAGE_BYTES, memory.maxByteLength));
    }
  }

  #memory(): Memory {
    if (this.#block === null) throw new RangeError("Cannot allocate: there is no heap here");
    return this.#block;
  }
}
