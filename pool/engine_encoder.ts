/**
 * The arguments of a task as a record's body: encoded at the call, so that what the caller does to them later does not
 * matter.
 *
 * @module
 */

import { encode, type Encoded, encodeInto } from "../_core/codec.ts";
import * as layout from "../_core/task_layout.ts";
import type { TaskMemory } from "../_core/task_memory.ts";
import { areNumbers } from "./body.ts";
import { captureContext, type ContextVariable } from "./context_variable.ts";
import { extraOf, type Job } from "./engine_job.ts";
import type { EngineOptions, TaskOptions } from "./engine_types.ts";
import type { AnyFunction } from "./function_table.ts";
import type { BufferBroker } from "./worker_host.ts";

/** Writes arguments into jobs. */
export class ArgumentEncoder {
  readonly #memory: TaskMemory;
  readonly #broker: BufferBroker;
  readonly #context: readonly ContextVariable[];

  /** Makes an encoder for a pool. */
  constructor(
    memory: TaskMemory,
    broker: BufferBroker,
    context: readonly ContextVariable[],
  ) {
    this.#memory = memory;
    this.#broker = broker;
    this.#context = context;
  }

  /**
   * Writes the arguments of a job.
   *
   * @param number The number of the function, 0 if it goes with the arguments.
   * @param data The arguments, or the items of a batch.
   * @param send Sends the job while its body is borrowed; tells whether the body is needed no more.
   */
  encode(
    job: Job,
    number: number,
    fn: AnyFunction,
    data: readonly unknown[],
    options: TaskOptions | undefined,
    send: (job: Job) => boolean,
  ): void {
    const context = this.#context.length === 0 ? null : captureContext(this.#context);
    const given = options?.transfer ?? [];
    const moved = this.#memory.scope === "thread" ? given : [];
    const isBatch = (job.op & layout.ITEMS) !== 0;
    if (context === null && number !== 0 && moved.length === 0 && this.#pack(job, data, isBatch)) {
      if (!send(job) || this.#keeps(job)) job.body = copyOf(job.body);
      return;
    }
    let value: unknown = data;
    if (number === 0) {
      job.op |= layout.INLINE_FUNCTION;
      value = [fn, value];
    }
    if (context !== null) {
      job.op |= layout.CONTEXT;
      value = [context, value];
    }
    job.op |= layout.K_CODED;
    encodeInto(
      value,
      this.#memory.scope,
      (bytes, length, buffers) => {
        job.length = length;
        if (length > layout.INLINE_LIMIT) this.#page(job, bytes, length);
        else job.body = bytes;
        if (buffers.length > 0 || moved.length > 0) this.#hand(job, buffers, moved);
        if (!send(job) || this.#keeps(job)) {
          if (job.body === bytes) job.body = bytes.slice(0, length);
        }
      },
      isBatch ? "items" : "args",
      moved,
    );
    // What goes to another process was copied.
    if (given.length > moved.length) structuredClone(null, { transfer: [...given] });
  }

  #pack(job: Job, data: readonly unknown[], isBatch: boolean): boolean {
    const length = data.length;
    if (length > layout.INLINE_LIMIT / 8 || (job.op & layout.STAR) !== 0) return false;
    if (!areNumbers(data)) return false;
    job.length = length;
    if (isBatch || length > 1) {
      job.op |= layout.K_NUMBERS;
      job.body = data;
    } else if (length === 1) {
      job.op |= layout.K_NUMBER;
      job.body = data[0] as number;
    }
    return true;
  }

  #keeps({ extra }: Job): boolean {
    return extra !== null && (extra.batch !== null || extra.retries > 0);
  }

  /** Puts the arguments into the heap. The pages are the owner's: nobody else frees them, unless he dies. */
  #page(job: Job, bytes: Uint8Array, length: number): void {
    const { agent } = this.#memory;
    const { heap } = agent.arena;
    const extra = extraOf(job);
    extra.page = heap.allocate(length, agent.id);
    heap.bytesAt(extra.page, length).set(bytes.subarray(0, length));
    job.op |= layout.PAGED;
  }

  #hand(job: Job, buffers: ArrayBufferLike[], moved: readonly ArrayBuffer[]): void {
    const extra = extraOf(job);
    job.op |= layout.BUFFERS;
    if (extra.batch !== null || extra.retries > 0) job.op |= layout.KEEP_BUFFERS;
    try {
      extra.key = this.#broker.put(buffers, moved);
    } catch (error) {
      if (extra.page !== 0) this.#memory.agent.arena.heap.free(extra.page);
      extra.page = 0;
      throw error;
    }
  }
}

function copyOf(body: Job["body"]): Job["body"] {
  return body !== null && typeof body === "object" ? body.slice() : body;
}

/** Encodes what every worker runs first; `null` if there is nothing. */
export function encodeInitializer(
  { initializer, initargs = [] }: EngineOptions,
  scope: "thread" | "process",
): Encoded | null {
  if (initializer === undefined) return null;
  return encode([initializer, [...initargs]], scope, "initializer");
}
