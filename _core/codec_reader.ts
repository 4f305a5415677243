/**
 * Reads the primitives of the wire format, and never past the end.
 *
 * @module
 */

import * as tag from "./codec_tags.ts";

const textDecoder = new TextDecoder("utf-8", { ignoreBOM: true });

// One number, seen as eight bytes.
const scratch = new ArrayBuffer(8);
const scratchBytes = new Uint8Array(scratch);
const scratchFloat = new Float64Array(scratch);
const scratchBigint = new BigInt64Array(scratch);

/** The short strings that were read last, by a hash of their bytes: most are keys, and come again. */
const shortStrings: string[] = new Array(1024).fill("");

/** Bytes, and a position in them. */
export class ByteReader {
  /** The bytes to read. */
  bytes: Uint8Array = new Uint8Array(0);
  /** The position of the next byte. */
  pos = 0;
  /** The position behind the last byte. */
  end = 0;

  /** Reads one byte. */
  byte(): number {
    if (this.pos >= this.end) throw corrupt("it ends too early");
    return this.bytes[this.pos++] as number;
  }

  /** Reads an unsigned integer of at most 53 bits. */
  varint(): number {
    let byte = this.byte();
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    let scale = 128;
    do {
      byte = this.byte();
      value += (byte & 0x7f) * scale;
      scale *= 128;
    } while (byte >= 0x80 && scale <= 2 ** 49);
    if (byte >= 0x80 || value > Number.MAX_SAFE_INTEGER) throw corrupt("a number is too long");
    return value;
  }

  /** Reads an unsigned integer that cannot be larger than the number of bytes that are left, divided by `size`. */
  count(size = 1): number {
    const count = this.varint();
    if (count * size > this.end - this.pos) throw corrupt("it ends too early");
    return count;
  }

  /** Reads a signed integer of 32 bits. */
  int(): number {
    const value = this.varint();
    if (value > 0xffffffff) throw corrupt("a number is too long");
    return (value >>> 1) ^ -(value & 1);
  }

  /** Reads the eight bytes of a number. */
  float(): number {
    this.#scratch();
    return scratchFloat[0] as number;
  }

  /** Reads the eight bytes of a bigint. */
  bigint64(): bigint {
    this.#scratch();
    return scratchBigint[0] as bigint;
  }

  /** Reads a string with its tag. */
  string(): string {
    const kind = this.byte();
    if (kind >= tag.SHORT_STRING && kind < tag.SHORT_STRING_END) {
      return this.shortString(kind - tag.SHORT_STRING);
    }
    return this.longString(kind);
  }

  /** Reads an ASCII string of less than 32 characters. */
  shortString(length: number): string {
    const { bytes, pos } = this;
    if (length > this.end - pos) throw corrupt("it ends too early");
    this.pos = pos + length;
    let hash = length;
    for (let i = pos; i < pos + length; i++) {
      hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
    }
    hash = (hash ^ (hash >>> 15)) & 1023;
    const known = shortStrings[hash] as string;
    if (known.length === length) {
      let i = 0;
      while (i < length && known.charCodeAt(i) === bytes[pos + i]) i++;
      if (i === length) return known;
    }
    let text = "";
    for (let i = pos; i < pos + length; i++) {
      const code = bytes[i] as number;
      if (code >= 0x80) throw corrupt("a string is not what its tag says");
      text += String.fromCharCode(code);
    }
    return shortStrings[hash] = text;
  }

  /** Reads what follows the tag of a string. */
  longString(kind: number): string {
    if (kind === tag.ASCII || kind === tag.UTF8) {
      const start = this.skip(this.count());
      return textDecoder.decode(this.bytes.subarray(start, this.pos));
    }
    if (kind !== tag.UTF16) throw corrupt("a string was expected");
    const length = this.count(2);
    let pos = this.skip(length * 2);
    let text = "";
    while (pos < this.pos) {
      const codes: number[] = [];
      for (let i = 0; i < 1024 && pos < this.pos; i++, pos += 2) {
        codes.push((this.bytes[pos] as number) | ((this.bytes[pos + 1] as number) << 8));
      }
      text += String.fromCharCode(...codes);
    }
    return text;
  }

  /** Steps over `count` bytes and gives the position of the first. */
  skip(count: number): number {
    const start = this.pos;
    if (count > this.end - start) throw corrupt("it ends too early");
    this.pos = start + count;
    return start;
  }

  #scratch(): void {
    const start = this.skip(8);
    for (let i = 0; i < 8; i++) scratchBytes[i] = this.bytes[start + i] as number;
  }
}

/** Makes the error for bytes that no encoder has written. */
export function corrupt(why: string): TypeError {
  return new TypeError(`Cannot decode message: ${why}`);
}
