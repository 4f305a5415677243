/**
 * The tasks that a worker of a pool runs.
 *
 * @module
 */

import { currentAgent } from "../_core/agent.ts";
import { decode } from "../_core/codec.ts";
import { importForTask, importModules } from "../_core/module_registry.ts";
import * as layout from "../_core/task_layout.ts";
import type { TaskMemory } from "../_core/task_memory.ts";
import type { TaskSeat } from "../_core/task_seat.ts";
import { isThenable } from "../_core/thenable.ts";
import { type AsyncStore, runtime } from "../_runtime/runtime.ts";
import { WorkerLostError } from "../errors.ts";
import { elapsed, modulesOf, readBody, spanOf, stamp } from "./body.ts";
import { findTaskBy, RunningTask, setRunningTask } from "./current_task.ts";
import { type AnyFunction, FunctionTable } from "./function_table.ts";
import { runWithContext } from "./context_variable.ts";
import { WorkerAnswers } from "./worker_answers.ts";
import { WorkerBatch } from "./worker_batch.ts";
import type { BufferBroker, LooseBuffers } from "./worker_host.ts";

/** What the loop of the worker does when asked. */
export interface WorkerLoop {
  /** Goes on: a task has ended. */
  goOn(): void;
  /** Makes this worker take no more tasks, and end when those in flight have. */
  spoil(): void;
  /** Who waits looks again at least so often, in milliseconds. */
  readonly slice: number;
  /** Tells whether somebody waits for the results. */
  isOwnerAlive(): boolean;
}

/** A task that was claimed, without its arguments. */
interface Claimed {
  op: number;
  length: number;
  first: number;
  count: number;
  buffers: LooseBuffers;
  /** The first unit of the body. */
  body: number;
}

/** The lanes of a worker, and what runs in them. */
export class WorkerTasks {
  /** The results. */
  readonly answers: WorkerAnswers;
  /** Tasks in flight: those that wait for a promise. */
  running = 0;
  /** Whether the worker must not run another thread. */
  spoiled = false;
  readonly #memory: TaskMemory;
  readonly #seat: TaskSeat;
  readonly #broker: BufferBroker;
  readonly #loop: WorkerLoop;
  readonly #functions: FunctionTable;
  #store: AsyncStore<RunningTask> | null = null;
  #ended = 0;

  /** Makes the lanes of a seat. */
  constructor(memory: TaskMemory, seat: TaskSeat, broker: BufferBroker, loop: WorkerLoop) {
    this.#memory = memory;
    this.#seat = seat;
    this.#broker = broker;
    this.#loop = loop;
    this.#functions = new FunctionTable(memory);
    // Another pool may have been here before.
    findTaskBy(null);
    this.answers = new WorkerAnswers(
      memory,
      seat,
      broker,
      () => this.running === 0 && loop.isOwnerAlive(),
      () => loop.goOn(),
      loop.slice,
    );
  }

  /** Prepares for several tasks at once: each finds itself by its asynchronous context. */
  async runConcurrently(): Promise<void> {
    const store = await runtime().asyncStore<RunningTask>();
    this.#store = store;
    findTaskBy(() => store.getStore());
  }

