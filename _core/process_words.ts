/**
 * Words that processes share: waiting on them is the kernel's futex, or looking again and again.
 *
 * Everybody who blocks comes back every 250 ms at the latest, since a worker cannot be terminated while it is in the kernel.
 *
 * Promises wait on the doorbell of their agent. Who rings it sets a bit in the record of the agent's process, on which that
 * process' sleeper waits (`process_sleeper.ts`), and the sleeper passes it on by a word that the threads of the process
 * share. So a process needs one sleeping thread, however many promises wait in how many threads. A bell within the same
 * process needs no sleeper.
 *
 * ```text
 * ring(agent)      same process:   A_FAMILY_BELL of its thread += 1, notify
 *                  another one:    P_RUNG of its process |= bit of its thread; was it 0: futex wake
 *                  that naps:      futex wake on its own word (`doorbell.ts`)
 * sleeper          P_RUNG = 0; for each bit: A_FAMILY_BELL += 1, notify; while P_RUNG is 0: futex wait, 250 ms
 * ```
 *
 * A ringer may die in between: every 250 ms the sleeper looks at all bells of its process.
 *
 * @module
 */

import type { Ffi } from "../_runtime/ffi.ts";
import { runtime } from "../_runtime/runtime.ts";
import * as layout from "./layout.ts";
import { agentRecord } from "./layout.ts";
import type { MappedMemory } from "./process_memory.ts";
import { recordOf } from "./process_table.ts";
import { SharedWords, type WaitResult } from "./shared_words.ts";

/** In `FAMILY_SLEEPER`: there is none, and nobody wants one. */
export const NO_SLEEPER = 0;
/** In `FAMILY_SLEEPER`: somebody wants one. */
export const WANTED = 1;
/** In `FAMILY_SLEEPER`: it is about to begin. */
export const STARTING = 2;
/** In `FAMILY_SLEEPER`: it passes rings on. */
export const SLEEPING = 3;
/** In `FAMILY_SLEEPER`: the process is ending. */
export const DISMISSED = 4;

/** Longest time in the kernel, in milliseconds. */
const SLICE = 250;
/** Shortest and longest time between two looks where there is no futex, in milliseconds. */
const [SHORTEST_NAP, LONGEST_NAP] = [0.05, 2];

/** How this process takes part in its family, as one of its threads sees it. */
export interface Membership {
  /** The tag of this process. */
  readonly tag: number;
  /** Whether there are no futexes. */
  readonly polls: boolean;
  /** The words that the threads of this process share. */
  readonly threads: SharedWords;
  /** This thread among them. */
  readonly thread: number;
}

/** Words in memory that processes share. */
export class ProcessWords extends SharedWords {
  readonly #system: Ffi;
  readonly #memory: MappedMemory;
  readonly #member: Membership;
  readonly #nap: Int32Array = new Int32Array(new SharedArrayBuffer(4));

  /** Makes the view of a thread. */
  constructor(system: Ffi, memory: MappedMemory, member: Membership) {
    super(new Int32Array(memory.buffer, 0, layout.CONTROL_WORDS));
    this.#system = system;
    this.#memory = memory;
    this.#member = member;
  }

  override back(index: number, count: number): void {
    this.#memory.back(index * 4, count * 4);
  }

  override get polls(): boolean {
    const { polls, threads } = this.#member;
    return polls || threads.load(layout.FAMILY_SLEEPER) !== SLEEPING;
  }

