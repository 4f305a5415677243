/**
 * A batch: items that a worker runs one after the other, and of which it tells from time to time.
 *
 * @module
 */

import { L_ITEM } from "../_core/task_layout.ts";
import type { TaskMemory } from "../_core/task_memory.ts";
import { isThenable } from "../_core/thenable.ts";
import type { RunningTask } from "./current_task.ts";
import { setRunningTask } from "./current_task.ts";
import type { AnyFunction } from "./function_table.ts";
import type { WorkerAnswers } from "./worker_answers.ts";

/** After so many milliseconds the results are sent that are there. */
const PART_TIME = 5;
/** So many results are sent at once at most. */
const PART_SIZE = 4096;
/** So many quick items are run between two looks at the clock at most. */
const MOST_QUIET = 63;

/** What a batch is made of. */
export interface BatchRequest {
  /** The function. */
  fn: AnyFunction;
  /** All items. */
  items: readonly unknown[];
  /** Whether each is a list of arguments. */
  star: boolean;
  /** Whether the rest is not run after a failure. */
  stopAtFailure: boolean;
  /** The first item to run. */
  first: number;
  /** How many items to run. */
  count: number;
}

/** A batch while it runs. */
export class WorkerBatch {
  readonly #memory: TaskMemory;
  readonly #answers: WorkerAnswers;
  readonly #task: RunningTask;
  readonly #request: BatchRequest;
  readonly #end: number;
  readonly #onEnd: (failed: boolean) => void;
  readonly #onLast: () => void;
  #next: number;
  #values: unknown[] = [];
  #failed = false;
  #partSince = performance.now();
  #looked = 0;
  #quiet = 0;

  /**
   * Makes a batch.
   *
   * @param onEnd Called when it has ended after it had to wait for a promise.
   * @param onLast Called before its last result is sent.
   */
  constructor(
    memory: TaskMemory,
    answers: WorkerAnswers,
    task: RunningTask,
    request: BatchRequest,
    onEnd: (failed: boolean) => void,
    onLast: () => void,
  ) {
    this.#onLast = onLast;
    this.#memory = memory;
    this.#answers = answers;
    this.#task = task;
    this.#request = request;
    this.#next = request.first;
    this.#end = request.first + request.count;
    this.#onEnd = onEnd;
  }

  /** Whether an item has failed. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Runs items until one gives a promise; tells whether the batch has ended. */
  run(): boolean {
    const { fn, items, star } = this.#request;
    const call = fn as (...args: unknown[]) => unknown;
    const { words } = this.#memory;
    const itemWord = this.#task.lane + L_ITEM;
    while (this.#next < this.#end) {
      const item = items[this.#next];
      words.store(itemWord, this.#next);
      let value: unknown;
      try {
        value = star ? call(...item as unknown[]) : call(item);
      } catch (error) {
        if (this.#fail(error)) return true;
        continue;
      }
      if (typeof value === "object" && isThenable(value)) {
        this.#wait(value);
        return false;
      }
      this.#add(value);
    }
    return this.#finish();
  }

  #add(value: unknown): void {
    this.#values.push(value);
    this.#next++;
    if (this.#looked++ < this.#quiet && this.#values.length < PART_SIZE) return;
    this.#look();
  }

  #look(): void {
    const now = performance.now();
    const since = now - this.#partSince;
    const perItem = since / Math.max(1, this.#values.length);
    this.#looked = 0;
    this.#quiet = perItem > 0.02 ? 0 : Math.min(MOST_QUIET, this.#quiet * 2 + 1);
    if ((since < PART_TIME && this.#values.length < PART_SIZE) || this.#next === this.#end) return;
    this.#flush(false);
    this.#partSince = now;
  }

  #flush(last: boolean): void {
    if (last) this.#onLast();
    const values = this.#values;
    this.#values = [];
    this.#answers.items(this.#task, this.#next - values.length, values, last);
  }

  /** An item has failed; tells whether the batch ends with it. */
  #fail(error: unknown): boolean {
    this.#failed = true;
    if (this.#values.length > 0) this.#flush(false);
    const last = this.#request.stopAtFailure || this.#next + 1 === this.#end;
    if (last) this.#onLast();
    this.#answers.itemFailure(this.#task, this.#next, error, last);
    this.#next++;
    this.#partSince = performance.now();
    if (last) this.#next = this.#end + 1;
    return last;
  }

  #finish(): boolean {
    if (this.#next === this.#end) this.#flush(true);
    return true;
  }

  #wait(promise: PromiseLike<unknown>): void {
    if (this.#values.length > 0 && performance.now() - this.#partSince > PART_TIME) {
      this.#flush(false);
    }
    const goOn = (): void => {
      setRunningTask(this.#task);
      if (this.run()) this.#onEnd(this.#failed);
    };
    Promise.resolve(promise).then(
      (value) => {
        this.#add(value);
        goOn();
      },
      (error) => {
        if (this.#fail(error)) this.#onEnd(true);
        else goOn();
      },
    );
  }
}
