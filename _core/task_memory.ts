/**
 * The memory of a pool: words that workers and owner agree by, and the numbers and bytes of records.
 *
 * @module
 */

import { type Agent, agentOf } from "./agent.ts";
import type { SharedWords } from "./shared_words.ts";
import { ThreadWords } from "./shared_words.ts";
import { IDLE, S_BELL, S_HAZARD, SEARCHING, type TaskGeometry, TaskLayout } from "./task_layout.ts";
import { NONE } from "./task_layout.ts";

/** Words of a pool: a class of its own, whose plain accesses the engine compiles for this memory alone. */
class TaskWords extends ThreadWords {
  override get(index: number): number {
    return this.view[index] as number;
  }

  override set(index: number, value: number): void {
    this.view[index] = value;
  }
}

/** The memory of a pool. */
export class TaskMemory {
  /** The words. */
  readonly words: SharedWords;
  /** The same memory as numbers. */
  readonly floats: Float64Array;
  /** The same memory as bytes. */
  readonly bytes: Uint8Array;
  /** How large it is. */
  readonly geometry: TaskGeometry;
  /** Where everything is. */
  readonly layout: TaskLayout;
  /** The memory itself, to be given to workers that are threads. */
  readonly buffer: SharedArrayBuffer | ArrayBuffer;
  /** How far what is in it has to travel. */
  readonly scope: "thread" | "process";
  readonly #agents: "thread" | "process";

  /** Puts a pool over memory that exists; `words` counts accesses in a simulation. */
  constructor(
    geometry: TaskGeometry,
    buffer: SharedArrayBuffer | ArrayBuffer,
    words?: SharedWords,
    scope: "thread" | "process" = "thread",
    agents: "thread" | "process" = scope,
  ) {
    this.#agents = agents;
    this.geometry = geometry;
    this.layout = new TaskLayout(geometry);
    this.buffer = buffer;
    this.scope = scope;
    this.words = words ?? new TaskWords(new Int32Array(buffer));
    this.floats = new Float64Array(buffer);
    this.bytes = new Uint8Array(buffer);
  }

  /**
   * Creates the memory of a pool whose seats are taken by threads; with the scope `"process"`, on behalf of processes. Pages that are never touched cost nothing.
   */
  static create(geometry: TaskGeometry, scope: "thread" | "process" = "thread"): TaskMemory {
    const buffer = new SharedArrayBuffer(new TaskLayout(geometry).bytes);
    const memory = new TaskMemory(geometry, buffer, undefined, scope, "thread");
    memory.format();
    return memory;
  }

  /** This thread among those that use the memory; what is large lies in the pages of their heap. */
  get agent(): Agent {
    return agentOf(this.#agents);
  }

  /** Writes what is not 0 at the start. */
  format(): void {
    for (let k = 0; k < this.geometry.seats; k++) {
      this.words.store(this.layout.seat(k) + S_HAZARD, NONE);
    }
  }

  /** Gives the word in which the bit of a seat is. */
  idleWord(seat: number): number {
    return IDLE + Math.floor(seat / 30) * 16;
  }

  /**
   * Wakes one sleeper, if nobody is looking for work. Its bit becomes the search role by one CAS, so that the role is never
   * left behind with everybody asleep.
   */
  wakeOne(): void {
    const { words } = this;
    for (let group = 0; group < this.layout.idleWords; group++) {
      const at = IDLE + group * 16;
      for (;;) {
        const value = words.load(at);
        if ((value & SEARCHING) !== 0) return;
        if (value === 0) break;
        const bit = value & -value;
        if (words.compareExchange(at, value, (value & ~bit) | SEARCHING) !== value) continue;
        this.ring(group * 30 + 31 - Math.clz32(bit));
        return;
      }
    }
  }

  /** Rings the bell of a seat. */
  ring(seat: number): void {
    const bell = this.layout.seat(seat) + S_BELL;
    this.words.store(bell, 1);
    this.words.notify(bell, 1);
  }
}
