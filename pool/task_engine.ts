/**
 * The engine of a pool: sends tasks to workers through shared memory, takes their results, and replaces the workers that
 * die.
 *
 * ```text
 * submit ─▶ Sender ──ring──▶ worker ──result ring──▶ Receiver ─▶ sink
 *             ▲ list, heap                               │
 *             └──────── every taking feeds ◀─────────────┘
 * ```
 *
 * An engine belongs to the thread that has made it. Sinks are called by that thread, while it takes results, and may call
 * the engine again.
 *
 * @module
 */

import * as layout from "../_core/task_layout.ts";
import type { TaskMemory } from "../_core/task_memory.ts";
import { CancelledError } from "../errors.ts";
import { Alarms } from "./engine_alarms.ts";
import { Bell } from "./engine_bell.ts";
import { Crew } from "./engine_crew.ts";
import { type Dismissal, Lifecycle } from "./engine_lifecycle.ts";
import { ArgumentEncoder, encodeInitializer } from "./engine_encoder.ts";
import { Batch, extraOf, IN_LIST, Job } from "./engine_job.ts";
import { Reaper } from "./engine_reaper.ts";
import { Receiver } from "./engine_receiver.ts";
import { Sender } from "./engine_sender.ts";
import { heedLimits } from "./engine_limits.ts";
import { JobTable } from "./engine_table.ts";
import { BLOCKED_SLICE, DEFAULT_GRACE, DEFAULT_SLICE, DEFAULT_SPIN } from "./engine_defaults.ts";
import type {
  BatchSink,
  EngineOptions,
  PoolStatistics,
  TaskOptions,
  TaskSink,
} from "./engine_types.ts";
import { type AnyFunction, FunctionNumbers } from "./function_table.ts";
import { createMemory } from "./engine_geometry.ts";
import type { WorkerHost } from "./worker_host.ts";

export type { BatchSink, EngineOptions, PoolStatistics, TaskOptions, TaskSink };

/** A task or a batch that was submitted. */
export type Ticket = Job | Batch;

/** Runs tasks. */
export class TaskEngine {
  /** How far functions and arguments have to travel. */
  readonly scope: "thread" | "process";
  readonly #options: EngineOptions;
  readonly #memory: TaskMemory;
  readonly #functions: FunctionNumbers;
  readonly #encoder: ArgumentEncoder;
  readonly #table: JobTable;
  readonly #sender: Sender;
  readonly #receiver: Receiver;
  readonly #crew: Crew;
  readonly #reaper: Reaper;
  readonly #alarms: Alarms = new Alarms();
  readonly #bell: Bell;
  readonly #life: Lifecycle;
  readonly #slice: number;
  readonly #blockedSlice: number;
  readonly #send: (job: Job) => boolean;

