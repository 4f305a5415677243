/**
 * Five threads in one: agents on simulated memory, and what must be true of it between two latch sections.
 *
 * @module
 */

import { Agent } from "../../_core/agent.ts";
import { Arena } from "../../_core/arena.ts";
import { NOTHING, type Outcome } from "../../_core/kind.ts";
import type { Kind } from "../../_core/kind.ts";
import { KINDS } from "../../_core/kinds.ts";
import * as layout from "../../_core/layout.ts";
import { BufferMemory } from "../../_core/memory.ts";
import { LISTS } from "../../_core/layout.ts";
import { releaseRead, releaseWrite } from "../../_core/rwlock_kind.ts";
import { releasePermits } from "../../_core/semaphore_kind.ts";
import { notify } from "../../_core/condition_kind.ts";
import { setEvent } from "../../_core/event_kind.ts";
import { breakBarrier } from "../../_core/barrier_kind.ts";
import { unlock } from "../../_core/lock_kind.ts";
import { SimWords } from "./sim_words.ts";

/** Agents of a world: 1 is the one that survives, 2 the one that is killed. */
export const AGENTS = [1, 2, 3, 4, 5] as const;
const PAGES = 64;
const WRITING = 1 << 21;

/** A wait as the test sees it. */
export interface Wait {
  /** Whose it is. */
  readonly agent: number;
  /** Its slot. */
  readonly s: number;
  /** What the first look gave. */
  readonly outcome: Outcome;
}

/** How an agent queues. */
export interface QueueOptions {
  /** Number of the list. Default: 0. */
  list?: number;
  /** Whether it blocks its thread. Default: false, it is a promise. */
  blocking?: boolean;
  /** What its kind keeps with it. Default: 0. */
  aux?: number;
}

/** Makes the memory of a world. */
export function createMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(layout.HEAP_BYTE_BASE, {
    maxByteLength: layout.HEAP_BYTE_BASE + PAGES * layout.PAGE_BYTES,
  });
}

const memory = createMemory();
const cleanWords = new SimWords(memory);

/** Some agents in one memory. */
export class World {
  readonly words: SimWords;
  readonly arena: Arena;
  readonly #kinds: ReadonlyMap<number, Kind>;
  readonly #agents: Map<number, Agent> = new Map();
  readonly #promises: Map<number, { count: number }> = new Map();
  readonly #scheduled: Set<number> = new Set();
  readonly #dead: Set<number> = new Set();

  /** Makes a world, the only one at its time unless it has a `buffer` of its own. */
  constructor(
    { kinds = KINDS, buffer }: { kinds?: ReadonlyMap<number, Kind>; buffer?: SharedArrayBuffer } =
      {},
  ) {
    this.#kinds = kinds;
    this.words = buffer === undefined ? cleanWords : new SimWords(buffer);
    this.words.clean();
    this.arena = new Arena(this.words, new BufferMemory(buffer ?? memory), "thread");
    for (const id of AGENTS) this.start(id);
  }

