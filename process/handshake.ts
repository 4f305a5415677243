/**
 * How both sides of a socket find out that they speak the same language and know the same key.
 *
 * ```text
 * server ─▶ MAGIC, whether there is a key, nonce S
 * client ─▶ MAGIC, whether there is a key, nonce C, HMAC(key, "client" S C)
 * server ─▶ yes or no, HMAC(key, "server" S C)
 * client ─▶ yes or no
 * ```
 *
 * The server proves nothing to a client that has proved nothing, and a proof for one role is none for the other. Lengths
 * are fixed, so that nobody can make the other side keep more than a few bytes.
 *
 * @module
 */

import { AuthenticationError, EndOfFileError } from "../errors.ts";
import { joinBytes } from "./join_bytes.ts";

/** What is used of the sockets' module. */
export interface Crypto {
  /** Gives bytes that nobody can guess. */
  randomNonce(length: number): Uint8Array;
  /** Proves that somebody knows a key. */
  proof(key: Uint8Array, role: string, ...nonces: Uint8Array[]): Uint8Array;
  /** Compares two proofs in a time that tells nothing. */
  sameBytes(a: Uint8Array, b: Uint8Array): boolean;
}

const MAGIC = new Uint8Array([0x4e, 0x4f, 0x47, 0x49, 0x4c, 1]);
const NONCE = 32;
const PROOF = 32;
const HELLO = MAGIC.length + 1 + NONCE;

/** The bytes of a stream, as they are asked for. */
export class ByteQueue {
  #bytes: Uint8Array = new Uint8Array(0);
  #ended = false;
  #wake: (() => void) | null = null;

  /** How many have come and were not asked for. */
  get length(): number {
    return this.#bytes.length;
  }

  /** Takes bytes that have come. */
  push(bytes: Uint8Array): void {
    const all = new Uint8Array(this.#bytes.length + bytes.length);
    all.set(this.#bytes);
    all.set(bytes, this.#bytes.length);
    this.#bytes = all;
    this.#wake?.();
  }

  /** Says that no more will come. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /**
   * Gives the next so many bytes.
   *
   * @throws {EndOfFileError} If there will never be as many.
   */
  async read(count: number): Promise<Uint8Array> {
    while (this.#bytes.length < count) {
      if (this.#ended) throw new EndOfFileError("Cannot connect: the other side has gone");
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const bytes = this.#bytes.slice(0, count);
    this.#bytes = this.#bytes.slice(count);
    return bytes;
  }

  /** Gives all that is left. */
  rest(): Uint8Array {
    return this.#bytes;
  }
}

/**
 * Lets a client in.
 *
 * @throws {AuthenticationError} If it does not know the key.
 * @throws {EndOfFileError} If it is gone, or no client at all.
 */
export async function welcome(
  crypto: Crypto,
  key: Uint8Array | null,
  stream: ByteQueue,
  write: (bytes: Uint8Array) => void,
): Promise<void> {
  const ours = crypto.randomNonce(NONCE);
  write(joinBytes([MAGIC, flag(key !== null), ours]));
  const { hasKey, nonce } = readHello(await stream.read(HELLO));
  const shown = await stream.read(PROOF);
  const isRight = hasKey === (key !== null) &&
    (key === null || crypto.sameBytes(shown, crypto.proof(key, "client", ours, nonce)));
  const own = isRight && key !== null
    ? crypto.proof(key, "server", ours, nonce)
    : new Uint8Array(PROOF);
  write(joinBytes([flag(isRight), own]));
  if (!isRight) {
    throw new AuthenticationError("Cannot accept connection: the client does not know the key");
  }
  if ((await stream.read(1))[0] !== 1) {
    throw new AuthenticationError("Cannot accept connection: the client does not trust this side");
  }
}

/**
 * Introduces a client.
 *
 * @throws {AuthenticationError} If one of both does not know the key.
 * @throws {EndOfFileError} If the other side is gone, or no listener at all.
 */
export async function introduce(
  crypto: Crypto,
  key: Uint8Array | null,
  stream: ByteQueue,
  write: (bytes: Uint8Array) => void,
): Promise<void> {
  const { nonce } = readHello(await stream.read(HELLO));
  const ours = crypto.randomNonce(NONCE);
  const own = key === null ? new Uint8Array(PROOF) : crypto.proof(key, "client", nonce, ours);
  write(joinBytes([MAGIC, flag(key !== null), ours, own]));
  const verdict = await stream.read(1 + PROOF);
  if (verdict[0] !== 1) {
    throw new AuthenticationError("Cannot connect: the listener has another key, or none");
  }
  const isRight = key === null ||
    crypto.sameBytes(verdict.subarray(1), crypto.proof(key, "server", nonce, ours));
  write(flag(isRight));
  if (!isRight) {
    throw new AuthenticationError("Cannot connect: the listener does not know the key");
  }
}

function readHello(hello: Uint8Array): { hasKey: boolean; nonce: Uint8Array } {
  if (MAGIC.some((byte, i) => hello[i] !== byte)) {
    throw new EndOfFileError("Cannot connect: the other side is no Listener of this library");
  }
  return { hasKey: hello[MAGIC.length] === 1, nonce: hello.slice(MAGIC.length + 1) };
}

function flag(value: boolean): Uint8Array {
  return new Uint8Array([value ? 1 : 0]);
}
