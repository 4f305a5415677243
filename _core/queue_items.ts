/**
 * Items of a queue as cells.
 *
 * What is small is written as it is, plain bytes are copied once, and the codec does the rest. In a local queue an item stays
 * where it is, in a table of this thread: its number there is its ref, unless it needs a cell for its key.
 *
 * @module
 */

import { dropBuffers, fetchBuffers, keepBuffers } from "./buffer_broker.ts";
import { decodeRange, encodeInto, requiredModules } from "./codec.ts";
import type { Scope } from "./handle.ts";
import type { Heap } from "./heap.ts";
import type { Chunks } from "./queue_chunks.ts";
import { NotLoaded } from "./queue_errors.ts";
import type { Key } from "./queue_keys.ts";
import {
  CELL_KEY,
  CELL_KEY_LENGTH,
  isNumber,
  MOST_NUMBERS,
  numberOf,
  NUMERIC,
  refOf,
} from "./queue_layout.ts";

// From TEXT to CODED_WITH_BUFFERS, the tags are those from FIRST_SIZED to LAST_SIZED.
const INT = 1;
const FLOAT = 2;
const CONSTANT = 3;
const TEXT = 4;
const BYTES = 5;
const CODED = 6;
const CODED_WITH_BUFFERS = 7;
const LOCAL = 8;

const CONSTANTS: readonly unknown[] = [undefined, null, false, true];
/** Longest string that is written character by character. */
const SHORT_TEXT = 48;
/** Words before the payload of a cell without a key. */
const PLAIN = 2;
/** Bytes before the message of an item with shared buffers: their key. */
const BUFFERS_KEY = 8;

/** An item whose modules have to be imported before it can be read. */
export class Unloaded {
  readonly urls: readonly string[];
  constructor(urls: readonly string[]) {
    this.urls = urls;
  }
}

/** Writes and reads the items of a queue. */
export class Items {
  readonly #heap: Heap;
  readonly #chunks: Chunks;
  /** The items of a local queue. */
  readonly #table: unknown[] | null;
  readonly #free: number[] = [];
  readonly #target: "thread" | "process";

  /** Items in the heap of an arena, or in a table of this thread if they are local. */
  constructor(heap: Heap, chunks: Chunks, scope: Scope) {
    this.#heap = heap;
    this.#chunks = chunks;
    this.#table = scope === "local" ? [] : null;
    this.#target = scope === "process" ? "process" : "thread";
  }

  /**
   * Writes an item into a cell that nobody else knows.
   *
   * @throws {UnshareableError} If it cannot travel.
   * @throws {RangeError} If there is no memory for it.
   */
  write(item: unknown, key: Key | undefined): number {
    if (this.#table !== null) {
      const i = this.#keep(item);
      return key === undefined && i < MOST_NUMBERS ? refOf(i) : this.#word(LOCAL, key, i);
    }
    switch (typeof item) {
      case "number":
        if ((item | 0) === item && (item !== 0 || 1 / item > 0)) return this.#word(INT, key, item);
        return this.#float(item, key);
      case "string":
        if (item.length <= SHORT_TEXT) {
          const ref = this.#text(item, key);
          if (ref !== 0) return ref;
        }
        break;
      case "boolean":
        return this.#word(CONSTANT, key, item ? 3 : 2);
      case "undefined":
        return this.#word(CONSTANT, key, 0);
      case "object":
        if (item === null) return this.#word(CONSTANT, key, 1);
        if (isPlainBytes(item)) return this.#bytes(BYTES, item, item.length, key);
    }
    return encodeInto(
      item,
      this.#target,
      (bytes, length, buffers) =>
        buffers.length === 0
          ? this.#bytes(CODED, bytes, length, key)
          : this.#withBuffers(bytes, length, buffers, key),
      "item",
    );
  }