  override wait(index: number, value: number, ms: number): WaitResult {
    if (this.load(index) !== value) return "not-equal";
    if (this.#member.polls) return this.#poll(index, value, ms);
    const end = performance.now() + ms;
    for (let left = ms; left > 0; left = end - performance.now()) {
      const address = this.#memory.address + index * 4;
      const woken = this.#system.futexWait(address, value, Math.min(left, SLICE));
      if (woken || this.load(index) !== value) return "ok";
    }
    return "timed-out";
  }

  #poll(index: number, value: number, ms: number): WaitResult {
    const end = performance.now() + ms;
    for (let nap = SHORTEST_NAP;; nap = Math.min(nap * 1.5, LONGEST_NAP)) {
      const left = end - performance.now();
      if (left <= 0) return "timed-out";
      Atomics.wait(this.#nap, 0, 0, Math.min(nap, left));
      if (this.load(index) !== value) return "ok";
    }
  }

  /** Waits for the doorbell of this agent, the only word at which a promise may wait. */
  override waitAsync(index: number, value: number): Promise<unknown> | null {
    const { threads, thread } = this.#member;
    const bell = agentRecord(thread) + layout.A_FAMILY_BELL;
    const seen = threads.load(bell);
    if (this.load(index) !== value) return null;
    if (!this.#member.polls) this.#wantSleeper();
    return threads.waitAsync(bell, seen);
  }

  override notify(index: number, count: number): void {
    if (index < layout.PROCESS_BASE && (index - layout.AGENT_BASE) % layout.AGENT_WORDS === 1) {
      this.#ring(index - layout.A_BELL);
    } else if (!this.#member.polls) {
      this.#system.futexWake(this.#memory.address + index * 4, count);
    }
  }

  override get parks(): boolean {
    return !this.#member.polls;
  }

  override park(index: number, value: number, ms: number): void {
    this.#system.futexWait(this.#memory.address + index * 4, value, ms);
  }

  override unpark(index: number): void {
    this.#system.futexWake(this.#memory.address + index * 4, 1);
  }

  /** Rings for a thread of the family, whatever it listens for. */
  ringFor(agent: number): void {
    const bell = agentRecord(agent) + layout.A_BELL;
    if (this.exchange(bell, 1) === layout.BELL_PARKED) this.unpark(bell);
    this.#ring(agentRecord(agent));
  }

  /** Gives a number that changes when this thread is rung for. */
  rings(): number {
    const { threads, thread } = this.#member;
    return threads.load(agentRecord(thread) + layout.A_FAMILY_BELL);
  }

  /** Resolves when {@linkcode rings} differs from what was seen, or after a time in milliseconds; keeps nothing alive. */
  async ringsChange(seen: number, ms: number): Promise<void> {
    const { threads, thread, polls } = this.#member;
    if (!polls) this.#wantSleeper();
    const change = threads.waitAsync(agentRecord(thread) + layout.A_FAMILY_BELL, seen);
    if (change === null) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
      runtime().unrefTimer(timer);
    });
    await Promise.race([change, patience]);
    clearTimeout(timer);
  }

  /** Blocks for a time in milliseconds. */
  pause(ms: number): void {
    Atomics.wait(this.#nap, 0, 0, ms);
  }

  #wantSleeper(): void {
    const { threads } = this.#member;
    if (threads.compareExchange(layout.FAMILY_SLEEPER, NO_SLEEPER, WANTED) === NO_SLEEPER) {
      threads.notify(layout.FAMILY_SLEEPER, Infinity);
    }
  }

  #ring(agent: number): void {
    const { tag, polls, threads } = this.#member;
    const owner = this.load(agent + layout.A_PROCESS);
    const thread = this.load(agent + layout.A_THREAD);
    if (owner === tag) return passOn(threads, thread);
    if (polls) return;
    const rung = recordOf(owner) + layout.P_RUNG;
    if (this.or(rung, 1 << (thread & 31)) === 0) {
      this.#system.futexWake(this.#memory.address + rung * 4, 1);
    }
  }

  /** Passes rings on to the threads of this process until it is dismissed. Blocks, also for longer than a slice. */
  sleep(): void {
    const { tag, threads } = this.#member;
    const rung = recordOf(tag) + layout.P_RUNG;
    threads.compareExchange(layout.FAMILY_SLEEPER, STARTING, SLEEPING);
    while (threads.load(layout.FAMILY_SLEEPER) === SLEEPING) {
      const bits = this.exchange(rung, 0);
      this.#passOn(bits === 0 ? -1 : bits);
      this.wait(rung, 0, SLICE);
    }
  }

  #passOn(bits: number): void {
    const { threads } = this.#member;
    const last = threads.load(layout.AGENTS);
    for (let thread = 1; thread <= last; thread++) {
      if ((bits & 1 << (thread & 31)) === 0) continue;
      const agent = threads.load(agentRecord(thread) + layout.A_FAMILY);
      if (agent !== 0 && this.load(agentRecord(agent) + layout.A_BELL) === 1) {
        passOn(threads, thread);
      }
    }
  }

  /** Ends the sleeper of this process. */
  dismissSleeper(): void {
    const { tag, threads } = this.#member;
    if (threads.exchange(layout.FAMILY_SLEEPER, DISMISSED) !== SLEEPING) return;
    const rung = recordOf(tag) + layout.P_RUNG;
    this.or(rung, -1);
    this.#system.futexWake(this.#memory.address + rung * 4, 1);
  }
}

function passOn(threads: SharedWords, thread: number): void {
  const bell = agentRecord(thread) + layout.A_FAMILY_BELL;
  threads.add(bell, 1);
  threads.notify(bell, Infinity);
}
