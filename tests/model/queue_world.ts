/**
 * A queue among five agents on simulated memory, a ledger of its items, and what must be true of it.
 *
 * @module
 */

import { ONE } from "../../_core/heap.ts";
import { NOTHING, type Outcome, TAKEN } from "../../_core/kind.ts";
import * as layout from "../../_core/layout.ts";
import { Chunks } from "../../_core/queue_chunks.ts";
import { Comparing } from "../../_core/queue_compare.ts";
import { Items } from "../../_core/queue_items.ts";
import { holderSlot } from "../../_core/holders.ts";
import {
  inHand,
  itemCount,
  releaseTake,
  setMaxsize,
  shutQueue,
  tryPublish,
  tryTake,
  undoTake,
} from "../../_core/queue_kind.ts";
import * as queue from "../../_core/queue_layout.ts";
import { recount } from "../../_core/queue_repair.ts";
import { forEachRef, initializeQueue, sizeOf } from "../../_core/queue_ring.ts";
import { commitTake, finishOne, unfinished } from "../../_core/queue_tasks.ts";
import type { WaitQueue } from "../../_core/wait_queue.ts";
import { TaskLedger } from "./task_ledger.ts";
import { AGENTS, type Wait, type World } from "./world.ts";

/** In which order items come out. */
export type Order = "fifo" | "lifo" | "priority" | "compared";

/** What a queue of the model is made with. */
export interface QueueOptions {
  order?: Order;
  maxsize?: number;
  /** Makes an item in the hand the agent's for good. */
  finish?: (q: WaitQueue, ref: number) => void;
}

/** How large an item is: a word, half of a chunk, or pages of its own. */
export type Size = "small" | "half" | "large";

/** A wait at the queue. */
export interface QueueWait extends Wait {
  readonly list: number;
  /** The item that a putter brings. */
  readonly value: number;
  readonly ref: number;
}

const BYTES: Readonly<Record<Size, number>> = { small: 0, half: 1900, large: 9000 };
const RING = 4;
/** The agent that makes the slot in which it counts only when it takes its first item. */
const FIRST_TIMER = 2;

const FLAGS: Readonly<Record<Order, number>> = {
  fifo: 0,
  lifo: queue.STACK,
  priority: queue.HEAP,
  compared: queue.HEAP | queue.COMPARED,
};

/** What decides the order of a priority queue. */
export function keyOf(value: number): number {
  return value * 7 % 10;
}

/** One queue in a world. */
export class QueueWorld {
  readonly world: World;
  readonly o: number;
  readonly order: Order;
  /** Values whose put has returned. */
  readonly put: Set<number> = new Set();
  /** Values that may be there or not: their put was begun. */
  readonly begun: Set<number> = new Set();
  /** Values that somebody has. */
  readonly got: number[] = [];
  /** Values that a dead agent had already. */
  readonly lost: Set<number> = new Set();
  readonly #tasks: TaskLedger;
  readonly #chunks: Map<number, Chunks> = new Map();
  readonly #items: Map<number, Items> = new Map();
  readonly #comparing: Map<number, Comparing> = new Map();
  readonly #finish: (q: WaitQueue, ref: number) => void;

