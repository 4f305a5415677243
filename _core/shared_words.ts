/**
 * The seam between the algorithms and the memory they run on.
 *
 * Every access to a shared word in this library is a call on a {@linkcode SharedWords}. A scope is an
 * implementation of its three waiting methods; the crash-injection tests are another one, which counts
 * the accesses and dies before any of them.
 *
 * All atomic operations are sequentially consistent. `get` and `set` are plain accesses, for words that
 * are only touched under a latch or by their owner.
 *
 * @module
 */

import { DeadlockError } from "../errors.ts";
import { parking } from "./blocked.ts";

/** How a blocking wait on a word ended. */
export type WaitResult = "ok" | "not-equal" | "timed-out";

/** An array of 32-bit words that several agents read, write and wait on. */
export abstract class SharedWords {
  /** The words themselves. Only this class touches them. */
  protected view: Int32Array;

  /** Wraps `view`. */
  constructor(view: Int32Array) {
    this.view = view;
  }

  /** Goes over to a longer view on the same memory, which has grown. */
  cover(view: Int32Array): void {
    this.view = view;
  }

  /**
   * Makes sure that there is memory behind words that were not touched before.
   *
   * @throws {RangeError} If there is none left.
   */
  back(_index: number, _count: number): void {}

  /** Whether promises have to look by themselves, because nobody tells them yet when they were woken. */
  get polls(): boolean {
    return false;
  }

  /** Whether one agent alone ever sees them: nobody dies then, and nobody is in the way. */
  get isAlone(): boolean {
    return false;
  }

  /** Copies words that nobody else touches. */
  moveWords(to: number, from: number, count: number): void {
    this.view.copyWithin(to, from, from + count);
  }

  /** Reads a word. */
  load(index: number): number {
    return Atomics.load(this.view, index);
  }

  /** Writes a word. */
  store(index: number, value: number): void {
    Atomics.store(this.view, index, value);
  }

  /** Writes a word and returns what it held. */
  exchange(index: number, value: number): number {
    return Atomics.exchange(this.view, index, value);
  }

  /** Writes `value` if the word holds `expected`; returns what it held. */
  compareExchange(index: number, expected: number, value: number): number {
    return Atomics.compareExchange(this.view, index, expected, value);
  }

  /** Adds to a word and returns what it held. */
  add(index: number, value: number): number {
    return Atomics.add(this.view, index, value);
  }

  /** Sets bits of a word and returns what it held. */
  or(index: number, bits: number): number {
    return Atomics.or(this.view, index, bits);
  }

  /** Keeps only `bits` of a word and returns what it held. */
  and(index: number, bits: number): number {
    return Atomics.and(this.view, index, bits);
  }

  /** Reads a word without ordering. */
  get(index: number): number {
    return this.view[index] as number;
  }

  /** Writes a word without ordering. */
  set(index: number, value: number): void {
    this.view[index] = value;
  }

  /** Blocks while the word holds `value`, for at most `ms` milliseconds. */
  abstract wait(index: number, value: number, ms: number): WaitResult;

  /** Resolves when the word was notified; `null` if it does not hold `value` now. */
  abstract waitAsync(index: number, value: number): Promise<unknown> | null;

  /** Wakes at most `count` of those who wait on the word, in the order in which they came. */
  abstract notify(index: number, count: number): void;

  /** Whether a thread that has promises to serve may sleep on a word for a moment. */
  get parks(): boolean {
    return false;
  }

  /** Sleeps on a word while it holds `value`, for at most `ms` milliseconds; {@linkcode unpark} ends it. */
  park(_index: number, _value: number, _ms: number): void {}

  /** Wakes who sleeps on a word. */
  unpark(_index: number): void {}
}

/** Words in memory that the threads of one process share. */
export class ThreadWords extends SharedWords {
  override wait(index: number, value: number, ms: number): WaitResult {
    if (parking === null) return Atomics.wait(this.view, index, value, ms);
    parking.park(this, index);
    const result = Atomics.wait(this.view, index, value, ms);
    parking.leave();
    return result;
  }

  override waitAsync(index: number, value: number): Promise<unknown> | null {
    const result = Atomics.waitAsync(this.view, index, value);
    return result.async ? result.value : null;
  }

  override notify(index: number, count: number): void {
    Atomics.notify(this.view, index, count);
  }
}

/**
 * Words of one thread alone: plain accesses will do. Nobody else could end a blocking wait, so there is none.
 */
export class LocalWords extends SharedWords {
  override get isAlone(): boolean {
    return true;
  }

  override load(index: number): number {
    return this.view[index] as number;
  }

  override store(index: number, value: number): void {
    this.view[index] = value;
  }

  override exchange(index: number, value: number): number {
    const held = this.view[index] as number;
    this.view[index] = value;
    return held;
  }

  override compareExchange(index: number, expected: number, value: number): number {
    const held = this.view[index] as number;
    if (held === expected) this.view[index] = value;
    return held;
  }

  override add(index: number, value: number): number {
    const held = this.view[index] as number;
    this.view[index] = held + value;
    return held;
  }

  override or(index: number, bits: number): number {
    const held = this.view[index] as number;
    this.view[index] = held | bits;
    return held;
  }

  override and(index: number, bits: number): number {
    const held = this.view[index] as number;
    this.view[index] = held & bits;
    return held;
  }

  override wait(): WaitResult {
    throw new DeadlockError(
      "Cannot block on a local object: nobody else could wake this thread, await the promise instead",
    );
  }

  override waitAsync(): Promise<unknown> {
    return new Promise(() => {});
  }

  override notify(): void {}
}
