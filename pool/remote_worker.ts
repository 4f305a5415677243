/**
 * What a process does that runs the tasks of a pool and shares no memory with it: see `remote_tasks.ts`.
 *
 * @module
 */

import { currentAgent } from "../_core/agent.ts";
import { encodeAnyError } from "../_core/any_error.ts";
import { decode, encode, requiredModules } from "../_core/codec.ts";
import { encodePlainError, refusalOf } from "../_core/confined.ts";
import { importForTask, importModules } from "../_core/module_registry.ts";
import { readFlag } from "../_core/own_flags.ts";
import { task } from "../_core/task.ts";
import * as layout from "../_core/task_layout.ts";
import { lineage } from "../_runtime/lineage.ts";
import { type AsyncStore, runtime } from "../_runtime/runtime.ts";
import { WorkerLostError } from "../errors.ts";
import { onLine, sendLine } from "../process/own_line.ts";
import { runWithContext } from "./context_variable.ts";
import {
  type CurrentTask,
  findTaskBy,
  isAborted,
  makeLive,
  setRunningTask,
  standardReason,
} from "./current_task.ts";
import type { AnyFunction } from "./function_table.ts";
import type { FromRemote, RemoteTask, ToRemote } from "./remote_protocol.ts";

/** The target of a worker's process. It is ended when nobody needs it any more. */
export const serveTasks: () => Promise<never> = task(import.meta, (): Promise<never> => {
  const server = new RemoteServer();
  onLine((bytes) => server.receive(decode(bytes) as ToRemote));
  return new Promise(() => {});
});

/** A task that runs here, or a batch. */
interface Running extends CurrentTask {
  readonly controller: AbortController;
  /** What is told of its items, when its function and arguments are there. */
  readonly ready: Promise<Loaded>;
}

interface Loaded {
  call: (...args: unknown[]) => unknown;
  data: unknown;
}

class RemoteServer {
  readonly #functions: Map<number, AnyFunction> = new Map();
  readonly #sources: Map<number, Uint8Array> = new Map();
  readonly #tasks: Map<number, Running & { op: number }> = new Map();
  #store: AsyncStore<CurrentTask> | null = null;
  #before: Promise<void> = Promise.resolve();
  #running = 0;

  receive(message: ToRemote): void {
    switch (message.type) {
      case "init":
        this.#before = this.#before.then(() => this.#init(message.lanes, message.initializer));
        return;
      case "task":
        return this.#begin(message);
      case "item":
        return void this.#run(message.lane, message.item);
      case "abort":
        return this.#abort(message.lane, message.reason);
    }
  }

