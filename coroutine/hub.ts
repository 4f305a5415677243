/**
 * The hub: who of those that can go on does so next, and when timers, sockets and files get their turn.
 *
 * Whoever waits is a {@linkcode Waiter}; it is posted when it can go on. There is one queue, first in, first out, so that
 * greenlets that let the others run come round in order.
 *
 * ```text
 *   post() ──▶ [ waiters ] ──▶ a portion is resumed in one microtask ──▶ their code runs, and posts at the end
 *                  ▲                                                          │
 *                  └──────────────── the next portion, in the next microtask ◀┘
 * ```
 *
 * To resume a waiter settles its promise: the code behind it runs in microtasks of its own, which were queued before that
 * of the next portion. So everything that a portion has woken has run up to its next wait before others are resumed, and
 * the time between two portions is the time that the code took.
 *
 * Microtasks let nothing else in: no timer, no socket. So the hub looks at the clock, and when its portions have had
 * {@linkcode SLICE} milliseconds, the next one waits for a turn of the event loop (`setImmediate`: of the ways to get one,
 * the only one that lets timers and sockets in, on Deno and on Node, and does not cost a millisecond).
 *
 * To look at the clock costs as much as to resume a waiter. So there is a look only after `#portion` waiters, be they in one
 * portion or in as many; that number doubles while the code between two looks is quick, up to {@linkcode LARGEST}, and falls
 * back to 1 at once when it is slow. So nobody has to tell the hub that it was idle in between, either: at worst one
 * more look is taken.
 *
 * Sleepers are in a heap of alarms with one timer of the runtime for all of them. Those whose time has come are posted
 * together, in the order of their times.
 *
 * @module
 */

import { type Alarm, AlarmHeap } from "./alarm_heap.ts";

/** Somebody who waits in the hub. */
export interface Waiter {
  /** Lets it go on. What it throws ends the microtask as an uncaught error; the others go on. */
  resume(): void;
}

/** What the hub needs of the world. */
export interface World {
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  /** Calls back after the code that is running. */
  soon(callback: () => void): void;
  /** Calls back after timers and sockets had their turn. */
  nextTurn(callback: () => void): void;
}

/** Milliseconds that the greenlets have between two turns of the event loop. */
const SLICE = 2;
/** The most waiters between two looks at the clock. */
const LARGEST = 128;
/** The most milliseconds that a timer of the runtime can take. */
const LONGEST_TIMER = 2 ** 31 - 1;
/** The most places that an empty queue keeps. */
const SMALLEST = 1024;

/** The queue of those who can go on, and the alarm clock of those who sleep. */
export class Hub {
  readonly #world: World;

  /** A ring: `#count` waiters from `#head` on. */
  #ring: (Waiter | undefined)[] = new Array(SMALLEST).fill(undefined);
  #head = 0;
  #count = 0;

  /** Whether a call of `#run` is on its way. */
  #scheduled = false;
  /** How many waiters there may be between two looks at the clock. */
  #portion = 1;
  /** How many of them are left. */
  #left = 0;
  /** When the clock was looked at last. */
  #looked = 0;
  /** When the present turn of the event loop began, as far as is known. */
  #turn = 0;

  readonly #alarms: AlarmHeap<Waiter> = new AlarmHeap();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer goes off. */
  #timerTime = Infinity;

  readonly #run = (): void => this.#resumePortion();
  readonly #runInTurn = (): void => this.#beginTurn();
  readonly #wake = (): void => this.#wakeSleepers();

  constructor(world: World) {
    this.#world = world;
  }

  /** How many can go on and have not yet. */
  get ready(): number {
    return this.#count;
  }

  /** How many sleep. */
  get sleeping(): number {
    return this.#alarms.size;
  }

  /** Lets a waiter go on after those that were posted before. */
  post(waiter: Waiter): void {
    if (this.#count === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#count++) & (this.#ring.length - 1)] = waiter;
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#world.soon(this.#run);
  }

  /** Posts a waiter after `delay` milliseconds. */
  sleep(delay: number, waiter: Waiter): Alarm<Waiter> {
    const alarm = this.#alarms.set(this.#world.now() + delay, waiter);
    if (alarm.time < this.#timerTime) this.#setTimer();
    return alarm;
  }

  /** Takes an alarm back; tells whether its waiter was not posted. */
  cancel(alarm: Alarm<Waiter>): boolean {
    const isSet = this.#alarms.cancel(alarm);
    if (this.#alarms.size === 0) this.#setTimer();
    return isSet;
  }

  #resumePortion(): void {
    if (this.#left === 0 && !this.#look()) return this.#world.nextTurn(this.#runInTurn);
    let portion = Math.min(this.#left, this.#count);
    this.#left -= portion;
    try {
      for (; portion > 0; portion--) this.#take().resume();
    } finally {
      this.#scheduled = this.#count > 0;
      if (this.#scheduled) this.#world.soon(this.#run);
      else if (this.#ring.length > SMALLEST) this.#shrink();
    }
  }

  #take(): Waiter {
    const waiter = this.#ring[this.#head] as Waiter;
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#count--;
    return waiter;
  }

  /** Looks at the clock, and tells whether there is time left in this turn. */
  #look(): boolean {
    const now = this.#world.now();
    const isQuick = now - this.#looked < SLICE / 8;
    this.#looked = now;
    this.#portion = isQuick ? Math.min(2 * this.#portion, LARGEST) : 1;
    this.#left = this.#portion;
    return now - this.#turn < SLICE;
  }

  #beginTurn(): void {
    this.#turn = this.#looked = this.#world.now();
    this.#left = this.#portion;
    this.#resumePortion();
  }

  #grow(): void {
    const { length } = this.#ring;
    const ring: (Waiter | undefined)[] = new Array(2 * length).fill(undefined);
    for (let i = 0; i < this.#count; i++) ring[i] = this.#ring[(this.#head + i) & (length - 1)];
    this.#ring = ring;
    this.#head = 0;
  }

  #shrink(): void {
    this.#ring = new Array(SMALLEST).fill(undefined);
    this.#head = 0;
  }

  #setTimer(): void {
    clearTimeout(this.#timer);
    this.#timerTime = this.#alarms.nextTime;
    if (this.#timerTime === Infinity) return;
    const delay = Math.ceil(this.#timerTime - this.#world.now());
    this.#timer = setTimeout(this.#wake, Math.min(Math.max(delay, 0), LONGEST_TIMER));
  }

  #wakeSleepers(): void {
    const now = this.#world.now();
    for (;;) {
      const alarm = this.#alarms.takeDue(now);
      if (alarm === null) break;
      this.post(alarm.value);
    }
    this.#setTimer();
  }
}