  /** Starts an agent. */
  start(id: number): void {
    const record = layout.agentRecord(id);
    this.words.poke(record, layout.AGENT_ALIVE);
    for (let i = 1; i < layout.AGENT_WORDS; i++) this.words.poke(record + i, 0);
    this.words.poke(layout.AGENTS, Math.max(id, this.words.peek(layout.AGENTS)));
    const agent = new Agent(this.arena, id, this.#kinds);
    const promises = { count: 0, schedule: () => void this.#scheduled.add(id) };
    agent.q.connect(promises);
    agent.q.slots.grow();
    this.#agents.set(id, agent);
    this.#promises.set(id, promises);
    this.#dead.delete(id);
  }

  /** Gives an agent. */
  agent(id: number): Agent {
    return this.#agents.get(id) as Agent;
  }

  /** Says that an agent is dead. */
  die(id: number): void {
    this.#dead.add(id);
    const at = layout.agentRecord(id);
    if (this.words.peek(at) === layout.AGENT_ALIVE) this.words.poke(at, layout.AGENT_DEAD);
  }

  /** Whether an agent is dead, reaped or not. */
  isDead(id: number): boolean {
    return this.#dead.has(id);
  }

  /** Queues an agent. */
  queue(id: number, o: number, { list = 0, blocking = false, aux = 0 }: QueueOptions = {}): Wait {
    const { q } = this.agent(id);
    q.latch(o);
    const s = q.enqueue(o, list, !blocking, aux);
    const outcome = q.enter(o, s);
    q.unlatch(o);
    if (!blocking) (this.#promises.get(id) as { count: number }).count++;
    else this.words.notified.add(s + layout.S_STATE); // it looks once before it blocks
    const wait: Wait = { agent: id, s, outcome };
    if (outcome !== NOTHING) this.#end(wait);
    return wait;
  }

  /** Lets a waiter look at what it has, as `park` does; frees its slot when it has something. */
  look(wait: Wait, o: number, { late = false, passedOver = false } = {}): Outcome {
    const { q } = this.agent(wait.agent);
    let outcome = q.granted(wait.s);
    if (outcome === NOTHING) {
      const woken = q.w.load(wait.s + layout.S_STATE) === layout.WOKEN;
      q.latch(o);
      outcome = q.take(o, wait.s, late);
      if (outcome === NOTHING && woken) q.back(o, wait.s, passedOver);
      q.unlatch(o);
    }
    if (outcome !== NOTHING) this.#end(wait);
    return outcome;
  }

  /** Ends a wait by timeout. */
  cancel(wait: Wait, o: number): Outcome {
    const { q } = this.agent(wait.agent);
    const outcome = q.cancel(o, wait.s);
    this.#end(wait);
    return outcome;
  }

  #end({ agent, s }: Wait): void {
    if ((this.words.peek(s + layout.S_KIND) & 1) === 1) {
      (this.#promises.get(agent) as { count: number }).count--;
    }
    this.agent(agent).q.slots.release(s);
  }

  // -- looking at the words --

  /** The slots in a list, read forwards and backwards. */
  list(o: number, list = 0): number[] {
    const l = o + (LISTS[list] as number);
    const forwards = this.#follow(this.words.peek(l + layout.HEAD), layout.S_NEXT);
    const backwards = this.#follow(this.words.peek(l + layout.TAIL), layout.S_PREV).reverse();
    if (forwards.join() !== backwards.join()) {
      throw new Error(`list ${list} is torn: ${forwards} / ${backwards}`);
    }
    return forwards;
  }

  #follow(s: number, link: number): number[] {
    const found: number[] = [];
    for (; s !== 0; s = this.words.peek(s + link)) {
      found.push(s);
      if (found.length > 999) throw new Error("list is a circle");
    }
    return found;
  }

  /** All slots that say that they are at an object, by ticket. */
  slots(o: number): number[] {
    const { words } = this;
    const found: number[] = [];
    for (let k = 0; k < words.peek(layout.CHUNKS); k++) {
      const chunk = layout.CHUNK_BASE + k * layout.CHUNK_WORDS;
      for (let i = 0; i < layout.CHUNK_SLOTS; i++) {
        const s = chunk + layout.CHUNK_HEADER + i * layout.SLOT_WORDS;
        if (words.peek(s + layout.S_OBJECT) === o && this.state(s) !== layout.FREE) found.push(s);
      }
    }
    return found.sort((a, b) => this.ticket(a) - this.ticket(b));
  }

  /** The state of a slot. */
  state(s: number): number {
    return this.words.peek(s + layout.S_STATE);
  }

  /** The ticket of a slot. */
  ticket(s: number): number {
    return this.words.peek(s + layout.S_TICKET);
  }

  /** The owner of a slot. */
  owner(s: number): number {
    return this.words.peek(s + layout.S_OWNER);
  }

  /** The main word of an object. */
  main(o: number): number {
    return this.words.peek(o + layout.MAIN);
  }

  /** Tickets of the waiters in a state, in order, as text. */
  tickets(o: number, state: number): string {
    return this.slots(o).filter((s) => this.state(s) === state).map((s) => this.ticket(s)).join("");
  }

  /** What an agent counts of an object. */
  holds(o: number, id: number): number {
    const s = this.slots(o).find((s) => this.state(s) === layout.HOLDER && this.owner(s) === id);
    return s === undefined ? 0 : this.words.peek(s + layout.S_COUNT);
  }

  /** Sum of what all agents count of an object. */
  held(o: number): number {
    return AGENTS.reduce<number>((sum, id) => sum + this.holds(o, id), 0);
  }

  /** Free permits of a semaphore. */
  permits(o: number): number {
    return this.main(o) >> 2;
  }

  /** The agent that a lock or a writer's lock names, or 0. */
  holder(o: number): number {
    const word = this.main(o);
    const type = this.words.peek(o + layout.TYPE);
    const owned = type === layout.TYPE_LOCK || type === layout.TYPE_RLOCK ||
      (type === layout.TYPE_RWLOCK && (word & WRITING) !== 0);
    return owned ? word & layout.ID : 0;
  }

  /** Whether a lock says that its holder died. */
  isAbandoned(o: number): boolean {
    const type = this.words.peek(o + layout.TYPE);
    return (type === layout.TYPE_LOCK || type === layout.TYPE_RLOCK ||
      type === layout.TYPE_RWLOCK) && (this.main(o) & layout.ABANDONED) !== 0;
  }

  // -- what must be true --

  /** Throws if an object is not as it must be when nobody is in a latch section. */
  check(o: number): void {
    const { words } = this;
    const type = words.peek(o + layout.TYPE);
    if (words.peek(o + layout.LATCH) !== 0) throw new Error("latch is held");
    const waiting = this.#checkLists(o, this.agent(1).q.kind(o).lists);
    for (const s of this.slots(o)) {
      const state = this.state(s);
      if (this.isDead(this.owner(s))) throw new Error(`dead agent has a slot, state ${state}`);
      if (state === layout.PASSING) throw new Error("slot is still being passed on");
      if (state === layout.HOLDER) {
        if (words.peek(s + layout.S_INTENT) !== 0) throw new Error("intent is left");
      } else if (state !== layout.WAITING && !this.#isSignalled(s)) {
        throw new Error(`slot in state ${state} was not signalled`);
      }
    }
    if (type === layout.TYPE_LOCK || type === layout.TYPE_RLOCK) this.#checkLock(o, waiting);
    else if (type === layout.TYPE_SEMAPHORE) this.#checkSemaphore(o, waiting);
    else if (type === layout.TYPE_RWLOCK) this.#checkRWLock(o);
    else if (type === layout.TYPE_EVENT && this.main(o) === 1 && waiting.length > 0) {
      throw new Error("event is set, somebody waits");
    } else if (type === layout.TYPE_BARRIER && this.main(o) === 1 && waiting.length > 0) {
      throw new Error("barrier is broken, somebody waits");
    }
    if (this.isDead(this.holder(o))) throw new Error("holder is dead");
  }

  #checkLists(o: number, count: number): number[] {
    const all: number[] = [];
    for (let list = 0; list < count; list++) {
      const l = o + (LISTS[list] as number);
      const slots = this.list(o, list);
      const woken = slots.filter((s) => this.state(s) === layout.WOKEN).length;
      if (woken !== this.words.peek(l + layout.WOKENS)) throw new Error("WOKENS is wrong");
      const cursor = this.words.peek(l + layout.CURSOR);
      const at = cursor === 0 ? slots.length : slots.indexOf(cursor);
      if (at < 0) throw new Error("CURSOR is not in the list");
      if (slots.slice(0, at).some((s) => this.state(s) === layout.WAITING)) {
        const skipped = this.words.peek(o + layout.TYPE);
        if (skipped === layout.TYPE_SEMAPHORE) throw new Error("CURSOR has passed a waiter");
      }
      for (let i = 1; i < slots.length; i++) {
        if (this.ticket(slots[i - 1] as number) > this.ticket(slots[i] as number)) {
          throw new Error("list is not in order");
        }
      }
      all.push(...slots);
    }
    const known = this.slots(o).filter((s) =>
      this.state(s) === layout.WAITING || this.state(s) === layout.WOKEN
    );
    if ([...all].sort().join() !== known.sort().join()) {
      throw new Error(`lists and table differ: ${all} / ${known}`);
    }
    return all;
  }

  #checkLock(o: number, waiting: readonly number[]): void {
    const word = this.main(o);
    const [first] = waiting;
    if (first === undefined) {
      if ((word & (layout.WAITERS | layout.PENDING | layout.HANDOFF)) !== 0) {
        throw new Error(`bits are left: ${word.toString(16)}`);
      }
      return;
    }
    if ((word & layout.WAITERS) === 0) throw new Error("WAITERS is missing");
    const woken = waiting.some((s) => this.state(s) === layout.WOKEN);
    if ((word & layout.ID) === 0 && !woken) throw new Error("lock is free, nobody is woken");
    if ((word & layout.PENDING) !== 0 && !woken) throw new Error("PENDING, but nobody is woken");
  }

