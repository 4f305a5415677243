/**
 * Keys of a priority queue: what decides which item is first, in a form that any thread can compare without running code
 * of the program.
 *
 * Numbers, bigints and booleans compare by value, strings by code point, arrays item by item, as in Python. A number is
 * a key as it is; everything else becomes bytes, in which what is smaller comes first:
 *
 * ```text
 * number    0x10, largest double <= it (8 bytes, in order), then what a bigint has beyond it
 * string    0x20, UTF-8 with 0 as 0 255, 0
 * array     0x30, items, 0
 * other     0x40: has no order, but may stand in an array behind what decides
 * ```
 *
 * @module
 */

const END = 0;
const NUMBER = 0x10;
const STRING = 0x20;
const ARRAY = 0x30;
const OTHER = 0x40;
const MOST_DEPTH = 1000;

/** A key: a number, or bytes. */
export type Key = number | Uint8Array;

/**
 * Makes the key of a value.
 *
 * @throws {TypeError} If the value has no order.
 */
export function makeKey(value: unknown): Key {
  switch (typeof value) {
    case "number":
      if (Number.isNaN(value)) break;
      return value === 0 ? 0 : value;
    case "boolean":
      return value ? 1 : 0;
    case "bigint": {
      const near = Number(value);
      if (Number.isSafeInteger(near)) return near;
      return new KeyWriter().write(value);
    }
    case "string":
      return new KeyWriter().write(value);
    default:
      if (Array.isArray(value)) return new KeyWriter().write(value);
  }
  throw new TypeError(
    `Cannot put item: ${describe(value)} has no order; put numbers, strings or arrays of them, ` +
      "or give the queue a 'key' or a 'compare' function",
  );
}

function describe(value: unknown): string {
  if (value === null || value === undefined || typeof value === "number") return String(value);
  if (typeof value === "object") return "an object";
  return `a ${typeof value}`;
}

const float = new Float64Array(1);
const floatBytes = new Uint8Array(float.buffer);

class KeyWriter {
  #bytes: Uint8Array = new Uint8Array(32);
  #length = 0;

  write(value: unknown): Uint8Array {
    this.#value(value, 0);
    return this.#bytes.subarray(0, this.#length);
  }

  #byte(byte: number): void {
    if (this.#length === this.#bytes.length) {
      const longer = new Uint8Array(this.#length * 2);
      longer.set(this.#bytes);
      this.#bytes = longer;
    }
    this.#bytes[this.#length++] = byte;
  }

  #value(value: unknown, depth: number): void {
    if (typeof value === "string") this.#string(value);
    else if (typeof value === "number" && !Number.isNaN(value)) this.#number(value);
    else if (typeof value === "boolean") this.#number(value ? 1 : 0);
    else if (typeof value === "bigint") this.#bigint(value);
    else if (Array.isArray(value)) {
      if (depth === MOST_DEPTH) {
        throw new RangeError(`Cannot put item: its key is nested more than ${MOST_DEPTH} deep`);
      }
      this.#byte(ARRAY);
      for (const item of value) this.#value(item, depth + 1);
      this.#byte(END);
    } else this.#byte(OTHER);
  }

