/**
 * A value in shared memory.
 *
 * @module
 */

import { HANDLE, type HandleRecord, type Scope } from "../_core/handle.ts";
import { TYPE_RLOCK } from "../_core/layout.ts";
import type { AcquireOptions } from "../_core/lock_core.ts";
import {
  adopt,
  checkScope,
  createPlace,
  handleOf,
  type Place,
  registerPlaced,
} from "../_core/place.ts";
import { formatOf, type TypeCode, type TypeCodes, wrongType } from "../_core/type_codes.ts";
import { ValueCell } from "../_core/value_cell.ts";
import { InvalidStateError } from "../errors.ts";
import { ownedRLock, type RLock } from "../sync/rlock.ts";
import { checkLock, type SharedOptions } from "./shared_options.ts";

/** What can be added to a value of each type code; nothing to what is no number. */
export type Summand<C extends TypeCode> = C extends "c" | "u" | "?" ? never : TypeCodes[C];

let revived: Place | null = null;

/**
 * A number, character or boolean in shared memory, which every thread that has it can read and change.
 *
 * The type code says what lies in memory, as in C: an integer that is too large wraps around, a number under `"f"` is
 * rounded to 32 bits.
 *
 * | code | value | bits |
 * | --- | --- | --- |
 * | `b` `B` | an integer, signed or unsigned | 8 |
 * | `h` `H` | an integer, signed or unsigned | 16 |
 * | `i` `I` | an integer, signed or unsigned | 32 |
 * | `l` `L`, `q` `Q` | a `bigint`, signed or unsigned | 64 |
 * | `f`, `d` | a number | 32, 64 |
 * | `?` | a boolean | 8 |
 * | `c` | one byte, as a `Uint8Array` of length 1 | 8 |
 * | `u` | one code point, as a string | 32 |
 *
 * Each method and each access to `value` is atomic by itself. `shared.value += 1` is two of them, between which another
 * thread may change the value: use {@linkcode Value.add}, or hold the lock.
 *
 * @example Usage
 * ```ts
 * import { Value } from "@nogil/std/process";
 * import { assertEquals } from "@std/assert";
 *
 * const count = new Value("i", 5);
 * count.add(1);
 * await count.with(() => count.value *= 2);
 * assertEquals(count.value, 12);
 * ```
 */
export class Value<C extends TypeCode> {
  readonly #code: C;
  readonly #place: Place;
  readonly #cell: ValueCell<C>;
  readonly #hasLock: boolean;
  #lock: RLock | null = null;

  /**
   * Creates a value.
   *
   * @param typecode What lies in memory.
   * @param value What it holds at first. Default: 0, `"\0"` or `false`.
   * @param options `scope`: `"thread"` (default) to share it between threads, `"process"` between processes too,
   * `"local"` for one thread alone; `lock`: whether it has a lock (default: true).
   * @throws {TypeError} If the type code is unknown, the value is of the wrong type, or an option is wrong.
   * @throws {NotSupportedError} If the scope is `"process"` and FFI is not granted (Deno) or `koffi` not installed (Node).
   */
  constructor(typecode: C, value?: TypeCodes[C], options?: SharedOptions) {
    const format = formatOf(typecode, "Value");
    const scope: Scope = checkScope(options, "Value");
    this.#hasLock = checkLock(options, "Value");
    if (value !== undefined && format.toBits(value) === undefined) {
      throw wrongType("create Value", typecode, format, value);
    }
    this.#code = typecode;
    this.#place = revived ?? createPlace(TYPE_RLOCK, scope);
    this.#cell = new ValueCell(this.#place, typecode);
    if (revived !== null) return;
    adopt(this.#place, this);
    this.#cell.store(value ?? format.zero as TypeCodes[C]);
  }

  /** What it holds. Under `"c"`, a copy. */
  get value(): TypeCodes[C] {
    return this.#cell.load();
  }

  /**
   * Sets what it holds.
   *
   * @throws {TypeError} If the value is of the wrong type.
   */
  set value(value: TypeCodes[C]) {
    this.#cell.store(value);
  }

  /**
   * Adds to the number, without a lock, and returns what it was before. No two callers get the same from a counter.
   *
   * @throws {TypeError} If it is no number, or the amount is of the wrong type.
   */
  add(amount: Summand<C>): TypeCodes[C] {
    return this.#cell.add(amount);
  }

  /**
   * Sets what it holds and returns what it held before.
   *
   * @throws {TypeError} If the value is of the wrong type.
   */
  exchange(value: TypeCodes[C]): TypeCodes[C] {
    return this.#cell.exchange(value);
  }

  /**
   * Sets what it holds if that is `expected`, bit by bit, and returns what it held before, in either case.
   *
   * @throws {TypeError} If one of the values is of the wrong type.
   */
  compareExchange(expected: TypeCodes[C], value: TypeCodes[C]): TypeCodes[C] {
    return this.#cell.compareExchange(expected, value);
  }

  /**
   * Gives the lock of this value: the same one, wherever the value goes.
   *
   * @throws {InvalidStateError} If the value was created with `lock: false`.
   */
  getLock(): RLock {
    if (!this.#hasLock) {
      throw new InvalidStateError("Cannot get lock: the value was created with { lock: false }");
    }
    return this.#lock ??= ownedRLock(this.#place, this);
  }

  /**
   * Runs a function while the lock is held, and releases it whatever happens.
   *
   * @param fn What to run; its result, awaited, is the result.
   * @param options As for `acquire` of the lock.
   * @throws {InvalidStateError} If the value was created with `lock: false`.
   */
  async with<T>(fn: () => T | Promise<T>, options?: AcquireOptions): Promise<T> {
    return await this.getLock().with(fn, options);
  }

  /** Describes the value, as `<Value i 12>`. */
  toString(): string {
    const value: unknown = this.value;
    return `<Value ${this.#code} ${typeof value === "string" ? JSON.stringify(value) : value}>`;
  }

  /**
   * Gives what travels of the value.
   *
   * @ignore
   */
  [HANDLE](target: "thread" | "process"): HandleRecord {
    return handleOf(this.#place, this, "process/Value", target, [this.#code, this.#hasLock]);
  }
}

registerPlaced("process/Value", import.meta.url, (place, extra) => {
  const [code, lock] = extra as [TypeCode, boolean];
  revived = place;
  try {
    return new Value(code, undefined, { lock });
  } finally {
    revived = null;
  }
});