  constructor(world: World, { order = "fifo", maxsize = 0, finish }: QueueOptions = {}) {
    this.world = world;
    this.order = order;
    this.#finish = finish ?? ((q, ref) => {
      commitTake(q, ref, holderSlot(q, this.o));
      releaseTake(q, ref);
    });
    const { q } = world.agent(1);
    const o = this.o = world.arena.allocateObject(layout.TYPE_QUEUE);
    initializeQueue(q, o, FLAGS[order], maxsize, RING);
    this.#tasks = new TaskLedger(world, o);
    world.agent(1).share(o);
    for (const id of AGENTS) this.enter(id);
  }

  /** Lets a new agent know the queue. */
  enter(id: number): void {
    this.#tasks.enter(id);
    const { q } = this.world.agent(id);
    if (id !== FIRST_TIMER) holderSlot(q, this.o);
    const chunks = new Chunks(q, this.o, () => {
      q.latch(this.o);
      recount(q, this.o);
      q.unlatch(this.o);
    });
    this.#chunks.set(id, chunks);
    const items = new Items(q.heap, chunks, "thread");
    this.#items.set(id, items);
    if (this.order !== "compared") return;
    const compare = (a: unknown, b: unknown): number => keyOf(valueIn(a)) - keyOf(valueIn(b));
    this.#comparing.set(id, new Comparing(q, this.o, compare, (ref) => items.copy(ref)));
  }

  #write(id: number, value: number, size: Size): number {
    const items = this.#items.get(id) as Items;
    const key = (FLAGS[this.order] & queue.HEAP) !== 0 ? keyOf(value) : undefined;
    if (size === "small") return items.write(value, key);
    const bytes = new Uint8Array(BYTES[size]);
    new DataView(bytes.buffer).setInt32(0, value);
    return items.write(bytes, key);
  }

  #read(id: number, ref: number): number {
    return valueIn((this.#items.get(id) as Items).read(ref));
  }

  // -- operations --

  /** Puts an item at once. */
  tryPut(id: number, value: number, size: Size = "small"): Outcome {
    this.begun.add(value);
    const ref = this.#write(id, value, size);
    const outcome = this.#comparing.get(id)?.put(ref, value, true) ??
      tryPublish(this.world.agent(id).q, this.o, ref, true);
    this.#settle(id, ref, value, outcome);
    return outcome;
  }

  #settle(id: number, ref: number, value: number, outcome: Outcome): void {
    (this.#chunks.get(id) as Chunks).settled(ref, outcome === TAKEN);
    if (outcome === TAKEN) this.put.add(value);
    else this.begun.delete(value);
  }

  /** Takes an item at once; `null` if there is none, `"shut"` if there will never be one. */
  tryGet(id: number): number | null | "shut" {
    const ref = this.grasp(id);
    if (ref <= 0) return ref === 0 ? null : "shut";
    return this.#receive(id, ref);
  }

  /** Takes an item into the hand and leaves it there. */
  grasp(id: number): number {
    holderSlot(this.world.agent(id).q, this.o);
    return this.#comparing.get(id)?.take() ?? tryTake(this.world.agent(id).q, this.o, true);
  }

  /** Gives the item in the hand back. */
  undo(id: number): void {
    undoTake(this.world.agent(id).q, this.o);
  }

  /** Takes an item and gives it back. */
  reject(id: number): void {
    if (this.grasp(id) > 0) undoTake(this.world.agent(id).q, this.o);
  }

  #receive(id: number, ref: number): number {
    const value = this.#read(id, ref);
    this.#finish(this.world.agent(id).q, ref);
    this.got.push(value);
    this.#tasks.got(id);
    return value;
  }

  /** Queues for an item. */
  waitGet(id: number, blocking = false): QueueWait {
    holderSlot(this.world.agent(id).q, this.o);
    const wait = this.world.queue(id, this.o, { list: queue.GETTERS, blocking });
    if (wait.outcome === TAKEN) this.#receiveTaken(id);
    return { ...wait, list: queue.GETTERS, value: 0, ref: 0 };
  }

  /** Queues for room. */
  waitPut(id: number, value: number, size: Size = "small", blocking = false): QueueWait {
    this.begun.add(value);
    const ref = this.#write(id, value, size);
    const wait = this.world.queue(id, this.o, { list: queue.PUTTERS, blocking, aux: ref });
    if (wait.outcome !== NOTHING) this.#settle(id, ref, value, wait.outcome);
    return { ...wait, list: queue.PUTTERS, value, ref };
  }

  /** Queues for the end of all work. */
  waitJoin(id: number): QueueWait {
    const wait = this.world.queue(id, this.o, { list: queue.JOINERS });
    return { ...wait, list: queue.JOINERS, value: 0, ref: 0 };
  }

  /** Lets a waiter look at what it has. */
  look(wait: QueueWait, how?: { late?: boolean; passedOver?: boolean }): Outcome {
    const outcome = this.world.look(wait, this.o, how);
    if (outcome !== NOTHING) this.#ended(wait, outcome);
    return outcome;
  }

  /** Ends a wait by timeout. */
  cancel(wait: QueueWait): Outcome {
    const outcome = this.world.cancel(wait, this.o);
    this.#ended(wait, outcome);
    return outcome;
  }

  #ended({ agent, list, ref, value }: QueueWait, outcome: Outcome): void {
    if (list === queue.PUTTERS) this.#settle(agent, ref, value, outcome);
    else if (list === queue.GETTERS && outcome === TAKEN) {
      this.#receiveTaken(agent);
    }
  }

  #receiveTaken(id: number): void {
    if (this.order === "compared") this.tryGet(id);
    else this.#receive(id, inHand(this.world.agent(id).q));
  }

  /** Says that one item is done. */
  done(id: number): boolean {
    const { q } = this.world.agent(id);
    const isDone = finishOne(q, this.o, holderSlot(q, this.o));
    if (isDone) this.#tasks.reported(id);
    return isDone;
  }

  /** The thread of an agent fails, or returns; the agent goes on. */
  end(id: number, failed: boolean): void {
    const agent = this.world.agent(id);
    if (!failed) this.#tasks.returns(id);
    if (failed) agent.abandonHeld();
    else agent.finishThread();
    this.#tasks.ended(id, failed);
  }

  /** Changes how many items there may be. */
  resize(id: number, maxsize: number): void {
    setMaxsize(this.world.agent(id).q, this.o, maxsize);
  }

  /** Ends the queue. */
  shut(id: number, immediate: boolean): void {
    shutQueue(this.world.agent(id).q, this.o, immediate ? () => {} : null);
  }

  /** Gives up the chunks of an agent. */
  leave(id: number): void {
    (this.#chunks.get(id) as Chunks).leave();
  }

  // -- what must be true --

  /** Notes what the agent `id`, which has just died, had for good. */
  died(id: number): void {
    const { words } = this.world;
    const hand = words.peek(layout.agentRecord(id) + layout.A_HAND);
    if (hand < 0 && words.peek(layout.agentRecord(id) + layout.A_HAND_QUEUE) === this.o) {
      this.lost.add(this.#read(1, -hand));
    }
    this.#tasks.died(id);
  }

  /** How many items were taken by the dead and are not reported. */
  get lostCount(): number {
    return this.#tasks.lost;
  }

  /** Whether the queue is shut down. */
  get isShut(): boolean {
    return (this.world.words.peek(this.o + layout.FLAGS) & queue.SHUT) !== 0;
  }

  /** Whether everything was, or is, dropped. */
  get isDrained(): boolean {
    return (this.world.words.peek(this.o + layout.FLAGS) & queue.DRAIN) !== 0;
  }

  /** Throws if the queue is not as it must be when nobody is in a latch section. */
  check(): void {
    const { world, o } = this;
    const { words } = world;
    world.check(o);
    const { q } = world.agent(1);
    const flags = words.peek(o + layout.FLAGS);
    if ((flags & queue.DRAINING) !== 0) throw new Error("DRAINING is left");
    this.#tasks.check();
    if (words.peek(words.peek(o + queue.BLOCK) + queue.J_COUNT) !== 0) {
      throw new Error("the journal is left");
    }
    for (const id of AGENTS) {
      const hand = words.peek(layout.agentRecord(id) + layout.A_HAND);
      if (hand !== 0 && world.isDead(id)) throw new Error("a dead hand holds something");
    }
    const size = itemCount(q, o);
    if (size < 0) throw new Error(`${size} items`);
    if ((flags & queue.DRAIN) !== 0 && size > 0) throw new Error("drained, but not empty");
    const max = words.peek(o + queue.MAXSIZE);
    const shut = (flags & queue.SHUT) !== 0;
    this.#checkLevel(queue.GETTERS, shut ? 99 : size);
    this.#checkLevel(queue.PUTTERS, shut || max === 0 ? 99 : max - size);
    this.#checkLevel(queue.JOINERS, unfinished(q, o) <= this.lostCount ? 99 : 0);
    const refs = new Set<number>();
    forEachRef(q, o, (ref) => refs.add(ref));
    if (refs.size !== size) throw new Error("an item is there twice");
    for (const ref of refs) {
      const word = words.peek(queue.pageOf(ref));
      if (word < ONE) throw new Error(`an item is in a page that is free: ${word.toString(16)}`);
    }
  }

  #checkLevel(list: number, limit: number): void {
    const slots = this.world.list(this.o, list);
    const woken = slots.filter((s) => this.world.state(s) === layout.WOKEN).length;
    if (woken < Math.min(slots.length, limit)) {
      throw new Error(`list ${list}: ${woken} of ${slots.length} are woken, should be ${limit}`);
    }
  }

  /** Lets everybody who waits go on, takes all items and gives back all memory; then nothing may be left or lost. */
  finish({ ordered = false } = {}): void {
    const { q } = this.world.agent(1);
    this.#serve();
    const rest: number[] = [];
    for (let value; typeof (value = this.tryGet(3)) === "number";) {
      rest.push(value);
      this.#serve();
    }
    if (ordered) this.#checkOrder(rest);
    while (this.done(1)) { /* the rest of the work */ }
    this.#serve();
    if (this.#waiters().length > 0) throw new Error("slots are left");
    this.check();
    this.#checkLedger();
    for (const id of AGENTS) if (!this.world.isDead(id)) this.leave(id);
    q.heap.forEachPage((word, address) => {
      const start = queue.wordOf(address);
      const block = this.world.words.peek(this.o + queue.BLOCK);
      const gen = this.world.words.peek(this.o + queue.RING) & 1;
      const ring = this.world.words.peek(block + queue.R_BASE + 2 * gen);
      if (start !== block && start !== ring) {
        throw new Error(`page ${address} is left: ${word.toString(16)}`);
      }
    });
    if (sizeOf(q, this.o) !== 0) throw new Error("items are left");
  }

  /** Lets everybody who waits have what he waits for; bounded by putting and taking for them. */
  #serve(): void {
    for (let rounds = 0;; rounds++) {
      const waits = this.#waits();
      if (waits.length === 0) return;
      if (rounds > 60) throw new Error(`${waits.length} wait for ever`);
      let went = false;
      for (const wait of waits) {
        if (this.world.state(wait.s) !== layout.WOKEN) continue;
        if (this.look(wait) !== NOTHING) went = true;
      }
      if (!went) this.#offer(waits);
    }
  }

  #waiters(): number[] {
    return this.world.slots(this.o).filter((s) => this.world.state(s) !== layout.HOLDER);
  }

  #waits(): QueueWait[] {
    const { words } = this.world;
    return this.#waiters().map((s) => {
      const list = (words.peek(s + layout.S_KIND) >> 1) & 3;
      const ref = words.peek(s + layout.S_AUX);
      const agent = this.world.owner(s);
      const value = list === queue.PUTTERS ? this.#read(agent, ref) : 0;
      return { agent, s, outcome: NOTHING, list, ref, value };
    });
  }

  #offer(waits: readonly QueueWait[]): void {
    if (waits.some(({ list }) => list === queue.GETTERS) && !this.isShut) {
      this.tryPut(4, 1000 + this.begun.size);
    } else if (waits.some(({ list }) => list === queue.PUTTERS)) this.tryGet(3);
    else if (!this.done(1)) throw new Error("a joiner waits, but nothing is to be done");
  }

  #checkOrder(rest: readonly number[]): void {
    const before = (a: number, b: number): boolean =>
      this.order === "fifo" ? a < b : this.order === "lifo" ? a > b : keyOf(a) < keyOf(b) ||
        (keyOf(a) === keyOf(b) && a < b);
    for (let i = 1; i < rest.length; i++) {
      if (!before(rest[i - 1] as number, rest[i] as number)) throw new Error(`order: ${rest}`);
    }
  }

  #checkLedger(): void {
    const got = new Set(this.got);
    if (got.size !== this.got.length) throw new Error(`taken twice: ${this.got}`);
    for (const value of got) {
      if (!this.begun.has(value)) throw new Error(`${value} was never put`);
      if (this.lost.has(value)) throw new Error(`${value} was taken by the dead, too`);
    }
    if (this.isDrained) return;
    for (const value of this.put) {
      if (!got.has(value) && !this.lost.has(value)) throw new Error(`${value} is lost`);
    }
  }
}

/** The value that an item stands for. */
function valueIn(item: unknown): number {
  if (typeof item === "number") return item;
  return new DataView((item as Uint8Array<ArrayBuffer>).buffer).getInt32(0);
}
