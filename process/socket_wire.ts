/**
 * Messages as they go over sockets: frames.
 *
 * ```text
 * frame   length of the rest: 4 bytes, little endian | kind: 1 byte | payload
 * kind    VALUE: a message of the codec | BYTES
 * ```
 *
 * What goes out lies in the queue as a frame, what comes in as a frame without its length. What comes in is never trusted:
 * it is data and nothing else.
 *
 * @module
 */

import { UnshareableError } from "../errors.ts";
import { decodeRange, encodeInto } from "../_core/codec.ts";
import { FUNCTION, HAS_MODULES } from "../_core/codec_tags.ts";
import type { Wire } from "./wire.ts";

/** Bytes that a message may have, unless it was said otherwise. */
export const MOST_BYTES: number = 64 * 1024 * 1024;
/** The most that can be allowed. */
export const LIMIT: number = 2 ** 31 - 64;

const VALUE = 0;
const BYTES = 1;
const HEADER = 5;

/** What travels with a connection over a socket. */
export interface SocketLuggage {
  /** How many bytes a message may have. */
  maxBytes: number;
}

/** Makes the wire of a socket. */
export function socketWire(luggage: SocketLuggage): Wire {
  const { maxBytes } = luggage;
  return {
    pack: (value) =>
      encodeInto(value, "process", (bytes, length) => {
        checkPlain(bytes, length);
        return frameOf(VALUE, bytes, length, maxBytes);
      }, "message"),
    packBytes: (bytes) => frameOf(BYTES, bytes, bytes.length, maxBytes),
    unpack(item) {
      if (!(item instanceof Uint8Array)) throw item;
      if (item[0] === BYTES) return item.slice(1);
      return decodeRange(item, 1, item.length, [], { untrusted: true, maxBytes });
    },
    luggage(target) {
      if (target === "thread") return luggage;
      throw new UnshareableError(
        "Cannot send Connection: a socket belongs to its process, connect to the Listener from there, or send a Pipe",
      );
    },
  };
}

/** Refuses at the sender what the receiver would refuse. */
function checkPlain(bytes: Uint8Array, length: number): void {
  let refused = ((bytes[0] as number) & HAS_MODULES) !== 0;
  if (!refused && bytes.subarray(0, length).includes(FUNCTION)) {
    try {
      decodeRange(bytes, 0, length, [], {
        untrusted: true,
        maxBytes: Infinity,
        maxDepth: Infinity,
      });
    } catch {
      refused = true;
    }
  }
  if (!refused) return;
  throw new UnshareableError(
    "Cannot send message: a socket carries plain data, and no functions, tasks, handles or instances of classes",
  );
}

function frameOf(kind: number, bytes: Uint8Array, length: number, maxBytes: number): Uint8Array {
  if (length > maxBytes) {
    throw new RangeError(
      `Cannot send message: it has ${length} bytes, more than the ${maxBytes} of 'maxBytes'`,
    );
  }
  const frame = new Uint8Array(HEADER + length);
  new DataView(frame.buffer).setUint32(0, length + 1, true);
  frame[4] = kind;
  frame.set(bytes.subarray(0, length), HEADER);
  return frame;
}

/** Cuts a stream of bytes into frames without their lengths. */
export class FrameReader {
  readonly #maxBytes: number;
  #chunks: Uint8Array[] = [];
  #size = 0;
  /** Bytes of the frame that is coming, its length included; 0 while that is not known. */
  #wanted = 0;

  /** Makes a reader of frames of so many bytes at most. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether a part of a frame has come. */
  get isInside(): boolean {
    return this.#size > 0;
  }

  /**
   * Takes bytes, and gives the frames that are whole.
   *
   * @throws {RangeError} If a frame is too long.
   * @throws {TypeError} If what has come is no frame.
   */
  *push(bytes: Uint8Array): Generator<Uint8Array> {
    this.#chunks.push(bytes);
    this.#size += bytes.length;
    for (;;) {
      if (this.#wanted === 0) {
        if (this.#size < HEADER) return;
        this.#wanted = this.#readHeader();
      }
      if (this.#size < this.#wanted) return;
      const all = this.#join();
      const frame = all.slice(4, this.#wanted);
      this.#chunks = this.#wanted < all.length ? [all.subarray(this.#wanted)] : [];
      this.#size -= this.#wanted;
      this.#wanted = 0;
      yield frame;
    }
  }

  #readHeader(): number {
    const all = this.#join();
    const length = new DataView(all.buffer, all.byteOffset, 4).getUint32(0, true);
    if (length > this.#maxBytes + 1) {
      throw new RangeError(
        `Cannot receive: a message of ${
          length - 1
        } bytes is more than the ${this.#maxBytes} of 'maxBytes'`,
      );
    }
    const kind = all[4] as number;
    if (length === 0 || kind > BYTES) {
      throw new TypeError("Cannot receive: what came is no message");
    }
    return length + 4;
  }

  #join(): Uint8Array {
    if (this.#chunks.length === 1) return this.#chunks[0] as Uint8Array;
    const all = new Uint8Array(this.#size);
    let at = 0;
    for (const chunk of this.#chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    this.#chunks = [all];
    return all;
  }
}
