/**
 * A list of small values in shared memory.
 *
 * @module
 */

import { NotFoundError } from "../errors.ts";
import { HANDLE, type HandleRecord, registerHandle } from "../_core/handle.ts";
import { describe } from "../_core/wait_state.ts";
import { SharedMemory } from "./shared_memory.ts";
import {
  createSlots,
  formatOf,
  readSlot,
  type ShareableItem,
  slotsOf,
  type SlotTable,
  writeSlot,
} from "./shareable_slots.ts";

export type { ShareableItem } from "./shareable_slots.ts";

/** Options of a {@linkcode ShareableList}. */
export interface ShareableListOptions {
  /** The name of its memory: of that which is created, or, without values, of that which is opened. */
  name?: string;
}

let revived: SharedMemory | null = null;

/** What gives the items by their index: `list[0]`, and from the end `list[-1]`. Lists inherit from it. */
const byIndex: object = new Proxy({}, {
  get(target, key, list): unknown {
    const index = indexOf(key);
    return index === null ? Reflect.get(target, key, list) : (list as ShareableList).get(index);
  },
  set(target, key, value, list): boolean {
    const index = indexOf(key);
    if (index === null) return Reflect.set(target, key, value, list);
    (list as ShareableList<unknown>).set(index, value);
    return true;
  },
  has: (target, key) => Reflect.has(target, key),
});

function indexOf(key: string | symbol): number | null {
  return typeof key === "string" && /^-?\d+$/.test(key) ? Number(key) : null;
}

/**
 * A list of values in shared memory, which every process that has it can read and change.
 *
 * It holds numbers, bigints of 64 bits, booleans, strings, bytes and `null`, and always as many as at the beginning. A value
 * may be replaced by one of another type. Strings and bytes find as much room as they took at first, rounded up to 8 bytes;
 * numbers need 8. They come back as they were, zeros at their end included.
 *
 * Its memory is a {@linkcode SharedMemory}: it lives as long as anybody has it open, and the list can be opened by the
 * memory's name, or be passed to another thread or process. Nothing orders what several write: hold a lock.
 *
 * @example Usage
 * ```ts
 * import { ShareableList } from "@nogil/std/process";
 * import { assertEquals } from "@std/assert";
 *
 * const list = new ShareableList(["howdy", 273.15, true, null, new Uint8Array([1, 0])]);
 * const other = new ShareableList(undefined, { name: list.shm.name });
 * other[1] = 10;
 * assertEquals([list[0], list[1], list[-1]], ["howdy", 10, new Uint8Array([1, 0])]);
 * assertEquals(list.index(true), 2);
 * other.shm.close();
 * list.shm.close();
 * ```
 *
 * @typeParam T The type of the values: one of those above.
 */
export class ShareableList<T = ShareableItem> implements Iterable<T> {
  /** The values by their index; those below 0 count from the end. An index out of range is a `RangeError`. */
  [index: number]: T;

  /** The memory in which the list lies. Close it when the list is not needed any more. */
  readonly shm: SharedMemory;
  readonly #slots: SlotTable;

  /**
   * Creates a list, or opens one.
   *
   * @param values What a new list holds; without them, the list of that name is opened.
   * @param options `name` of the memory.
   * @throws {TypeError} If a value cannot be held, or what is opened is no list.
   * @throws {RangeError} If a bigint has more than 64 bits, or there is no room.
   * @throws {AlreadyExistsError} If it is to be created and the name is taken.
   * @throws {NotFoundError} If it is to be opened and there is none of that name.
   * @throws {NotSupportedError} If FFI is not granted (`--allow-ffi` on Deno) or not installed (`koffi` on Node).
   */
  constructor(values?: Iterable<T>, options?: ShareableListOptions) {
    if (revived !== null) {
      this.shm = revived;
      this.#slots = slotsOf(revived.buf);
      return;
    }
    const name = options?.name;
    if (values === undefined || values === null) {
      if (name === undefined) {
        throw new TypeError("Cannot create ShareableList: give values, or the 'name' of a list");
      }
      this.shm = new SharedMemory({ name });
      this.#slots = this.#orClose(() => slotsOf(this.shm.buf));
      return;
    }
    if (typeof (values as Partial<Iterable<T>>)[Symbol.iterator] !== "function") {
      throw new TypeError(
        `Cannot create ShareableList: expected an iterable of values: received ${describe(values)}`,
      );
    }
    const plan = createSlots([...values]);
    const size = plan.bytes;
    this.shm = new SharedMemory({ create: true, size, ...(name === undefined ? {} : { name }) });
    this.#slots = this.#orClose(() => plan.write(this.shm.buf));
  }

