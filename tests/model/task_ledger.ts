/**
 * Who has got items of a queue and not reported them, and what is lost of them: a second account beside that of the
 * queue, in plain words.
 *
 * @module
 */

import * as layout from "../../_core/layout.ts";
import { itemCount } from "../../_core/queue_kind.ts";
import * as queue from "../../_core/queue_layout.ts";
import { lostItems, unfinished } from "../../_core/queue_tasks.ts";
import { AGENTS, type World } from "./world.ts";

/** The account of one queue. */
export class TaskLedger {
  readonly #world: World;
  readonly #o: number;
  /** Items that each agent has got and not reported. */
  readonly #has: Map<number, number> = new Map();
  /** The dead who are not accounted for yet, and those who are. */
  readonly #fallen: Set<number> = new Set();
  readonly #buried: Set<number> = new Set();
  /** The agent whose thread is just returning; 0 = none. */
  #returning = 0;
  #lost = 0;
  #reports = 0;

  constructor(world: World, o: number) {
    this.#world = world;
    this.#o = o;
  }

  /** An agent begins with nothing. */
  enter(id: number): void {
    this.#bury();
    this.#has.set(id, 0);
    this.#buried.delete(id);
  }

  /** What an agent has got and not reported. */
  has(id: number): number {
    return this.#has.get(id) ?? 0;
  }

  /** How many items are lost, after everybody who died was reaped. */
  get lost(): number {
    this.#bury();
    return this.#lost;
  }

  /** An agent has got an item. */
  got(id: number): void {
    this.#has.set(id, this.has(id) + 1);
  }

  /** An agent has reported an item. */
  reported(id: number): void {
    this.#reports++;
    if (this.has(id) > 0) this.#has.set(id, this.has(id) - 1);
    else if (this.#lost > 0) this.#lost--;
    if (this.#unfinished() <= 0) this.#lost = 0;
  }

  /** The thread of an agent is about to return. */
  returns(id: number): void {
    this.#returning = id;
  }

  /** The thread of an agent has ended. */
  ended(id: number, failed: boolean): void {
    if (failed && this.has(id) > 0) this.#lose(this.has(id));
    this.#has.set(id, 0);
    this.#returning = 0;
  }

  /** An agent has died a moment ago. */
  died(id: number): void {
    const { words } = this.#world;
    const agent = layout.agentRecord(id);
    const isHis = words.peek(agent + layout.A_HAND_QUEUE) === this.#o;
    if (isHis && words.peek(agent + layout.A_HAND) < 0) this.got(id);
    if (words.peek(this.#o + queue.DONE) >>> 1 > this.#reports) this.reported(id);
    if (this.#returning === id && this.#told(id) === 0) this.#has.set(id, 0);
    this.#fall(id);
  }

  /** What an agent says that it has. */
  #told(id: number): number {
    const { words } = this.#world;
    const s = this.#world.agent(id).q.holders.get(this.#o);
    return s === undefined
      ? 0
      : words.peek(s + queue.S_GOT) - (words.peek(s + queue.S_REPORTS) >>> 1) +
        words.peek(s + queue.S_FOREIGN);
  }

  #fall(id: number): void {
    const isCounted = this.#world.agent(id).q.holders.has(this.#o);
    if (isCounted && !this.#buried.has(id)) this.#fallen.add(id);
  }

  #bury(): void {
    for (const id of AGENTS) if (this.#world.isDead(id)) this.#fall(id);
    for (const id of this.#fallen) {
      this.#lose(this.has(id));
      this.#has.set(id, 0);
      this.#buried.add(id);
    }
    this.#fallen.clear();
  }

  #lose(count: number): void {
    const { words } = this.#world;
    const inHands = AGENTS.filter((id) => {
      const agent = layout.agentRecord(id);
      return words.peek(agent + layout.A_HAND) > 0 &&
        words.peek(agent + layout.A_HAND_QUEUE) === this.#o;
    }).length;
    const outstanding = this.#unfinished() - itemCount(this.#world.agent(1).q, this.#o) - inHands;
    this.#lost = Math.min(this.#lost + count, Math.max(0, outstanding));
  }

  #unfinished(): number {
    return unfinished(this.#world.agent(1).q, this.#o);
  }

  /** Throws if the queue says anything else. Everybody who died was reaped. */
  check(): void {
    const { lost } = this;
    const world = this.#world;
    const { words } = world;
    const o = this.#o;
    const done = words.peek(o + queue.DONE);
    if ((done & queue.FROZEN) !== 0) throw new Error("FROZEN is left");
    let reports = words.peek(words.peek(o + queue.BLOCK) + queue.B_GONE);
    for (const s of world.slots(o)) {
      if (world.state(s) !== layout.HOLDER) continue;
      const twice = words.peek(s + queue.S_REPORTS);
      if ((twice & 1) !== 0) throw new Error("a report is left");
      reports += twice >>> 1;
      const has = words.peek(s + queue.S_GOT) - (twice >>> 1) + words.peek(s + queue.S_FOREIGN);
      const owner = world.owner(s);
      if (has !== this.has(owner)) {
        throw new Error(`${owner} has ${has}, should have ${this.has(owner)}`);
      }
    }
    if (reports !== done >>> 1) throw new Error(`${reports} reports, ${done >>> 1} done`);
    const found = lostItems(world.agent(1).q, o);
    if (found !== lost) throw new Error(`${found} lost, should be ${lost}`);
  }
}