  async #init(lanes: number, initializer: Uint8Array | null): Promise<void> {
    if (lanes > 1 && this.#store === null) {
      const store = await runtime().asyncStore<CurrentTask>();
      this.#store = store;
      findTaskBy(() => store.getStore());
    }
    if (initializer === null) return;
    let error: Uint8Array | null = null;
    try {
      await importModules(requiredModules(initializer));
      const [fn, args] = decode(initializer) as [AnyFunction, unknown[]];
      await fn(...args as never[]);
    } catch (cause) {
      error = encodeError(cause);
    }
    reply({ type: "ready", error });
  }

  #begin(request: RemoteTask): void {
    const { lane, op, attempt, fn, number, flag, id } = request;
    if (fn !== null) this.#sources.set(number, fn);
    const controller = new AbortController();
    let over = false;
    makeLive(controller.signal, () => {
      if (over || readFlag(flag + 1) !== id || isAborted(controller.signal)) return;
      // The abortion itself asks the signal whether it is aborted.
      over = true;
      controller.abort(standardReason(readFlag(flag)));
    });
    const ready = this.#before.then(() => this.#load(request));
    ready.catch(() => {});
    this.#tasks.set(lane, { op, attempt, controller, signal: controller.signal, ready });
    if ((op & layout.ITEMS) === 0) void this.#run(lane, -1);
  }

  /** Loads the function and the arguments of a task. */
  async #load({ op, number, body }: RemoteTask): Promise<Loaded> {
    const source = this.#sources.get(number);
    const modules = body instanceof Uint8Array ? [...requiredModules(body)] : [];
    if (source !== undefined) modules.push(...requiredModules(source));
    if (modules.length > 0) {
      try {
        await (this.#running === 0 ? importForTask : importModules)(modules);
      } catch (cause) {
        const { message } = (cause ?? {}) as Partial<Error>;
        const error = `Cannot run task: its module does not load: ${message ?? String(cause)}`;
        throw new Spoiled(new WorkerLostError(error, { kind: "process", cause }));
      }
    }
    let data: unknown = body instanceof Uint8Array ? decode(body) : body ?? [];
    let context: unknown = null;
    if ((op & layout.CONTEXT) !== 0) [context, data] = data as [unknown, unknown];
    let fn: AnyFunction | undefined;
    if (number === 0) [fn, data] = data as [AnyFunction, unknown];
    else fn = this.#functions.get(number) ?? decode(source as Uint8Array) as AnyFunction;
    if (number !== 0) this.#functions.set(number, fn);
    const plain = fn as (...args: unknown[]) => unknown;
    const call = context === null
      ? plain
      : (...args: unknown[]) => runWithContext(context, () => plain(...args));
    return { call, data };
  }

  async #run(lane: number, item: number): Promise<void> {
    const running = this.#tasks.get(lane);
    if (running === undefined) return;
    const isItem = item >= 0;
    let outcome: { op: number; body: Uint8Array | number | null };
    let failed = true;
    let spoiled = false;
    try {
      const { call, data } = await running.ready;
      const args = !isItem
        ? data as unknown[]
        : (running.op & layout.STAR) !== 0
        ? (data as unknown[][])[item] as unknown[]
        : [(data as unknown[])[item]];
      this.#running++;
      try {
        outcome = resultOf(await this.#call(running, () => call(...args)), isItem);
        failed = false;
      } finally {
        this.#running--;
      }
    } catch (error) {
      spoiled = error instanceof Spoiled;
      outcome = failureOf(error instanceof Spoiled ? error.error : error);
    }
    if (!isItem) this.#tasks.delete(lane);
    setRunningTask(null);
    this.#settle(failed);
    reply({ type: "done", lane, ...outcome, spoiled });
  }

  #call(running: CurrentTask, call: () => unknown): unknown {
    if (this.#store !== null) return this.#store.run(running, call);
    setRunningTask(running);
    return call();
  }

  /** What a task holds when it ends is given up, as soon as no other task runs. */
  #settle(failed: boolean): void {
    if (this.#running > 0) return;
    const agent = currentAgent();
    if (agent.holdsNothing) return;
    if (failed) agent.abandonHeld();
    else agent.finishThread();
  }

  #abort(lane: number, reason: Uint8Array): void {
    this.#tasks.get(lane)?.controller.abort(decode(reason));
  }
}

/** A module has failed half-way: nothing else must meet it. */
class Spoiled {
  readonly error: WorkerLostError;

  constructor(error: WorkerLostError) {
    this.error = error;
  }
}

/** Gives a result as it goes into a ring; that of an item is a list of one. */
function resultOf(
  value: unknown,
  isItem: boolean,
): { op: number; body: Uint8Array | number | null } {
  if (typeof value === "number") {
    return { op: isItem ? layout.K_NUMBERS : layout.K_NUMBER, body: value };
  }
  if (!isItem && (value === undefined || typeof value === "boolean")) {
    const op = value === undefined ? layout.K_NONE : value ? layout.K_TRUE : layout.K_FALSE;
    return { op, body: null };
  }
  const { bytes } = encode(isItem ? [value] : value, "process", "result");
  const refusal = lineage().confined ? refusalOf(bytes, "result") : null;
  if (refusal !== null) throw refusal;
  return { op: layout.K_CODED, body: bytes };
}

function failureOf(error: unknown): { op: number; body: Uint8Array } {
  return { op: layout.K_CODED | layout.FAILED, body: encodeError(error) };
}

function encodeError(error: unknown): Uint8Array {
  return lineage().confined ? encodePlainError(error) : encodeAnyError(error, "process").bytes;
}

function reply(message: FromRemote): void {
  sendLine(encode(message, "thread").bytes);
}
