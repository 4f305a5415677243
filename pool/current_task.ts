/**
 * What a task knows of itself while it runs.
 *
 * @module
 */

import type { TaskMemory } from "../_core/task_memory.ts";
import { CancelledError, TimeoutError } from "../errors.ts";
import { decode } from "../_core/codec.ts";
import { ABORT_PAGE, ABORT_TIMEOUT, L_ABORT } from "../_core/task_layout.ts";

/** A task of a pool, as the task itself sees it. */
export interface CurrentTask {
  /**
   * Is aborted when the task is cancelled or runs out of time. A loop that never yields may look at `aborted`: it is true
   * from the very moment.
   */
  readonly signal: AbortSignal;
  /** 1 the first time, 2 when the task is run again after its worker was lost, and so on. */
  readonly attempt: number;
}

/** A task that runs in this worker. */
export class RunningTask implements CurrentTask {
  /** Where it stands among the tasks of the worker: the first word of its lane. */
  readonly lane: number;
  /** Its slot with the owner of the pool. */
  readonly slot: number;
  readonly attempt: number;
  /** When it began, as a stamp; 0 if nobody wants to know. */
  began = 0;
  /** How long it had waited, in milliseconds. */
  waited = 0;
  readonly #memory: TaskMemory;
  #controller: AbortController | null = null;
  #over = false;

  /** Makes the task of a lane. */
  constructor(memory: TaskMemory, lane: number, slot: number, attempt: number) {
    this.#memory = memory;
    this.lane = lane;
    this.slot = slot;
    this.attempt = attempt;
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      makeLive(this.#controller.signal, () => this.#look());
      this.#watch();
    }
    this.#look();
    return this.#controller.signal;
  }

  /** The task has ended: its signal is not aborted any more. */
  end(): void {
    this.#over = true;
    if (this.#controller !== null) this.#memory.words.notify(this.lane + L_ABORT, Infinity);
  }

  #look(): void {
    const controller = this.#controller;
    if (this.#over || controller === null || isAborted(controller.signal)) return;
    const why = this.#memory.words.load(this.lane + L_ABORT);
    if (why === 0) return;
    // The abortion itself asks the signal whether it is aborted.
    this.#over = true;
    controller.abort(reasonOf(this.#memory, why));
  }

  #watch(): void {
    if (this.#over) return;
    const change = this.#memory.words.waitAsync(this.lane + L_ABORT, 0);
    if (change === null) this.#look();
    else {
      void change.then(() => {
        this.#look();
        if (this.#controller !== null && !isAborted(this.#controller.signal)) this.#watch();
      });
    }
  }
}

const aborted = Object.getOwnPropertyDescriptor(AbortSignal.prototype, "aborted")
  ?.get as () => boolean;
const reason = Object.getOwnPropertyDescriptor(AbortSignal.prototype, "reason")
  ?.get as () => unknown;

/** Tells whether a signal is aborted, without making it look. */
export function isAborted(signal: AbortSignal): boolean {
  return aborted.call(signal);
}

/** Gives the standard reason for which a task is to stop. */
export function standardReason(why: number): Error {
  return why === ABORT_TIMEOUT
    ? new TimeoutError("Cannot go on: the task has run out of time")
    : new CancelledError("Cannot finish task: it was cancelled");
}

/** Makes a signal look for its abortion whenever it is asked, so that a loop that never yields sees it. */
export function makeLive(signal: AbortSignal, look: () => void): void {
  Object.defineProperties(signal, {
    aborted: {
      configurable: true,
      get: (): boolean => {
        look();
        return isAborted(signal);
      },
    },
    reason: {
      configurable: true,
      get: (): unknown => {
        look();
        return reason.call(signal);
      },
    },
    throwIfAborted: {
      configurable: true,
      value: (): void => {
        look();
        if (isAborted(signal)) throw reason.call(signal);
      },
    },
  });
}

function reasonOf(memory: TaskMemory, why: number): unknown {
  if (why < ABORT_PAGE) return standardReason(why);
  try {
    const { heap } = memory.agent.arena;
    const page = why - ABORT_PAGE;
    const head = heap.bytesAt(page, 4);
    const length = new DataView(head.buffer, head.byteOffset, 4).getUint32(0);
    return decode(heap.bytesAt(page, length + 4).slice(4));
  } catch (cause) {
    return new CancelledError("Cannot finish task: it was cancelled", { cause });
  }
}

/** Finds the task in whose asynchronous context this code runs; only where several run at once. */
let contextual: (() => CurrentTask | undefined) | null = null;
let running: CurrentTask | null = null;

/** Says which task runs from now on. */
export function setRunningTask(task: CurrentTask | null): void {
  running = task;
}

/** Says how the task of an asynchronous context is found; `null` where but one runs at a time. */
export function findTaskBy(find: (() => CurrentTask | undefined) | null): void {
  contextual = find;
}

/**
 * Gives the task of a pool in which this code runs.
 *
 * @example In the module of a task
 * ```ts ignore
 * export const search = task(import.meta, (): number => {
 *   const signal = currentTask()?.signal;
 *   let steps = 0;
 *   while (!signal?.aborted) steps++;
 *   return steps;
 * });
 * ```
 *
 * @returns The task, or `null` outside of one.
 */
export function currentTask(): CurrentTask | null {
  return contextual === null ? running : contextual() ?? null;
}
