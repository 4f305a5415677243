/**
 * Functions in the memory of a pool: each is sent once, and found by its number.
 *
 * @module
 */

import { decodeRange, encode, requiredModules } from "../_core/codec.ts";
import { learnName, moduleRef } from "../_core/module_registry.ts";
import { FN_BYTES, FN_COUNT, FN_MAX } from "../_core/task_layout.ts";
import type { TaskMemory } from "../_core/task_memory.ts";

/** A function of whatever arguments and result. */
export type AnyFunction = (...args: never[]) => unknown;

/** The owner's view: functions get numbers from 1. */
export class FunctionNumbers {
  readonly #memory: TaskMemory;
  readonly #byFunction: WeakMap<AnyFunction, number> = new WeakMap();
  readonly #bySource: Map<string, number> = new Map();
  #last: AnyFunction | null = null;
  #lastNumber = 0;
  #used = 0;

  /** Opens an empty table. */
  constructor(memory: TaskMemory) {
    this.#memory = memory;
  }

  /** Gives the number of a function, 0 if it has to go with the arguments. */
  numberOf(fn: AnyFunction): number {
    if (fn === this.#last) return this.#lastNumber;
    const number = this.#byFunction.get(fn) ?? this.#find(fn);
    this.#last = fn;
    this.#lastNumber = number;
    return number;
  }

  #find(fn: AnyFunction): number {
    const ref = moduleRef(fn);
    const key = ref === null
      ? Function.prototype.toString.call(fn)
      : `${ref.index} ${ref.hash} ${ref.url}`;
    let number = this.#bySource.get(key);
    if (number === undefined) {
      number = this.#add(fn);
      if (number !== 0) this.#bySource.set(key, number);
    }
    this.#byFunction.set(fn, number);
    learnName(fn);
    return number;
  }

  #add(fn: AnyFunction): number {
    const { bytes } = encode(fn, this.#memory.scope, "fn");
    const { words, layout } = this.#memory;
    const count = words.load(FN_COUNT);
    if (count + 1 >= FN_MAX || this.#used + bytes.length > FN_BYTES) return 0;
    this.#memory.bytes.set(bytes, layout.functionBytes + this.#used);
    words.set(layout.functions + count * 2, this.#used);
    words.set(layout.functions + count * 2 + 1, bytes.length);
    this.#used += bytes.length;
    words.store(FN_COUNT, count + 1);
    return count + 1;
  }
}

/** A worker's view: functions by their numbers. */
export class FunctionTable {
  readonly #memory: TaskMemory;
  readonly #functions: (AnyFunction | undefined)[] = [];

  /** Opens the table of a pool. */
  constructor(memory: TaskMemory) {
    this.#memory = memory;
  }

  /** Gives a function that was used here before. */
  known(number: number): AnyFunction | undefined {
    return this.#functions[number];
  }

  /** Gives the modules that have to be imported first. */
  modules(number: number): readonly string[] {
    const { start, end } = this.#span(number);
    return requiredModules(this.#memory.bytes, start, end);
  }

  /** Finds a function, whose module has been imported. */
  load(number: number): AnyFunction {
    const { start, end } = this.#span(number);
    const fn = decodeRange(this.#memory.bytes, start, end) as AnyFunction;
    this.#functions[number] = fn;
    return fn;
  }

  /** Gives a function as it was sent. */
  bytes(number: number): Uint8Array {
    const { start, end } = this.#span(number);
    return this.#memory.bytes.slice(start, end);
  }

  #span(number: number): { start: number; end: number } {
    const { words, layout } = this.#memory;
    const entry = layout.functions + (number - 1) * 2;
    const start = layout.functionBytes + words.get(entry);
    return { start, end: start + words.get(entry + 1) };
  }
}
