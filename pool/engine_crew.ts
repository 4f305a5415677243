/**
 * The workers of a pool: who sits where, who has died, who is to be started.
 *
 * A successor takes the seat that has been free for longest, so that a worker which was killed, and runs on for a moment,
 * writes where nobody sits.
 *
 * @module
 */

import * as layout from "../_core/task_layout.ts";
import type { TaskMemory } from "../_core/task_memory.ts";
import { TaskResults } from "../_core/task_results.ts";
import type { WorkerStatistics } from "./engine_types.ts";
import type { WorkerHandle, WorkerHost } from "./worker_host.ts";

/** A worker. */
export interface Member {
  /** Where it sits. */
  readonly seat: number;
  /** The first word of its seat. */
  readonly at: number;
  /** Its results. */
  readonly results: TaskResults;
  /** Its name. */
  readonly name: string;
  /** The worker. */
  readonly handle: WorkerHandle;
  /** The error of its initializer. */
  initError: { error: unknown } | null;
  /** Whether it was killed by the pool. */
  killed: boolean;
  /** Whether its end has been dealt with. */
  gone: boolean;
}

/** What a crew is made of. */
export interface CrewSettings {
  /** Gives the name of a worker. */
  name: (index: number) => string;
  /** The initializer, encoded. */
  initializer: Uint8Array | null;
  /** The key of the buffers beside it, or 0. */
  initializerBuffers: number;
  /** See `WorkerBoot`. */
  maxTasks: number;
  /** See `WorkerBoot`. */
  spin: number;
  /** See `WorkerBoot`. */
  slice: number;
}

/** What a crew tells. */
export interface CrewHooks {
  /** A worker is gone. */
  onExit: (member: Member) => void;
  /** The program ends: no task can be run any more. */
  onProgramEnd: () => void;
  /** A worker is about to take a seat. */
  onSeat: (seat: number) => void;
}

/** The workers of a pool. */
export class Crew {
  /** Those who live. */
  readonly members: Member[] = [];
  readonly #memory: TaskMemory;
  readonly #host: WorkerHost;
  readonly #settings: CrewSettings;
  readonly #hooks: CrewHooks;
  readonly #free: number[];
  #count = 0;
  #forgetEnd: (() => void) | undefined;

  /** Makes a crew of nobody. */
  constructor(
    memory: TaskMemory,
    host: WorkerHost,
    settings: CrewSettings,
    hooks: CrewHooks,
  ) {
    this.#memory = memory;
    this.#host = host;
    this.#settings = settings;
    this.#hooks = hooks;
    this.#free = Array.from({ length: memory.geometry.seats }, (_, seat) => seat);
  }