  /**
   * Makes an engine, and starts its workers unless they are lazy.
   *
   * @throws {UnshareableError} If the initializer or its arguments cannot travel.
   */
  constructor(host: WorkerHost, options: EngineOptions) {
    const { workers, concurrency = 1, tuning = {} } = options;
    this.#options = options;
    this.scope = host.kind;
    this.#slice = tuning.slice ?? DEFAULT_SLICE;
    this.#blockedSlice = tuning.slice ?? BLOCKED_SLICE;
    this.#memory = createMemory(host, options);
    const init = encodeInitializer(options, host.kind);
    const initKey = init === null || init.buffers.length === 0
      ? 0
      : host.broker.put(init.buffers, []);
    this.#functions = new FunctionNumbers(this.#memory);
    this.#encoder = new ArgumentEncoder(this.#memory, host.broker, options.context ?? []);
    this.#table = new JobTable(this.#memory, host.broker);
    this.#sender = new Sender(this.#memory, workers * concurrency, () => this.#table.pending);
    this.#receiver = new Receiver(this.#memory, this.#table, host.broker);
    this.#send = (job) => this.#sender.send(job);
    const settings = {
      name: options.name,
      initializer: init?.bytes ?? null,
      initializerBuffers: initKey,
      maxTasks: options.maxTasksPerChild ?? 0,
      spin: tuning.spin ?? DEFAULT_SPIN,
      slice: this.#slice,
    };
    this.#crew = new Crew(this.#memory, host, settings, {
      onExit: (member) => this.#life.onExit(member),
      onProgramEnd: () => this.#life.close(),
      onSeat: (seat) => this.#reaper.reuse(seat),
    });
    this.#reaper = new Reaper(this.#memory, host.kind, {
      table: this.#table,
      sender: this.#sender,
      crew: this.#crew,
      alarms: this.#alarms,
    });
    this.#bell = new Bell(this.#memory, this.#slice, {
      take: () => this.#takeShare(),
      ready: () => this.#receiver.isReady(this.#crew.members) || this.#sender.starves,
      crowded: () => this.#sender.hasBacklog,
      pending: () => this.#table.pending > 0 || this.#life.isAwaited,
      heal: () => this.#heal(),
    });
    this.#life = new Lifecycle({
      memory: this.#memory,
      options,
      table: this.#table,
      sender: this.#sender,
      receiver: this.#receiver,
      crew: this.#crew,
      reaper: this.#reaper,
      alarms: this.#alarms,
      listen: () => this.#bell.listen(),
      onEnd: () => {
        this.#bell.rest();
        if (initKey !== 0) host.broker.drop(initKey);
        host.dispose?.();
      },
    });
    if (!options.lazy) this.#startAll(workers);
  }

  #startAll(workers: number): void {
    try {
      for (let k = 0; k < workers; k++) this.#crew.start();
    } catch (error) {
      this.terminate(error);
      throw error;
    }
  }

  /**
   * Submits a task. Its arguments are encoded before this returns.
   *
   * @returns The task, for {@linkcode cancel} and the like.
   * @throws {InvalidStateError} If the pool is closed.
   * @throws {BrokenPoolError} If the pool is broken.
   * @throws {UnshareableError} If the function or an argument cannot travel.
   */
  submit(
    fn: AnyFunction,
    args: readonly unknown[],
    options: TaskOptions | undefined,
    sink: TaskSink,
  ): Ticket {
    if (!this.#life.isOpen) throw this.#life.refusal();
    const number = this.#functions.numberOf(fn);
    const job = new Job(fn, number << layout.FN_SHIFT, sink);
    const table = this.#table;
    const first = args[0];
    const quick = options === undefined && number !== 0 && args.length === 1 &&
      typeof first === "number" && this.#options.context === undefined;
    if (quick) {
      job.op |= layout.K_NUMBER;
      job.length = 1;
      table.add(job);
      if (!this.#sender.sendNumber(job, first, table.pending < 4)) {
        job.body = first;
        this.#sender.keep(job);
      }
    } else {
      if (options !== undefined) this.#prepare(job, options);
      this.#submitSlowly(job, number, fn, args, options);
    }
    table.open++;
    if (options !== undefined) heedLimits(job, options, this.#alarms, this);
    this.#afterSubmit();
    return job;
  }

  /**
   * Submits items that one worker runs one after the other.
   *
   * @param star Whether each item is a list of arguments.
   * @param stopAtFailure Whether the rest is not run after an item has failed.
   * @param offset What is added to the number of an item when its sink is told.
   */
  submitBatch(
    fn: AnyFunction,
    items: readonly unknown[],
    star: boolean,
    stopAtFailure: boolean,
    options: TaskOptions | undefined,
    sink: BatchSink,
    offset = 0,
  ): Ticket {
    if (!this.#life.isOpen) throw this.#life.refusal();
    const number = this.#functions.numberOf(fn);
    const batch = new Batch(sink, offset, items.length);
    if (items.length === 0) {
      queueMicrotask(() => this.#table.endBatch(batch));
      return batch;
    }
    const flags = (star ? layout.STAR : 0) | (stopAtFailure ? layout.STOP_AT_FAILURE : 0);
    const job = new Job(fn, number << layout.FN_SHIFT | layout.ITEMS | flags, null);
    const extra = extraOf(job);
    extra.batch = batch;
    extra.end = items.length;
    batch.pieces.add(job);
    if (options !== undefined) this.#prepare(job, options);
    this.#submitSlowly(job, number, fn, items, options);
    this.#table.open += items.length;
    if (options !== undefined) heedLimits(batch, options, this.#alarms, this);
    this.#afterSubmit();
    return batch;
  }

  /** Whether a task was begun, or an item of a batch. */
  isBegun(ticket: Ticket): boolean {
    if (ticket instanceof Job) return this.#sender.isBegun(ticket);
    if (ticket.told || ticket.over) return true;
    return [...ticket.pieces].some((job) => this.#sender.isBegun(job));
  }

  /** Keeps a task from being begun: then its sink hears a `CancelledError`, and `true` is returned. */
  cancel(ticket: Ticket): boolean {
    return this.#reaper.cancel(
      ticket,
      () => new CancelledError("Cannot run task: it was cancelled"),
    );
  }

  /** Cancels all that has not begun: their sinks hear a `CancelledError`. */
  cancelPending(): void {
    for (const job of this.#table.all()) this.cancel(job.extra?.batch ?? job);
  }

  /**
   * Cancels a task, or ends it by force: its sink hears the reason at once; if it was begun, its signal is aborted, and
   * after the grace period its worker is replaced.
   */
  abort(ticket: Ticket, reason: unknown): void {
    if (this.#reaper.cancel(ticket, () => reason)) return;
    for (const lane of this.#reaper.abort(ticket, reason)) {
      const grace = this.#options.grace ?? DEFAULT_GRACE;
      lane.prevent(this.#alarms.after(grace, () => this.#reaper.enforce(lane)));
    }
    this.#bell.listen();
  }

  /**
   * Blocks this thread until a condition holds, and takes results meanwhile; dead workers are replaced.
   *
   * @returns Whether the condition holds; `false` when time (in milliseconds) was up.
   */
  waitSync(isDone: () => boolean, timeout: number): boolean {
    const end = performance.now() + timeout;
    const before = this.#receiver.blocked;
    this.#receiver.blocked = true;
    try {
      for (;;) {
        this.#drain();
        if (isDone()) return true;
        this.#tend();
        if (isDone()) return true;
        const now = performance.now();
        if (now >= end) return false;
        const next = Math.min(end, this.#alarms.next, now + this.#blockedSlice);
        if (next > now) this.#bell.wait(next - now);
      }
    } finally {
      this.#receiver.blocked = before;
    }
  }

  /** Whether more was submitted than has room in the rings: the rest is kept in the memory of this thread. */
  get crowded(): boolean {
    return this.#sender.hasBacklog;
  }

  /** How many bytes of arguments a task, or a batch that was just submitted, has outside of the rings. */
  sizeOf(ticket: Ticket): number {
    const job = ticket instanceof Job ? ticket : ticket.pieces.values().next().value;
    return job !== undefined && (job.op & layout.PAGED) !== 0 ? job.length : 0;
  }

  /** Takes all results that are there, and does what is due: for a thread that asks, and does not wait. */
  poll(): void {
    this.#drain();
    this.#tend();
  }

  #drain(): void {
    for (const member of [...this.#crew.members]) this.#receiver.take(member, Infinity);
    this.#sender.feed();
    this.#life.checkEnd();
  }

  /** Takes no more tasks; the workers leave when all have ended. */
  close(): void {
    this.#life.close();
  }

  /** Ends all: tasks that have not ended fail with the reason, and workers that run one are ended by force. */
  terminate(reason?: unknown, dismissal?: Dismissal): void {
    this.#life.terminate(reason, dismissal);
  }

  /**
   * Waits until all workers have left, after {@linkcode close} or {@linkcode terminate}.
   *
   * @throws {InvalidStateError} If neither was called.
   * @throws {TimeoutError} If time (in milliseconds) runs out.
   */
  join(timeout: number, signal?: AbortSignal): Promise<void> {
    return this.#life.join(timeout, signal);
  }

  /** Blocks until all workers have left; `false` when time (in milliseconds) was up. */
  joinSync(timeout: number): boolean {
    return this.waitSync(() => this.#life.isOver, timeout);
  }

  /** Tells what the pool is doing, and has done. */
  statistics(): PoolStatistics {
    this.poll();
    const { done, failed, cancelled, lost, retried, open, waits, runs } = this.#table;
    // A worker gives a result before it says that it does nothing any more.
    const running = Math.min(this.#crew.running(), open);
    return {
      queued: open - running,
      running,
      done,
      failed,
      cancelled,
      lost,
      retried,
      workersLost: this.#life.workersLost,
      workers: this.#crew.statistics(),
      waitTime: waits.percentiles(),
      runTime: runs.percentiles(),
    };
  }

  #prepare(job: Job, { priority = 0, retries = 0 }: TaskOptions): void {
    if (priority === 0 && retries === 0) return;
    const extra = extraOf(job);
    extra.priority = priority;
    extra.retries = retries;
  }

  #submitSlowly(
    job: Job,
    number: number,
    fn: AnyFunction,
    data: readonly unknown[],
    options: TaskOptions | undefined,
  ): void {
    this.#table.add(job);
    try {
      this.#encoder.encode(job, number, fn, data, options, this.#send);
    } catch (error) {
      this.#table.remove(job);
      throw error;
    }
    if (job.place === IN_LIST) this.#sender.feed();
  }

  #afterSubmit(): void {
    const { workers, lazy } = this.#options;
    if (lazy && this.#crew.members.length < workers) this.#life.ensureWorkers();
    this.#bell.listen();
  }

  /** Takes a share of the results; tells whether there may be more. */
  #takeShare(): boolean {
    const taken = this.#receiver.takeShare(this.#crew.members);
    this.#sender.feed();
    this.#life.checkEnd();
    return taken > 0;
  }

  #tend(): void {
    this.#crew.look();
    this.#alarms.ring();
    this.#sender.feed();
  }

  #heal(): void {
    this.#crew.look();
    this.#reaper.look();
    this.#sender.heal();
    if (this.#receiver.isReady(this.#crew.members)) this.#drain();
    this.#life.ensureWorkers();
    this.#life.checkEnd();
  }
}
