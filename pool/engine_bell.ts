/**
 * When the owner of a pool looks for results.
 *
 * After a submission it looks in the next turns of its event loop, and when nothing has come by then it arms its bell,
 * which a worker rings, and sleeps. While results come in numbers, it takes a share of them a turn. A pending wait on shared
 * memory does not keep the program alive: a timer does, while tasks are pending, and looks for what may have been missed.
 *
 * @module
 */

import { ARMED, ARMED_FOR_ROOM, OWNER_BELL } from "../_core/task_layout.ts";
import type { TaskMemory } from "../_core/task_memory.ts";
import { runtime } from "../_runtime/runtime.ts";

/** Turns of the event loop in which the owner looks before it sleeps. */
const POLLS = 3;

/** What the bell asks of the engine. */
export interface BellHooks {
  /** Takes a share of the results; tells whether there may be more. */
  take(): boolean;
  /** Whether there are results, or room for tasks that wait for it. */
  ready(): boolean;
  /** Whether tasks wait for room in the ring. */
  crowded(): boolean;
  /** Whether tasks are pending, or somebody waits for the end of the pool. */
  pending(): boolean;
  /** Looks for what may have been missed. */
  heal(): void;
}

/** The ear of the owner. */
export class Bell {
  readonly #memory: TaskMemory;
  readonly #hooks: BellHooks;
  readonly #slice: number;
  readonly #nextTurn: (callback: () => void) => void = runtime().nextTurn;
  readonly #tick: () => void = () => this.#turn();
  #scheduled = false;
  #armed = false;
  #polls = 0;
  #keepAlive: ReturnType<typeof setInterval> | null = null;

  /** Makes the ear of an engine. */
  constructor(memory: TaskMemory, slice: number, hooks: BellHooks) {
    this.#memory = memory;
    this.#slice = slice;
    this.#hooks = hooks;
  }

  /** Looks for results from the next turn on. */
  listen(): void {
    if (this.#scheduled || this.#armed) {
      if (this.#keepAlive === null) this.#stay();
      if (this.#armed) this.#wantRoom();
      return;
    }
    this.#scheduled = true;
    this.#polls = POLLS;
    if (this.#keepAlive === null) this.#stay();
    this.#nextTurn(this.#tick);
  }

  /** Blocks until a worker rings, for at most a time in milliseconds. */
  wait(milliseconds: number): void {
    const armed = this.#arm();
    if (this.#hooks.ready()) return;
    this.#memory.words.wait(OWNER_BELL, armed, milliseconds);
  }

  /** Lets the program end. */
  rest(): void {
    if (this.#keepAlive === null) return;
    clearInterval(this.#keepAlive);
    this.#keepAlive = null;
  }

  #arm(): number {
    const armed = this.#hooks.crowded() ? ARMED_FOR_ROOM : ARMED;
    this.#memory.words.store(OWNER_BELL, armed);
    return armed;
  }

  /** The bell was armed when there was room in the ring, and now tasks wait for some. */
  #wantRoom(): void {
    if (this.#scheduled || !this.#hooks.crowded()) return;
    const { words } = this.#memory;
    if (words.compareExchange(OWNER_BELL, ARMED, ARMED_FOR_ROOM) !== ARMED) return;
    if (!this.#hooks.ready()) return;
    this.#scheduled = true;
    this.#nextTurn(this.#tick);
  }

  #stay(): void {
    this.#keepAlive = setInterval(() => {
      this.#hooks.heal();
      if (!this.#hooks.pending()) this.rest();
    }, this.#slice);
  }

  #turn(): void {
    this.#scheduled = false;
    let more = true;
    try {
      more = this.#hooks.take();
    } finally {
      this.#goOn(more);
    }
  }

  #goOn(more: boolean): void {
    if (this.#scheduled || this.#armed) return;
    if (more) this.#polls = POLLS;
    if (more || this.#polls-- > 0) {
      this.#scheduled = true;
      return this.#nextTurn(this.#tick);
    }
    if (!this.#hooks.pending()) return this.rest();
    const armed = this.#arm();
    const rung = this.#hooks.ready() ? null : this.#memory.words.waitAsync(OWNER_BELL, armed);
    if (rung === null) {
      this.#scheduled = true;
      return this.#nextTurn(this.#tick);
    }
    this.#armed = true;
    void rung.then(() => {
      this.#armed = false;
      this.#polls = POLLS;
      this.#turn();
    });
  }
}
