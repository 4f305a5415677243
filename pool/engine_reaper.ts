/**
 * Tasks that do not end by themselves: those that are cancelled or aborted, and those whose worker dies.
 *
 * A task is cancelled by one CAS on the state of its record, so it is either never begun or known to have begun. The lanes
 * of a dead worker say what it had begun: a lane names the position of a record, which nobody else has claimed. What it had
 * claimed and not begun is named by its hazard, and is sent again.
 *
 * @module
 */

import { encode } from "../_core/codec.ts";
import { registeredName } from "../_core/module_registry.ts";
import * as layout from "../_core/task_layout.ts";
import type { TaskMemory } from "../_core/task_memory.ts";
import { TimeoutError, WorkerLostError } from "../errors.ts";
import type { Alarms } from "./engine_alarms.ts";
import type { Crew, Member } from "./engine_crew.ts";
import {
  type Batch,
  type Extra,
  extraOf,
  IN_MAIN,
  IN_URGENT,
  Job,
  OVER,
  TO_SKIP,
} from "./engine_job.ts";
import type { Sender } from "./engine_sender.ts";
import type { JobTable } from "./engine_table.ts";

/** A task that was aborted while it ran. */
export interface Aborted {
  /** The task. */
  job: Job;
  /** Its worker. */
  member: Member;
  /** Takes note of how the end of the worker is prevented: the task ends by itself. */
  prevent(forget: () => void): void;
}

/** So often it is looked whether the others have ended, in milliseconds. */
const DRAIN_SLICE = 20;
/** By so many looks a worker has to say that its event loop goes round: the machine may have stood still for a time. */
const HEARING_LOOKS = 50;

/** What a reaper works with. */
export interface ReaperParts {
  /** The tasks. */
  table: JobTable;
  /** The way to the workers. */
  sender: Sender;
  /** The workers. */
  crew: Crew;
  /** What is to happen at a time. */
  alarms: Alarms;
}

/** Ends tasks. */
export class Reaper {
  readonly #memory: TaskMemory;
  readonly #kind: "thread" | "process";
  readonly #table: JobTable;
  readonly #sender: Sender;
  readonly #crew: Crew;
  readonly #alarms: Alarms;
  /** Those that have died, whose seats nobody has taken yet. */
  #dead: Member[] = [];

  /** Makes the reaper of an engine. */
  constructor(memory: TaskMemory, kind: "thread" | "process", parts: ReaperParts) {
    this.#memory = memory;
    this.#kind = kind;
    this.#table = parts.table;
    this.#sender = parts.sender;
    this.#crew = parts.crew;
    this.#alarms = parts.alarms;
  }

  /** Keeps a task from being begun; `false` if it has. */
  cancel(ticket: Job | Batch, reason: () => unknown): boolean {
    if (ticket instanceof Job) {
      if (ticket.sink === null || !this.withdraw(ticket)) return false;
      this.#table.cancel(ticket, reason());
      return true;
    }
    if (ticket.over || ticket.told || ticket.sink === null) return false;
    const pieces = [...ticket.pieces];
    // More than one piece: it was begun before.
    const [piece] = pieces;
    if (piece === undefined || pieces.length > 1) return false;
    const { next, end } = piece.extra as Extra;
    if (!this.withdraw(piece)) return false;
    this.#table.cancelBatch(ticket, reason(), numbers(next, end));
    this.#table.endBatch(ticket);
    return true;
  }

