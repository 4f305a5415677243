/**
 * The record of one thread in shared memory.
 *
 * A record belongs to one thread, from its start until nobody holds a reference any more; then it is used again.
 *
 * ```text
 * state  FREE → RESERVED → STARTING → RUNNING → (END = 1) → FREE
 *               fields     visible    claimed   committed   last reference gone
 * ```
 *
 * - `STARTING` is the commit of a start: from there on the thread runs, or is reported lost. There are three of it: for a
 *   thread that any worker may run, for one that has limits and so a worker of its own, and for a process. A worker that
 *   comes late, for the thread that had the record before, cannot take by its CAS what it may not run.
 * - Whoever turns `STARTING` into `RUNNING` by a CAS runs it (a worker: its slot is in the same word), or buries it (the
 *   supervisor).
 * - `END` is the commit of the outcome. It never goes back while the record lives, so that a joiner needs no queue:
 *   it looks, sleeps on the word, and looks again.
 *
 * @module
 */

import {
  type Ending,
  type NewThread,
  NO_EXIT_CODE,
  type Outcome,
  OUTCOMES,
} from "./thread_data.ts";
import type { ByteField, ThreadMemory } from "./thread_memory.ts";
import { FREE, isLimited, isStarting, NO_SLOT, RUNNING, startOf } from "./thread_state.ts";

export { type Ending, type NewThread, NO_EXIT_CODE, type Outcome } from "./thread_data.ts";

// The words of the header that records use.
/** Changes whenever a thread ends. */
export const EPOCH = 2;
/** Changes whenever a thread ends with an error. */
export const FAILURES = 3;

// The words of a record.
/** Record: one of the states. */
export const STATE = 0;
/** Record: the number of the thread; 0 when there is none. */
export const IDENT = 1;
const REFS = 2;
/** 1 while the thread itself, or the supervisor for it, holds a reference. */
const RUN_REF = 3;
const DAEMON = 4;
const STOP = 5;
const CANCEL = 6;
const JOINERS = 7;
/** Record: 1 when the outcome is there. */
export const END = 8;
const OUTCOME = 9;
/** Record: 1 while an error waits for its report. */
export const REPORT = 10;
const KILLED = 11;
const EXIT_CODE = 12;
const BUFFERS = 13;
const NAME_SEQUENCE = 14;
const MEMORY_LIMIT = 15;
const STACK_LIMIT = 16;
const NAME: ByteField = { word: 18, room: 32, size: 96 };
const REQUEST: ByteField = { word: 20, room: 56, size: 288 };
/** The request is gone when the result comes. */
const RESULT: ByteField = { word: 22, room: 56, size: 288 };
const REASON: ByteField = { word: 24, room: 0, size: 0 };
/** Record: waits for many objects that the thread is one of: its error is not reported meanwhile. */
export const WATCHERS = 26;
/** 1 while the object that stands for the thread in its own worker holds a reference. */
const BODY_REF = 27;
/** 1 for a process. Words 29 and 30 are its own: see `process_record.ts`. */
const IS_PROCESS = 28;
/** The words before the room for bytes. */
const WORDS = 32;

/** So often a name is read while another thread changes it. */
const ATTEMPTS = 1000;

/** One thread in the table. */
export class ThreadRecord {
  /** Where the record is in the arena. */
  readonly address: number;
  /** The number of the thread, which no other thread of this process ever has. */
  ident: number;
  readonly #memory: ThreadMemory;

  /** Opens the record at an address, whatever it holds now. */
  constructor(memory: ThreadMemory, address: number) {
    this.#memory = memory;
    this.address = address;
    this.ident = memory.load(address + IDENT);
  }

  /** Fills a record that was reserved and commits the start; two references are held: by the caller and the thread. */
  commit(thread: NewThread, ident: number): void {
    const memory = this.#memory;
    for (let word = IDENT; word < WORDS; word++) memory.set(this.address + word, 0);
    memory.set(this.address + REFS, 2);
    memory.set(this.address + RUN_REF, 1);
    memory.set(this.address + DAEMON, thread.daemon ? 1 : 0);
    memory.set(this.address + EXIT_CODE, NO_EXIT_CODE);
    memory.set(this.address + BUFFERS, thread.buffers);
    memory.set(this.address + MEMORY_LIMIT, thread.memoryLimit);
    memory.set(this.address + STACK_LIMIT, thread.stackLimit);
    memory.set(this.address + IS_PROCESS, thread.isProcess === true ? 1 : 0);
    memory.put(this.address, REQUEST, thread.request);
    memory.put(this.address, NAME, new TextEncoder().encode(thread.name));
    this.ident = ident;
    memory.store(this.address + IDENT, ident);
    memory.store(this.address + STATE, startOf(thread));
  }

  /** Makes a reserved record that of the main thread, which ends never. */
  commitMain(ident: number, name: string): void {
    const memory = this.#memory;
    memory.store(this.address + REFS, 1);
    memory.put(this.address, NAME, new TextEncoder().encode(name));
    this.ident = ident;
    memory.store(this.address + IDENT, ident);
    memory.store(this.address + STATE, RUNNING | NO_SLOT << 8);
  }