  #orClose<R>(work: () => R): R {
    try {
      return work();
    } catch (error) {
      this.shm.close();
      throw error;
    }
  }

  /** How many values it holds. */
  get length(): number {
    return this.#slots.count;
  }

  /**
   * How the values are held now, each as in Python's `struct`: `q` an integer, `d` a number, `?` a boolean, `5s` five bytes
   * of a string or of bytes, `x` `null`.
   */
  get format(): string {
    return Array.from(this, (value) => formatOf(value as ShareableItem)).join("");
  }

  /**
   * Gives a value; the same as `list[index]`.
   *
   * @param index Its index; below 0 from the end.
   * @throws {RangeError} If there is none.
   * @throws {InvalidStateError} If the memory is closed.
   */
  get(index: number): T {
    return readSlot(this.shm.buf, this.#slots, this.#check(index, "get item")) as T;
  }

  /**
   * Replaces a value; the same as `list[index] = value`.
   *
   * @param index Its index; below 0 from the end.
   * @param value The new value.
   * @throws {RangeError} If there is no such index, or the value does not fit there. Nothing is changed then.
   * @throws {TypeError} If the value cannot be held.
   * @throws {InvalidStateError} If the memory is closed.
   */
  set(index: number, value: T): void {
    writeSlot(this.shm.buf, this.#slots, this.#check(index, "set item"), value);
  }

  /**
   * Gives a value, or `undefined` if there is none.
   *
   * @param index Its index; below 0 from the end.
   */
  at(index: number): T | undefined {
    const whole = Math.trunc(index) || 0;
    const position = whole < 0 ? whole + this.length : whole;
    return position < 0 || position >= this.length ? undefined : this.get(position);
  }

  /**
   * Counts the values that equal one.
   *
   * @param value The value. Bytes are equal if they are the same bytes.
   */
  count(value: T): number {
    let count = 0;
    for (const item of this) if (isEqual(item, value)) count++;
    return count;
  }

  /**
   * Finds a value.
   *
   * @param value The value. Bytes are equal if they are the same bytes.
   * @returns The index of the first that equals it.
   * @throws {NotFoundError} If there is none.
   */
  index(value: T): number {
    for (let i = 0; i < this.length; i++) if (isEqual(this.get(i), value)) return i;
    throw new NotFoundError("Cannot find item: no value of the list equals it");
  }

  /** Gives the values, each as it is when its turn comes. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (let i = 0; i < this.length; i++) yield this.get(i);
  }

  /** Describes the list, as `<ShareableList nogil_1a2b3c4d length=3>`. */
  toString(): string {
    return `<ShareableList ${this.shm.name} length=${this.length}>`;
  }

  /**
   * Gives what travels of the list.
   *
   * @ignore
   */
  [HANDLE](): HandleRecord {
    return { type: "process/ShareableList", data: this.shm };
  }

  #check(index: number, what: string): number {
    const position = index < 0 ? index + this.length : index;
    if (Number.isInteger(index) && position >= 0 && position < this.length) return position;
    throw new RangeError(
      `Cannot ${what}: the list has ${this.length} items, and none with index ${index}`,
    );
  }
}

Object.setPrototypeOf(ShareableList.prototype, byIndex);

function isEqual(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    return a.length === b.length && a.every((byte, i) => byte === b[i]);
  }
  return a === b;
}

registerHandle("process/ShareableList", (data) => {
  revived = data as SharedMemory;
  try {
    return new ShareableList();
  } finally {
    revived = null;
  }
}, import.meta.url);
