/**
 * A pool in one thread: the real engine of the owner, and workers that run step by step on simulated memory. Before any
 * access of one of them something else may happen, or the worker may die.
 *
 * @module
 */

import { SharedWords, type WaitResult } from "../../_core/shared_words.ts";
import * as layout from "../../_core/task_layout.ts";
import { TaskMemory } from "../../_core/task_memory.ts";
import { TaskSeat } from "../../_core/task_seat.ts";
import { WorkerLostError } from "../../errors.ts";
import { readNumbers } from "../../pool/body.ts";
import { RunningTask } from "../../pool/current_task.ts";
import { TaskEngine, type TaskOptions, type Ticket } from "../../pool/task_engine.ts";
import { WorkerAnswers } from "../../pool/worker_answers.ts";
import { WorkerBatch } from "../../pool/worker_batch.ts";
import type { WorkerBoot, WorkerHandle, WorkerHost } from "../../pool/worker_host.ts";
import { Kill } from "./sim_words.ts";

const GEOMETRY = { mainBytes: 512, urgentBytes: 256, resultBytes: 4096 };

/** What happens before an access. */
export type Event = () => void;

/** Words that let something happen before any access. */
class TaskSimWords extends SharedWords {
  #events: { left: number; event: Event }[] = [];
  #accesses = 0;

  /** Lets something happen before access number `at` from now, counted from 0. */
  plan(at: number, event: Event): void {
    this.#events.push({ left: at, event });
    this.#events.sort((a, b) => a.left - b.left);
  }

  /** Forgets what has not happened; tells whether there was something. */
  forget(): boolean {
    const left = this.#events.length > 0;
    this.#events = [];
    this.#accesses = 0;
    return left;
  }

  #step(): void {
    if (++this.#accesses > 200_000) throw new Error("somebody spins for ever");
    const [first] = this.#events;
    if (first === undefined) return;
    if (first.left > 0) {
      for (const entry of this.#events) entry.left--;
      return;
    }
    const [, ...rest] = this.#events;
    // What happens here is not interrupted itself.
    this.#events = [];
    first.event();
    this.#events = rest;
  }

  override load(index: number): number {
    this.#step();
    return super.load(index);
  }
  override store(index: number, value: number): void {
    this.#step();
    super.store(index, value);
  }
  override exchange(index: number, value: number): number {
    this.#step();
    return super.exchange(index, value);
  }
  override compareExchange(index: number, expected: number, value: number): number {
    this.#step();
    return super.compareExchange(index, expected, value);
  }
  override add(index: number, value: number): number {
    this.#step();
    return super.add(index, value);
  }
  override or(index: number, bits: number): number {
    this.#step();
    return super.or(index, bits);
  }
  override and(index: number, bits: number): number {
    this.#step();
    return super.and(index, bits);
  }
  override get(index: number): number {
    this.#step();
    return super.get(index);
  }
  override set(index: number, value: number): void {
    this.#step();
    super.set(index, value);
  }
  override wait(): WaitResult {
    return "timed-out";
  }
  override waitAsync(): Promise<unknown> {
    return new Promise(() => {});
  }
  override notify(): void {
    this.#step();
  }
}

/** A worker that does one thing after the other. */
export class SimWorker implements WorkerHandle {
  readonly exited: Promise<void> = new Promise(() => {});
  readonly #world: TaskWorld;
  readonly #seat: TaskSeat;
  readonly #answers: WorkerAnswers;
  #dead = false;
  #asleep = false;

  /** Takes its seat. */
  constructor(world: TaskWorld, boot: WorkerBoot) {
    this.#world = world;
    const { memory } = world;
    this.#seat = new TaskSeat(memory, boot.seat);
    this.#answers = new WorkerAnswers(
      memory,
      this.#seat,
      world.host.broker,
      () => true,
      () => {},
      0,
    );
    memory.words.store(this.#seat.at + layout.S_STATE, layout.SEAT_READY);
  }

  hasExited(): boolean {
    return this.#dead;
  }

  end(): { cause: unknown; exitcode: number | null; reason: string } {
    return { cause: null, exitcode: null, reason: "it was killed" };
  }

  kill(): void {
    this.#dead = true;
  }