  /** Starts a worker. */
  start(): void {
    const seat = this.#free[0] as number;
    const { geometry, layout: places, buffer } = this.#memory;
    this.#hooks.onSeat(seat);
    this.#clear(seat);
    const { name, initializer, initializerBuffers, maxTasks, spin, slice } = this.#settings;
    const title = name(this.#count);
    const handle = this.#host.start(
      { buffer, geometry, seat, initializer, initializerBuffers, maxTasks, spin, slice },
      title,
    );
    this.#free.shift();
    this.#count++;
    const member: Member = {
      seat,
      at: places.seat(seat),
      results: new TaskResults(this.#memory, seat),
      name: title,
      handle,
      initError: null,
      killed: false,
      gone: false,
    };
    this.members.push(member);
    this.#forgetEnd ??= this.#host.onProgramEnd?.(() => this.#dismiss(), (end) => this.#wait(end));
    void handle.exited.then(() => this.#exit(member));
  }

  /** Looks after the workers while no event tells of their end. */
  look(): void {
    for (const member of [...this.members]) if (member.handle.hasExited()) this.#exit(member);
  }

  /** Whether the code of a worker has begun. */
  hasStarted({ at }: Member): boolean {
    return this.#memory.words.load(at + layout.S_AGENT) !== 0;
  }

  /** Whether a worker runs tasks, or has. */
  wasReady({ at }: Member): boolean {
    const state = this.#memory.words.load(at + layout.S_STATE);
    return state === layout.SEAT_READY || state === layout.SEAT_LEFT;
  }

  /** Whether a worker has left in order. */
  hasLeft({ at }: Member): boolean {
    return this.#memory.words.load(at + layout.S_STATE) === layout.SEAT_LEFT;
  }

  /** Ends a worker by force. */
  kill(member: Member): void {
    if (member.gone || member.killed) return;
    member.killed = true;
    member.handle.kill();
  }

  /** Asks a worker to end; one that cannot be asked is ended by force. */
  terminate(member: Member): void {
    if (member.gone || member.killed) return;
    if (member.handle.terminate === undefined) this.kill(member);
    else member.handle.terminate();
  }

  /** Rings all bells. */
  ringAll(): void {
    for (const { seat } of this.members) this.#memory.ring(seat);
  }

  /** Counts the tasks that run. */
  running(): number {
    let count = 0;
    for (const member of this.members) count += this.lanesOf(member).length;
    return count;
  }

  /** Gives the first words of the lanes of a worker in which tasks run. */
  lanesOf({ at }: Member): number[] {
    const lanes: number[] = [];
    const { words, geometry } = this.#memory;
    for (let k = 0; k < geometry.lanes; k++) {
      const lane = at + layout.S_LANES + k * layout.LANE_WORDS;
      if (words.load(lane + layout.L_SLOT) !== 0) lanes.push(lane);
    }
    return lanes;
  }

  /** Tells what each worker has done. */
  statistics(): WorkerStatistics[] {
    const now = performance.timeOrigin + performance.now();
    const { words, floats } = this.#memory;
    return this.members.map(({ at, name }) => {
      const ready = floats[(at + layout.S_READY_AT) / 2] as number;
      const since = floats[(at + layout.S_IDLE_SINCE) / 2] as number;
      const idle = (floats[(at + layout.S_IDLE_TIME) / 2] as number) +
        (since === 0 ? 0 : now - since);
      const age = now - ready;
      const worked = ready === 0 || !(age > 0) ? 0 : 1 - idle / age;
      const utilisation = Math.min(1, Math.max(0, worked));
      return { name, tasks: words.load(at + layout.S_TASKS), utilisation };
    });
  }

  /** Gives the seat of a worker that has died back, after all was taken from it. */
  leave({ seat, results }: Member): void {
    // A sink that one of its results has called may still run.
    results.close();
    const { words } = this.#memory;
    const bit = 1 << (seat % layout.IDLE_SEATS);
    words.and(this.#memory.idleWord(seat), ~(bit | layout.SEARCHING));
    this.#free.push(seat);
    this.#memory.wakeOne();
  }

  #exit(member: Member): void {
    if (member.gone) return;
    member.gone = true;
    this.members.splice(this.members.indexOf(member), 1);
    this.#hooks.onExit(member);
    if (this.members.length > 0) return;
    this.#forgetEnd?.();
    this.#forgetEnd = undefined;
  }

  /** The program ends, which would interrupt workers that sleep: sends the idle ones back to their event loops. */
  #dismiss(): void {
    this.#memory.words.store(layout.STOP, layout.STOP_RETURN);
    this.#hooks.onProgramEnd();
    this.ringAll();
  }

  /** Blocks until all idle workers are back in their event loops, or until a time. */
  #wait(end: number): void {
    const { words } = this.#memory;
    for (const member of [...this.members]) {
      if (this.lanesOf(member).length > 0) continue;
      const left = end - performance.now();
      if (left > 0) words.wait(member.at + layout.S_STATE, layout.SEAT_READY, left);
      if (this.hasLeft(member)) this.#exit(member);
    }
    words.store(layout.STOP, layout.STOP_LEAVE);
  }

  #clear(seat: number): void {
    const { words, geometry, floats } = this.#memory;
    const at = this.#memory.layout.seat(seat);
    for (let k = 0; k < geometry.lanes * layout.LANE_WORDS; k++) {
      words.store(at + layout.S_LANES + k, 0);
    }
    for (const word of [layout.S_FULL, layout.S_BELL, layout.S_DRAIN, layout.S_AGENT]) {
      words.store(at + word, 0);
    }
    for (const word of [layout.S_PAGE, layout.S_TASKS]) words.store(at + word, 0);
    for (const word of [layout.S_READY_AT, layout.S_IDLE_TIME, layout.S_IDLE_SINCE]) {
      floats[(at + word) / 2] = 0;
    }
    words.store(at + layout.S_HAZARD, layout.NONE);
    words.store(at + layout.S_RESULT_HEAD, words.load(at + layout.S_RESULT_TAIL));
    words.store(at + layout.S_STATE, layout.SEAT_STARTING);
  }
}