  /** Takes a reference, unless the record is that of another thread by now. */
  retain(ident: number): boolean {
    const memory = this.#memory;
    for (;;) {
      const refs = memory.load(this.address + REFS);
      if (refs === 0) return false;
      if (memory.compareExchange(this.address + REFS, refs, refs + 1) !== refs) continue;
      if (memory.load(this.address + IDENT) === ident) {
        this.ident = ident;
        return true;
      }
      this.release();
      return false;
    }
  }

  /** Gives a reference back; the last one frees the record. */
  release(): void {
    const memory = this.#memory;
    if (memory.add(this.address + REFS, -1) !== 1) return;
    for (const field of [NAME, REQUEST, RESULT, REASON]) memory.clear(this.address, field);
    memory.store(this.address + IDENT, 0);
    memory.store(this.address + STATE, FREE);
  }

  /** Gives back the reference of the thread itself, once. */
  releaseRun(): void {
    if (this.#memory.exchange(this.address + RUN_REF, 0) === 1) this.release();
  }

  /** Takes the reference of the object that stands for the thread in its own worker. */
  retainBody(): void {
    if (this.retain(this.ident)) this.#memory.store(this.address + BODY_REF, 1);
  }

  /** Takes that reference over, to give it back; `false` if somebody else has, since the worker was lost. */
  takeBody(): boolean {
    return this.#memory.exchange(this.address + BODY_REF, 0) === 1;
  }

  /** Whether somebody beside the caller holds a reference. */
  get shared(): boolean {
    return this.#memory.load(this.address + REFS) > 1;
  }

  /**
   * Takes the thread, to run it in the worker of a slot or to bury it; `false` when somebody else has.
   *
   * @param start The state that it has to have: who comes late must not take what is not for him.
   */
  claim(slot: number, start: number = this.#memory.load(this.address + STATE)): boolean {
    const taken = RUNNING | slot << 8;
    return isStarting(start) &&
      this.#memory.compareExchange(this.address + STATE, start, taken) === start;
  }

  /** Whether the worker of a slot has taken the thread. */
  runsIn(slot: number): boolean {
    return this.#memory.load(this.address + STATE) === (RUNNING | slot << 8);
  }

  /** Whether the worker of a slot has taken the thread and still refers to it. */
  isHeldBy(slot: number): boolean {
    return this.runsIn(slot) && this.#memory.load(this.address + RUN_REF) === 1;
  }

  /** Whether the outcome is there. */
  get ended(): boolean {
    return this.#memory.load(this.address + END) === 1;
  }

  /** Whether the thread has ended otherwise than with a result. */
  get failed(): boolean {
    return this.ended && OUTCOMES[this.#memory.load(this.address + OUTCOME)] !== "result";
  }

  /** Whether the thread waits for a worker. */
  get starting(): boolean {
    return isStarting(this.#memory.load(this.address + STATE));
  }

  /** Whether it is a process: no worker may take it. */
  get isProcess(): boolean {
    return this.#memory.load(this.address + IS_PROCESS) === 1;
  }

  /** Whether the program ends without waiting for the thread. */
  get daemon(): boolean {
    return this.#memory.load(this.address + DAEMON) === 1;
  }

  /** Whether it has a limit: it needs a worker of its own. */
  get isLimited(): boolean {
    return isLimited(this);
  }

  /** Largest size of the heap in megabytes, or 0. */
  get memoryLimit(): number {
    return this.#memory.load(this.address + MEMORY_LIMIT);
  }

  /** Largest size of the stack in megabytes, or 0. */
  get stackLimit(): number {
    return this.#memory.load(this.address + STACK_LIMIT);
  }

  /** The name, which any thread may change at any time: a sequence number tells a torn read. */
  get name(): string {
    const memory = this.#memory;
    for (let attempt = 0;; attempt++) {
      const sequence = memory.load(this.address + NAME_SEQUENCE);
      const name = new TextDecoder().decode(memory.copy(this.address, NAME));
      const whole = sequence % 2 === 0 &&
        memory.load(this.address + NAME_SEQUENCE) === sequence;
      // A writer that was killed half-way leaves an odd number for ever.
      if (whole || attempt === ATTEMPTS) return name;
    }
  }

  set name(name: string) {
    const memory = this.#memory;
    for (let attempt = 0;; attempt++) {
      const sequence = memory.load(this.address + NAME_SEQUENCE);
      if (sequence % 2 !== 0 && attempt < ATTEMPTS) continue;
      const odd = sequence | 1;
      if (
        sequence % 2 === 0 &&
        memory.compareExchange(this.address + NAME_SEQUENCE, sequence, odd) !== sequence
      ) continue;
      memory.clear(this.address, NAME);
      memory.put(this.address, NAME, new TextEncoder().encode(name));
      memory.store(this.address + NAME_SEQUENCE, odd + 1);
      return;
    }
  }

  /** Takes the encoded request out of the record. */
  takeRequest(): { bytes: Uint8Array; buffers: number } {
    const bytes = this.#memory.copy(this.address, REQUEST);
    this.#memory.clear(this.address, REQUEST);
    return { bytes, buffers: this.#memory.load(this.address + BUFFERS) };
  }

  /**
   * Commits the outcome and wakes all who wait for it. Only who has claimed the thread may call it.
   *
   * @param end How the thread ended, with the encoded result or error, the key of the shared buffers beside it, the exit
   * code of the worker, and whether the main thread shall report the error unless somebody joins.
   */
  end(end: Ending): void {
    const memory = this.#memory;
    if (this.ended) return;
    memory.clear(this.address, REQUEST);
    memory.clear(this.address, RESULT);
    if (end.bytes !== null) memory.put(this.address, RESULT, end.bytes);
    memory.store(this.address + BUFFERS, end.buffers);
    memory.store(this.address + OUTCOME, OUTCOMES.indexOf(end.outcome));
    memory.store(this.address + EXIT_CODE, end.exitCode);
    // Before the commit: whoever sees the end, and ends the program, sees the error, too.
    if (end.report && memory.exchange(this.address + REPORT, 1) === 0) {
      memory.add(this.address + REFS, 1);
    }
    memory.store(this.address + END, 1);
    this.announceEnd();
  }

  /** Wakes all who wait for the outcome; harmless when repeated. */
  announceEnd(): void {
    const memory = this.#memory;
    memory.notifyAll(this.address + END);
    // Whoever waits for the signal of this thread learns that none will come.
    memory.notifyAll(this.address + STOP);
    memory.add(EPOCH, 1);
    memory.notifyAll(EPOCH);
    this.#announceFailure();
  }

  /** Blocks until the thread has ended; `false` when time (in milliseconds) runs out. */
  waitForEnd(timeout: number): boolean {
    if (!this.ended) this.#memory.waitWhile(this.address + END, 0, timeout);
    return this.ended;
  }

  /** Resolves when the thread has ended, `null` when it has already; keeps nothing alive. */
  endChange(): Promise<unknown> | null {
    return this.#memory.waitAsync(this.address + END, 0);
  }

  /** Gives how the thread ended, and the encoded result or error. */
  outcome(): Omit<Ending, "report"> & { bytes: Uint8Array } {
    const memory = this.#memory;
    return {
      outcome: OUTCOMES[memory.load(this.address + OUTCOME)] as Outcome,
      bytes: memory.copy(this.address, RESULT),
      buffers: memory.load(this.address + BUFFERS),
      exitCode: memory.load(this.address + EXIT_CODE),
    };
  }

  /** Counts those who join or have joined the thread, and learn of its error; not those who gave up. */
  join(change: 1 | -1): void {
    this.#memory.add(this.address + JOINERS, change);
  }

  /** Whether anybody joins or has joined the thread. */
  get joined(): boolean {
    return this.#memory.load(this.address + JOINERS) > 0;
  }

  /** Counts the waits for many objects that will hand the thread over to somebody who may join it. */
  watch(change: 1 | -1): void {
    if (this.#memory.add(this.address + WATCHERS, change) + change === 0) this.#announceFailure();
  }

  #announceFailure(): void {
    if (this.#memory.load(this.address + REPORT) === 0) return;
    this.#memory.add(FAILURES, 1);
    this.#memory.notifyAll(FAILURES);
  }

  /** Asks the thread to stop; the first reason stays. */
  stop(reason: Uint8Array | null): void {
    const memory = this.#memory;
    if (memory.load(this.address + STOP) !== 0) return;
    if (reason !== null && memory.load(this.address + REASON.word) === 0) {
      memory.put(this.address, REASON, reason);
    }
    memory.store(this.address + STOP, 1);
    memory.notifyAll(this.address + STOP);
    this.cancel();
  }

  /** Whether the thread was asked to stop. */
  get stopRequested(): boolean {
    return this.#memory.load(this.address + STOP) === 1;
  }

  /** Gives the encoded reason for the stop; empty when none was given. */
  stopReason(): Uint8Array {
    return this.#memory.copy(this.address, REASON);
  }

  /** Resolves when the thread is asked to stop or has ended, `null` when it was; keeps nothing alive. */
  stopChange(): Promise<unknown> | null {
    return this.#memory.waitAsync(this.address + STOP, 0);
  }

  /** Ends the delay of a timer. */
  cancel(): void {
    this.#memory.store(this.address + CANCEL, 1);
    this.#memory.notifyAll(this.address + CANCEL);
  }

  /** Blocks for a time in milliseconds; `false` when {@linkcode cancel} came first. */
  delay(milliseconds: number): boolean {
    this.#memory.waitWhile(this.address + CANCEL, 0, milliseconds);
    return this.#memory.load(this.address + CANCEL) === 0;
  }

  /** Marks the thread to be killed. */
  kill(): void {
    this.#memory.store(this.address + KILLED, 1);
  }

  /** Whether the thread is to be killed, or was. */
  get killed(): boolean {
    return this.#memory.load(this.address + KILLED) === 1;
  }
}