  #keep(item: unknown): number {
    const table = this.#table as unknown[];
    const i = this.#free.pop() ?? table.length;
    table[i] = item;
    return i;
  }

  #word(tag: number, key: Key | undefined, value: number): number {
    return this.#cell(tag, value, key, 0);
  }

  #float(value: number, key: Key | undefined): number {
    const ref = this.#cell(FLOAT, 8, key, 2);
    const { ints, floats } = this.#heap;
    floats[(ref + ((ints[ref] as number) >> 8)) >> 1] = value;
    return ref;
  }

  #text(text: string, key: Key | undefined): number {
    for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0xff) return 0;
    const ref = this.#cell(TEXT, text.length, key, (text.length + 3) >> 2);
    const { ints, bytes } = this.#heap;
    const at = (ref + ((ints[ref] as number) >> 8)) * 4;
    for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
    return ref;
  }

  #bytes(tag: number, source: Uint8Array, length: number, key: Key | undefined): number {
    const ref = this.#cell(tag, length, key, wordsFor(length));
    const { ints, bytes } = this.#heap;
    copyInto(bytes, (ref + ((ints[ref] as number) >> 8)) * 4, source, length);
    return ref;
  }

  #withBuffers(
    source: Uint8Array,
    length: number,
    buffers: SharedArrayBuffer[],
    key: Key | undefined,
  ): number {
    const total = BUFFERS_KEY + length;
    const ref = this.#cell(CODED_WITH_BUFFERS, total, key, wordsFor(total));
    const { ints, floats, bytes } = this.#heap;
    const payload = ref + ((ints[ref] as number) >> 8);
    floats[payload >> 1] = keepBuffers(buffers);
    copyInto(bytes, payload * 4 + BUFFERS_KEY, source, length);
    return ref;
  }

  /** Takes a cell with room for a payload, and writes what stands before it. */
  #cell(tag: number, length: number, key: Key | undefined, words: number): number {
    if (key === undefined) {
      const ref = this.#chunks.allocate(PLAIN + words);
      const { ints } = this.#heap;
      ints[ref] = tag | PLAIN << 8;
      ints[ref + 1] = length;
      return ref;
    }
    const keyWords = typeof key === "number" ? 2 : (key.length + 7) >> 3 << 1;
    const before = CELL_KEY + keyWords;
    if (before >= 1 << 22) {
      throw new RangeError("Cannot put item: its key is longer than 16 MiB");
    }
    const ref = this.#chunks.allocate(before + words);
    const { ints, floats, bytes } = this.#heap;
    ints[ref] = tag | before << 8;
    ints[ref + 1] = length;
    if (typeof key === "number") {
      ints[ref + CELL_KEY_LENGTH] = NUMERIC;
      floats[(ref + CELL_KEY) >> 1] = key;
    } else {
      ints[ref + CELL_KEY_LENGTH] = key.length;
      bytes.set(key, (ref + CELL_KEY) * 4);
    }
    return ref;
  }

  /** Takes an item of a local queue out of its place. */
  takeOut(ref: number): unknown {
    const table = this.#table as unknown[];
    const i = isNumber(ref) ? numberOf(ref) : this.#heap.ints[ref + 1] as number;
    const item = table[i];
    table[i] = undefined;
    this.#free.push(i);
    return item;
  }

  /** Reads the item in a cell; an {@linkcode Unloaded} if modules are missing. */
  read(ref: number): unknown {
    if (isNumber(ref)) return (this.#table as unknown[])[numberOf(ref)];
    if (ref >= this.#heap.limit) this.#heap.cover();
    const { ints, floats, bytes } = this.#heap;
    const head = ints[ref] as number;
    const length = ints[ref + 1] as number;
    const payload = ref + (head >> 8);
    switch (head & 0xff) {
      case INT:
        return length;
      case FLOAT:
        return floats[payload >> 1];
      case CONSTANT:
        return CONSTANTS[length];
      case TEXT: {
        let text = "";
        for (let i = payload * 4; i < payload * 4 + length; i++) {
          text += String.fromCharCode(bytes[i] as number);
        }
        return text;
      }
      case BYTES:
        this.#reach(payload, length);
        return this.#heap.bytes.slice(payload * 4, payload * 4 + length);
      case LOCAL:
        return (this.#table as unknown[])[length];
      case CODED:
        this.#reach(payload, length);
        return readMessage(this.#heap.bytes, payload * 4, payload * 4 + length, NO_BUFFERS);
      default: {
        this.#reach(payload, length);
        const buffers = fetchBuffers(this.#heap.floats[payload >> 1] as number);
        const start = payload * 4 + BUFFERS_KEY;
        return readMessage(this.#heap.bytes, start, payload * 4 + length, buffers);
      }
    }
  }

  /** A copy of the message in a cell whose modules are missing, and its shared buffers. */
  copyMessage(ref: number): { bytes: Uint8Array; buffers: SharedArrayBuffer[] } {
    const { ints, floats, bytes } = this.#heap;
    const head = ints[ref] as number;
    const payload = ref + (head >> 8);
    const end = payload * 4 + (ints[ref + 1] as number);
    if ((head & 0xff) === CODED) return { bytes: bytes.slice(payload * 4, end), buffers: [] };
    const buffers = fetchBuffers(floats[payload >> 1] as number);
    return { bytes: bytes.slice(payload * 4 + BUFFERS_KEY, end), buffers };
  }

  /** Copies what is in a cell, which may be gone afterwards; what this gives gives the item. */
  copy(ref: number): () => unknown {
    if (ref >= this.#heap.limit) this.#heap.cover();
    const { ints } = this.#heap;
    const head = ints[ref] as number;
    const tag = head & 0xff;
    const payload = ref + (head >> 8);
    const length = ints[ref + 1] as number;
    this.#reach(payload, length);
    if (tag !== CODED && tag !== CODED_WITH_BUFFERS && tag !== BYTES) {
      const value = this.read(ref);
      return () => value;
    }
    const start = payload * 4 + (tag === CODED_WITH_BUFFERS ? BUFFERS_KEY : 0);
    const bytes = copyOf(this.#heap.bytes, start, payload * 4 + length);
    if (!(bytes instanceof Uint8Array)) return bytes;
    if (tag === BYTES) return () => bytes;
    const key = tag === CODED ? 0 : this.#heap.floats[payload >> 1] as number;
    return () => {
      const value = readMessage(bytes, 0, bytes.length, key === 0 ? NO_BUFFERS : fetchBuffers(key));
      if (value instanceof Unloaded) throw new NotLoaded(value.urls);
      return value;
    };
  }

  /** Lets go of what a cell stands for, before it is freed. */
  forget(ref: number): void {
    if (this.#table !== null) return void this.takeOut(ref);
    if (ref >= this.#heap.limit) this.#heap.cover();
    const { ints, floats } = this.#heap;
    const head = ints[ref] as number;
    if ((head & 0xff) === CODED_WITH_BUFFERS) {
      dropBuffers(floats[(ref + (head >> 8)) >> 1] as number);
    }
  }

  #reach(payload: number, length: number): void {
    if (payload + (length >> 2) + 1 >= this.#heap.limit) this.#heap.cover();
  }
}

const NO_BUFFERS: SharedArrayBuffer[] = [];
/** The length of an item is said in a word, and so is its place. */
const MOST_BYTES = 2 ** 31 - 1 - 4096;

/** How many words so many bytes take. */
function wordsFor(bytes: number): number {
  if (bytes <= MOST_BYTES) return (bytes + 3) >> 2;
  throw new RangeError(`Cannot put item: it takes ${bytes} bytes, more than ${MOST_BYTES}`);
}

function readMessage(
  bytes: Uint8Array,
  start: number,
  end: number,
  buffers: SharedArrayBuffer[],
): unknown {
  const urls = requiredModules(bytes, start, end);
  return urls.length === 0 ? decodeRange(bytes, start, end, buffers) : new Unloaded(urls);
}

/** Copies bytes; if there is no memory for them, gives what throws that. */
function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array | (() => never) {
  try {
    return bytes.slice(start, end);
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

function copyInto(bytes: Uint8Array, at: number, source: Uint8Array, length: number): void {
  if (length <= 64) { for (let i = 0; i < length; i++) bytes[at + i] = source[i] as number; }
  else bytes.set(length === source.length ? source : source.subarray(0, length), at);
}

/** Whether all there is to a value are the bytes of its own buffer. */
function isPlainBytes(item: object): item is Uint8Array {
  if (Object.getPrototypeOf(item) !== Uint8Array.prototype) return false;
  const { buffer, length } = item as Uint8Array;
  return buffer instanceof ArrayBuffer && buffer.byteLength === length && !buffer.resizable;
}
