/**
 * What the owner of a pool knows of a task that has not ended.
 *
 * @module
 */

import type { BatchSink, TaskSink } from "./engine_types.ts";
import type { AnyFunction } from "./function_table.ts";

/** Where a task is: not sent anywhere. */
export const NOWHERE = 0;
/** Where a task is: in the main ring, or claimed from there. */
export const IN_MAIN = 1;
/** Where a task is: in the urgent ring, or claimed from there. */
export const IN_URGENT = 2;
/** Where a task is: in a list of the owner. */
export const IN_LIST = 3;
/** Where a task is: cancelled in its ring; the worker that claims it says so. */
export const TO_SKIP = 4;
/** Where a task is: over. */
export const OVER = 5;

/** The arguments of a task, as they go into a record. */
export type Body = Uint8Array | readonly number[] | number | null;

/** A record that is on its way: a task, or a piece of a batch. */
export class Job {
  /** Its number in the table of jobs. */
  slot = -1;
  /** Where it is. */
  place: number = NOWHERE;
  /** The position of its record, and `URGENT`. */
  position = 0;
  /** The word `op` of its record. */
  op: number;
  /** The body, if it is still needed here. */
  body: Body = null;
  /** The length of the body: bytes, or numbers. */
  length = 0;
  /** The function. */
  readonly fn: AnyFunction;
  /** Who hears how it ends; `null` for a batch, and when nobody wants to know any more. */
  sink: TaskSink | null;
  /** What few tasks have. */
  extra: Extra | null = null;

  /** Makes a job that is nowhere. */
  constructor(fn: AnyFunction, op: number, sink: TaskSink | null) {
    this.fn = fn;
    this.op = op;
    this.sink = sink;
  }
}

/** What few tasks have. */
export interface Extra {
  /** The batch of which the job is a piece. */
  batch: Batch | null;
  /** The first item of the piece that has not been told. */
  next: number;
  /** The item behind the piece. */
  end: number;
  /** A copy of the record behind its header, of a job that was taken back. */
  raw: Uint8Array | null;
  /** The key of buffers that go beside it, or 0. */
  key: number;
  /** Its priority. */
  priority: number;
  /** Its place in the order of arrival among those of its priority, or -1. */
  order: number;
  /** How often it may be run again. */
  retries: number;
  /** The arguments in the heap: the page, or 0. */
  page: number;
  /** The encoded reason of its abortion: the page, or 0. */
  reasonPage: number;
  /** Takes back what was to happen at its deadline, or at the abortion of its signal. */
  release: (() => void) | null;
  /** Whether it was aborted. */
  aborted: boolean;
  /** Results that wait until modules are imported: what comes after them waits, too. */
  importing: Promise<void> | null;
  /** Whether its last result has come, and waits. */
  arrived: boolean;
}

/** Gives what few tasks have, for one that has it. */
export function extraOf(job: Job): Extra {
  return job.extra ??= {
    batch: null,
    next: 0,
    end: 0,
    raw: null,
    key: 0,
    priority: 0,
    order: -1,
    retries: 0,
    page: 0,
    reasonPage: 0,
    release: null,
    aborted: false,
    importing: null,
    arrived: false,
  };
}

/** A batch that has not ended. */
export class Batch {
  /** The records that it is in. */
  readonly pieces: Set<Job> = new Set();
  /** Who hears of its items. */
  sink: BatchSink | null;
  /** What is added to the number of an item. */
  readonly offset: number;
  /** Items of which nothing was heard. */
  left: number;
  /** Whether an item was told of. */
  told = false;
  /** Whether it is over. */
  over = false;
  /** Takes back what was to happen at its deadline, or at the abortion of its signal. */
  release: (() => void) | null = null;

  /** Makes a batch of some items. */
  constructor(sink: BatchSink, offset: number, count: number) {
    this.sink = sink;
    this.offset = offset;
    this.left = count;
  }
}
