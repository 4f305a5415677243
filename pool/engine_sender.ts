/**
 * The way of tasks to the workers: into a ring when there is room, else into a list that every taking of results empties.
 *
 * Urgent tasks wait in a heap, of which only as many are in the urgent ring as there are workers: so the next one is always
 * the most urgent. Tasks below the normal priority wait in the same heap until nothing else is queued.
 *
 * @module
 */

import type { TaskMemory } from "../_core/task_memory.ts";
import { TaskRing } from "../_core/task_ring.ts";
import { stamp } from "./body.ts";
import { OrderedHeap } from "./engine_heap.ts";
import { IN_LIST, IN_MAIN, IN_URGENT, type Job, OVER, TO_SKIP } from "./engine_job.ts";

/** One of so many tasks is timed. */
const SAMPLE = 16;

/** Sends tasks. */
export class Sender {
  /** The ring of most tasks. */
  readonly main: TaskRing;
  /** The ring of urgent tasks. */
  readonly urgent: TaskRing;
  readonly #memory: TaskMemory;
  readonly #workers: number;
  readonly #waiting: OrderedHeap<Job> = new OrderedHeap();
  readonly #idle: OrderedHeap<Job> = new OrderedHeap();
  /** Those that are in the urgent ring, and perhaps begun. */
  #ahead: Job[] = [];
  /** Those that are below the normal priority, in the main ring, and perhaps begun. */
  #behind: Job[] = [];
  /** Those that are sent again: they come first. */
  #again: Job[] = [];
  #backlog: Job[] = [];
  #backlogHead = 0;
  #sent = 0;

  /** Makes the way to the workers. */
  constructor(memory: TaskMemory, workers: number) {
    this.#memory = memory;
    this.#workers = workers;
    this.main = new TaskRing(memory, false);
    this.urgent = new TaskRing(memory, true);
  }

  /** Sends a task whose argument is one number: the quick way, `false` if there is no room. */
  sendNumber(job: Job, value: number, few: boolean): boolean {
    if (this.#hasBacklog) return false;
    const sent = few || this.#sent++ % SAMPLE === 0 ? stamp() : 0;
    const position = this.main.pushNumber(job.slot, job.op, sent, value);
    if (position < 0) return false;
    job.place = IN_MAIN;
    job.position = position;
    this.#memory.wakeOne();
    return true;
  }

  /** Sends a task, or keeps it until there is room; its body is still the caller's if it is sent at once. */
  send(job: Job): boolean {
    const priority = job.extra?.priority ?? 0;
    if (priority !== 0) {
      job.place = IN_LIST;
      (priority > 0 ? this.#waiting : this.#idle).push(-priority, job);
      return false;
    }
    if (!this.#hasBacklog && this.#push(this.main, job, IN_MAIN)) {
      this.#memory.wakeOne();
      return true;
    }
    this.keep(job);
    return false;
  }

  /** Keeps a task until there is room. */
  keep(job: Job): void {
    job.place = IN_LIST;
    this.#backlog.push(job);
  }

  /** Sends a task again, before those that wait. */
  sendAgain(job: Job): void {
    if ((job.extra?.priority ?? 0) !== 0) {
      this.send(job);
      return;
    }
    job.place = IN_LIST;
    this.#again.push(job);
  }

  /** Sends what has been waiting for room. */
  feed(): void {
    let fed = false;
    if (this.#waiting.size > 0) fed = this.#feedUrgent();
    while (this.#again.length > 0) {
      const job = this.#again[0] as Job;
      if (job.place === IN_LIST) {
        if (!this.#push(this.main, job, IN_MAIN)) break;
        fed = true;
      }
      this.#again.shift();
    }
    if (this.#again.length === 0) {
      while (this.#backlogHead < this.#backlog.length) {
        const job = this.#backlog[this.#backlogHead] as Job;
        if (job.place === IN_LIST) {
          if (!this.#push(this.main, job, IN_MAIN)) break;
          fed = true;
        }
        this.#backlogHead++;
      }
      if (this.#backlogHead === this.#backlog.length && this.#backlogHead > 0) {
        this.#backlog = [];
        this.#backlogHead = 0;
      }
    }
    if (this.#idle.size > 0 && !this.#hasBacklog && this.#waiting.size === 0) {
      if (this.#feedIdle()) fed = true;
    }
    if (fed) this.#memory.wakeOne();
  }

  /** Forgets all that waits. */
  clear(): void {
    this.#waiting.clear();
    this.#idle.clear();
    this.#ahead = [];
    this.#behind = [];
    this.#again = [];
    this.#backlog = [];
    this.#backlogHead = 0;
  }

  /** Whether a task has been begun. */
  isBegun(job: Job): boolean {
    return this.#isSent(job) && this.#ringOf(job).isBegun(job.position);
  }

  /** Keeps a task from being begun; `false` if it was. */
  cancel(job: Job): boolean {
    if (!this.#isSent(job)) return true;
    if (!this.#ringOf(job).cancel(job.position)) return false;
    job.place = TO_SKIP;
    return true;
  }

  #isSent(job: Job): boolean {
    return job.place === IN_MAIN || job.place === IN_URGENT;
  }

  #ringOf(job: Job): TaskRing {
    return job.place === IN_URGENT ? this.urgent : this.main;
  }

  get #hasBacklog(): boolean {
    return this.#backlogHead < this.#backlog.length || this.#again.length > 0;
  }

  #feedUrgent(): boolean {
    this.#ahead = this.#ahead.filter((job) => this.#isQueued(job));
    return this.#feedFrom(this.#waiting, this.urgent, this.#ahead, IN_URGENT);
  }

  #feedIdle(): boolean {
    this.#behind = this.#behind.filter((job) => this.#isQueued(job));
    if (!this.main.empty && this.#behind.length === 0) return false;
    return this.#feedFrom(this.#idle, this.main, this.#behind, IN_MAIN);
  }

  #feedFrom(from: OrderedHeap<Job>, ring: TaskRing, list: Job[], place: number): boolean {
    let fed = false;
    while (list.length < this.#workers && from.size > 0) {
      const job = from.pop() as Job;
      if (job.place !== IN_LIST) continue;
      if (!this.#push(ring, job, place)) {
        from.push(-(job.extra?.priority ?? 0), job);
        break;
      }
      list.push(job);
      fed = true;
    }
    return fed;
  }

  #isQueued(job: Job): boolean {
    return job.place !== OVER && job.place !== TO_SKIP && !this.isBegun(job);
  }

  #push(ring: TaskRing, job: Job, place: number): boolean {
    const sent = this.#sent++ % SAMPLE === 0 ? stamp() : 0;
    const { extra } = job;
    let position: number;
    if (extra === null) {
      position = ring.push(job.slot, job.op, sent, job.body, job.length, 0, 0, 0);
    } else if (extra.raw !== null) {
      position = ring.pushRaw(job.slot, job.op, sent, extra.raw, job.length);
    } else {
      const { page, next, end, key } = extra;
      const body = page === 0 ? job.body : page;
      position = ring.push(job.slot, job.op, sent, body, job.length, next, end - next, key);
    }
    if (position < 0) return false;
    job.position = position;
    job.place = place;
    if (job.extra === null || job.extra.batch === null && job.extra.retries === 0) job.body = null;
    return true;
  }
}
