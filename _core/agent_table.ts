/**
 * The agents of an arena: threads of JavaScript that share it.
 *
 * ```text
 * state  FREE ──reserve──▶ TAKEN ──▶ ALIVE ──declareDead──▶ DEAD ──reaped──▶ FREE
 * ```
 *
 * An id is not used again before everything that named it has been cleaned up.
 *
 * @module
 */

import * as layout from "./layout.ts";
import { agentRecord } from "./layout.ts";
import type { SharedWords } from "./shared_words.ts";

/** The agents of an arena. */
export class AgentTable {
  readonly words: SharedWords;

  /** Makes a view of the table in `words`. */
  constructor(words: SharedWords) {
    this.words = words;
  }

  /**
   * Takes a free id, from 1.
   *
   * @param tag In the arena of processes: the tag of the process.
   * @param thread In the arena of processes: what the agent is called among the threads of its process.
   * @throws {RangeError} If there are too many agents.
   */
  reserve(tag = 0, thread = 0): number {
    const w = this.words;
    const taken = tag << 2 | layout.AGENT_TAKEN;
    // Ids go round, so that none is used again soon: somebody may have looked at it a moment ago.
    const first = w.add(layout.NEXT_AGENT, 1) >>> 0;
    for (let k = 0; k < layout.MAX_AGENTS - 1; k++) {
      const id = 1 + (first + k) % (layout.MAX_AGENTS - 1);
      const at = agentRecord(id);
      if (w.load(at) !== layout.AGENT_FREE) continue;
      if (w.compareExchange(at, layout.AGENT_FREE, taken) !== layout.AGENT_FREE) continue;
      for (let high; (high = w.load(layout.AGENTS)) < id;) {
        w.compareExchange(layout.AGENTS, high, id);
      }
      for (let i = 1; i < layout.AGENT_WORDS; i++) w.store(at + i, 0);
      w.store(at + layout.A_PROCESS, tag);
      w.store(at + layout.A_THREAD, thread);
      w.store(at, layout.AGENT_ALIVE);
      return id;
    }
    throw new RangeError(`Cannot start thread: there are ${layout.MAX_AGENTS - 1} already`);
  }

  /** Whether an agent is known to be dead. */
  isDead(id: number): boolean {
    return id !== 0 && id < layout.MAX_AGENTS &&
      this.words.load(agentRecord(id)) === layout.AGENT_DEAD;
  }

  /** Looks whether an agent that keeps others waiting still lives, and declares it dead if not. */
  look(_id: number): void {}

  /** Looks whether all others still live, and cleans up after those who do not. */
  watch(): void {}

  /** Declares an agent dead. From now on anybody may take over what it held. */
  declareDead(id: number): void {
    this.words.compareExchange(agentRecord(id), layout.AGENT_ALIVE, layout.AGENT_DEAD);
  }

  /**
   * Takes on the clean-up after a dead agent; `false` if there is nothing to do, or somebody living is at it.
   *
   * Two at once would be harmless, but for this: the first frees the id, a new thread takes it, and the second cleans up
   * after the living.
   */
  claimReap(id: number, me: number): boolean {
    const w = this.words;
    const at = agentRecord(id) + layout.A_REAPER;
    while (this.isDead(id)) {
      const reaper = w.load(at);
      if (reaper !== 0 && reaper !== me && !this.isDead(reaper)) return false;
      if (w.compareExchange(at, reaper, me) !== reaper) continue;
      if (this.isDead(id)) return true;
      w.compareExchange(at, me, 0);
    }
    return false;
  }

  /** The dead agents after whom `reaper` was cleaning up. */
  leftBy(reaper: number): number[] {
    const found: number[] = [];
    const last = this.words.load(layout.AGENTS);
    for (let id = 1; id <= last; id++) {
      const isHis = this.words.load(agentRecord(id) + layout.A_REAPER) === reaper;
      if (isHis && id !== reaper && this.isDead(id)) found.push(id);
    }
    return found;
  }

  /** Frees the id of a dead agent, of which nothing is left. */
  reaped(id: number): void {
    this.words.compareExchange(agentRecord(id), layout.AGENT_DEAD, layout.AGENT_FREE);
  }
}