  /** Whether it sleeps, and nobody has rung. */
  get sleeps(): boolean {
    if (this.#dead || !this.#asleep) return false;
    return this.#world.memory.words.load(this.#seat.at + layout.S_BELL) === 0;
  }

  /** Does one thing: runs a task, lies down or gets up. `false` if it sleeps or is dead. */
  step(): boolean {
    if (this.#dead) return false;
    try {
      return this.#step();
    } catch (error) {
      if (!(error instanceof Kill)) throw error;
      this.#dead = true;
      return false;
    }
  }

  #step(): boolean {
    const seat = this.#seat;
    if (this.#asleep) {
      if (this.sleeps) return false;
      this.#asleep = false;
      seat.rise();
      return true;
    }
    const lane = seat.lane(0);
    const claim = seat.claim(lane);
    if (claim === "again") return true;
    if (claim === "cancelled") this.#answers.skipped(seat.slot, lane);
    else if (claim === "task") this.#run(lane);
    else {
      seat.search();
      if (seat.lieDown()) this.#asleep = true;
      else seat.rise();
    }
    return true;
  }

  #run(lane: number): void {
    const seat = this.#seat;
    const { memory, executed } = this.#world;
    const { words, floats } = memory;
    const { op, length } = seat;
    const task = new RunningTask(memory, lane, seat.slot, 1);
    const fn = (item: number): number => {
      executed[item] = (executed[item] ?? 0) + 1;
      return item;
    };
    if ((op & layout.ITEMS) === 0) {
      const value = floats[seat.body] as number;
      seat.accept();
      this.#answers.value(task, fn(value));
      return;
    }
    const first = words.get(seat.body * 2);
    const count = words.get(seat.body * 2 + 1);
    const items = readNumbers(memory, seat.body + 1, length);
    seat.accept();
    const request = { fn, items, star: false, stopAtFailure: false, first, count };
    new WorkerBatch(memory, this.#answers, task, request, () => {}, () => {}).run();
  }
}

/** A pool of simulated workers. */
export class TaskWorld {
  /** Its workers, the dead ones included. */
  readonly workers: SimWorker[] = [];
  /** How often each item was executed. */
  readonly executed: number[] = [];
  /** What was heard of each item. */
  readonly heard: string[][] = [];
  readonly engine: TaskEngine;
  readonly host: WorkerHost;
  memory!: TaskMemory;
  words!: TaskSimWords;
  #items = 0;
  #hasBatch = false;

  /** Makes a pool. */
  constructor(workers: number) {
    this.host = {
      kind: "thread",
      broker: { put: () => 0, take: () => [], drop: () => {} },
      createMemory: (geometry) => {
        const buffer = new SharedArrayBuffer(new layout.TaskLayout(geometry).bytes);
        this.words = new TaskSimWords(new Int32Array(buffer));
        this.memory = new TaskMemory(geometry, buffer, this.words);
        this.memory.format();
        return this.memory;
      },
      start: (boot) => {
        const worker = new SimWorker(this, boot);
        this.workers.push(worker);
        return worker;
      },
    };
    this.engine = new TaskEngine(this.host, {
      workers,
      lazy: false,
      name: (k) => `${k}`,
      tuning: GEOMETRY,
    });
  }

  /** Submits a task of which all is recorded. */
  submit(options?: TaskOptions): Ticket {
    const item = this.#items++;
    const heard: string[] = this.heard[item] = [];
    return this.engine.submit((x: number) => x, [item], options, {
      resolve: (value) => heard.push(value === item ? "ok" : `wrong ${value}`),
      reject: (error) => heard.push((error as Error).name),
    });
  }

  /** Submits a batch of which all is recorded. */
  submitBatch(count: number): Ticket {
    this.#hasBatch = true;
    const first = this.#items;
    const items = Array.from({ length: count }, () => this.#items++);
    for (const item of items) this.heard[item] = [];
    return this.engine.submitBatch((x: number) => x, items, false, false, undefined, {
      item: (k, value) =>
        this.heard[first + k]?.push(value === first + k ? "ok" : `wrong ${value}`),
      itemFailed: (k, error) => this.heard[first + k]?.push((error as Error).name),
      end: () => {},
    });
  }

  /** The owner looks after everything. */
  look(): void {
    this.engine.waitSync(() => false, 0);
  }

  /** Lets all go on until nothing moves any more; the owner takes results, and does not help otherwise. */
  settle(): void {
    this.words.forget();
    for (let still = 0; still < 3; still++) {
      for (const worker of [...this.workers]) while (worker.step()) still = 0;
      this.look();
    }
  }

  /**
   * Says what is wrong when nothing moves any more; at most so many may have been lost. Items of a batch whose results have
   * died with a worker run again.
   */
  problems(mostLost: number): string[] {
    const mostTimes = mostLost > 0 && this.#hasBatch ? 2 : 1;
    const problems: string[] = [];
    let lost = 0;
    this.heard.forEach((heard, item) => {
      const times = this.executed[item] ?? 0;
      if (heard.length !== 1) problems.push(`item ${item} was told ${heard.length} times`);
      if (times > mostTimes) problems.push(`item ${item} was executed ${times} times`);
      if (heard[0] === "ok" && times < 1) problems.push(`item ${item} has a result of nothing`);
      if (heard[0] === "CancelledError" && times !== 0) problems.push(`item ${item} was cancelled`);
      if (heard[0] === WorkerLostError.prototype.name) lost++;
      if (heard[0]?.startsWith("wrong")) problems.push(`item ${item}: ${heard[0]}`);
    });
    if (lost > mostLost) problems.push(`${lost} were lost`);
    const { queued, running } = this.engine.statistics();
    if (queued + running > 0) problems.push(`${queued} queued, ${running} running`);
    return problems;
  }

  /** Ends the pool. */
  end(): void {
    this.words.forget();
    this.engine.terminate();
    for (const worker of this.workers) worker.kill();
    this.look();
  }
}
