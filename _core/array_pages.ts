/**
 * Typed arrays in the heap of an arena, each known by the record of a lock.
 *
 * @module
 */

import { MAIN } from "./layout.ts";
import { adopt, type Place } from "./place.ts";
import type { ArrayTypes, Format, TypeCode } from "./type_codes.ts";

/** Word of the record: the address in the heap. */
const ADDRESS = MAIN + 4;
/** Word of the record: the number of elements. */
const LENGTH = MAIN + 5;

/** A typed array of any type code. */
export type Elements = ArrayTypes[TypeCode];

/**
 * Makes an array of zeros for a new record. The record and the pages live until the array and all views on its memory
 * have been collected, or for ever once another thread has known it.
 *
 * @throws {RangeError} If the heap is full.
 */
export function createElements(
  place: Place,
  format: Format,
  length: number,
  prototype: object,
): Elements {
  const { arena, id } = place.agent;
  const byteLength = length * format.Elements.BYTES_PER_ELEMENT;
  let address: number;
  try {
    address = arena.heap.allocate(byteLength, id);
  } catch (error) {
    arena.freeObject(place.o);
    throw error;
  }
  arena.heap.bytesAt(address, byteLength).fill(0);
  arena.words.store(place.o + LENGTH, length | 0);
  arena.words.store(place.o + ADDRESS, address);
  const elements = openElements(place, format, prototype);
  adopt(place, elements.buffer, () => arena.heap.free(address));
  return elements;
}

/** Opens the array of a record. */
export function openElements(place: Place, format: Format, prototype: object): Elements {
  const { words, heap, memory } = place.agent.arena;
  if (memory === null) throw new RangeError("Cannot open an array: there is no memory here");
  const { Elements } = format;
  const length = words.load(place.o + LENGTH) >>> 0;
  const start = heap.byteOffset(words.load(place.o + ADDRESS));
  const { buffer, byteOffset } = memory.part(start, length * Elements.BYTES_PER_ELEMENT);
  return Object.setPrototypeOf(new Elements(buffer, byteOffset, length), prototype);
}

/** Makes sure that the pages outlive this thread: another one is about to know them. */
export function publishElements(place: Place): void {
  const { words, heap } = place.agent.arena;
  heap.publish(words.load(place.o + ADDRESS));
}
