/**
 * Makes the objects that the decoder then fills, or refuses what cannot be made.
 *
 * @module
 */

import { corrupt } from "./codec_reader.ts";
import * as tag from "./codec_tags.ts";
import { BLANK, type BlankMaker } from "./blank.ts";

/** Makes an instance of a class without running its constructor; `base` is the tag of what the class extends. */
export function blankInstance(constructor: unknown, base: number): object {
  if (typeof constructor !== "function") throw corrupt("the class of an instance is none");
  const prototype = constructor.prototype as object;
  switch (base) {
    case tag.OBJECT:
      return BLANK in constructor
        ? (constructor as unknown as BlankMaker)[BLANK](constructor as unknown as BlankClass)
        : Object.create(prototype);
    case tag.ARRAY:
      return Object.setPrototypeOf([], prototype);
    case tag.MAP:
      return Object.setPrototypeOf(new Map(), prototype);
    case tag.SET:
      return Object.setPrototypeOf(new Set(), prototype);
    case tag.DATE:
      return Object.setPrototypeOf(new Date(0), prototype);
    default:
      throw corrupt("the base of an instance is unknown");
  }
}

type BlankClass = Parameters<BlankMaker[typeof BLANK]>[0];

/** Makes a regular expression. */
export function makeRegExp(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, flags);
  } catch {
    throw corrupt("a regular expression is malformed");
  }
}

/** Makes a bigint from hexadecimal digits, perhaps after a minus sign. */
export function makeBigint(digits: string): bigint {
  if (!/^-?[0-9a-f]+$/.test(digits)) throw corrupt("a bigint is malformed");
  return digits.startsWith("-") ? -BigInt(`0x${digits.slice(1)}`) : BigInt(`0x${digits}`);
}

/** Wraps a primitive into an object. */
export function makeBoxed(value: unknown): object {
  if (value === null || typeof value === "object" || typeof value === "function") {
    throw corrupt("a wrapper holds no primitive");
  }
  return Object(value) as object;
}

/** Makes a buffer with a copy of bytes; it can grow up to `max` bytes if that is not `null`. */
export function makeBuffer(bytes: Uint8Array, max: number | null): ArrayBuffer {
  if (max !== null && max < bytes.length) throw corrupt("a buffer is too long");
  const buffer = max === null
    ? new ArrayBuffer(bytes.length)
    : new ArrayBuffer(bytes.length, { maxByteLength: max });
  new Uint8Array(buffer).set(bytes);
  return buffer;
}

/** Makes a view on a buffer; `length` is one too high, and 0 for a view that follows the buffer's length. */
export function makeView(kind: number, buffer: unknown, offset: number, length: number): object {
  const make = tag.VIEW_KINDS[kind];
  if (make === undefined) throw corrupt("the kind of a view is unknown here");
  if (!(buffer instanceof ArrayBuffer) && !(buffer instanceof SharedArrayBuffer)) {
    throw corrupt("a view is on no buffer");
  }
  try {
    return length === 0 ? new make(buffer, offset) : new make(buffer, offset, length - 1);
  } catch {
    throw corrupt("a view does not fit its buffer");
  }
}
