/**
 * The table of all threads, in shared memory: whoever sees the memory sees every thread, whoever started it.
 *
 * There are no counters of living threads that a death could leave wrong: they are counted by looking.
 *
 * @module
 */

import { MAX_THREADS, RECORD_WORDS, RECORDS, type ThreadMemory } from "./thread_memory.ts";
import * as record from "./thread_record.ts";
import { type NewThread, ThreadRecord } from "./thread_record.ts";
import { FREE, isStarting, RESERVED } from "./thread_state.ts";

// The words of the header; words 2 and 3 belong to the records.
const NEXT_IDENT = 0;
const NEXT_NUMBER = 1;
const NEXT_KEY = 4;
/** Never changes: a word to sleep on. */
const NEVER = 5;
/** Lines of the terminal that progress bars take, above and with the line of the cursor. */
const BAR_ROWS = 12;
/** Where the next search for a free record begins. */
const HINT = 6;
/** No record beyond this number was ever used. */
const HIGH = 7;

/** The agent that the main thread is; words 8 and 9 belong to the slots of workers. */
const MAIN_AGENT = 10;

/** The ident of the main thread. */
export const MAIN_IDENT = 1;

/** The threads of this process. */
export class ThreadTable {
  readonly #memory: ThreadMemory;

  /** Opens the table in a memory. */
  constructor(memory: ThreadMemory) {
    this.#memory = memory;
  }

  /** The agent that the main thread is. */
  get mainAgent(): number {
    return this.#memory.load(MAIN_AGENT);
  }

  /** Enters the main thread, the first of all. */
  enterMain(name: string, agent: number): void {
    this.#memory.store(MAIN_AGENT, agent);
    this.at(this.#reserve()).commitMain(this.#nextIdent(), name);
  }

  /** Gives the next number for a default name, from 1. */
  nextNumber(): number {
    return this.#memory.add(NEXT_NUMBER, 1) + 1;
  }

  /** Gives the next key for shared buffers, from 1. */
  nextKey(): number {
    return this.#memory.add(NEXT_KEY, 1) + 1;
  }

  /** Says how many lines of the terminal progress bars take. */
  set barRows(rows: number) {
    this.#memory.store(BAR_ROWS, rows);
  }

  /** Gives how many lines progress bars take; who asks clears them, so that none are left for the next. */
  takeBarRows(): number {
    return this.#memory.load(BAR_ROWS) === 0 ? 0 : this.#memory.exchange(BAR_ROWS, 0);
  }

  /** Blocks for a time in milliseconds. */
  pause(milliseconds: number): void {
    this.#memory.waitWhile(NEVER, 0, milliseconds);
  }

  /**
   * Commits the start of a thread; two references are held: by the caller and by the thread.
   *
   * @throws {RangeError} If there are too many threads.
   */
  add(thread: NewThread): ThreadRecord {
    const added = this.at(this.#reserve());
    added.commit(thread, this.#nextIdent());
    return added;
  }

  /** Gives the record of the main thread. */
  main(): ThreadRecord {
    return this.at(RECORDS);
  }

  /** Gives the record at an address, whatever it holds now. */
  at(address: number): ThreadRecord {
    return new ThreadRecord(this.#memory, address);
  }

  /** Takes a reference to a thread; `null` when its record is gone. */
  open(address: number, ident: number): ThreadRecord | null {
    const opened = this.at(address);
    return opened.retain(ident) ? opened : null;
  }

  /** Gives the threads that are alive, the main thread first. No references are taken. */
  alive(): ThreadRecord[] {
    return this.unfinished().filter(({ isProcess }) => !isProcess);
  }

  /** Gives the processes that are alive. No references are taken. */
  aliveProcesses(): ThreadRecord[] {
    return this.unfinished().filter(({ isProcess }) => isProcess);
  }

  /** Gives the threads and processes that are alive. No references are taken. */
  unfinished(): ThreadRecord[] {
    return this.#filter((address) => this.#memory.load(address + record.END) === 0);
  }

  /** Gives the threads that no worker has taken yet, and the processes that were not made yet. */
  starting(): ThreadRecord[] {
    return this.#filter((address) => isStarting(this.#memory.load(address + record.STATE)));
  }

  /** Gives the thread that the worker of a slot has taken and not yet let go of, or `null`. */
  runningIn(slot: number): ThreadRecord | null {
    return this.#filter((address) => this.at(address).isHeldBy(slot))[0] ?? null;
  }

  /** Gives the threads whose errors wait for a report; each is given once, with a reference. */
  takeFailures(atEnd: boolean): ThreadRecord[] {
    return this.#filter((address) =>
      this.#memory.load(address + record.REPORT) === 1 &&
      this.#memory.load(address + record.END) === 1 &&
      (atEnd || this.#memory.load(address + record.WATCHERS) === 0) &&
      this.#memory.exchange(address + record.REPORT, 0) === 1
    );
  }

  /** Gives a number that changes whenever a thread ends. */
  epoch(): number {
    return this.#memory.load(record.EPOCH);
  }

  /** Resolves when {@linkcode epoch} differs from `seen`; keeps nothing alive. */
  epochChange(seen: number): Promise<unknown> | null {
    return this.#memory.waitAsync(record.EPOCH, seen);
  }

  /** Gives a number that changes whenever a thread fails. */
  failures(): number {
    return this.#memory.load(record.FAILURES);
  }

  /** Resolves when {@linkcode failures} differs from `seen`; keeps nothing alive. */
  failuresChange(seen: number): Promise<unknown> | null {
    return this.#memory.waitAsync(record.FAILURES, seen);
  }

  #nextIdent(): number {
    return this.#memory.add(NEXT_IDENT, 1) + 1;
  }

  /** Gives the records that are visible and that `accept` accepts. */
  #filter(accept: (address: number) => boolean): ThreadRecord[] {
    const found: ThreadRecord[] = [];
    const high = this.#memory.load(HIGH);
    for (let index = 0; index < high; index++) {
      const address = RECORDS + index * RECORD_WORDS;
      if (this.#memory.load(address + record.STATE) > RESERVED && accept(address)) {
        found.push(this.at(address));
      }
    }
    return found;
  }

  /** Takes a free record: the first one from where the last one was found, or a new one. */
  #reserve(): number {
    const memory = this.#memory;
    const high = memory.load(HIGH);
    const hint = memory.load(HINT);
    for (let n = 0; n < high; n++) {
      const index = (hint + n) % high;
      if (this.#take(index)) return RECORDS + index * RECORD_WORDS;
    }
    const index = memory.add(HIGH, 1);
    if (index >= MAX_THREADS) {
      memory.add(HIGH, -1);
      throw new RangeError("Cannot start thread: there are too many threads");
    }
    return this.#take(index) ? RECORDS + index * RECORD_WORDS : this.#reserve();
  }

  #take(index: number): boolean {
    const state = RECORDS + index * RECORD_WORDS + record.STATE;
    if (this.#memory.load(state) !== FREE) return false;
    if (this.#memory.compareExchange(state, FREE, RESERVED) !== FREE) return false;
    this.#memory.store(HINT, index);
    return true;
  }
}
