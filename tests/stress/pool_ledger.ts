/** The books of the stress run of pools: what each task has to end with, and what it did end with. */

import { CancelledError, TimeoutError, WorkerLostError } from "../../errors.ts";
import { SharedArray } from "../../process/mod.ts";
import type { Deed } from "./pool_tasks.ts";

/** The deeds that end a worker. */
export const DEADLY: readonly Deed[] = [
  "exit",
  "denoExit",
  "timer",
  "memory",
  "outside",
  "loading",
];

/** How tasks of a mode have ended. */
export interface Row {
  mode: string;
  tasks: number;
  fulfilled: number;
  failed: number;
  lost: number;
  cancelled: number;
  late: number;
}

/** What may have happened to a task from outside. */
export interface Circumstances {
  /** `cancel()` returned true. */
  cancelled?: boolean;
  /** It had a short timeout. */
  hurried?: boolean;
  /** Its signal was aborted with this reason. */
  aborted?: string | undefined;
  /** So often it may be run again. */
  retries?: number;
}

/** More violations than these are only counted. */
const MOST_VIOLATIONS = 50;

/** The books. */
export class Ledger {
  /** How often each task was executed. */
  readonly executions: SharedArray<"i">;
  readonly rows: Row[] = [];
  readonly deaths: Record<string, number> = {};
  readonly violations: string[] = [];
  violationCount = 0;
  /** Innocent tasks that were lost with a worker that somebody else ended. */
  innocentsLost = 0;
  /** Tasks that have settled. */
  settled = 0;
  readonly #deeds: Deed[] = [];
  readonly #least: number[] = [];
  readonly #most: number[] = [];
  readonly #chunks: number[] = [];

  constructor(tasks: number) {
    this.executions = SharedArray("i", tasks);
  }

  /** Tasks that are known. */
  get size(): number {
    return this.#deeds.length;
  }

  /** Enters a task, gives its number. */
  enter(deed: Deed): number {
    this.#least.push(0);
    this.#most.push(1);
    return this.#deeds.push(deed) - 1;
  }

  /** What a task does. */
  deed(id: number): Deed {
    return this.#deeds[id] as Deed;
  }

  /** Notes that something is wrong. */
  violate(text: string): void {
    this.violationCount++;
    if (this.violations.length < MOST_VIOLATIONS) this.violations.push(text);
  }

  /** Notes how often a task must have been executed in the end. */
  expect(id: number, least: number, most: number): void {
    this.#least[id] = least;
    this.#most[id] = Math.max(most, this.#chunks[id] ?? 0);
  }

  /** Notes that a task is in a chunk, of which all may be run again so often, since the chunk may be lost. */
  chunk(id: number, deaths: number): void {
    this.#chunks[id] = this.#most[id] = 1 + deaths;
  }

  /** Enters a value that a task gave. */
  fulfil(row: Row, id: number, value: unknown, how: Circumstances = {}): void {
    this.settled++;
    row.fulfilled++;
    const deed = this.deed(id);
    if (deed !== "work" && deed !== "workLater") {
      this.violate(`${row.mode}: task ${id} (${deed}) gave ${value}`);
    } else if (value !== id * 2) {
      this.violate(`${row.mode}: task ${id} gave ${value}, not ${id * 2}`);
    }
    if (how.cancelled) this.violate(`${row.mode}: task ${id} was cancelled and gave a value`);
    this.expect(id, 1, 1);
  }

  /** Enters an error that a task ended with. */
  reject(row: Row, id: number, error: unknown, how: Circumstances = {}): void {
    this.settled++;
    const deed = this.deed(id);
    const isDeadly = DEADLY.includes(deed);
    const wrong = (): void =>
      this.violate(`${row.mode}: task ${id} (${deed}, ${JSON.stringify(how)}) threw ${error}`);
    if (deed === "loading") this.expect(id, 0, 0);
    if (how.aborted !== undefined && error === how.aborted) {
      row.cancelled++;
    } else if (error instanceof CancelledError) {
      row.cancelled++;
      if (how.cancelled) this.expect(id, 0, 0);
      else wrong();
    } else if (error instanceof TimeoutError) {
      row.late++;
      if (!how.hurried) wrong();
    } else if (deed === "loading") {
      row.lost++;
      this.deaths[deed] = (this.deaths[deed] ?? 0) + 1;
      const { message, cause } = error as Error;
      // It may have been hit by a blow from outside, or by one that ran beside it.
      const lost = error instanceof WorkerLostError && cause === undefined;
      if (!lost && !`${message} ${cause}`.includes("this module is broken")) wrong();
    } else if (error instanceof WorkerLostError) {
      row.lost++;
      if (!isDeadly) {
        this.innocentsLost++;
        return;
      }
      this.deaths[deed] = (this.deaths[deed] ?? 0) + 1;
      this.expect(id, 0, 1 + (how.retries ?? 0));
      this.#checkLoss(row, id, deed, error);
    } else if (deed === "timer" && `${error}` === `RangeError: timer of ${id}`) {
      row.lost++;
      this.deaths[deed] = (this.deaths[deed] ?? 0) + 1;
    } else if (deed === "fail" && error instanceof RangeError && error.message === `task ${id}`) {
      row.failed++;
      this.expect(id, 1, 1);
    } else {
      wrong();
    }
  }

  #checkLoss(row: Row, id: number, deed: Deed, error: WorkerLostError): void {
    const wrong = (what: string): void =>
      this.violate(`${row.mode}: task ${id} (${deed}): ${what}: ${error}`);
    if (error.kind !== "thread" && error.kind !== "process") wrong(`the kind is ${error.kind}`);
    const exits = deed === "exit" || deed === "denoExit";
    // It may have been hit by a blow from outside just before.
    if (exits && error.exitcode !== null && error.exitcode !== id % 100) {
      wrong(`the exit code is ${error.exitcode}`);
    }
    if (error.message.endsWith("failed: null")) wrong("nobody knows why");
    if (error.task !== null && !/^perform(Item)?$/.test(error.task)) {
      wrong(`the task is ${error.task}`);
    }
  }

  /** Compares the executions with what they have to be. */
  close(): void {
    for (let id = 0; id < this.size; id++) {
      const times = Atomics.load(this.executions, id);
      const [least, most] = [this.#least[id] as number, this.#most[id] as number];
      if (times < least || times > most) {
        this.violate(`task ${id} (${this.deed(id)}) was executed ${times} times`);
      }
    }
    if (this.settled !== this.size) this.violate(`${this.size - this.settled} tasks never settled`);
  }
}