  /** Takes a task back that has not begun; `false` if it has. */
  withdraw(job: Job): boolean {
    if (job.place === OVER || job.place === TO_SKIP || !this.#sender.cancel(job)) return false;
    // `cancel` has changed the place if the record stays in its ring.
    const place: number = job.place;
    if (place === TO_SKIP) this.#table.skip(job);
    else this.#table.remove(job);
    return true;
  }

  /** Aborts what has begun: the sink hears the reason now, the task by its signal. Gives the tasks that run. */
  abort(ticket: Job | Batch, reason: unknown): Aborted[] {
    if (ticket instanceof Job) {
      if (ticket.sink === null) return [];
      this.#table.cancel(ticket, reason);
      return this.#signal(ticket, reason);
    }
    if (ticket.over || ticket.sink === null) return [];
    const running: Aborted[] = [];
    for (const job of [...ticket.pieces]) {
      const { next, end } = job.extra as Extra;
      if (!this.withdraw(job)) running.push(...this.#signal(job, reason));
      this.#table.cancelBatch(ticket, reason, numbers(next, end));
    }
    ticket.release?.();
    ticket.release = null;
    ticket.sink?.end();
    ticket.sink = null;
    this.#table.endBatch(ticket);
    return running;
  }

  #signal(job: Job, reason: unknown): Aborted[] {
    const extra = extraOf(job);
    extra.release?.();
    extra.release = null;
    extra.aborted = true;
    extra.retries = 0;
    const found = this.#find(job);
    if (found === null) return [];
    const { words } = this.#memory;
    words.store(found.lane + layout.L_ABORT, this.#encodeReason(extra, reason));
    words.notify(found.lane + layout.L_ABORT, Infinity);
    const { member } = found;
    const aborted = {
      job,
      member,
      prevent: (forget: () => void) => {
        extra.release = forget;
      },
    };
    return [aborted];
  }

  #encodeReason(extra: Extra, reason: unknown): number {
    if (reason instanceof TimeoutError) return layout.ABORT_TIMEOUT;
    const { agent, scope } = this.#memory;
    const { heap } = agent.arena;
    try {
      const { bytes, buffers } = encode(reason, scope, "reason");
      if (buffers.length > 0) return layout.ABORT_CANCELLED;
      const page = heap.allocate(bytes.length + 4, agent.id);
      const target = heap.bytesAt(page, bytes.length + 4);
      new DataView(target.buffer, target.byteOffset, 4).setUint32(0, bytes.length);
      target.set(bytes, 4);
      extra.reasonPage = page;
      return layout.ABORT_PAGE + page;
    } catch {
      // What cannot travel is a cancellation like any other.
      return layout.ABORT_CANCELLED;
    }
  }

  /** Finds the worker that runs a task. */
  #find(job: Job): { member: Member; lane: number } | null {
    for (const member of this.#crew.members) {
      for (const lane of this.#crew.lanesOf(member)) {
        if (this.#runs(lane, job)) return { member, lane };
      }
    }
    return null;
  }

  #runs(lane: number, job: Job): boolean {
    const { words } = this.#memory;
    return words.load(lane + layout.L_SLOT) === job.slot + 1 &&
      words.load(lane + layout.L_POSITION) === positionOf(job);
  }

