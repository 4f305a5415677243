/**
 * Bytes as arguments.
 *
 * @module
 */

/** Bytes that can be sent: a buffer, or a view of one. */
export type BytesLike = ArrayBufferLike | ArrayBufferView;

/**
 * Gives a view of bytes.
 *
 * @throws {TypeError} If they are none.
 */
export function viewOf(bytes: BytesLike, what: string): Uint8Array {
  if (ArrayBuffer.isView(bytes)) {
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  // This is also how a buffer of another realm, and one that is shared, is told.
  if (Object.prototype.toString.call(bytes).endsWith("ArrayBuffer]")) return new Uint8Array(bytes);
  throw new TypeError(
    `Cannot ${what}: expected a buffer or a view of one, as Uint8Array: received ${typeof bytes}`,
  );
}

/**
 * Gives a part of bytes.
 *
 * @throws {RangeError} If it does not lie within them.
 */
export function partOf(
  bytes: Uint8Array,
  offset: number,
  size: number | undefined,
  what: string,
): Uint8Array {
  checkIndex("offset", offset, bytes.length, what);
  if (size === undefined) return offset === 0 ? bytes : bytes.subarray(offset);
  checkIndex("size", size, bytes.length - offset, what);
  return bytes.subarray(offset, offset + size);
}

/**
 * Checks a number of bytes.
 *
 * @throws {TypeError} If it is no number.
 * @throws {RangeError} If it is no integer from 0 to `most`.
 */
export function checkIndex(name: string, value: number, most: number, what: string): void {
  if (typeof value !== "number") {
    throw new TypeError(`Cannot ${what}: '${name}' must be a number: received ${typeof value}`);
  }
  if (Number.isInteger(value) && value >= 0 && value <= most) return;
  const range = most === Infinity ? "an integer of at least 0" : `an integer from 0 to ${most}`;
  throw new RangeError(`Cannot ${what}: '${name}' must be ${range}: received ${value}`);
}

/** Copies bytes, unless they are all there is to a plain array that the caller has just made. */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  return copy;
}
