/**
 * Writes the objects that are neither plain nor arrays.
 *
 * @module
 */

import { UnshareableError } from "../errors.ts";
import type { Encoder } from "./codec_encoder.ts";
import * as tag from "./codec_tags.ts";
import { isErrorObject, writeError } from "./error_codec.ts";
import { FunctionRefusal, sourceRef } from "./function_ref.ts";
import { HANDLE, type Handled, type HandleRecord } from "./handle.ts";
import { handleRequirement, moduleRef, shareableClass } from "./module_registry.ts";
import { unshareableReason } from "./unshareable_reason.ts";

/** The numbers of the kinds of views, by prototype. */
const viewKinds: Map<object, number> = new Map();
tag.VIEW_KINDS.forEach((kind, index) => {
  if (kind !== undefined) viewKinds.set(kind.prototype as object, index);
});

const getDate = Date.prototype.getTime;

/** Writes an object whose prototype is not that of a plain object or array. */
export function writeOther(encoder: Encoder, value: object, proto: object | null): void {
  if (isErrorObject(value)) return writeError(encoder, value);
  if (writeRegisteredInstance(encoder, value, proto)) return;
  switch (proto) {
    case Map.prototype:
      return encoder.container(value, tag.MAP);
    case Set.prototype:
      return encoder.container(value, tag.SET);
    case Date.prototype:
      encoder.add(value);
      encoder.byte(tag.DATE);
      return encoder.float(getDate.call(value));
    case RegExp.prototype: {
      const { source, flags } = value as RegExp;
      encoder.add(value);
      encoder.byte(tag.REGEXP);
      encoder.string(source);
      return encoder.string(flags);
    }
    case ArrayBuffer.prototype:
      return writeBuffer(encoder, value as ArrayBuffer);
    case SharedArrayBuffer.prototype:
      return writeSharedBuffer(encoder, value as SharedArrayBuffer);
  }
  if (ArrayBuffer.isView(value)) return writeView(encoder, value, proto);
  if (isBoxed(value)) {
    encoder.add(value);
    encoder.byte(tag.BOXED);
    return encoder.value(value.valueOf());
  }
  if (isForeignPlain(value, proto)) {
    return encoder.container(value, Array.isArray(value) ? tag.ARRAY : tag.OBJECT);
  }
  encoder.fail(unshareableReason(value));
}

/** Writes an instance of a shareable class as such. */
export function writeInstance(encoder: Encoder, value: object): void {
  if (!writeRegisteredInstance(encoder, value, Object.getPrototypeOf(value))) {
    encoder.fail(unshareableReason(value));
  }
}

/** Writes a handle: its type and the data from which it is rebuilt. */
export function writeHandle(encoder: Encoder, value: Handled): void {
  encoder.add(value);
  const record = recordOf(encoder, value);
  encoder.require(handleRequirement(record.type));
  encoder.byte(tag.HANDLE_RECORD);
  encoder.string(record.type);
  encoder.whole(record.data);
}

/** Gives the record of a handle; if it does not travel, the error says where in the message it stands. */
function recordOf(encoder: Encoder, value: Handled): HandleRecord {
  try {
    return value[HANDLE](encoder.target);
  } catch (error) {
    if (!(error instanceof UnshareableError) || error.path !== null) throw error;
    const { path } = encoder;
    const [, what, reason] = /^Cannot send (.+?): (.+)$/s.exec(error.message) ?? [];
    if (what === undefined || path === encoder.root) throw error;
    throw new UnshareableError(`Cannot send ${path} (${what}): ${reason}`, { path });
  }
}

/** Writes a task or a shareable class by its name, any other function by its source. */
// deno-lint-ignore ban-types -- functions of any signature, classes included
export function writeFunction(encoder: Encoder, value: Function): void {
  if (writeRegistered(encoder, value)) return;
  let ref;
  try {
    ref = sourceRef(value);
  } catch (error) {
    if (error instanceof FunctionRefusal) encoder.fail(error.message);
    throw error;
  }
  encoder.add(value);
  encoder.byte(tag.FUNCTION);
  encoder.string(ref.source);
  encoder.varint(ref.globals.length);
  for (const name of ref.globals) encoder.string(name);
}

/** Writes the place of a task or a shareable class; tells whether the function is one. */
// deno-lint-ignore ban-types -- functions of any signature, classes included
export function writeRegistered(encoder: Encoder, value: Function): boolean {
  const ref = moduleRef(value);
  if (ref === null) return false;
  encoder.require(ref);
  encoder.add(value);
  encoder.byte(tag.REGISTERED);
  encoder.string(ref.url);
  encoder.varint(ref.index);
  encoder.varint(ref.hash);
  return true;
}

