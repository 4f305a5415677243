/**
 * Memory that processes share by its name.
 *
 * @module
 */

import { InvalidStateError } from "../errors.ts";
import { HANDLE, type HandleRecord, registerHandle } from "../_core/handle.ts";
import { NamedMemory, type SentMemory } from "../_core/named_memory.ts";

/** Options of a {@linkcode SharedMemory}. */
export interface SharedMemoryOptions {
  /** The name. Default, when it is created: one that nobody has. */
  name?: string;
  /** Whether it is created; if not, it has to be there. Default: `false`. */
  create?: boolean;
  /** How many bytes it has, when it is created. */
  size?: number;
  /** Whether it stays, when it is created, until {@linkcode SharedMemory.unlink} is called. Default: `false`. */
  persist?: boolean;
}

/** The longest name that every system takes. */
const LONGEST_NAME = 200;

/** Memory that is being rebuilt. */
let revived: NamedMemory | null = null;

/**
 * A block of memory that processes share: the bytes of one are the bytes of all.
 *
 * One process creates it, any others of the same user open it by its name, whether they are relatives or not. It lives as
 * long as anybody has it open. When the last one closes it or ends, however that ends, memory and name are gone; nobody
 * else takes them away. What is created with `persist` stays, in `/dev/shm`, until somebody calls
 * {@linkcode SharedMemory.unlink}; it is the only kind that programs in other languages can open, and theirs can be opened
 * here.
 *
 * It can also be passed to a thread or a process, where it arrives open, even if the sender closes it right away. What a
 * thread has opened or received is closed when the thread ends.
 *
 * Nothing orders what several write: hold a lock, or use a {@linkcode SharedArray}, which has one.
 *
 * @example Usage
 * ```ts
 * import { SharedMemory } from "@nogil/std/process";
 * import { assertEquals } from "@std/assert";
 *
 * const one = new SharedMemory({ create: true, size: 10 });
 * const other = new SharedMemory({ name: one.name });
 * one.buf.set([1, 2, 3]);
 * assertEquals([...other.buf.subarray(0, 3)], [1, 2, 3]);
 * other.close();
 * one.close();
 * ```
 */
export class SharedMemory implements Disposable {
  readonly #memory: NamedMemory;
  readonly #size: number;
  #buf: Uint8Array<ArrayBuffer> | null = null;

  /**
   * Creates or opens shared memory.
   *
   * @param options `name`, `create`, `size` and `persist`.
   * @throws {TypeError} If an option has a wrong type, or neither `create` nor `name` is given.
   * @throws {RangeError} If `size` is no integer above 0, the name is too long, or there is no room for so much memory.
   * @throws {AlreadyExistsError} If it is to be created and the name is taken.
   * @throws {NotFoundError} If it is to be opened and there is none of that name.
   * @throws {NotSupportedError} If FFI is not granted (`--allow-ffi` on Deno) or not installed (`koffi` on Node).
   */
  constructor(options: SharedMemoryOptions) {
    this.#memory = revived ?? make(options);
    this.#size = this.#memory.buffer.byteLength;
  }

  /** The name by which others open it. */
  get name(): string {
    return this.#memory.name;
  }

  /** How many bytes it has. */
  get size(): number {
    return this.#size;
  }

  /** Whether it was closed here. */
  get closed(): boolean {
    return !this.#memory.isOpen;
  }

  /**
   * The bytes. For views of other types, use their buffer, which holds them and nothing else:
   * `new Float64Array(memory.buf.buffer)`.
   *
   * @throws {InvalidStateError} If it is closed.
   */
  get buf(): Uint8Array<ArrayBuffer> {
    const { buffer } = this.#memory;
    return this.#buf ??= new Uint8Array(buffer);
  }

  /**
   * Closes it here: every view of the bytes is empty from now on, as that of a buffer that was transferred. (Node 20 cannot
   * do that: there the views hold zeros, and what is written to them goes nowhere.) Closing again does nothing.
   */
  close(): void {
    this.#memory.close();
    this.#buf = null;
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Takes the name away: nobody can open it any more, and the name is free. Those who have it open keep it.
   *
   * @throws {NotFoundError} If that was done already, or nobody has it any more.
   */
  unlink(): void {
    this.#memory.unlink();
  }

  /** Describes it, as `<SharedMemory nogil_1a2b3c4d size=10>`. */
  toString(): string {
    return `<SharedMemory ${this.name} size=${this.size}${this.closed ? " closed" : ""}>`;
  }

  /**
   * Gives what travels of it.
   *
   * @ignore
   */
  [HANDLE](): HandleRecord {
    if (this.closed) throw new InvalidStateError("Cannot send SharedMemory: it is closed");
    return { type: "process/SharedMemory", data: this.#memory.send() };
  }
}

function make(options: SharedMemoryOptions): NamedMemory {
  const what = "create SharedMemory";
  if (typeof options !== "object" || options === null) {
    throw new TypeError(
      `Cannot ${what}: options must be an object, as { create: true, size: 10 }: received ${typeof options}`,
    );
  }
  const { name, size, create = false, persist = false } = options;
  for (const [key, value] of Object.entries({ create, persist })) {
    if (typeof value !== "boolean") {
      throw new TypeError(`Cannot ${what}: '${key}' must be a boolean: received ${typeof value}`);
    }
  }
  const checked = name === undefined ? null : checkName(name);
  if (create) return NamedMemory.create(checked, checkSize(size), persist);
  if (checked !== null) return NamedMemory.open(checked);
  throw new TypeError(`Cannot ${what}: give a 'name' to open it, or 'create' and 'size'`);
}

function checkName(name: string): string {
  const what = "create SharedMemory";
  if (typeof name !== "string") {
    throw new TypeError(`Cannot ${what}: 'name' must be a string: received ${typeof name}`);
  }
  // Python shows names without the slash that others give them.
  const plain = name.startsWith("/") ? name.slice(1) : name;
  if (plain === "" || plain === "." || plain === ".." || /[/\0]/.test(plain)) {
    throw new TypeError(`Cannot ${what}: 'name' must be the name of a file: received "${name}"`);
  }
  if (new TextEncoder().encode(plain).length > LONGEST_NAME) {
    throw new RangeError(`Cannot ${what}: 'name' is longer than ${LONGEST_NAME} bytes`);
  }
  return plain;
}

function checkSize(size: number | undefined): number {
  const what = "create SharedMemory";
  if (typeof size !== "number") {
    throw new TypeError(`Cannot ${what}: 'size' must be a number: received ${typeof size}`);
  }
  if (Number.isSafeInteger(size) && size > 0) return size;
  throw new RangeError(`Cannot ${what}: 'size' must be an integer above 0: received ${size}`);
}

/** Makes the object over memory. */
function revive(memory: NamedMemory): SharedMemory {
  revived = memory;
  try {
    return new SharedMemory({});
  } finally {
    revived = null;
  }
}

registerHandle(
  "process/SharedMemory",
  (data) => revive(NamedMemory.receive(data as SentMemory)),
  import.meta.url,
);
