/**
 * The agents of an arena: threads of JavaScript that share it.
 *
 * ```text
 * state  FREE ──reserve──▶ ALIVE ──declareDead──▶ DEAD ──reaped──▶ FREE
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
   * @throws {RangeError} If there are too many agents.
   */
  reserve(): number {
    const w = this.words;
    for (let id = 1; id < layout.MAX_AGENTS; id++) {
      const at = agentRecord(id);
      if (w.load(at) !== layout.AGENT_FREE) continue;
      if (w.compareExchange(at, layout.AGENT_FREE, layout.AGENT_ALIVE) !== layout.AGENT_FREE) {
        continue;
      }
      for (let i = 1; i < layout.AGENT_WORDS; i++) w.store(at + i, 0);
      for (let high; (high = w.load(layout.AGENTS)) < id;) {
        w.compareExchange(layout.AGENTS, high, id);
      }
      return id;
    }
    throw new RangeError(`Cannot start thread: there are ${layout.MAX_AGENTS - 1} already`);
  }

  /** Whether an agent is known to be dead. */
  isDead(id: number): boolean {
    return id !== 0 && id < layout.MAX_AGENTS &&
      this.words.load(agentRecord(id)) === layout.AGENT_DEAD;
  }

  /** Declares an agent dead. From now on anybody may take over what it held. */
  declareDead(id: number): void {
    this.words.compareExchange(agentRecord(id), layout.AGENT_ALIVE, layout.AGENT_DEAD);
  }

  /** Frees the id of a dead agent, of which nothing is left. */
  reaped(id: number): void {
    this.words.compareExchange(agentRecord(id), layout.AGENT_DEAD, layout.AGENT_FREE);
  }
}
