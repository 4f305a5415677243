/**
 * The worker of a pool: claims tasks, runs them, sends their results, and sleeps when there is nothing to do.
 *
 * It blocks in its sleep only while nothing is left that needs its event loop: no task in flight, no timer that a task has
 * left behind. Tasks are called in turns of the event loop, and not by promises: Deno loses the death (out of memory) of a
 * worker in a promise's continuation.
 *
 * @module
 */

import { decode, requiredModules } from "../_core/codec.ts";
import { importModules } from "../_core/module_registry.ts";
import { task } from "../_core/task.ts";
import * as layout from "../_core/task_layout.ts";
import { TaskMemory } from "../_core/task_memory.ts";
import { TaskSeat } from "../_core/task_seat.ts";
import { isThenable } from "../_core/thenable.ts";
import { runtime } from "../_runtime/runtime.ts";
import { threadBroker } from "../thread/launcher.ts";
import type { AnyFunction } from "./function_table.ts";
import { type WorkerLoop, WorkerTasks } from "./worker_tasks.ts";
import type { BufferBroker, WorkerBoot } from "./worker_host.ts";

/** So long tasks run without a turn of the event loop, in milliseconds. */
const TURN_TIME = 10;
/** The same while asynchronous tasks are in flight. */
const SHORT_TURN_TIME = 2;
/** So often a worker whose event loop runs looks for the owner of the pool, in milliseconds. */
const OWNER_TIME = 1000;
/** So many tasks are run between two looks at the clock. */
const LOOK_EVERY = 16;

/** The target of a worker's thread. */
export const runPoolWorker: (boot: WorkerBoot, owner: Owner | null) => Promise<void> = task(
  import.meta,
  (boot: WorkerBoot, owner: Owner | null): Promise<void> =>
    new PoolWorker(
      boot,
      new TaskMemory(boot.geometry, boot.buffer),
      threadBroker,
      () => owner === null || owner.isAlive(),
    ).run(),
);

/** Who has made the pool. */
export interface Owner {
  /** Tells whether it lives. */
  isAlive(): boolean;
}

/** Runs the tasks that a worker claims. */
export interface TaskRunner
  extends Pick<WorkerTasks, "answers" | "running" | "spoiled" | "runConcurrently" | "freeLane"> {
  /** Runs the task that the seat has claimed for a lane. */
  begin(lane: number): void;
  /** Has the initializer run elsewhere than in this thread; tells whether that has worked. */
  initialize?(initializer: Uint8Array): Promise<boolean>;
}

/** Makes what runs the tasks. */
export type MakeRunner = (
  memory: TaskMemory,
  seat: TaskSeat,
  broker: BufferBroker,
  loop: WorkerLoop,
) => TaskRunner;

/** A worker of a pool. */
export class PoolWorker {
  readonly #boot: Omit<WorkerBoot, "buffer">;
  readonly #broker: BufferBroker;
  readonly #isOwnerAlive: () => boolean;
  readonly #memory: TaskMemory;
  readonly #seat: TaskSeat;
  readonly #tasks: TaskRunner;
  /** Resources that are there when no task has left anything. */
  #atRest = 0;
  #claimed = 0;
  #leaving = false;
  #left = false;
  /** Whether the loop runs, or will by itself. */
  #busy = false;
  /** Whether tasks have run since the event loop went round. */
  #ran = false;
  #idleSince = 0;
  #idle = 0;
  #end: () => void = () => {};
  #watch: ReturnType<typeof setInterval> | undefined;

