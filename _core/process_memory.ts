/**
 * The memory that a family of processes shares, mapped in this one.
 *
 * It has its full length from the beginning, and nothing is behind it: memory is asked for block by block before a word of
 * a block is touched. So a lack of memory is an error of the call that needs it; a process that touched words without
 * memory would be killed.
 *
 * @module
 */

import { type Ffi, SystemError } from "../_runtime/ffi.ts";
import type { Mapping } from "../_runtime/memory.ts";
import { CONTROL_WORDS, GROWN, HEAP_BYTE_BASE, PAGE_BASE, PAGE_BYTES } from "./layout.ts";
import type { Memory, MemoryPart } from "./memory.ts";

/** Memory is asked for in blocks of so many bytes. */
const BLOCK = 1 << 18;

/** Mapped memory behind an arena. */
export class MappedMemory implements Memory {
  readonly buffer: ArrayBuffer;
  readonly maxByteLength: number;
  /** Where it is mapped. */
  readonly address: number;
  readonly #system: Ffi;
  readonly #fd: number;
  readonly #header: Int32Array;
  /** Blocks behind which there is memory, as far as this thread knows. */
  readonly #backed: Set<number> = new Set();

  /** Makes the view of a thread. */
  constructor(system: Ffi, { address, length, fd }: Mapping) {
    this.#system = system;
    this.#fd = fd;
    this.address = address;
    this.maxByteLength = length;
    this.buffer = system.view(address, length);
    this.back(0, CONTROL_WORDS * 4, 1);
    this.#backPages(HEAP_BYTE_BASE);
    this.#header = new Int32Array(this.buffer, 0, 64);
  }

  get byteLength(): number {
    return HEAP_BYTE_BASE + Atomics.load(this.#header, GROWN) * PAGE_BYTES;
  }

  get viewLength(): number {
    return this.maxByteLength;
  }

  grow(end: number): void {
    const from = this.byteLength;
    if (end <= from) return;
    if (end > this.maxByteLength) {
      throw new RangeError("Cannot allocate shared memory: there is no address space left");
    }
    this.#backPages(end);
    this.#allocate(from, end - from);
    const pages = Math.ceil((end - HEAP_BYTE_BASE) / PAGE_BYTES);
    for (let grown; (grown = Atomics.load(this.#header, GROWN)) < pages;) {
      Atomics.compareExchange(this.#header, GROWN, grown, pages);
    }
  }

  part(byteOffset: number, byteLength: number): MemoryPart {
    return { buffer: this.#system.view(this.address + byteOffset, byteLength), byteOffset: 0 };
  }

  /**
   * Makes sure that there is memory behind some bytes of the tables.
   *
   * @param blocks How many blocks at most, from the first on.
   * @throws {RangeError} If there is none left.
   */
  back(start: number, length: number, blocks = Infinity): void {
    const first = Math.floor(start / BLOCK);
    const last = Math.min(Math.floor((start + length - 1) / BLOCK), first + blocks - 1);
    for (let block = first; block <= last; block++) {
      if (this.#backed.has(block)) continue;
      this.#allocate(block * BLOCK, BLOCK);
      this.#backed.add(block);
    }
  }

  /** Sees to the part of the page table that stands for the heap up to `end`, and a block more. */
  #backPages(end: number): void {
    const words = (end - HEAP_BYTE_BASE) / PAGE_BYTES;
    const length = Math.min(words * 4 + BLOCK, (CONTROL_WORDS - PAGE_BASE) * 4);
    this.back(PAGE_BASE * 4, length);
  }

  #allocate(start: number, length: number): void {
    try {
      this.#system.fallocate(this.#fd, start, length);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      throw new RangeError("Cannot allocate shared memory: the system has no memory left for it", {
        cause: error,
      });
    }
  }
}
