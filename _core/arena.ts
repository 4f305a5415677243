/**
 * The memory of one scope: agents, objects, wait slots and a heap of pages, as `layout.ts` lays them out.
 *
 * @module
 */

import type { Scope } from "./handle.ts";
import { Heap } from "./heap.ts";
import * as layout from "./layout.ts";
import { BufferMemory, type Memory } from "./memory.ts";
import { LocalWords, type SharedWords, ThreadWords } from "./shared_words.ts";

/** A block of memory that agents share. */
export class Arena {
  /** The words of the tables. */
  readonly words: SharedWords;
  /** The pages behind the tables. */
  readonly heap: Heap;
  /** The memory itself; `null` in a simulation without a heap. */
  readonly memory: Memory | null;
  /** How far it reaches. */
  readonly scope: Scope;
  readonly #freeObjects: number[] = [];

  /** Puts an arena over words that exist. */
  constructor(words: SharedWords, memory: Memory | null, scope: Scope) {
    this.words = words;
    this.memory = memory;
    this.scope = scope;
    this.heap = new Heap(words, memory);
    words.compareExchange(layout.MAGIC, 0, layout.LAYOUT_VERSION);
    if (words.load(layout.MAGIC) !== layout.LAYOUT_VERSION) {
      throw otherVersion();
    }
  }

  /** Creates the arena of a process' threads, or one for this thread alone. */
  static create(scope: "local" | "thread"): Arena {
    const memory = BufferMemory.reserve(layout.HEAP_BYTE_BASE);
    const view = new Int32Array(memory.buffer, 0, layout.CONTROL_WORDS);
    return new Arena(
      scope === "local" ? new LocalWords(view) : new ThreadWords(view),
      memory,
      scope,
    );
  }

  /** Opens the arena that another thread has created. */
  static open(buffer: SharedArrayBuffer): Arena {
    const view = new Int32Array(buffer, 0, layout.CONTROL_WORDS);
    return new Arena(new ThreadWords(view), new BufferMemory(buffer), "thread");
  }

  /** The memory that other threads are given; `null` where there is none. */
  get buffer(): SharedArrayBuffer | null {
    return this.memory instanceof BufferMemory ? this.memory.buffer : null;
  }

  /** Whether no other agent than the creator can ever see it. */
  get isLocal(): boolean {
    return this.scope === "local";
  }

  /**
   * Takes a free object record, all of its words 0 but its type.
   *
   * @throws {RangeError} If there are as many objects as the arena can hold.
   */
  allocateObject(type: number): number {
    for (let o; (o = this.#freeObjects.pop()) !== undefined;) if (this.#claim(o, type)) return o;
    const k = this.words.add(layout.OBJECTS, 1) + 1;
    if (k < layout.MAX_OBJECTS) {
      const o = layout.OBJECT_BASE + k * layout.OBJECT_WORDS;
      this.words.back(o, layout.OBJECT_WORDS);
      if (this.#claim(o, type)) return o;
    } else this.words.add(layout.OBJECTS, -1);
    return this.#findObject(type);
  }

  /** Gives an object record back. Nobody may be queued at it. */
  freeObject(o: number): void {
    for (let i = layout.OBJECT_WORDS - 1; i > layout.OWNER; i--) this.words.store(o + i, 0);
    this.words.store(o + layout.FLAGS, 0);
    this.words.store(o + layout.LATCH, 0);
    this.words.store(o + layout.OWNER, 0);
    this.words.store(o + layout.TYPE, 0);
    this.#freeObjects.push(o);
  }

  /** Index of the last object record that was ever used. */
  get lastObject(): number {
    const count = Math.min(this.words.load(layout.OBJECTS), layout.MAX_OBJECTS - 1);
    return layout.OBJECT_BASE + count * layout.OBJECT_WORDS;
  }

  #claim(o: number, type: number): boolean {
    return this.words.compareExchange(o + layout.TYPE, 0, type) === 0;
  }

  #findObject(type: number): number {
    for (
      let o = layout.OBJECT_BASE + layout.OBJECT_WORDS;
      o <= this.lastObject;
      o += layout.OBJECT_WORDS
    ) {
      this.words.back(o, layout.OBJECT_WORDS);
      if (this.words.load(o + layout.TYPE) === 0 && this.#claim(o, type)) return o;
    }
    throw new RangeError(
      `Cannot create object: ${layout.MAX_OBJECTS - 1} exist, and none has been collected`,
    );
  }
}

/** The error for memory of another layout. */
export function otherVersion(): TypeError {
  return new TypeError("Cannot share memory: the other side runs another version of @nogil/std");
}
