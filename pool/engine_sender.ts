/**
 * The way of tasks to the workers: into a ring when there is room, else into a list that every taking of results empties.
 *
 * Urgent tasks go through a ring of their own, in the order of their priority: when a more urgent one comes, the others are
 * taken out of the ring again and wait in a heap. Tasks below the normal priority wait in a heap until nothing else waits
 * and a worker is free.
 *
 * @module
 */

import { POSITIONS } from "../_core/task_layout.ts";
import type { TaskMemory } from "../_core/task_memory.ts";
import { TaskRing } from "../_core/task_ring.ts";
import { stamp } from "./body.ts";
import { OrderedHeap } from "./engine_heap.ts";
import { extraOf, IN_LIST, IN_MAIN, IN_URGENT, type Job, OVER, TO_SKIP } from "./engine_job.ts";

/** So many urgent tasks are in their ring at most. */
const MOST_AHEAD = 64;
/** One of so many tasks is timed. */
const SAMPLE = 16;

/** Sends tasks. */
export class Sender {
  /** The ring of most tasks. */
  readonly main: TaskRing;
  /** The ring of urgent tasks. */
  readonly urgent: TaskRing;
  readonly #memory: TaskMemory;
  readonly #capacity: number;
  readonly #pending: () => number;
  readonly #waiting: OrderedHeap<Job> = new OrderedHeap();
  readonly #idle: OrderedHeap<Job> = new OrderedHeap();
  /** Those that are in the urgent ring, and perhaps begun. */
  #ahead: Job[] = [];
  /** Those that are sent again: they come first. */
  #again: Job[] = [];
  #backlog: Job[] = [];
  #backlogHead = 0;
  #sent = 0;

  /**
   * Makes the way to the workers.
   *
   * @param capacity How many tasks can run at once.
   * @param pending Tells how many tasks are pending, those that wait here included.
   */
  constructor(memory: TaskMemory, capacity: number, pending: () => number) {
    this.#memory = memory;
    this.#capacity = capacity;
    this.#pending = pending;
    this.main = new TaskRing(memory, false);
    this.urgent = new TaskRing(memory, true);
  }

  /** Sends a task whose argument is one number: the quick way, `false` if there is no room. */
  sendNumber(job: Job, value: number, few: boolean): boolean {
    if (this.hasBacklog) return false;
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
      if (priority > 0) this.#recall(priority);
      this.#wait(job, priority);
      return false;
    }
    if (!this.hasBacklog && this.#push(this.main, job, IN_MAIN)) {
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
    if (this.#waiting.size > 0) {
      this.#ahead = this.#ahead.filter((job) => this.#isQueued(job));
      const room = MOST_AHEAD - this.#ahead.length;
      fed = this.#feedFrom(this.#waiting, this.urgent, IN_URGENT, room);
    }
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
    if (this.#idle.size > 0 && !this.hasBacklog && this.#waiting.size === 0) {
      const busy = this.#pending() - this.#idle.size;
      if (this.#feedFrom(this.#idle, this.main, IN_MAIN, this.#capacity - busy)) fed = true;
    }
    if (fed) this.#memory.wakeOne();
  }

  /** Wakes a worker if tasks are in the rings: no look is ever the last one. */
  heal(): void {
    this.feed();
    if (!this.main.empty || !this.urgent.empty) this.#memory.wakeOne();
  }

  /** Forgets all that waits. */
  clear(): void {
    this.#waiting.clear();
    this.#idle.clear();
    this.#ahead = [];
    this.#again = [];
    this.#backlog = [];
    this.#backlogHead = 0;
  }

  /** Whether a task has been begun. */
  isBegun(job: Job): boolean {
    return this.#isSent(job) && this.#ringOf(job).isBegun(job.position & POSITIONS);
  }

  /** Keeps a task from being begun; `false` if it was. */
  cancel(job: Job): boolean {
    if (!this.#isSent(job)) return true;
    if (!this.#ringOf(job).cancel(job.position & POSITIONS)) return false;
    job.place = TO_SKIP;
    return true;
  }

  #isSent(job: Job): boolean {
    return job.place === IN_MAIN || job.place === IN_URGENT;
  }

  #ringOf(job: Job): TaskRing {
    return job.place === IN_URGENT ? this.urgent : this.main;
  }

  /** Whether tasks wait for room in the main ring. */
  get hasBacklog(): boolean {
    return this.#backlogHead < this.#backlog.length || this.#again.length > 0;
  }

  /** Whether tasks wait for room though workers have claimed all: one of them is about to leave its record. */
  get starves(): boolean {
    return this.hasBacklog && this.main.empty;
  }

  #wait(job: Job, priority: number): void {
    const heap = priority > 0 ? this.#waiting : this.#idle;
    const extra = extraOf(job);
    if (extra.order < 0) extra.order = heap.nextOrder();
    job.place = IN_LIST;
    heap.push(-priority, job, extra.order);
  }

  /** Takes those that are less urgent out of the urgent ring. */
  #recall(priority: number): void {
    const last = this.#ahead.at(-1);
    if (last === undefined || extraOf(last).priority >= priority) return;
    this.#ahead = this.#ahead.filter((job) => {
      const extra = extraOf(job);
      if (extra.priority >= priority) return true;
      const position = job.position & POSITIONS;
      if (job.place !== IN_URGENT || !this.urgent.withdraw(position)) return false;
      const { raw, length } = this.urgent.copyBody(position);
      extra.raw = raw;
      job.length = length;
      this.#wait(job, extra.priority);
      return false;
    });
  }

  #feedFrom(from: OrderedHeap<Job>, ring: TaskRing, place: number, room: number): boolean {
    let fed = false;
    for (let left = room; left > 0 && from.size > 0;) {
      const job = from.pop() as Job;
      if (job.place !== IN_LIST) continue;
      if (!this.#push(ring, job, place)) {
        this.#wait(job, extraOf(job).priority);
        break;
      }
      if (place === IN_URGENT) this.#ahead.push(job);
      left--;
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
    job.position = position | ring.flag;
    job.place = place;
    if (job.extra === null || job.extra.batch === null && job.extra.retries === 0) job.body = null;
    return true;
  }
}