function writeRegisteredInstance(encoder: Encoder, value: object, proto: object | null): boolean {
  const constructor = shareableClass(proto);
  if (constructor === null) return false;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof RegExp) {
    encoder.fail(
      `class ${constructor.name} extends a built-in class whose instances cannot be rebuilt, send a plain one`,
    );
  }
  encoder.container(value, baseOf(value), () => encoder.value(constructor));
  return true;
}

/** Gives the tag of the built-in class that an instance extends. */
function baseOf(value: object): number {
  if (Array.isArray(value)) return tag.ARRAY;
  if (value instanceof Map) return tag.MAP;
  if (value instanceof Set) return tag.SET;
  if (value instanceof Date) return tag.DATE;
  return tag.OBJECT;
}

function writeBuffer(encoder: Encoder, buffer: ArrayBuffer): void {
  const bytes = checkAttached(encoder, buffer);
  encoder.add(buffer);
  if (encoder.moved.length > 0 && encoder.moved.includes(buffer)) {
    encoder.byte(tag.SHARED_BUFFER);
    encoder.varint((encoder.buffers as ArrayBufferLike[]).push(buffer) - 1);
    return;
  }
  if (buffer.resizable) {
    encoder.byte(tag.RESIZABLE_BUFFER);
    encoder.varint(bytes.length);
    encoder.varint(buffer.maxByteLength);
  } else {
    encoder.byte(tag.BUFFER);
    encoder.varint(bytes.length);
  }
  encoder.raw(bytes);
}

/** Gives the bytes of a buffer that still has them. */
function checkAttached(encoder: Encoder, buffer: ArrayBufferLike): Uint8Array {
  try {
    return new Uint8Array(buffer);
  } catch {
    encoder.fail("its buffer is detached: it was transferred elsewhere");
  }
}

function writeSharedBuffer(encoder: Encoder, buffer: SharedArrayBuffer): void {
  if (encoder.target === "process") {
    encoder.fail(
      "a SharedArrayBuffer reaches the threads of one process only, send a SharedArray or a SharedMemory",
    );
  }
  encoder.add(buffer);
  encoder.byte(tag.SHARED_BUFFER);
  encoder.varint(encoder.buffers.push(buffer) - 1);
}

function writeView(encoder: Encoder, view: ArrayBufferView, proto: object | null): void {
  let kind = proto === null ? undefined : viewKinds.get(proto);
  const { Buffer } = globalThis as { Buffer?: { prototype: object } };
  // A Buffer of Node is a window on a pool that it shares with others: only the window travels.
  const window = kind === undefined && Buffer !== undefined && proto === Buffer.prototype;
  if (window) kind = viewKinds.get(Uint8Array.prototype);
  if (kind === undefined) encoder.fail(unshareableReason(view));
  const { buffer } = view;
  checkAttached(encoder, buffer);
  const { byteOffset, byteLength } = view;
  encoder.add(view);
  encoder.byte(tag.VIEW);
  encoder.varint(kind);
  if (window && buffer instanceof ArrayBuffer) {
    encoder.varint(0);
    encoder.varint(byteLength + 1);
    return writeBuffer(encoder, buffer.slice(byteOffset, byteOffset + byteLength));
  }
  encoder.varint(byteOffset);
  encoder.varint(isTracking(view) ? 0 : ((view as { length?: number }).length ?? byteLength) + 1);
  encoder.value(buffer);
}

/** Tells whether a view follows the length of its buffer: one that reaches the end of a buffer that can grow. */
function isTracking(view: ArrayBufferView): boolean {
  const { buffer } = view as { buffer: { resizable?: boolean; growable?: boolean } };
  if (buffer.resizable !== true && buffer.growable !== true) return false;
  const rest = view.buffer.byteLength - view.byteOffset - view.byteLength;
  return rest < ((view as { BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? 1);
}

/** Tells whether an object is a primitive in a wrapper. */
function isBoxed(value: object): boolean {
  return value instanceof Number || value instanceof String || value instanceof Boolean ||
    value instanceof BigInt || value instanceof Symbol;
}

/** Tells whether an object is plain in another realm, such as a `node:vm` context. */
function isForeignPlain(value: object, proto: object | null): boolean {
  if (proto === null || !Object.hasOwn(proto, "constructor")) return false;
  const name: unknown = proto.constructor?.name;
  if (Array.isArray(value)) return name === "Array" && Array.isArray(proto);
  return name === "Object" && Object.getPrototypeOf(proto) === null &&
    Object.hasOwn(proto, "isPrototypeOf");
}
