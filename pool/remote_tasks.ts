/**
 * The tasks of a worker that runs none itself: a process does, at the other end of a line.
 *
 * The worker is a thread of the process that has made the pool, and sits where a worker of that pool sits; all that the
 * pool knows of its workers is as with others. An item of a batch is sent when the one before it has ended, so that it is
 * known at which one the process has died.
 *
 * @module
 */

import { encodeAnyError } from "../_core/any_error.ts";
import { decode, encode } from "../_core/codec.ts";
import * as layout from "../_core/task_layout.ts";
import type { TaskMemory } from "../_core/task_memory.ts";
import type { TaskSeat } from "../_core/task_seat.ts";
import { TimeoutError } from "../errors.ts";
import type { Line } from "../process/line.ts";
import { elapsed, readNumbers, spanOf, stamp } from "./body.ts";
import { RunningTask } from "./current_task.ts";
import { FunctionTable } from "./function_table.ts";
import type { TaskRunner } from "./pool_worker.ts";
import { processBroker } from "./process_broker.ts";
import {
  type FromRemote,
  receivePlain,
  type RemoteResult,
  type RemoteTask,
  type ToRemote,
} from "./remote_protocol.ts";
import { WorkerAnswers } from "./worker_answers.ts";
import type { WorkerLoop } from "./worker_tasks.ts";

/** A task that the process runs. */
interface Away {
  task: RunningTask;
  op: number;
  /** The item that runs, and the one behind the last. */
  item: number;
  end: number;
}

/** Sends tasks to a process. */
export class RemoteTasks implements TaskRunner {
  readonly answers: WorkerAnswers;
  running = 0;
  spoiled = false;
  readonly #memory: TaskMemory;
  readonly #seat: TaskSeat;
  readonly #loop: WorkerLoop;
  readonly #functions: FunctionTable;
  readonly #send: (message: ToRemote) => void;
  readonly #away: Map<number, Away> = new Map();
  readonly #known: Set<number> = new Set();
  #isReady: (error: Uint8Array | null) => void = () => {};
  readonly #line: Line;
  /** Whether the process is in a sandbox. */
  readonly #confined: boolean;
  #ended = 0;
  #lastId = 0;

  /** Makes the lanes of a seat, and sends their tasks over a line. */
  constructor(
    memory: TaskMemory,
    seat: TaskSeat,
    loop: WorkerLoop,
    line: Line,
    confined: boolean,
  ) {
    this.#line = line;
    this.#confined = confined;
    this.#memory = memory;
    this.#seat = seat;
    this.#loop = loop;
    this.#functions = new FunctionTable(memory);
    this.#send = (message) => line.send(encode(message, "thread").bytes);
    this.answers = new WorkerAnswers(
      memory,
      seat,
      processBroker,
      () => this.running === 0 && loop.isOwnerAlive(),
      () => loop.goOn(),
      loop.slice,
    );
    this.#send({ type: "init", lanes: memory.geometry.lanes, initializer: null });
  }

  async runConcurrently(): Promise<void> {}

  /** Has the process run the initializer. */
  async initialize(initializer: Uint8Array): Promise<boolean> {
    const lanes = this.#memory.geometry.lanes;
    const error = await new Promise<Uint8Array | null>((resolve) => {
      this.#isReady = resolve;
      this.#send({ type: "init", lanes, initializer });
    });
    if (error !== null) this.answers.notReadyAs(error);
    return error === null;
  }

  freeLane(): number {
    if (this.answers.waiting || this.running >= this.#memory.geometry.lanes) return -1;
    return this.#seat.freeLane();
  }

  begin(lane: number): void {
    const seat = this.#seat;
    const { words, floats } = this.#memory;
    const { op, length, sent } = seat;
    const attempt = (op >>> layout.ATTEMPT_SHIFT) + 1;
    const task = new RunningTask(this.#memory, lane, seat.slot, attempt);
    if (sent !== 0) {
      task.began = stamp();
      task.waited = elapsed(sent, task.began);
    }
    let at = seat.body;
    const away: Away = { task, op, item: 0, end: 0 };
    if ((op & layout.ITEMS) !== 0) {
      away.item = words.get(at * 2);
      away.end = away.item + words.get(at * 2 + 1);
      at++;
    }
    const number = (op >>> layout.FN_SHIFT) & (layout.FN_MAX - 1);
    const message: RemoteTask = {
      type: "task",
      lane,
      op,
      number,
      fn: number === 0 || this.#known.has(number) ? null : this.#functions.bytes(number),
      body: null,
      attempt,
      flag: (lane - seat.lane(0)) / layout.LANE_WORDS * 2,
      id: ++this.#lastId,
    };
    const kind = op & layout.KIND;
    if (kind === layout.K_NUMBER) message.body = [floats[at] as number];
    else if (kind === layout.K_NUMBERS) message.body = readNumbers(this.#memory, at, length);
    else if (kind === layout.K_CODED) {
      const { bytes, start, end } = spanOf(this.#memory, op, at, length);
      message.body = bytes.slice(start, end);
    }
    seat.accept();
    this.#known.add(number);
    this.#away.set(lane, away);
    this.running++;
    this.#send(message);
    if ((op & layout.ITEMS) !== 0) this.#sendItem(lane, away);
    this.#heed(message, task);
  }

  /** Takes bytes from the process. */
  receive(bytes: Uint8Array): void {
    const message = this.#confined ? receivePlain(bytes) : decode(bytes) as FromRemote;
    if (message.type === "ready") return this.#isReady(message.error);
    const away = this.#away.get(message.lane);
    if (away === undefined) return;
    if (message.spoiled) this.#loop.spoil();
    if ((away.op & layout.ITEMS) === 0) this.#finish(away, message, 0, 0);
    else this.#takeItem(away, message);
  }

  #takeItem(away: Away, result: RemoteResult): void {
    const { item } = away;
    const failed = (result.op & layout.FAILED) !== 0;
    away.item++;
    const isLast = away.item === away.end || result.spoiled ||
      failed && (away.op & layout.STOP_AT_FAILURE) !== 0;
    if (isLast) return this.#finish(away, result, item, 1);
    this.answers.ready(away.task, result.op | layout.ITEMS, result.body, item, 1);
    this.#sendItem(result.lane, away);
  }

  #sendItem(lane: number, { item }: Away): void {
    this.#memory.words.store(lane + layout.L_ITEM, item);
    this.#send({ type: "item", lane, item });
  }

  #finish({ task, op }: Away, result: RemoteResult, first: number, count: number): void {
    this.#away.delete(result.lane);
    this.#memory.words.set(this.#seat.at + layout.S_TASKS, ++this.#ended);
    if (task.began !== 0) {
      this.answers.time(Math.max(1e-6, elapsed(task.began, stamp())), task.waited);
    }
    const flags = layout.LAST | (op & layout.ITEMS);
    this.answers.ready(task, result.op | flags, result.body, first, count);
    task.end();
    this.running--;
    this.#loop.goOn();
  }

  /** Tells the process when the task is to stop: by words that it sees while it computes, and by a message. */
  #heed({ lane, flag, id }: RemoteTask, task: RunningTask): void {
    const { signal } = task;
    const tell = (): void => {
      const { reason } = signal;
      const why = reason instanceof TimeoutError ? layout.ABORT_TIMEOUT : layout.ABORT_CANCELLED;
      this.#line.setFlags([flag, why, flag + 1, id]);
      this.#send({ type: "abort", lane, reason: encodeAnyError(reason, "process").bytes });
    };
    if (signal.aborted) tell();
    else signal.addEventListener("abort", tell, { once: true });
  }
}
