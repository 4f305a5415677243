/**
 * The wait slots of one agent.
 *
 * Slots come in chunks of 256; a chunk is claimed whole by one CAS on its owner word, and its free list is private to its
 * owner. So taking a slot shares nothing, and all slots of a dead agent are found through the few chunks that it owns.
 *
 * @module
 */

import * as layout from "./layout.ts";
import type { SharedWords } from "./shared_words.ts";

const SUMMARY = 1;
const READY = 2;

/** The wait slots that an agent owns. */
export class SlotTable {
  readonly #words: SharedWords;
  readonly #me: number;
  readonly #free: number[] = [];
  readonly #chunks: number[] = [];

  /** Makes an empty table for agent `me`. */
  constructor(words: SharedWords, me: number) {
    this.#words = words;
    this.#me = me;
  }

  /** Slots of this agent that are in use (a diagnostic). */
  get used(): number {
    return this.#chunks.length * layout.CHUNK_SLOTS - this.#free.length;
  }

  /**
   * Takes a free slot.
   *
   * @throws {RangeError} If there are as many waiters as an arena can hold.
   */
  allocate(): number {
    if (this.#free.length === 0) this.grow();
    return this.#free.pop() as number;
  }

  /** Gives a slot back. */
  release(s: number): void {
    this.#words.store(s + layout.S_STATE, layout.FREE);
    this.#words.set(s + layout.S_OBJECT, 0);
    this.#free.push(s);
  }

  /** Claims one more chunk. */
  grow(): void {
    const w = this.#words;
    for (let k = 0; k < layout.MAX_CHUNKS; k++) {
      const chunk = layout.CHUNK_BASE + k * layout.CHUNK_WORDS;
      w.back(chunk, layout.CHUNK_WORDS);
      if (w.load(chunk) !== 0 || w.compareExchange(chunk, 0, this.#me) !== 0) continue;
      for (let high; (high = w.load(layout.CHUNKS)) < k + 1;) {
        w.compareExchange(layout.CHUNKS, high, k + 1);
      }
      this.#chunks.push(chunk);
      for (let i = layout.CHUNK_SLOTS - 1; i >= 0; i--) {
        const s = chunk + layout.CHUNK_HEADER + i * layout.SLOT_WORDS;
        w.set(s + layout.S_OWNER, this.#me);
        this.#free.push(s);
      }
      return;
    }
    throw new RangeError("Cannot wait: there are too many waiters");
  }

  /** Takes the ready slots, oldest ticket first. */
  takeReady(): number[] {
    const w = this.#words;
    const ready: number[] = [];
    for (const chunk of this.#chunks) {
      for (let summary = w.exchange(chunk + SUMMARY, 0); summary !== 0;) {
        const group = 31 - Math.clz32(summary);
        summary &= ~(1 << group);
        for (let bits = w.exchange(chunk + READY + group, 0); bits !== 0;) {
          const bit = 31 - Math.clz32(bits);
          bits &= ~(1 << bit);
          ready.push(
            chunk + layout.CHUNK_HEADER + (group * 32 + bit) * layout.SLOT_WORDS,
          );
        }
      }
    }
    if (ready.length > 1) {
      ready.sort((a, b) => (w.get(a + layout.S_TICKET) - w.get(b + layout.S_TICKET)) | 0);
    }
    return ready;
  }
}

/** Marks a promise's slot as ready for its owner's next drain. */
export function markReady(w: SharedWords, s: number): void {
  const k = Math.floor((s - layout.CHUNK_BASE) / layout.CHUNK_WORDS);
  const chunk = layout.CHUNK_BASE + k * layout.CHUNK_WORDS;
  const i = (s - chunk - layout.CHUNK_HEADER) / layout.SLOT_WORDS;
  w.or(chunk + READY + (i >> 5), 1 << (i & 31));
  w.or(chunk + SUMMARY, 1 << (i >> 5));
}

/** Calls `visit` with every slot of every chunk of `owner` (of all owners if 0), and the chunk. */
export function forEachSlot(
  w: SharedWords,
  owner: number,
  visit: (s: number, owner: number) => void,
): void {
  const count = w.load(layout.CHUNKS);
  for (let k = 0; k < count; k++) {
    const chunk = layout.CHUNK_BASE + k * layout.CHUNK_WORDS;
    const chunkOwner = w.load(chunk);
    if (chunkOwner === 0 || (owner !== 0 && chunkOwner !== owner)) continue;
    for (let i = 0; i < layout.CHUNK_SLOTS; i++) {
      visit(chunk + layout.CHUNK_HEADER + i * layout.SLOT_WORDS, chunkOwner);
    }
  }
}

/** Frees the chunks of a dead agent, whose slots are all free. */
export function freeChunks(w: SharedWords, owner: number): void {
  const count = w.load(layout.CHUNKS);
  for (let k = 0; k < count; k++) {
    const chunk = layout.CHUNK_BASE + k * layout.CHUNK_WORDS;
    if (w.load(chunk) !== owner) continue;
    for (let i = 0; i < layout.CHUNK_SLOTS; i++) {
      w.set(chunk + layout.CHUNK_HEADER + i * layout.SLOT_WORDS + layout.S_OBJECT, 0);
    }
    for (let i = SUMMARY; i < READY + 8; i++) w.store(chunk + i, 0);
    w.compareExchange(chunk, owner, 0);
  }
}
