/**
 * Writes the primitives of the wire format into a buffer that grows.
 *
 * @module
 */

import * as tag from "./codec_tags.ts";

const textEncoder = new TextEncoder();

// One number, seen as eight bytes.
const scratch = new ArrayBuffer(8);
const scratchBytes = new Uint8Array(scratch);
const scratchFloat = new Float64Array(scratch);
const scratchBigint = new BigInt64Array(scratch);

/** Buffers above this size are not kept for the next message. */
const KEEP_BYTES = 1 << 20;
const START_BYTES = 1024;
/** Larger runs of bytes are written where they are wanted in the end, and not copied there later. */
const LARGE_BYTES = 1 << 16;
/** Room behind a large run of bytes for what follows. */
const SLACK_BYTES = 4096;

/** A growing buffer and a position in it. */
export class ByteWriter {
  /** The buffer; what is written ends at `pos`. */
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(START_BYTES);
  /** The number of bytes that are written. */
  pos = 0;

  /** Gives memory for a message with a large run of bytes; `null`: it is written to memory of its own. */
  place: ((bytes: number) => Uint8Array<ArrayBuffer>) | null = null;
  /** Whether the message is where `place` has said. */
  placed = false;

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    const need = this.pos + count;
    if (need <= this.bytes.length) return;
    this.#move(Math.max(need, this.bytes.length * 2));
  }

  #move(size: number): void {
    const { place, placed } = this;
    const grown = placed && place !== null ? place(size) : new Uint8Array(size);
    grown.set(this.bytes.subarray(0, this.pos));
    this.bytes = grown;
  }

  /** Lets go of a buffer that an unusually large message has left. */
  shrink(): void {
    if (this.bytes.length > KEEP_BYTES) this.bytes = new Uint8Array(START_BYTES);
  }

  /** Writes one byte. */
  byte(value: number): void {
    if (this.pos === this.bytes.length) this.reserve(1);
    this.bytes[this.pos++] = value;
  }

  /** Writes an unsigned integer of at most 53 bits, seven bits a byte. */
  varint(value: number): void {
    this.reserve(8);
    while (value >= 0x80) {
      this.bytes[this.pos++] = (value & 0x7f) | 0x80;
      value = value < 0x80000000 ? value >>> 7 : Math.floor(value / 128);
    }
    this.bytes[this.pos++] = value;
  }

  /** Writes a number as a value. */
  number(value: number): void {
    if ((value | 0) === value && (value !== 0 || 1 / value > 0)) {
      if (value >= 0 && value < 0x80) {
        this.byte(value);
      } else {
        this.byte(tag.INT);
        this.varint(((value << 1) ^ (value >> 31)) >>> 0);
      }
    } else {
      this.byte(tag.FLOAT);
      this.float(value);
    }
  }

  /** Writes the eight bytes of a number. */
  float(value: number): void {
    scratchFloat[0] = value;
    this.#scratch();
  }

  /** Writes a bigint as a value. */
  bigint(value: bigint): void {
    if (BigInt.asIntN(64, value) === value) {
      this.byte(tag.BIGINT64);
      scratchBigint[0] = value;
      this.#scratch();
    } else {
      this.byte(tag.BIGINT);
      this.string(value.toString(16));
    }
  }

  /** Writes a string as a value. */
  string(text: string): void {
    const length = text.length;
    if (length < 32) {
      this.reserve(length + 1);
      const { bytes, pos } = this;
      let i = 0;
      for (; i < length; i++) {
        const code = text.charCodeAt(i);
        if (code >= 0x80) break;
        bytes[pos + 1 + i] = code;
      }
      if (i === length) {
        bytes[pos] = tag.SHORT_STRING | length;
        this.pos = pos + 1 + length;
        return;
      }
    }
    this.#longString(text);
  }

  /** Writes bytes as they are. */
  raw(bytes: Uint8Array): void {
    if (bytes.length > LARGE_BYTES && this.place !== null && !this.placed) {
      this.placed = true;
      this.#move(this.pos + bytes.length + SLACK_BYTES);
    }
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.pos);
    this.pos += bytes.length;
  }

  #scratch(): void {
    this.reserve(8);
    const { bytes, pos } = this;
    for (let i = 0; i < 8; i++) bytes[pos + i] = scratchBytes[i] as number;
    this.pos = pos + 8;
  }

  #longString(text: string): void {
    const encoded = text.length > 0x10000 ? textEncoder.encode(text) : null;
    if (encoded !== null) {
      if (encoded.length !== text.length && !text.isWellFormed()) return this.#utf16(text);
      this.byte(encoded.length === text.length ? tag.ASCII : tag.UTF8);
      this.varint(encoded.length);
      this.raw(encoded);
      return;
    }
    // At most three bytes a code unit: the length takes three bytes at most, here always three.
    this.reserve(text.length * 3 + 4);
    const { bytes, pos } = this;
    const { written } = textEncoder.encodeInto(text, bytes.subarray(pos + 4));
    if (written !== text.length && !text.isWellFormed()) return this.#utf16(text);
    bytes[pos] = written === text.length ? tag.ASCII : tag.UTF8;
    bytes[pos + 1] = (written & 0x7f) | 0x80;
    bytes[pos + 2] = ((written >> 7) & 0x7f) | 0x80;
    bytes[pos + 3] = written >> 14;
    this.pos = pos + 4 + written;
  }

  #utf16(text: string): void {
    this.byte(tag.UTF16);
    this.varint(text.length);
    this.reserve(text.length * 2);
    const { bytes } = this;
    let { pos } = this;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      bytes[pos++] = code & 0xff;
      bytes[pos++] = code >> 8;
    }
    this.pos = pos;
  }
}
