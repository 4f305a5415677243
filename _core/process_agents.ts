/**
 * The agents of a family of processes, and the death of those whose process has died.
 *
 * A thread that dies is declared dead by the supervisor of its process. A process that dies is declared dead by its parent,
 * or by anybody who waits: he looks from time to time whether the processes still run, and at once whether one does that
 * holds a latch which he needs. Whoever declares a process dead declares all its agents dead and cleans up after them; each
 * step can be repeated, and is repeated by the next one who looks if he dies, too.
 *
 * @module
 */

import { AgentTable } from "./agent_table.ts";
import * as layout from "./layout.ts";
import { agentRecord } from "./layout.ts";
import type { ProcessTable } from "./process_table.ts";
import type { SharedWords } from "./shared_words.ts";

/** The agents of a family, as one of its processes sees them. */
export class ProcessAgents extends AgentTable {
  readonly #processes: ProcessTable;
  readonly #tag: number;
  #reap: (id: number) => void = () => {};
  #watching = false;

  /** Makes the view of the process with a tag. */
  constructor(words: SharedWords, processes: ProcessTable, tag: number) {
    super(words);
    this.#processes = processes;
    this.#tag = tag;
  }

  /** Says how this thread cleans up after a dead agent. */
  connect(reap: (id: number) => void): void {
    this.#reap = reap;
  }

  override look(id: number): void {
    if (id === 0 || id >= layout.MAX_AGENTS) return;
    const owner = this.words.load(agentRecord(id) + layout.A_PROCESS);
    if (owner === 0 || owner === this.#tag) return;
    if (this.#processes.look(owner)) this.#declareAgentsDead(owner);
  }

  override watch(): void {
    if (this.#watching) return;
    this.#watching = true;
    try {
      for (const tag of this.#processes.all()) {
        if (tag !== this.#tag && this.#processes.look(tag)) this.bury(tag);
      }
    } finally {
      this.#watching = false;
    }
  }

  /** Cleans up after a process of which the caller knows that it is dead, or will never come. */
  bury(tag: number): void {
    if (!this.#processes.declareDead(tag)) return;
    this.#declareAgentsDead(tag);
    let isClean = true;
    this.#forEach(tag, (id) => {
      this.#reap(id);
      if (this.isDead(id)) isClean = false;
    });
    // Somebody else is at it, who may die before he is done: who looks next sees to it.
    if (isClean) this.#processes.free(tag);
  }

  /** The agents that a thread of this process has had: one, unless it died in between. */
  ofThread(thread: number): number[] {
    const found: number[] = [];
    this.#forEach(this.#tag, (id) => {
      if (this.words.load(agentRecord(id) + layout.A_THREAD) === thread) found.push(id);
    });
    return found;
  }

  #declareAgentsDead(tag: number): void {
    this.#forEach(tag, (id) => this.declareDead(id));
  }

  /** Calls `visit` with every agent of a process; frees those that it was about to make. */
  #forEach(tag: number, visit: (id: number) => void): void {
    const w = this.words;
    const last = w.load(layout.AGENTS);
    const taken = tag << 2 | layout.AGENT_TAKEN;
    for (let id = 1; id <= last; id++) {
      const at = agentRecord(id);
      const state = w.load(at);
      if (state === taken && tag !== this.#tag) w.compareExchange(at, taken, layout.AGENT_FREE);
      else if (state === layout.AGENT_FREE || (state & 3) === layout.AGENT_TAKEN) continue;
      else if (w.load(at + layout.A_PROCESS) === tag) visit(id);
    }
  }
}
