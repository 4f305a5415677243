/**
 * Signs of life of a thread, for another one that looks at them while the first is blocked, and what the first is at.
 *
 * @module
 */

const BEATS = 0;
const LENGTH = 1;
const HEADER_BYTES = 8;
/** Longer texts are cut off. */
const TEXT_BYTES = 4096;

/** The signs of life of one thread. */
export class Heartbeat {
  /** What the other thread makes its own of. */
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #text: Uint8Array<SharedArrayBuffer>;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(HEADER_BYTES + TEXT_BYTES)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer, 0, HEADER_BYTES / 4);
    this.#text = new Uint8Array(buffer, HEADER_BYTES);
  }

  /** How many there were, modulo a large number. */
  get beats(): number {
    return Atomics.load(this.#words, BEATS);
  }

  /** Gives a sign of life. */
  beat(): void {
    Atomics.add(this.#words, BEATS, 1);
  }

  /** What the thread is at. Whole only while it is blocked. */
  get text(): string {
    return new TextDecoder().decode(this.#text.slice(0, Atomics.load(this.#words, LENGTH)));
  }

  set text(text: string) {
    const bytes = new TextEncoder().encode(text).subarray(0, TEXT_BYTES);
    this.#text.set(bytes);
    Atomics.store(this.#words, LENGTH, bytes.length);
  }
}
