/**
 * One typed value in the record of an object.
 *
 * Floats are kept as the integers of their bits, so that all that happens to a value is atomic and no read is torn.
 *
 * @module
 */

import { MAIN } from "./layout.ts";
import type { Place } from "./place.ts";
import {
  type Bits,
  type CellView,
  type Format,
  formatOf,
  type TypeCode,
  type TypeCodes,
  wrongType,
} from "./type_codes.ts";

/** Where the value lies in the record of a lock: 8 bytes that locks do not use. */
const CELL = MAIN + 4;

/** `Atomics`, for views of any kind. */
const atomics = Atomics as unknown as {
  load(view: CellView, index: number): Bits;
  store(view: CellView, index: number, bits: Bits): void;
  exchange(view: CellView, index: number, bits: Bits): Bits;
  compareExchange(view: CellView, index: number, expected: Bits, bits: Bits): Bits;
  add(view: CellView, index: number, bits: Bits): Bits;
};

/** A value that threads share. */
export class ValueCell<C extends TypeCode> {
  readonly #code: C;
  readonly #format: Format;
  readonly #view: CellView;

  /** Opens the cell in the record of an object. */
  constructor({ agent, o }: Place, code: C) {
    const { memory } = agent.arena;
    if (memory === null) throw new RangeError("Cannot open a value: there is no memory here");
    this.#code = code;
    this.#format = formatOf(code, "Value");
    this.#view = new this.#format.Cell(memory.buffer, (o + CELL) * 4, 1);
  }

  /** Reads the value. */
  load(): TypeCodes[C] {
    return this.#value(atomics.load(this.#view, 0));
  }

  /** Writes the value. */
  store(value: TypeCodes[C]): void {
    atomics.store(this.#view, 0, this.#bits(value, "set value"));
  }

  /** Writes the value and returns what it was. */
  exchange(value: TypeCodes[C]): TypeCodes[C] {
    return this.#value(atomics.exchange(this.#view, 0, this.#bits(value, "exchange value")));
  }

  /** Writes `value` if the cell holds `expected`; returns what it held. */
  compareExchange(expected: TypeCodes[C], value: TypeCodes[C]): TypeCodes[C] {
    const [from, to] = [
      this.#bits(expected, "compare value"),
      this.#bits(value, "exchange value"),
    ];
    return this.#value(atomics.compareExchange(this.#view, 0, from, to));
  }

  /** Adds to the value and returns what it was. */
  add(amount: number | bigint): TypeCodes[C] {
    const { sum } = this.#format;
    if (sum === null) {
      throw new TypeError(`Cannot add to value: type code "${this.#code}" is not a number`);
    }
    const bits = this.#bits(amount, "add to value");
    if (sum === "bits") return this.#value(atomics.add(this.#view, 0, bits));
    for (;;) {
      const old = atomics.load(this.#view, 0);
      const value = this.#value(old);
      const next = this.#bits((value as number) + (amount as number), "add to value");
      if (atomics.compareExchange(this.#view, 0, old, next) === old) return value;
    }
  }

  #value(bits: Bits): TypeCodes[C] {
    return this.#format.fromBits(bits) as TypeCodes[C];
  }

  #bits(value: unknown, what: string): Bits {
    const bits = this.#format.toBits(value);
    if (bits === undefined) throw wrongType(what, this.#code, this.#format, value);
    return bits;
  }
}