  /** Takes a seat. */
  constructor(
    boot: Omit<WorkerBoot, "buffer">,
    memory: TaskMemory,
    broker: BufferBroker,
    isOwnerAlive: () => boolean,
    makeRunner: MakeRunner = (...parts) => new WorkerTasks(...parts),
  ) {
    this.#boot = boot;
    this.#isOwnerAlive = isOwnerAlive;
    this.#broker = broker;
    this.#memory = memory;
    this.#seat = new TaskSeat(this.#memory, boot.seat);
    this.#tasks = makeRunner(this.#memory, this.#seat, broker, {
      goOn: () => this.#wake(),
      spoil: () => this.#spoil(),
      isOwnerAlive,
      slice: boot.slice,
    });
  }

  /** Runs tasks until the pool is closed, or enough have been run. */
  run(): Promise<void> {
    return new Promise((resolve) => {
      this.#end = resolve;
      runtime().nextTurn(() => void this.#start());
    });
  }

  async #start(): Promise<void> {
    this.#memory.words.store(this.#seat.at + layout.S_AGENT, this.#memory.agent.id);
    this.#watch = setInterval(() => this.#lookForOwner(), OWNER_TIME);
    this.#atRest = runtime().activeResources();
    if (this.#memory.geometry.lanes > 1) {
      await this.#tasks.runConcurrently();
      this.#heedDrain();
    }
    if (this.#boot.initializer === null || this.#seat.stopped) return this.#ready();
    if (this.#tasks.initialize !== undefined) {
      if (await this.#tasks.initialize(this.#boot.initializer)) this.#ready();
      else this.#leave(true);
      return;
    }
    try {
      const request = await this.#loadInitializer(this.#boot.initializer);
      runtime().nextTurn(() => this.#initialize(request));
    } catch (error) {
      this.#fail(error);
    }
  }

  async #loadInitializer(bytes: Uint8Array): Promise<[AnyFunction, unknown[]]> {
    const modules = requiredModules(bytes);
    if (modules.length > 0) await importModules(modules);
    const key = this.#boot.initializerBuffers;
    const buffers = key === 0 ? [] : this.#broker.take(key, true);
    return decode(bytes, buffers as Parameters<typeof decode>[1]) as [AnyFunction, unknown[]];
  }

  #initialize([initializer, args]: [AnyFunction, unknown[]]): void {
    try {
      const result = initializer(...args as never[]);
      if (!isThenable(result)) return this.#ready();
      Promise.resolve(result).then(() => this.#ready(), (error) => this.#fail(error));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The initializer has failed: the owner decides what to do. */
  #fail(error: unknown): void {
    this.#tasks.answers.notReady(error);
    this.#leave(true);
  }

  #ready(): void {
    const { words, floats } = this.#memory;
    floats[(this.#seat.at + layout.S_READY_AT) / 2] = now();
    words.store(this.#seat.at + layout.S_STATE, layout.SEAT_READY);
    this.#seat.ringOwner();
    runtime().nextTurn(() => this.#turn());
    this.#busy = true;
  }

  /** A task has ended, or there is room for results: the loop goes on, unless it does already. */
  #wake(): void {
    if (this.#busy || this.#left) return;
    this.#busy = true;
    runtime().nextTurn(() => this.#turn());
  }

  #turn(): void {
    if (this.#left) return;
    const tasks = this.#tasks;
    const since = performance.now();
    for (let count = 0;; count++) {
      if (count % LOOK_EVERY === LOOK_EVERY - 1) {
        const limit = tasks.running > 0 ? SHORT_TURN_TIME : TURN_TIME;
        if (performance.now() - since > limit) return runtime().nextTurn(() => this.#turn());
      }
      if (this.#leaving) {
        this.#busy = false;
        this.#seat.passOn();
        if (tasks.running === 0 && !tasks.answers.waiting) this.#leave(false);
        return;
      }
      const lane = tasks.freeLane();
      if (lane < 0) {
        this.#busy = false;
        this.#seat.passOn();
        return;
      }
      const claim = this.#seat.claim(lane);
      if (claim === "empty") {
        if (this.#rest()) continue;
        return;
      }
      if (claim === "again") continue;
      if (this.#idleSince !== 0) this.#work();
      if (claim === "cancelled") {
        tasks.answers.skipped(this.#seat.slot, lane);
        continue;
      }
      this.#ran = true;
      tasks.begin(lane);
      if (++this.#claimed === this.#boot.maxTasks) this.#leaving = true;
    }
  }

  /** Finds nothing to do. Tells whether to look again; otherwise the loop has ended for now. */
  #rest(): boolean {
    const { running, answers } = this.#tasks;
    const seat = this.#seat;
    const quiet = running === 0 && !answers.waiting;
    if (seat.ending) {
      if (quiet) this.#say(layout.SEAT_LEFT);
      return false;
    }
    if (seat.stopped) {
      this.#leaving = true;
      return true;
    }
    if (quiet && this.#idleSince === 0) this.#idleFrom(now());
    if (quiet && this.#boot.spin > 0 && seat.search() && seat.spin(this.#boot.spin / 1000)) {
      return true;
    }
    if (this.#ran) {
      // What tasks have left to the event loop comes first.
      this.#ran = false;
      runtime().nextTurn(() => this.#turn());
      return false;
    }
    const blocks = quiet && runtime().activeResources() <= this.#atRest;
    if (!seat.lieDown()) {
      seat.rise();
      return true;
    }
    if (blocks) {
      seat.sleep(this.#boot.slice);
      seat.rise();
      if (!this.#isOwnerAlive()) this.#leaving = true;
      return true;
    }
    const rung = seat.slumber();
    const rise = (): void => {
      seat.rise();
      this.#turn();
    };
    if (rung === null) runtime().nextTurn(rise);
    else void rung.then(() => runtime().nextTurn(rise));
    return false;
  }

  #idleFrom(since: number): void {
    this.#idleSince = since;
    this.#memory.floats[(this.#seat.at + layout.S_IDLE_SINCE) / 2] = since;
  }

  #work(): void {
    this.#idle += now() - this.#idleSince;
    this.#memory.floats[(this.#seat.at + layout.S_IDLE_TIME) / 2] = this.#idle;
    this.#idleFrom(0);
  }

  /** The owner may ask a worker of several tasks to take no more. */
  #heedDrain(): void {
    const { words } = this.#memory;
    const at = this.#seat.at + layout.S_DRAIN;
    const heed = (): void => {
      if (this.#left) return;
      this.#leaving = true;
      words.store(at, layout.DRAIN_HEARD);
      this.#wake();
    };
    const asked = words.waitAsync(at, layout.DRAIN_NO);
    if (asked === null) heed();
    else void asked.then(heed);
  }

  /** Nobody will ever send a task again, nor close the pool. */
  #lookForOwner(): void {
    if (this.#isOwnerAlive()) return;
    this.#leaving = true;
    if (this.#tasks.running === 0) this.#leave(false);
  }

  /** Says how it is, also to an owner that is blocked at the end of the program. */
  #say(state: number): void {
    const { words } = this.#memory;
    words.store(this.#seat.at + layout.S_STATE, state);
    words.notify(this.#seat.at + layout.S_STATE, Infinity);
  }

  /** A module has failed half-way: no other task shall meet it. */
  #spoil(): void {
    this.#leaving = true;
    this.#tasks.spoiled = true;
  }

  /** Leaves in order: nothing is begun. */
  #leave(failed: boolean): void {
    if (this.#left) return;
    this.#left = true;
    clearInterval(this.#watch);
    this.#seat.passOn();
    const { words } = this.#memory;
    if (!failed) this.#say(layout.SEAT_LEFT);
    words.notify(this.#seat.at + layout.S_DRAIN, Infinity);
    if (this.#tasks.spoiled) runtime().exitWorker(0);
    this.#end();
  }
}

/** Milliseconds since the epoch, with fractions: a clock that all threads share. */
function now(): number {
  return performance.timeOrigin + performance.now();
}