  #string(text: string): void {
    this.#byte(STRING);
    for (let i = 0; i < text.length; i++) {
      const code = text.codePointAt(i) as number;
      if (code < 0x80) {
        this.#byte(code);
        if (code === 0) this.#byte(0xff);
      } else if (code < 0x800) {
        this.#byte(0xc0 | code >> 6);
        this.#byte(0x80 | code & 0x3f);
      } else {
        if (code > 0xffff) {
          i++;
          this.#byte(0xf0 | code >> 18);
          this.#byte(0x80 | code >> 12 & 0x3f);
        } else this.#byte(0xe0 | code >> 12);
        this.#byte(0x80 | code >> 6 & 0x3f);
        this.#byte(0x80 | code & 0x3f);
      }
    }
    this.#byte(END);
  }

  #number(value: number): void {
    this.#double(value);
    this.#byte(0);
  }

  #double(value: number): void {
    this.#byte(NUMBER);
    float[0] = value === 0 ? 0 : value;
    const flip = (floatBytes[7] as number) >= 0x80 ? 0xff : 0;
    for (let i = 7; i >= 0; i--) {
      this.#byte((floatBytes[i] as number) ^ (i === 7 && flip === 0 ? 0x80 : flip));
    }
  }

  #bigint(value: bigint): void {
    let below = Number(value);
    if (below === Infinity) below = Number.MAX_VALUE;
    if (below === -Infinity) {
      this.#double(below);
      const bytes = bytesOf(-value);
      this.#count(0xffffffff - bytes.length);
      for (const byte of bytes) this.#byte(0xff - byte);
      return;
    }
    if (BigInt(below) > value) below = nextBelow(below);
    this.#double(below);
    const rest = value - BigInt(below);
    if (rest === 0n) return this.#byte(0);
    const bytes = bytesOf(rest);
    this.#count(bytes.length);
    for (const byte of bytes) this.#byte(byte);
  }

  /** A length behind a 1, by which it is more than nothing at all. */
  #count(count: number): void {
    this.#byte(1);
    for (let shift = 24; shift >= 0; shift -= 8) this.#byte(count >>> shift & 0xff);
  }
}

function nextBelow(value: number): number {
  float[0] = value;
  const bits = new BigInt64Array(float.buffer);
  bits[0] = (bits[0] as bigint) + (value > 0 ? -1n : 1n);
  return float[0] as number;
}

function bytesOf(value: bigint): number[] {
  const hex = value.toString(16);
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  return Array.from(
    { length: even.length / 2 },
    (_, i) => parseInt(even.slice(2 * i, 2 * i + 2), 16),
  );
}

/** Gives a key as bytes. */
export function keyBytes(key: number): Uint8Array {
  return new KeyWriter().write(key);
}

/** What {@linkcode compareKeys} found last: whether the keys have no order. */
let unordered = false;

/** Whether the keys that were compared last have no order. */
export function wereUnordered(): boolean {
  return unordered;
}

/**
 * Compares two keys that lie in `a` from `i` and in `b` from `j`: less than 0 if the first is smaller. Those that have no
 * order are ordered by their types.
 */
export function compareKeys(a: Uint8Array, i: number, b: Uint8Array, j: number): number {
  unordered = false;
  for (let depth = 0;;) {
    const tag = a[i++] as number;
    const other = b[j++] as number;
    if (tag !== other || tag === OTHER) {
      unordered = tag !== END && other !== END;
      return tag - other;
    }
    if (tag === ARRAY) depth++;
    else if (tag === END) depth--;
    else if (tag === STRING) {
      for (;; i++, j++) {
        const difference = (a[i] as number) - (b[j] as number);
        // An END is 0, and followed by no 255: so it comes before a 0 within the other string.
        if (difference !== 0) return difference;
        if (a[i] === 0) {
          const inside = a[i + 1] === 0xff;
          if (inside !== (b[j + 1] === 0xff)) return inside ? 1 : -1;
          if (!inside) break;
        }
      }
      i++;
      j++;
    } else {
      const end = i + 8;
      for (; i < end; i++, j++) {
        const difference = (a[i] as number) - (b[j] as number);
        if (difference !== 0) return difference;
      }
      const difference = compareRest(a, i, b, j);
      if (difference !== 0) return difference;
      i += restLength(a, i);
      j += restLength(b, j);
    }
    if (depth === 0) return 0;
  }
}

/** Compares what two numbers have beyond the same double. */
function compareRest(a: Uint8Array, i: number, b: Uint8Array, j: number): number {
  const end = i + restLength(a, i);
  for (; i < end; i++, j++) {
    const difference = (a[i] as number) - (b[j] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

function restLength(bytes: Uint8Array, i: number): number {
  if (bytes[i] === 0) return 1;
  let count = 0;
  for (let k = i + 1; k < i + 5; k++) count = count * 256 + (bytes[k] as number);
  // A long negative bigint has the complement of its length.
  return 5 + (count > 0x7fffffff ? 0xffffffff - count : count);
}