  /** Gives a lane for one more task, or -1. */
  freeLane(): number {
    if (this.answers.waiting || this.running >= this.#memory.geometry.lanes) return -1;
    return this.#seat.freeLane();
  }

  /** Runs the task that the seat has claimed for a lane. */
  begin(lane: number): void {
    const seat = this.#seat;
    const { op, sent } = seat;
    const task = new RunningTask(this.#memory, lane, seat.slot, (op >>> layout.ATTEMPT_SHIFT) + 1);
    if (sent !== 0) {
      task.began = stamp();
      task.waited = elapsed(sent, task.began);
    }
    const number = (op >>> layout.FN_SHIFT) & (layout.FN_MAX - 1);
    const known = this.#functions.known(number);
    const plain = op & (layout.ITEMS | layout.BUFFERS | layout.CONTEXT | layout.INLINE_FUNCTION);
    if (known !== undefined && plain === 0 && (op & layout.KIND) === layout.K_NUMBER) {
      const value = this.#memory.floats[seat.body] as number;
      seat.accept();
      return this.#call(task, known as AnyFunction, value);
    }
    let claimed: Claimed;
    try {
      claimed = this.#open();
      const { length, body } = claimed;
      const modules = known === undefined && number !== 0
        ? [...this.#functions.modules(number)]
        : [];
      modules.push(...modulesOf(this.#memory, op, body, length));
      if (modules.length > 0) return this.#importFirst(task, claimed, number, modules);
      const data = readBody(this.#memory, op, body, length, claimed.buffers);
      seat.accept();
      const fn = known ?? (number === 0 ? null : this.#functions.load(number));
      this.#dispatch(task, claimed, fn, data);
    } catch (error) {
      seat.accept();
      this.#fail(task, error);
    }
  }

  /** Reads what stands before the body. */
  #open(): Claimed {
    const { words } = this.#memory;
    const { op, length } = this.#seat;
    const claimed: Claimed = { op, length, first: 0, count: 0, buffers: [], body: this.#seat.body };
    if ((op & layout.ITEMS) !== 0) {
      claimed.first = words.get(claimed.body * 2);
      claimed.count = words.get(claimed.body * 2 + 1);
      claimed.body++;
    }
    if ((op & layout.BUFFERS) !== 0) {
      const key = words.get(claimed.body++ * 2);
      claimed.buffers = this.#broker.take(key, (op & layout.KEEP_BUFFERS) !== 0);
    }
    return claimed;
  }

  #importFirst(task: RunningTask, claimed: Claimed, number: number, modules: string[]): void {
    const { op, body, length } = claimed;
    let data: unknown = null;
    let bytes: Uint8Array | null = null;
    if ((op & layout.KIND) === layout.K_CODED) {
      const span = spanOf(this.#memory, op, body, length);
      bytes = span.bytes.slice(span.start, span.end);
    } else {
      data = readBody(this.#memory, op, body, length, []);
    }
    this.#seat.accept();
    const alone = this.running++ === 0;
    const load = alone ? importForTask : importModules;
    load(modules).then(
      () =>
        runtime().nextTurn(() => {
          this.running--;
          try {
            if (bytes !== null) data = decode(bytes, claimed.buffers as SharedBuffers);
            const fn = number === 0
              ? null
              : this.#functions.known(number) ?? this.#functions.load(number);
            this.#dispatch(task, claimed, fn, data);
          } catch (error) {
            this.#fail(task, error);
          }
          this.#loop.goOn();
        }),
      (cause) => {
        this.running--;
        // Half of the module is there, and would be taken for the whole by the next task.
        this.#loop.spoil();
        const { message } = (cause ?? {}) as Partial<Error>;
        const error = `Cannot run task: its module does not load: ${message ?? String(cause)}`;
        this.#fail(task, new WorkerLostError(error, { kind: this.#memory.scope, cause }));
        this.#loop.goOn();
      },
    );
  }

  #dispatch(task: RunningTask, claimed: Claimed, fn: AnyFunction | null, data: unknown): void {
    const { op, first, count } = claimed;
    let context: unknown = null;
    if ((op & layout.CONTEXT) !== 0) [context, data] = data as [unknown, unknown];
    if (fn === null) [fn, data] = data as [AnyFunction, unknown];
    const enter = this.#enterer(task, context);
    if ((op & layout.ITEMS) !== 0) {
      return this.#runBatch(task, op, fn, enter, data as unknown[], first, count);
    }
    const args = argumentsOf(op, data) as never[];
    const call = fn;
    this.#run(task, enter === null ? () => call(...args) : () => enter(() => call(...args)));
  }

  /**
   * Gives what calls the function of a task in its asynchronous context, `null` if it has none. Nothing but the function is
   * called there: the next task would inherit the context.
   */
  #enterer(task: RunningTask, context: unknown): Enter | null {
    const store = this.#store;
    if (context === null && store === null) return null;
    return (call) => {
      const inner = store === null ? call : () => store.run(task, call);
      return context === null ? inner() : runWithContext(context, inner);
    };
  }

  #call(task: RunningTask, fn: AnyFunction, value: number): void {
    const store = this.#store;
    if (store !== null) return this.#run(task, () => store.run(task, () => fn(value as never)));
    setRunningTask(task);
    let result: unknown;
    try {
      result = fn(value as never);
    } catch (error) {
      return this.#fail(task, error);
    }
    if (typeof result === "object" && isThenable(result)) this.#wait(task, result);
    else this.#succeed(task, result);
  }

  #run(task: RunningTask, call: () => unknown): void {
    let result: unknown;
    try {
      setRunningTask(task);
      result = call();
    } catch (error) {
      return this.#fail(task, error);
    }
    if (isThenable(result)) this.#wait(task, result);
    else this.#succeed(task, result);
  }

  #wait(task: RunningTask, promise: PromiseLike<unknown>): void {
    this.running++;
    Promise.resolve(promise).then(
      (value) => {
        this.running--;
        this.#succeed(task, value);
        this.#loop.goOn();
      },
      (error) => {
        this.running--;
        this.#fail(task, error);
        this.#loop.goOn();
      },
    );
  }

  #runBatch(
    task: RunningTask,
    op: number,
    fn: AnyFunction,
    enter: Enter | null,
    items: unknown[],
    first: number,
    count: number,
  ): void {
    const request = {
      fn: enter === null ? fn : (...args: never[]) => enter(() => fn(...args)),
      items,
      star: (op & layout.STAR) !== 0,
      stopAtFailure: (op & layout.STOP_AT_FAILURE) !== 0,
      first,
      count,
    };
    const batch = new WorkerBatch(this.#memory, this.answers, task, request, (failed) => {
      this.running--;
      this.#settle(task, failed);
      this.#loop.goOn();
    }, () => this.#count(task));
    setRunningTask(task);
    if (batch.run()) this.#settle(task, batch.failed);
    else this.running++;
  }

  #succeed(task: RunningTask, value: unknown): void {
    this.#count(task);
    this.answers.value(task, value);
    this.#settle(task, false);
  }

  #fail(task: RunningTask, error: unknown): void {
    this.#count(task);
    this.answers.failure(task, error);
    this.#settle(task, true);
  }

  #count(task: RunningTask): void {
    this.#memory.words.set(this.#seat.at + layout.S_TASKS, ++this.#ended);
    if (task.began === 0) return;
    this.answers.time(Math.max(1e-6, elapsed(task.began, stamp())), task.waited);
  }

  /** A task counts as a thread: what it holds when it ends is given up, as soon as no other task runs. */
  #settle(task: RunningTask, failed: boolean): void {
    task.end();
    setRunningTask(null);
    if (this.running > 0) return;
    const agent = currentAgent();
    if (agent.holdsNothing) return;
    if (failed) agent.abandonHeld();
    else agent.finishThread();
  }
}

/** Calls a function in an asynchronous context. */
type Enter = (call: () => unknown) => unknown;

/** As the codec calls the buffers that go beside a message. */
type SharedBuffers = Parameters<typeof decode>[1] & object;

function argumentsOf(op: number, data: unknown): unknown[] {
  switch (op & layout.KIND) {
    case layout.K_NONE:
      return [];
    case layout.K_NUMBER:
      return [data];
    default:
      return data as unknown[];
  }
}
