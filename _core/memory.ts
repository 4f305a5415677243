/**
 * The block of memory behind an arena.
 *
 * @module
 */

/** A block of memory that grows, and that others may see too. */
export interface Memory {
  /** The buffer object that views are made on. */
  readonly buffer: SharedArrayBuffer | ArrayBuffer;
  /** Bytes that may be used by now. */
  readonly byteLength: number;
  /** Bytes that there can be. */
  readonly maxByteLength: number;
  /** Bytes that views may reach. */
  readonly viewLength: number;
  /**
   * Makes it reach at least to `end`.
   *
   * @throws {RangeError} If there is no memory.
   */
  grow(end: number): void;
  /** Gives a part of it through a buffer object of its own: whatever looks at it holds on to that, and to nothing else. */
  part(byteOffset: number, byteLength: number): MemoryPart;
}

/** A part of a block. */
export interface MemoryPart {
  /** The buffer object. */
  readonly buffer: SharedArrayBuffer | ArrayBuffer;
  /** Where in the buffer the part begins. */
  readonly byteOffset: number;
}

/** Sizes tried for a block, in bytes: address space, not memory. */
export const SIZES: readonly number[] = [2 ** 32, 2 ** 31, 2 ** 30, 2 ** 29];

/** Memory that the threads of one process share. */
export class BufferMemory implements Memory {
  readonly buffer: SharedArrayBuffer;

  /** Wraps a buffer that can grow. */
  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
  }

  /**
   * Reserves a block.
   *
   * @throws {RangeError} If the process has no address space for it.
   */
  static reserve(byteLength: number): BufferMemory {
    for (const maxByteLength of SIZES) {
      try {
        return new BufferMemory(new SharedArrayBuffer(byteLength, { maxByteLength }));
      } catch (error) {
        if (!(error instanceof RangeError) || maxByteLength === SIZES.at(-1)) throw error;
      }
    }
    throw new RangeError("Cannot reserve shared memory");
  }

  get byteLength(): number {
    return this.buffer.byteLength;
  }

  get maxByteLength(): number {
    return this.buffer.maxByteLength;
  }

  get viewLength(): number {
    return this.buffer.byteLength;
  }

  grow(end: number): void {
    const { buffer } = this;
    try {
      buffer.grow(end);
    } catch (error) {
      // Another thread may have grown it further in the meantime.
      if (buffer.byteLength < end) throw error;
    }
  }

  part(byteOffset: number): MemoryPart {
    return { buffer: structuredClone(this.buffer), byteOffset };
  }
}
