/**
 * An array in shared memory.
 *
 * @module
 */

import {
  createElements,
  type Elements,
  openElements,
  publishElements,
} from "../_core/array_pages.ts";
import { HANDLE, type HandleRecord } from "../_core/handle.ts";
import { TYPE_RLOCK } from "../_core/layout.ts";
import { checkScope, createPlace, handleOf, type Place, registerPlaced } from "../_core/place.ts";
import {
  type ArrayTypes,
  describe,
  type Format,
  formatOf,
  type TypeCode,
  wrongType,
} from "../_core/type_codes.ts";
import { InvalidStateError } from "../errors.ts";
import { ownedRLock, type RLock } from "../sync/rlock.ts";
import { checkLock, type SharedOptions } from "./shared_options.ts";

/** What a `SharedArray` can be filled with: numbers, bigints, booleans or code points, as its type code says. */
export type SharedArrayItem<C extends TypeCode> = C extends "u" ? string | number
  : C extends "?" ? boolean | number
  : ArrayTypes[C][number];

/** What a typed array in shared memory has besides the methods of all typed arrays. */
export interface SharedArrayMethods {
  /**
   * Gives the lock of this array: the same one, wherever the array goes.
   *
   * @throws {InvalidStateError} If the array was created with `lock: false`.
   */
  getLock(): RLock;
}

/** A typed array in shared memory: an `Int32Array` for `"i"`, a `Float64Array` for `"d"`, and so on. */
export type SharedArray<C extends TypeCode> = ArrayTypes[C] & SharedArrayMethods;

/** Creates arrays in shared memory, with `new` or without. */
export interface SharedArrayConstructor {
  /**
   * Creates an array.
   *
   * @param typecode What the elements are.
   * @param sizeOrValues How many elements, all 0, or what they hold at first.
   * @param options `scope`: `"thread"` (default) to share it between threads, `"process"` between processes too,
   * `"local"` for one thread alone; `lock`: whether it has a lock (default: true).
   * @throws {TypeError} If the type code is unknown, a value is of the wrong type, or an option is wrong.
   * @throws {RangeError} If the size is no integer, is below 0, or is more than there is shared memory.
   */
  new <C extends TypeCode>(
    typecode: C,
    sizeOrValues: number | Iterable<SharedArrayItem<C>>,
    options?: SharedOptions,
  ): SharedArray<C>;
  /**
   * Creates an array.
   *
   * @param typecode What the elements are.
   * @param sizeOrValues How many elements, all 0, or what they hold at first.
   * @param options `scope`: `"thread"` (default) to share it between threads, `"process"` between processes too,
   * `"local"` for one thread alone; `lock`: whether it has a lock (default: true).
   * @throws {TypeError} If the type code is unknown, a value is of the wrong type, or an option is wrong.
   * @throws {RangeError} If the size is no integer, is below 0, or is more than there is shared memory.
   */
  <C extends TypeCode>(
    typecode: C,
    sizeOrValues: number | Iterable<SharedArrayItem<C>>,
    options?: SharedOptions,
  ): SharedArray<C>;
}

/** What is known of an array besides its elements. */
interface Innards {
  readonly code: TypeCode;
  readonly place: Place;
  readonly hasLock: boolean;
  lock: RLock | null;
}

const innards: WeakMap<object, Innards> = new WeakMap();

/**
 * A typed array in shared memory, which every thread that has it can read and change.
 *
 * It is a real typed array: an `Int8Array` for `"b"`, `Uint8Array` for `"B"`, `"c"` and `"?"` (0 and 1), `Int16Array` for
 * `"h"`, `Uint16Array` for `"H"`, `Int32Array` for `"i"`, `Uint32Array` for `"I"` and `"u"` (code points), `BigInt64Array`
 * for `"l"` and `"q"`, `BigUint64Array` for `"L"` and `"Q"`, `Float32Array` for `"f"`, `Float64Array` for `"d"`. Numbers
 * that are too large wrap around, as in C.
 *
 * `subarray` gives a plain view of the same memory, `slice` and `map` give plain copies. Only the array itself can be sent
 * to a thread. Its `buffer` is all the memory that threads share (at scope `"process"`, that of the array): keep to its
 * `byteOffset` and `byteLength`.
 *
 * Single elements are read and written as by any typed array over shared memory: for more than that, hold the lock, or use
 * `Atomics`.
 *
 * An array takes whole pages of 4 KiB. Once it was sent to another thread, it lives as long as the program.
 *
 * @example Usage
 * ```ts
 * import { SharedArray } from "@nogil/std/process";
 * import { assertEquals } from "@std/assert";
 *
 * const numbers = SharedArray("i", 10);
 * await numbers.getLock().with(() => numbers.forEach((_, i) => numbers[i] = -i));
 * assertEquals(numbers.at(-1), -9);
 * assertEquals(SharedArray("u", "añb").length, 3);
 * ```
 */
