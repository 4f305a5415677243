/**
 * The workers that run threads, in shared memory: one slot each, with one word that says what the worker does.
 *
 * ```text
 * FREE → TAKEN → record → IDLE → record → … → IDLE → EXITING → FREE
 *                   └→ DOOMED → FREE           └→ DISMISSED
 * ```
 *
 * A doomed worker is terminated, but for two states in which it had better end by itself, which it does as soon as it has
 * seen that it is doomed. While it loads modules, Deno would not end it for a long time: either it sees its doom when it has
 * loaded them, or who has doomed it sees that it is not loading any more. While it is blocked, Deno would sometimes print
 * that it was interrupted: who has doomed it wakes it instead, again and again, since it may be about to fall asleep.
 *
 * An idle worker sleeps on its word. One CAS from `IDLE` to the address of a record gives it a thread, so that a start
 * needs neither a message nor the supervisor, and no death can leave a worker half claimed. Who makes a worker gives it a
 * slot; the supervisor takes the slot back when it sees the worker's exit.
 *
 * @module
 */

import type { SharedWords } from "./shared_words.ts";
import { MAX_SLOTS, SLOT_WORDS, SLOTS, type ThreadMemory } from "./thread_memory.ts";

const FREE = 0;
const IDLE = -1;
const EXITING = -2;
const DOOMED = -3;
const DISMISSED = -4;
const TAKEN = -5;

/** In the header: no slot beyond this number was ever used. */
const HIGH = 8;
/** In the header: workers that were made and are not ready yet; threads wait for them. */
const BOOTING = 9;
/** In the header: 1 when the program ends; workers do not block any more. */
const ENDING = 13;

// The words of a slot; the first one says what the worker does.
const READY = 1;
const AGENT = 2;
const LOADING = 3;
const BLOCKED = 4;

/** How long the end of the program waits for workers that sleep: long only where the machine is busy. In milliseconds. */
const PATIENCE = 1000;

/** The slots of all workers of this process. */
export class WorkerSlots {
  readonly #memory: ThreadMemory;

  /** Opens the slots in a memory. */
  constructor(memory: ThreadMemory) {
    this.#memory = memory;
  }

  /** Gives a thread to a worker that sleeps; `false` when there is none. */
  assign(record: number): boolean {
    const memory = this.#memory;
    const high = memory.load(HIGH);
    for (let i = 0; i < high; i++) {
      const job = this.#job(i);
      if (memory.load(job) === IDLE && memory.compareExchange(job, IDLE, record) === IDLE) {
        memory.notifyAll(job);
        return true;
      }
    }
    return false;
  }

  /** Gives the threads that workers hold: running, or ended a moment ago. */
  jobs(): number[] {
    const jobs: number[] = [];
    const high = this.#memory.load(HIGH);
    for (let i = 0; i < high; i++) {
      const job = this.job(i);
      if (job !== null) jobs.push(job);
    }
    return jobs;
  }

