/**
 * What a process and its child tell each other over the control channel: frames of a length (4 bytes, little endian), a
 * type (1 byte) and bytes.
 *
 * ```text
 * child → parent   HELLO     which connection this is, and the child's half of the key where one is needed: the first frame
 *                  RESULT    what the target has returned, encoded
 *                  ERROR     what it has thrown, encoded
 *                  PREPARED  it stands by
 *                  EXITING   all its code has run, and it exits with this code (4 bytes): the last frame
 * both             LINE      bytes for who has opened the line: see `own_line.ts`
 * parent → child   WELCOME   the parent's half of the key: the first frame
 *                  REQUEST   what the child is and what it shall do, encoded: once
 *                  PREPARE   it shall load what most processes need, and stand by
 * ```
 *
 * The key travels to the child in its environment, which only their user can see. Each side shows its half before the other
 * obeys it or tells it anything.
 *
 * @module
 */

import { joinBytes } from "./join_bytes.ts";

/** Type of a frame. */
export const HELLO = 1;
/** Type of a frame. */
export const REQUEST = 2;
/** Type of a frame. */
export const RESULT = 3;
/** Type of a frame. */
export const ERROR = 4;
/** Type of a frame. */
export const PREPARE = 5;
/** Type of a frame. */
export const PREPARED = 6;
/** Type of a frame. */
export const EXITING = 7;
/** Type of a frame. */
export const LINE = 8;
/** Type of a frame. */
export const WELCOME = 9;

/** In a {@linkcode HELLO}: the connection of the child's main thread. */
export const CONTROL = 1;
/** In a {@linkcode HELLO}: the connection of the thread that watches for the end of the parent. */
export const WATCH = 2;
/** In a {@linkcode HELLO}: the connection of the main thread of a child for which the system watches, the only one. */
export const ALONE = 3;

/** The environment variable with the key, where one is needed. */
export const KEY_VARIABLE = "NOGIL_KEY";

const HEADER = 5;
/** Characters in the half of a key. */
const HALF = 36;

/** Gives a frame. */
export function frame(type: number, bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(HEADER + bytes.length);
  new DataView(whole.buffer).setUint32(0, bytes.length, true);
  whole[4] = type;
  whole.set(bytes, HEADER);
  return whole;
}

/** Gives a key. */
export function makeKey(): string {
  return crypto.randomUUID() + crypto.randomUUID();
}

/** Gives the first frame of a child's connection; the key is `""` where none is needed. */
export function hello(role: number, key: string): Uint8Array {
  const bytes = new TextEncoder().encode(key.slice(0, HALF));
  const payload = new Uint8Array(1 + bytes.length);
  payload[0] = role;
  payload.set(bytes, 1);
  return frame(HELLO, payload);
}

/** Tells which connection a first frame announces; 0 when it has another key. */
export function roleOf(payload: Uint8Array, key: string): number {
  const same = new TextDecoder().decode(payload.subarray(1)) === key.slice(0, HALF);
  return same ? payload[0] ?? 0 : 0;
}

/** Gives the first frame of the parent. */
export function welcome(key: string): Uint8Array {
  return frame(WELCOME, new TextEncoder().encode(key.slice(HALF)));
}

/** Whether the first frame of a parent shows that it has the key. */
export function isWelcome(payload: Uint8Array, key: string): boolean {
  return new TextDecoder().decode(payload) === key.slice(HALF);
}

/** Gives the last frame. */
export function exiting(code: number): Uint8Array {
  const payload = new Uint8Array(4);
  new DataView(payload.buffer).setInt32(0, code, true);
  return frame(EXITING, payload);
}

/** Gives the exit code that a last frame tells. */
export function exitCodeOf(payload: Uint8Array): number {
  return new DataView(payload.buffer, payload.byteOffset).getInt32(0, true);
}

/** Puts frames together again. */
export class FrameReader {
  readonly #onFrame: (type: number, payload: Uint8Array) => void;
  #chunks: Uint8Array[] = [];
  #size = 0;

  /** Calls a function with each frame that is whole. */
  constructor(onFrame: (type: number, payload: Uint8Array) => void) {
    this.#onFrame = onFrame;
  }

  /** Takes what has come. */
  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    while (this.#size >= HEADER) {
      const header = this.#peek(HEADER);
      const length = new DataView(header.buffer, header.byteOffset).getUint32(0, true);
      if (this.#size < HEADER + length) return;
      const whole = this.#peek(HEADER + length);
      this.#drop(HEADER + length);
      this.#onFrame(whole[4] as number, whole.slice(HEADER));
    }
  }

  /** Gives the first bytes; joins the first chunks if they do not lie in one. */
  #peek(length: number): Uint8Array {
    const first = this.#chunks[0] as Uint8Array;
    if (first.length >= length) return first.subarray(0, length);
    const joined = joinBytes(this.#chunks);
    this.#chunks = [joined];
    return joined.subarray(0, length);
  }

  #drop(length: number): void {
    this.#size -= length;
    const first = this.#chunks[0] as Uint8Array;
    if (first.length > length) this.#chunks[0] = first.subarray(length);
    else this.#chunks.shift();
  }
}
