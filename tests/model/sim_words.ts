/**
 * Shared memory in which a thread can be killed before any access.
 *
 * @module
 */

import { CONTROL_WORDS } from "../../_core/layout.ts";
import { SharedWords, type WaitResult } from "../../_core/shared_words.ts";

/** The death of the thread that runs. */
export class Kill extends Error {}

const PAGE = 1024;
/** No operation of the model takes so many accesses: who does, spins for ever. */
const RUNAWAY = 3_000_000;

/** Words that count every access, and that remember which notifications were sent. */
export class SimWords extends SharedWords {
  /** Words that were notified. */
  readonly notified: Set<number> = new Set();
  readonly #dirty: Set<number> = new Set();
  #armed = false;
  #left = Infinity;
  #accesses = 0;

  constructor(buffer: SharedArrayBuffer) {
    super(new Int32Array(buffer, 0, CONTROL_WORDS));
  }

  /**
   * Kills who runs now before its write number `k`, from 0. A death before a read leaves the same memory as one before the
   * next write.
   */
  arm(k: number): void {
    this.#armed = true;
    this.#left = k;
  }

  /** Kills nobody any more. */
  disarm(): void {
    this.#armed = false;
  }

  /** Makes all words 0 again. */
  clean(): void {
    for (const page of this.#dirty) this.view.fill(0, page * PAGE, (page + 1) * PAGE);
    this.#dirty.clear();
    this.notified.clear();
    this.#armed = false;
    this.#accesses = 0;
  }

  /** Reads a word without being seen. */
  peek(index: number): number {
    return this.view[index] as number;
  }

  /** Writes a word without being seen. */
  poke(index: number, value: number): void {
    this.#dirty.add(Math.floor(index / PAGE));
    this.view[index] = value;
  }

  #read(): void {
    if (++this.#accesses > RUNAWAY) throw new Error("somebody spins for ever");
  }

  #write(index: number): void {
    this.#read();
    if (this.#armed && this.#left-- <= 0) {
      this.#armed = false;
      throw new Kill();
    }
    this.#dirty.add(Math.floor(index / PAGE));
  }

  override moveWords(to: number, from: number, count: number): void {
    this.#write(to);
    for (let i = 0; i < count; i += PAGE) this.#dirty.add(Math.floor((to + i) / PAGE));
    this.#dirty.add(Math.floor((to + count) / PAGE));
    super.moveWords(to, from, count);
  }

  override load(index: number): number {
    this.#read();
    return super.load(index);
  }

  override store(index: number, value: number): void {
    this.#write(index);
    super.store(index, value);
  }

  override exchange(index: number, value: number): number {
    this.#write(index);
    return super.exchange(index, value);
  }

  override compareExchange(index: number, expected: number, value: number): number {
    this.#write(index);
    return super.compareExchange(index, expected, value);
  }

  override add(index: number, value: number): number {
    this.#write(index);
    return super.add(index, value);
  }

  override or(index: number, bits: number): number {
    this.#write(index);
    return super.or(index, bits);
  }

  override and(index: number, bits: number): number {
    this.#write(index);
    return super.and(index, bits);
  }

  override get(index: number): number {
    this.#read();
    return super.get(index);
  }

  override set(index: number, value: number): void {
    this.#write(index);
    super.set(index, value);
  }

  override wait(): WaitResult {
    throw new Error("somebody would block");
  }

  override waitAsync(): Promise<unknown> {
    return new Promise(() => {});
  }

  override notify(index: number): void {
    this.#write(index);
    this.notified.add(index);
  }
}