  /** Gives the address of the thread that an agent runs, or `null`. */
  jobOf(agent: number): number | null {
    const high = this.#memory.load(HIGH);
    for (let i = 0; i < high; i++) {
      if (this.#memory.load(this.#job(i) + AGENT) === agent) return this.job(i);
    }
    return null;
  }

  /** Takes a slot for a new worker, an agent, that will run a thread; -1 when all are taken. */
  reserve(record: number, agent: number): number {
    const memory = this.#memory;
    for (let i = 0; i < MAX_SLOTS; i++) {
      const job = this.#job(i);
      if (memory.load(job) !== FREE || memory.compareExchange(job, FREE, TAKEN) !== FREE) continue;
      memory.store(job + READY, 0);
      memory.store(job + LOADING, 0);
      memory.store(job + BLOCKED, 0);
      memory.store(job + AGENT, agent);
      for (let high; (high = memory.load(HIGH)) <= i;) memory.compareExchange(HIGH, high, i + 1);
      memory.store(job, record);
      memory.add(BOOTING, 1);
      return i;
    }
    return -1;
  }

  /** Gives the slot of a worker that is gone back. Supervisor only. */
  free(slot: number): void {
    this.ready(slot);
    this.#memory.store(this.#job(slot) + AGENT, 0);
    this.#memory.store(this.#job(slot), FREE);
  }

  /** Says that a new worker is ready to run threads. */
  ready(slot: number): void {
    if (this.#memory.exchange(this.#job(slot) + READY, 1) === 0) this.#memory.add(BOOTING, -1);
  }

  /** Whether threads wait for workers that are not ready yet: an idle worker can have them sooner. */
  get areThreadsWaiting(): boolean {
    return this.#memory.load(BOOTING) > 0;
  }

  /** Takes a thread for an idle worker itself; `false` when the worker was given one in the meantime. */
  take(slot: number, record: number): boolean {
    return this.#memory.compareExchange(this.#job(slot), IDLE, record) === IDLE;
  }

  /** Gives the address of the thread that a worker runs, or `null`. */
  job(slot: number): number | null {
    const job = this.#memory.load(this.#job(slot));
    return job > 0 ? job : null;
  }

  /** Marks a worker to be terminated, if it still runs this thread; it takes no other one. */
  doom(slot: number, record: number): boolean {
    return this.#memory.compareExchange(this.#job(slot), record, DOOMED) === record;
  }

  /** Whether a worker is to be terminated. */
  isDoomed(slot: number): boolean {
    return this.#memory.load(this.#job(slot)) === DOOMED;
  }

  /** Says that a worker loads modules, or has loaded them. Tells whether it is to end now, since it is doomed. */
  setLoading(slot: number, isLoading: boolean): boolean {
    this.#memory.store(this.#job(slot) + LOADING, isLoading ? 1 : 0);
    if (!this.isDoomed(slot)) return false;
    this.#memory.store(this.#job(slot) + LOADING, 0);
    return true;
  }

  /** Whether a worker loads modules. */
  isLoading(slot: number): boolean {
    return this.#memory.load(this.#job(slot) + LOADING) !== 0;
  }

  /**
   * Says on which word a worker is about to block: one of the arena, one of this memory, or one that is neither. Tells
   * whether it is to end now, since it is doomed, or the program ends.
   */
  block(slot: number, words: object, index: number, arena: object): boolean {
    const at = words === arena ? index : words === this.#memory ? -index : 0;
    this.#memory.store(this.#job(slot) + BLOCKED, at);
    if (!this.isDoomed(slot) && !this.isEnding) return false;
    this.#memory.store(this.#job(slot) + BLOCKED, 0);
    return true;
  }

  /** Says that a worker does not block any more. Tells whether it is to end now, since it is doomed. */
  unblock(slot: number): boolean {
    this.#memory.store(this.#job(slot) + BLOCKED, 0);
    return this.isDoomed(slot);
  }

  /** Wakes a worker where it blocks; tells whether it did. */
  wake(slot: number, arena: SharedWords): boolean {
    const at = this.#memory.load(this.#job(slot) + BLOCKED);
    if (at > 0) arena.notify(at, Infinity);
    else if (at < 0) this.#memory.notifyAll(-at);
    return at !== 0;
  }

  /** Says that a worker has done its thread and takes another; `false` when it is to be terminated. */
  offer(slot: number, record: number): boolean {
    return this.#memory.compareExchange(this.#job(slot), record, IDLE) === record;
  }

  /**
   * Blocks an idle worker until it has a thread. Gives `"exit"` when time (in milliseconds) is up, and `"dismissed"` when
   * the program ends.
   */
  park(slot: number, timeout: number): number | "exit" | "dismissed" {
    const memory = this.#memory;
    const job = this.#job(slot);
    memory.waitWhile(job, IDLE, timeout);
    const found = memory.compareExchange(job, IDLE, EXITING);
    if (found > 0) return found;
    if (found === IDLE) return "exit";
    memory.store(job, FREE);
    memory.notifyAll(job);
    return "dismissed";
  }

  /** Whether the program ends: those who were woken for that have not failed. */
  get isEnding(): boolean {
    return this.#memory.load(ENDING) !== 0;
  }

  /** Sends all idle workers back to their event loops, for the program ends: Deno complains of those that block. */
  dismiss(): void {
    const memory = this.#memory;
    memory.store(ENDING, 1);
    const high = memory.load(HIGH);
    for (let i = 0; i < high; i++) {
      const job = this.#job(i);
      if (memory.compareExchange(job, IDLE, DISMISSED) === IDLE) memory.notifyAll(job);
    }
    const end = performance.now() + PATIENCE;
    for (let i = 0; i < high; i++) {
      memory.waitWhile(this.#job(i), DISMISSED, Math.max(0, end - performance.now()));
    }
  }

  /** Has workers that block end by themselves, for the program ends: Deno complains of those that it interrupts. */
  endBlocked(arena: SharedWords): void {
    const memory = this.#memory;
    const end = performance.now() + PATIENCE;
    const high = memory.load(HIGH);
    const asked: number[] = [];
    for (let i = 0; i < high; i++) {
      const record = this.job(i);
      if (record !== null && this.wake(i, arena) && this.doom(i, record)) asked.push(i);
    }
    for (const i of asked) {
      // Once it is awake, it ends at once.
      while (this.wake(i, arena) && performance.now() < end) memory.wait(this.#job(i), DOOMED, 1);
    }
    if (asked.length > 0) memory.wait(this.#job(asked[0] as number), DOOMED, 1);
  }

  /** Blocks a worker that waits for its termination, for ever. */
  parkForever(slot: number): never {
    for (;;) this.#memory.waitWhile(this.#job(slot), DOOMED, Infinity);
  }

  #job(slot: number): number {
    return SLOTS + slot * SLOT_WORDS;
  }
}