export const SharedArray: SharedArrayConstructor = createArray as unknown as SharedArrayConstructor;

function createArray(
  typecode: TypeCode,
  sizeOrValues: unknown,
  options?: SharedOptions,
): SharedArray<TypeCode> {
  const format = formatOf(typecode, "SharedArray");
  const scope = checkScope(options, "SharedArray");
  const hasLock = checkLock(options, "SharedArray");
  const items = typeof sizeOrValues === "number"
    ? checkSize(sizeOrValues)
    : toElements(sizeOrValues, typecode, format);
  const length = typeof items === "number" ? items : items.length;
  const place = createPlace(TYPE_RLOCK, scope);
  const array = createElements(place, format, length, prototypeOf(format));
  if (typeof items !== "number") (array as Float64Array).set(items as number[]);
  return tie(array, { code: typecode, place, hasLock, lock: null });
}

function tie(array: Elements, of: Innards): SharedArray<TypeCode> {
  innards.set(array, of);
  return array as SharedArray<TypeCode>;
}

function checkSize(size: number): number {
  if (Number.isSafeInteger(size) && size >= 0) return size;
  throw new RangeError(
    `Cannot create SharedArray: its size must be an integer of at least 0: received ${size}`,
  );
}

function toElements(values: unknown, code: TypeCode, format: Format): (number | bigint)[] {
  const isIterable = typeof values === "string" ||
    (typeof values === "object" && values !== null && Symbol.iterator in values);
  if (!isIterable) {
    throw new TypeError(
      `Cannot create SharedArray: expected a size or an iterable of values: received ${
        describe(values)
      }`,
    );
  }
  return Array.from(values as Iterable<unknown>, (value) => {
    const element = format.toElement(value);
    if (element === undefined) throw wrongType("create SharedArray", code, format, value);
    return element;
  });
}

const prototypes: Map<unknown, object> = new Map();

/** Gives what the arrays of a format inherit from. Their constructor is the plain one, also for copies and subarrays. */
function prototypeOf({ Elements }: Format): object {
  let prototype = prototypes.get(Elements);
  if (prototype === undefined) {
    prototype = Object.create(Elements.prototype, {
      getLock: { value: getLock, writable: true, configurable: true },
      [HANDLE]: { value: toHandle },
    }) as object;
    prototypes.set(Elements, prototype);
  }
  return prototype;
}

function getLock(this: SharedArray<TypeCode>): RLock {
  const of = innardsOf(this);
  if (!of.hasLock) {
    throw new InvalidStateError("Cannot get lock: the array was created with { lock: false }");
  }
  return of.lock ??= ownedRLock(of.place, this);
}

function toHandle(this: SharedArray<TypeCode>, target: "thread" | "process"): HandleRecord {
  const { code, place, hasLock } = innardsOf(this);
  const record = handleOf(place, this, "process/SharedArray", target, [code, hasLock]);
  publishElements(place);
  return record;
}

function innardsOf(array: object): Innards {
  const of = innards.get(array);
  if (of === undefined) throw new TypeError("Cannot use SharedArray: 'this' is not one");
  return of;
}

registerPlaced("process/SharedArray", import.meta.url, (place, extra) => {
  const [code, hasLock] = extra as [TypeCode, boolean];
  const format = formatOf(code, "SharedArray");
  const array = openElements(place, format, prototypeOf(format));
  return tie(array, { code, place, hasLock, lock: null });
});
