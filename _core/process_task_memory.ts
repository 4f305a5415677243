/**
 * The memory of a pool whose workers are processes: a block of its own, which the kernel frees with the last process that
 * has it open.
 *
 * Threads block in the kernel's futex on the words themselves. Promises cannot wait there: they wait for the doorbell that
 * their thread has in the memory of the family (see `process_words.ts`), and look at the word whenever that rings. Whoever
 * changes a word rings for the one thread that may wait at it: the owner of the pool at his bell, the worker of a seat at
 * all words of the seat. At the two words that are rung for every task, a flag beside it says whether a promise waits.
 *
 * @module
 */

import type { Ffi } from "../_runtime/ffi.ts";
import {
  createMapping,
  discardMapping,
  type Mapping,
  needsNamedMemory,
  openMapping,
} from "../_runtime/memory.ts";
import { runtime } from "../_runtime/runtime.ts";
import { ffi } from "./own_ffi.ts";
import { type FamilyBells, familyBells } from "./process_family.ts";
import { SharedWords, type WaitResult } from "./shared_words.ts";
import {
  OWNER_AGENT,
  OWNER_BELL,
  S_AGENT,
  S_BELL,
  S_STATE,
  type TaskGeometry,
  TaskLayout,
} from "./task_layout.ts";
import { TaskMemory } from "./task_memory.ts";

/** Where the memory of a pool is found by other processes. */
export interface TaskSegment {
  /** The process that has made it. */
  readonly pid: number;
  /** Its descriptor. */
  readonly fd: number;
  /** Its name, where it has one. */
  readonly name: string | null;
}

/** Longest time in the kernel, in milliseconds: a worker cannot be terminated there. */
const SLICE = 250;
/** Time between two looks where there are no futexes, in milliseconds. */
const NAP = 1;
/** A promise looks again at least so often, in milliseconds. */
const HEAL = 250;

/** What is unmapped when nobody can look at it any more. */
const collected: FinalizationRegistry<{ system: Ffi; mapping: Mapping }> = new FinalizationRegistry(
  ({ system, mapping }) => {
    system.munmap(mapping.address, mapping.length);
    system.close(mapping.fd);
  },
);

/**
 * Creates the memory of a pool.
 *
 * @throws {NotSupportedError} If FFI is not granted, not installed, or not there.
 * @throws {RangeError} If there is no memory left for the family.
 * @throws {SystemError} If there is not so much memory.
 */
export function createTaskSegment(geometry: TaskGeometry): [TaskMemory, TaskSegment] {
  const system = ffi("create pool of processes");
  const name = needsNamedMemory(system) ? `/nogil-${crypto.randomUUID().slice(0, 18)}` : null;
  const bytes = new TaskLayout(geometry).bytes;
  const { agent } = familyBells();
  const mapping = createMapping(system, [Math.ceil(bytes / 4096) * 4096], name);
  try {
    system.fallocate(mapping.fd, 0, mapping.length);
  } catch (error) {
    discardMapping(system, mapping, name);
    throw error;
  }
  const memory = over(system, mapping, geometry);
  memory.format();
  memory.words.store(OWNER_AGENT, agent);
  return [memory, { pid: runtime().pid(), fd: mapping.fd, name }];
}

/** Opens the memory of a pool that another process has created. */
export function openTaskSegment(geometry: TaskGeometry, segment: TaskSegment): TaskMemory {
  const system = ffi("enter the memory of a pool");
  return over(system, openMapping(system, segment.pid, segment.fd, segment.name), geometry);
}

/** Removes the name of the memory of a pool that is over. */
export function removeTaskSegment({ name }: TaskSegment): void {
  if (name !== null) ffi("end pool").shmUnlink(name);
}

function over(system: Ffi, mapping: Mapping, geometry: TaskGeometry): TaskMemory {
  const buffer = system.view(mapping.address, mapping.length);
  collected.register(buffer, { system, mapping });
  const layout = new TaskLayout(geometry);
  const words = new ProcessTaskWords(buffer, system, mapping.address, layout, familyBells());
  return new TaskMemory(geometry, buffer, words, "process");
}

/** The words of a pool in memory that processes share. */
class ProcessTaskWords extends SharedWords {
  readonly #system: Ffi;
  readonly #address: number;
  readonly #layout: TaskLayout;
  readonly #bells: FamilyBells;

  constructor(
    buffer: ArrayBuffer,
    system: Ffi,
    address: number,
    layout: TaskLayout,
    bells: FamilyBells,
  ) {
    super(new Int32Array(buffer));
    this.#system = system;
    this.#address = address;
    this.#layout = layout;
    this.#bells = bells;
  }

  override get(index: number): number {
    return this.view[index] as number;
  }

  override set(index: number, value: number): void {
    this.view[index] = value;
  }

  override wait(index: number, value: number, ms: number): WaitResult {
    const end = performance.now() + ms;
    const { polls } = this.#bells;
    for (let left = ms; this.load(index) === value; left = end - performance.now()) {
      if (!(left > 0)) return "timed-out";
      if (polls) this.#bells.pause(Math.min(left, NAP));
      else this.#system.futexWait(this.#address + index * 4, value, Math.min(left, SLICE));
    }
    return "ok";
  }

  override waitAsync(index: number, value: number): Promise<unknown> | null {
    const flag = this.#flagOf(index);
    if (flag >= 0) this.store(flag, 1);
    const seen = this.#bells.seen();
    if (this.load(index) === value) return this.#change(index, value, flag, seen);
    if (flag >= 0) this.store(flag, 0);
    return null;
  }

  async #change(index: number, value: number, flag: number, seen: number): Promise<void> {
    for (;;) {
      await this.#bells.rung(seen, this.#bells.polls ? NAP : HEAL);
      seen = this.#bells.seen();
      if (this.load(index) !== value) break;
    }
    if (flag >= 0) this.store(flag, 0);
  }

  override notify(index: number, count: number): void {
    if (!this.#bells.polls) this.#system.futexWake(this.#address + index * 4, count);
    const flag = this.#flagOf(index);
    if (flag >= 0 && this.load(flag) === 0) return;
    const agent = this.#listenerAt(index);
    if (agent !== 0) this.#bells.ring(agent);
  }

  /** Gives the word that says whether a promise waits at a word, or -1. */
  #flagOf(index: number): number {
    return index === OWNER_BELL || this.#inSeat(index) === S_BELL ? index + 1 : -1;
  }

  /** Gives the agent whose promises may wait at a word, or 0. */
  #listenerAt(index: number): number {
    if (index === OWNER_BELL) return this.load(OWNER_AGENT);
    const place = this.#inSeat(index);
    return place < 0 || place === S_STATE ? 0 : this.load(index - place + S_AGENT);
  }

  /** Gives the place of a word in its seat, or -1. */
  #inSeat(index: number): number {
    const { seats, seatWords, functions } = this.#layout;
    return index < seats || index >= functions ? -1 : (index - seats) % seatWords;
  }
}
