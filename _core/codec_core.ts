/**
 * Values as bytes: whatever goes to another thread or process goes through here.
 *
 * It carries all that structured clone carries, cycles and shared references included, and errors with their class, tasks,
 * plain functions, handles and instances of shareable classes. All else is refused with an `UnshareableError`.
 *
 * @module
 */

import { type DecodeOptions, Decoder } from "./codec_decoder.ts";
import { Encoder } from "./codec_encoder.ts";
import { readRequirements } from "./codec_modules.ts";
import { HAS_MODULES } from "./codec_tags.ts";
import type { Encoded, Target } from "./codec_types.ts";
import { isMet } from "./module_registry.ts";

export type { DecodeOptions, Encoded, Target };

/** Encoders and decoders that are at rest. A getter or a handle may encode while an encoder is at work. */
const encoders: Encoder[] = [];
const decoders: Decoder[] = [];

const NO_BUFFERS: readonly SharedArrayBuffer[] = [];
const NO_MOVED: readonly ArrayBuffer[] = [];
const NO_MODULES: readonly string[] = [];

/**
 * Encodes a value.
 *
 * @param value The value.
 * @param target What it has to reach: another thread of this process, or another process.
 * @param root The name of the value in error messages, such as `"args"`. Default: `"value"`.
 * @returns Bytes of their own, and the raw shared buffers that go beside them.
 * @throws {UnshareableError} If something in the value cannot travel; the message names the path to it.
 * @throws {RangeError} If the value is nested too deeply.
 */
export function encode(value: unknown, target: Target, root = "value"): Encoded {
  return encodeWith(value, target, root, false);
}

/**
 * Encodes an instance of a shareable class as a copy, even if it is a handle too.
 *
 * @param value The instance.
 * @param target What it has to reach.
 * @param root The name of the value in error messages. Default: `"value"`.
 * @throws {UnshareableError} If its class is not shareable, or something in it cannot travel.
 */
export function encodeInstance(value: object, target: Target, root = "value"): Encoded {
  return encodeWith(value, target, root, true);
}

/**
 * Encodes a value and hands its bytes to a function without copying them.
 *
 * @param value The value.
 * @param target What it has to reach.
 * @param use Gets the buffer, the length of the message at its start, and the raw shared buffers; the bytes are valid
 * until it returns.
 * @param root The name of the value in error messages. Default: `"value"`.
 * @param moved Buffers that go beside the message as they are, with the shared ones, and not as copies of their bytes.
 * @param place Gives memory, as often as asked, for a message that holds large runs of bytes; `use` hears whether the
 * message lies in what it gave last.
 * @returns What `use` returns.
 */
export function encodeInto<T>(
  value: unknown,
  target: Target,
  use: (bytes: Uint8Array, length: number, buffers: SharedArrayBuffer[], placed: boolean) => T,
  root = "value",
  moved: readonly ArrayBuffer[] = NO_MOVED,
  place: ((bytes: number) => Uint8Array) | null = null,
): T {
  const encoder = encoders.pop() ?? new Encoder();
  const own = encoder.bytes;
  try {
    encoder.moved = moved;
    encoder.place = place as Encoder["place"];
    const length = encoder.write(value, target, root);
    return use(encoder.bytes, length, encoder.buffers, encoder.placed);
  } finally {
    encoder.moved = NO_MOVED;
    encoder.place = null;
    if (encoder.placed) {
      encoder.placed = false;
      encoder.bytes = own;
    }
    encoder.shrink();
    encoders.push(encoder);
  }
}

function encodeWith(value: unknown, target: Target, root: string, asInstance: boolean): Encoded {
  const encoder = encoders.pop() ?? new Encoder();
  try {
    const length = encoder.write(value, target, root, asInstance);
    return { bytes: copyBytes(encoder.bytes, length), buffers: encoder.buffers };
  } finally {
    encoder.shrink();
    encoders.push(encoder);
  }
}

/** Copies the first bytes of a buffer. The engine keeps up to 64 bytes in its heap, if nothing but a loop touches them. */
function copyBytes(bytes: Uint8Array, length: number): Uint8Array {
  if (length > 64) return bytes.slice(0, length);
  const copy = new Uint8Array(length);
  for (let i = 0; i < length; i++) copy[i] = bytes[i] as number;
  return copy;
}

/**
 * Decodes a message.
 *
 * What {@linkcode requiredModules} names has to be imported before.
 *
 * @param bytes The bytes of the message, and nothing else.
 * @param buffers The raw shared buffers that came with it.
 * @param options How to treat the bytes, if they come from elsewhere.
 * @returns The value.
 * @throws {TypeError} If the bytes are no message, or hold what is not known here, or not allowed.
 * @throws {RangeError} If the message is longer or nested more deeply than allowed.
 */
export function decode(
  bytes: Uint8Array,
  buffers?: readonly SharedArrayBuffer[],
  options?: DecodeOptions,
): unknown {
  return decodeRange(bytes, 0, bytes.length, buffers, options);
}

/** Decodes a message that lies in `bytes` from `start` to `end`, as {@linkcode decode} does. */
export function decodeRange(
  bytes: Uint8Array,
  start: number,
  end: number,
  buffers?: readonly SharedArrayBuffer[],
  options?: DecodeOptions,
): unknown {
  const decoder = decoders.pop() ?? new Decoder();
  try {
    return decoder.read(bytes, start, end, buffers ?? NO_BUFFERS, options);
  } finally {
    decoders.push(decoder);
  }
}

/**
 * Gives the URLs of the modules that have to be imported before a message can be decoded in this thread.
 *
 * Nothing is listed whose tasks, shareable classes and handles are known here already: so the answer is nearly always the
 * same empty array.
 */
export function requiredModules(
  bytes: Uint8Array,
  start = 0,
  end: number = bytes.length,
): readonly string[] {
  if (((bytes[start] ?? 0) & HAS_MODULES) === 0) return NO_MODULES;
  const urls: string[] = [];
  for (const requirement of readRequirements(bytes, start, end)) {
    if (!isMet(requirement) && !urls.includes(requirement.url)) urls.push(requirement.url);
  }
  return urls;
}

/** Gives the URLs of all modules that a message names, loaded here or not. */
export function namedModules(bytes: Uint8Array): readonly string[] {
  if (((bytes[0] ?? 0) & HAS_MODULES) === 0) return NO_MODULES;
  return [...new Set(readRequirements(bytes, 0, bytes.length).map(({ url }) => url))];
}