  #checkSemaphore(o: number, waiting: readonly number[]): void {
    const word = this.main(o);
    if ((word & 2) !== 0) throw new Error("FROZEN is left");
    if (((word & 1) !== 0) !== (waiting.length > 0)) throw new Error("WAITING bit is wrong");
    const woken = waiting.filter((s) => this.state(s) === layout.WOKEN).length;
    if (woken < Math.min(waiting.length, word >> 2)) throw new Error("permits are idle");
    const expected = this.words.peek(o + layout.MAIN + 1) + this.words.peek(o + layout.MAIN + 2) -
      this.held(o);
    if (word >> 2 !== expected) throw new Error(`value ${word >> 2}, should be ${expected}`);
  }

  #checkRWLock(o: number): void {
    const word = this.main(o);
    const [writers, readers] = [this.list(o, 0), this.list(o, 1)];
    if ((word & (1 << 23)) !== 0) throw new Error("FROZEN is left");
    if (((word & layout.WAITERS) !== 0) !== (writers.length + readers.length > 0)) {
      throw new Error("WAITERS is wrong");
    }
    if ((word & WRITING) !== 0) {
      if (this.held(o) !== 0) throw new Error("a writer and readers");
      return;
    }
    if ((word & layout.ID) !== this.held(o)) {
      throw new Error(`${word & layout.ID} readers, should be ${this.held(o)}`);
    }
    const woken = [...writers, ...readers].some((s) => this.state(s) === layout.WOKEN);
    const free = (word & layout.ID) === 0 ? writers.length + readers.length : 0;
    if (free > 0 && !woken) throw new Error("lock is free, nobody is woken");
    if (writers.length === 0 && readers.some((s) => this.state(s) !== layout.WOKEN)) {
      throw new Error("readers wait for nobody");
    }
  }

  #isSignalled(s: number): boolean {
    const { words } = this;
    if ((words.peek(s + layout.S_KIND) & 1) === 0) return words.notified.has(s + layout.S_STATE);
    const k = Math.floor((s - layout.CHUNK_BASE) / layout.CHUNK_WORDS);
    const chunk = layout.CHUNK_BASE + k * layout.CHUNK_WORDS;
    const i = (s - chunk - layout.CHUNK_HEADER) / layout.SLOT_WORDS;
    const owner = this.owner(s);
    const bell = layout.agentRecord(owner) + layout.A_BELL;
    return (words.peek(chunk + 2 + (i >> 5)) >> (i & 31) & 1) === 1 &&
      (words.peek(chunk + 1) >> (i >> 5) & 1) === 1 &&
      (this.#scheduled.has(owner) || (words.peek(bell) === 1 && words.notified.has(bell)));
  }

  // -- to the end --

  /** Lets everybody who holds something give it back, and everybody who waits have it; returns how many. */
  serve(o: number): number {
    let served = 0;
    this.#giveBack(o);
    for (let rest; (rest = this.#waits(o)).length > 0;) {
      this.#offer(o);
      const before = served;
      for (const wait of rest) {
        if (this.state(wait.s) === layout.WAITING) continue;
        if (this.look(wait, o) === NOTHING) continue;
        served++;
        this.#giveBack(o);
      }
      if (served === before) throw new Error(`${rest.length} wait for ever`);
    }
    this.check(o);
    const left = this.slots(o).filter((s) =>
      this.state(s) !== layout.HOLDER || this.words.peek(s + layout.S_COUNT) !== 0
    );
    if (left.length > 0) throw new Error("slots are left");
    return served;
  }

  #waits(o: number): Wait[] {
    return this.slots(o)
      .filter((s) => this.state(s) !== layout.HOLDER)
      .map((s) => ({ agent: this.owner(s), s, outcome: NOTHING }));
  }

  /** Makes true what the waiters of signals wait for. */
  #offer(o: number): void {
    const { q } = this.agent(1);
    const type = this.words.peek(o + layout.TYPE);
    if (type === layout.TYPE_CONDITION) notify(q, o, 999);
    else if (type === layout.TYPE_EVENT) setEvent(q, o);
    else if (type === layout.TYPE_BARRIER) breakBarrier(q, o);
    else if (type === layout.TYPE_SEMAPHORE && this.permits(o) === 0) {
      releasePermits(q, o, 1, Infinity);
    }
  }

  #giveBack(o: number): void {
    const holder = this.holder(o);
    const type = this.words.peek(o + layout.TYPE);
    if (type === layout.TYPE_LOCK || type === layout.TYPE_RLOCK) {
      if (holder !== 0) unlock((this.#agents.get(holder) ?? this.agent(1)).q, o); // or DETACHED
    } else if (type === layout.TYPE_SEMAPHORE) {
      for (const id of AGENTS) {
        const count = this.holds(o, id);
        if (count > 0) releasePermits(this.agent(id).q, o, count, Infinity);
      }
    } else if (type === layout.TYPE_RWLOCK) {
      if (holder !== 0) releaseWrite(this.agent(holder).q, o);
      for (const id of AGENTS) while (this.holds(o, id) > 0) releaseRead(this.agent(id).q, o);
    }
  }
}