  /**
   * Replaces the worker of an aborted task that has not ended. Other tasks in it are waited for, unless its event loop
   * stands still, so that they could not end either.
   */
  enforce(aborted: Aborted): void {
    const { job, member } = aborted;
    if (job.place === OVER || member.gone) return;
    if (this.#crew.lanesOf(member).length <= 1) return this.#crew.kill(member);
    const { words } = this.#memory;
    words.compareExchange(member.at + layout.S_DRAIN, layout.DRAIN_NO, layout.DRAIN_ASKED);
    words.notify(member.at + layout.S_DRAIN, Infinity);
    this.#memory.ring(member.seat);
    this.#waitForOthers(aborted, HEARING_LOOKS);
  }

  #waitForOthers(aborted: Aborted, looks: number): void {
    const { job, member } = aborted;
    const forget = this.#alarms.after(DRAIN_SLICE, () => {
      if (job.place === OVER || member.gone) return;
      const drain = this.#memory.words.load(member.at + layout.S_DRAIN);
      const deaf = drain === layout.DRAIN_ASKED && looks <= 1;
      const others = this.#crew.lanesOf(member).some((lane) => !this.#isAborted(lane));
      if (deaf || !others) this.#crew.kill(member);
      else this.#waitForOthers(aborted, looks - 1);
    });
    aborted.prevent(forget);
  }

  /** Looks after those that have died: a killed worker may run on for a moment. */
  look(): void {
    for (const member of this.#dead) this.#collect(member);
  }

  #isAborted(lane: number): boolean {
    const job = this.#table.at(this.#memory.words.load(lane + layout.L_SLOT) - 1);
    return job === null || job.extra?.aborted === true;
  }

  /** Deals with what a dead worker has left. Its results were taken. */
  bury(member: Member): void {
    this.#dead = this.#dead.filter((other) => other.seat !== member.seat);
    this.#collect(member);
    this.#freePage(member);
    // What is known of the end is in shared memory until somebody has asked for it.
    member.handle.end();
    this.#dead.push(member);
    if (this.#dead.length > 64) this.#dead.shift();
  }

  /** A successor sits down: nothing of the dead is left there. */
  reuse(seat: number): void {
    this.#dead = this.#dead.filter((member) => member.seat !== seat);
  }

  #collect(member: Member): void {
    const { words } = this.#memory;
    const hazard = words.load(member.at + layout.S_HAZARD);
    if (hazard !== layout.NONE) {
      this.#takeBack(hazard);
      words.store(member.at + layout.S_HAZARD, layout.NONE);
    }
    for (const lane of this.#crew.lanesOf(member)) {
      const job = this.#table.at(words.load(lane + layout.L_SLOT) - 1);
      const mine = job !== null && this.#runs(lane, job) && job.extra?.arrived !== true;
      const item = words.load(lane + layout.L_ITEM);
      words.store(lane + layout.L_SLOT, 0);
      if (mine) this.#lose(job, member, item);
    }
  }

  /** Sends again what the dead had claimed and not begun. */
  #takeBack(hazard: number): void {
    const urgent = (hazard & layout.URGENT) !== 0;
    const ring = urgent ? this.#sender.urgent : this.#sender.main;
    const position = hazard & layout.POSITIONS;
    const slot = ring.takeBack(position);
    const job = slot < 0 ? null : this.#table.at(slot);
    if (job === null || job.position !== hazard) return;
    const { raw, length } = ring.copyBody(position);
    extraOf(job).raw = raw;
    job.length = length;
    this.#sender.sendAgain(job);
  }

  #lose(job: Job, member: Member, item: number): void {
    if (job.place === TO_SKIP) return this.#table.remove(job);
    const batch = job.extra?.batch ?? null;
    if (batch !== null) return this.#loseItem(job, batch, member, item);
    if (job.sink === null) return this.#table.remove(job);
    if (this.#runAgain(job)) return;
    this.#table.remove(job);
    this.#table.lost++;
    this.#table.reject(job, this.lossOf(member, job));
  }

  /** Sends a task again that was begun, if it may be. */
  #runAgain(job: Job): boolean {
    const { extra } = job;
    if (extra === null || extra.retries <= 0) return false;
    this.#countAttempt(job, extra);
    this.#sender.sendAgain(job);
    return true;
  }

  #countAttempt(job: Job, extra: Extra): void {
    extra.retries--;
    this.#table.retried++;
    const attempt = Math.min(layout.ATTEMPT_MAX, (job.op >>> layout.ATTEMPT_SHIFT) + 1);
    job.op = job.op & ((1 << layout.ATTEMPT_SHIFT) - 1) | attempt << layout.ATTEMPT_SHIFT;
  }

  /** The worker died at an item of a batch: that one is lost, or run again by itself; the others run again. */
  #loseItem(job: Job, batch: Batch, member: Member, item: number): void {
    const extra = job.extra as Extra;
    const { next, end } = extra;
    if (batch.sink === null) {
      this.#table.remove(job);
      return this.#table.endBatch(batch);
    }
    const at = Math.min(Math.max(item, next), end - 1);
    this.#piece(job, batch, next, at);
    if (extra.retries > 0) this.#piece(job, batch, at, at + 1, true);
    this.#piece(job, batch, at + 1, end);
    this.#leaveBatch(job, batch);
    if (extra.retries > 0) return;
    this.#table.lost++;
    this.#table.itemFailed(batch, at, this.lossOf(member, job));
    this.#table.endBatch(batch);
  }

  /** A piece is over as soon as those of its results are delivered that wait for an import. */
  #leaveBatch(job: Job, batch: Batch): void {
    const { importing } = job.extra as Extra;
    if (importing === null) return this.#table.remove(job);
    void importing.then(() => {
      this.#table.remove(job);
      this.#table.endBatch(batch);
    });
  }

  #piece(of: Job, batch: Batch, first: number, end: number, isRetry = false): void {
    if (first >= end) return;
    const piece = new Job(of.fn, of.op, null);
    const extra = extraOf(piece);
    const { key, priority, page, retries } = of.extra as Extra;
    Object.assign(extra, { batch, next: first, end, key, priority, page, retries });
    if (isRetry) this.#countAttempt(piece, extra);
    piece.body = of.body;
    piece.length = of.length;
    batch.pieces.add(piece);
    this.#table.add(piece);
    this.#sender.sendAgain(piece);
  }

  /** The page that the dead was about to hand over; if its result was visible, it was freed with that. */
  #freePage(member: Member): void {
    const { words } = this.#memory;
    const page = words.exchange(member.at + layout.S_PAGE, 0);
    const agent = words.load(member.at + layout.S_AGENT);
    const { heap } = this.#memory.agent.arena;
    if (page !== 0 && heap.isPublishedBy(page, agent)) heap.free(page);
  }

  /** Makes the error for what was lost with a worker. */
  lossOf(member: Member, job: Job | null): WorkerLostError {
    const { reason, exitcode, signal = null, pid = null, cause } = member.handle.end();
    const task = job === null ? null : registeredName(job.fn);
    const what = job === null ? `start worker ${member.name}` : `finish task ${task}`;
    return new WorkerLostError(`Cannot ${what}: ${reason}`, {
      kind: this.#kind,
      exitcode,
      signal,
      pid,
      task,
      ...(cause === null ? {} : { cause }),
    });
  }

  /** Ends tasks of which nothing is to be waited for any more. */
  settleAll(jobs: readonly Job[], reason: unknown): void {
    for (const job of jobs) {
      const batch = job.extra?.batch ?? null;
      const { next, end } = job.extra ?? { next: 0, end: 0 };
      this.#table.remove(job);
      if (batch === null) this.#table.cancel(job, reason);
      else {
        this.#table.cancelBatch(batch, reason, numbers(next, end));
        this.#table.endBatch(batch);
      }
    }
  }
}

/** Where the record of a task is, if it is in a ring. */
function positionOf({ place, position }: Job): number {
  return place === IN_URGENT || place === IN_MAIN || place === TO_SKIP ? position : -1;
}

function* numbers(from: number, to: number): Generator<number> {
  for (let k = from; k < to; k++) yield k;
}
