/**
 * What is to happen at a time: deadlines of tasks, and the end of patience. One timer for all.
 *
 * @module
 */

import { OrderedHeap } from "./engine_heap.ts";

/** Longest delay that a timer takes. */
const LONGEST_DELAY = 2 ** 31 - 1;

interface Alarm {
  call: (() => void) | null;
}

/** Things to do at their times. */
export class Alarms {
  readonly #heap: OrderedHeap<Alarm> = new OrderedHeap();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #set = Infinity;
  #live = 0;

  /** When the next one is due, as `performance.now()` counts. */
  get next(): number {
    return this.#live === 0 ? Infinity : this.#heap.firstKey;
  }

  /** Calls a function after a time in milliseconds; gives the function that prevents it. */
  after(milliseconds: number, call: () => void): () => void {
    const alarm: Alarm = { call };
    this.#heap.push(performance.now() + milliseconds, alarm);
    this.#live++;
    this.#arm();
    return () => {
      if (alarm.call === null) return;
      alarm.call = null;
      if (--this.#live === 0) this.clear();
      // Most tasks end long before their deadline.
      else if (this.#heap.size > 2 * this.#live + 1000) {
        this.#heap.keep(({ call }) => call !== null);
      }
    };
  }

  /** Does what is due. */
  ring(): void {
    const now = performance.now();
    while (this.#heap.firstKey <= now) {
      const alarm = this.#heap.pop() as Alarm;
      const { call } = alarm;
      if (call === null) continue;
      alarm.call = null;
      this.#live--;
      call();
    }
    this.#arm();
  }

  /** Forgets all. */
  clear(): void {
    this.#heap.clear();
    this.#live = 0;
    this.#arm();
  }

  #arm(): void {
    const next = this.next;
    if (next === this.#set) return;
    this.#set = next;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (next === Infinity) return;
    const delay = Math.min(Math.max(0, Math.ceil(next - performance.now())), LONGEST_DELAY);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#set = Infinity;
      this.ring();
    }, delay);
  }
}
