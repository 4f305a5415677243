/**
 * A queue as one thread works on it: items go in and out, by promise, by blocking call or at once.
 *
 * @module
 */

import { InvalidStateError, ShutDownError, TimeoutError } from "../errors.ts";
import type { Agent } from "./agent.ts";
import { decode } from "./codec.ts";
import type { Scope } from "./handle.ts";
import { NO_MEMORY, NOT_COMPARABLE, NOTHING, type Outcome, TAKEN, TURNED_AWAY } from "./kind.ts";
import { FLAGS, TYPE } from "./layout.ts";
import { importModules } from "./module_registry.ts";
import type { Place } from "./place.ts";
import { Chunks, freeCell } from "./queue_chunks.ts";
import { Items, Unloaded } from "./queue_items.ts";
import { type Key, makeKey } from "./queue_keys.ts";
import {
  commitTake,
  finishOne,
  inHand,
  itemCount,
  releaseTake,
  setMaxsize,
  shutQueue,
  tryPublish,
  tryTake,
  undoTake,
  unfinished,
} from "./queue_kind.ts";
import {
  BLOCK,
  COMPARED,
  GETTERS,
  HEAP,
  JOINERS,
  MAXSIZE,
  PUTTERS,
  Q_HEAD,
  Q_TAIL,
  SHUT,
  STACK,
} from "./queue_layout.ts";
import { recount } from "./queue_repair.ts";
import { forEachRef, freeRings, initializeQueue } from "./queue_ring.ts";

/** In which order items come out. */
export type QueueOrder = "fifo" | "lifo" | "priority";

/** What a queue is made with. */
export interface QueueSettings {
  /** In which order items come out. */
  order: QueueOrder;
  /** How many items there may be; 0 = any number. */
  maxsize: number;
  /** How far the queue travels. */
  scope: Scope;
  /** Whether anybody calls `taskDone` and `join`. */
  counted: boolean;
  /** Gives what an item is ordered by. */
  key?: ((item: unknown) => unknown) | undefined;
  /** Compares two items, as for `Array.sort`. */
  compare?: ((a: unknown, b: unknown) => number) | undefined;
}

/** A get looks so often for an item before it parks. */
const MOST_SPINS = 400;
/** So often at least: otherwise it would never learn that it pays again. */
const LEAST_SPINS = 20;

const left = new FinalizationRegistry<Chunks>((chunks) => chunks.leave());

/** A queue in the memory of one scope. */
export class QueueCore {
  readonly #agent: Agent;
  readonly #o: number;
  readonly #items: Items;
  readonly #chunks: Chunks;
  readonly #isLocal: boolean;
  readonly #hasKeys: boolean;
  readonly #key: ((item: unknown) => unknown) | undefined;
  #spins = MOST_SPINS;

  /** Makes the record of a place a queue, or opens the queue that it is: then its order and maxsize count. */
  constructor({ agent, o, scope }: Place, settings: QueueSettings) {
    const { q } = agent;
    this.#agent = agent;
    this.#o = o;
    this.#isLocal = scope === "local";
    if (q.w.load(o + BLOCK) === 0) {
      const { order, compare } = settings;
      const flags = order === "fifo" ? 0 : order === "lifo" ? STACK : HEAP;
      initializeQueue(q, o, compare === undefined ? flags : flags | COMPARED, settings.maxsize);
    }
    this.#hasKeys = (q.w.load(o + FLAGS) & HEAP) !== 0;
    this.#key = settings.key;
    this.#chunks = new Chunks(q, o, () => {
      q.latch(o);
      recount(q, o);
      q.unlatch(o);
    });
    this.#items = new Items(q.heap, this.#chunks, this.#isLocal);
    left.register(this, this.#chunks);
  }

  // -- put --

  /**
   * Puts an item; `false` if the queue is full.
   *
   * @throws {ShutDownError} If the queue is shut down.
   * @throws {UnshareableError} If the item cannot travel.
   * @throws {TypeError} If it cannot be compared.
   * @throws {RangeError} If there is no memory for it.
   */
  tryPut(item: unknown): boolean {
    if (this.#isFull()) return false;
    const ref = this.#write(item);
    const outcome = tryPublish(this.#agent.q, this.#o, ref, false);
    if (outcome === TAKEN) {
      this.#chunks.settled(ref, true);
      return true;
    }
    this.#withdraw(ref);
    if (outcome !== NOTHING) throw refusal(outcome);
    return false;
  }

  /** Puts an item, which is copied before this returns, as soon as there is room. */
  put(item: unknown, timeout: number, signal?: AbortSignal): Promise<void> {
    try {
      const ref = this.#write(item);
      const outcome = tryPublish(this.#agent.q, this.#o, ref, true);
      if (outcome !== NOTHING || timeout === 0) {
        this.#settlePut(ref, outcome, timeout);
        return Promise.resolve();
      }
      return this.#agent.waitThen(
        this.#o,
        PUTTERS,
        ref,
        timeout,
        signal,
        (outcome) => this.#settlePut(ref, outcome, timeout),
      );
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Puts an item as soon as there is room; blocks until then. */
  putSync(item: unknown, timeout: number): void {
    const ref = this.#write(item);
    let outcome = tryPublish(this.#agent.q, this.#o, ref, true);
    if (outcome === NOTHING && timeout > 0) {
      if (this.#spin(true)) outcome = tryPublish(this.#agent.q, this.#o, ref, true);
      if (outcome === NOTHING) outcome = this.#waitForRoom(ref, timeout);
    }
    this.#settlePut(ref, outcome, timeout);
  }

  #waitForRoom(ref: number, timeout: number): Outcome {
    try {
      return this.#agent.waitSync(this.#o, PUTTERS, timeout, "put item", ref);
    } catch (error) {
      this.#withdraw(ref);
      throw error;
    }
  }

  #write(item: unknown): number {
    if ((this.#agent.q.w.load(this.#o + FLAGS) & SHUT) !== 0) throw refusal(TURNED_AWAY);
    let key: Key | undefined;
    if (this.#hasKeys) key = makeKey(this.#key === undefined ? item : this.#key(item));
    return this.#items.write(item, key);
  }

  #settlePut(ref: number, outcome: Outcome, timeout: number): void {
    if (outcome === TAKEN) {
      this.#chunks.settled(ref, true);
      return;
    }
    this.#withdraw(ref);
    if (outcome !== NOTHING) throw refusal(outcome);
    throw new TimeoutError(`Cannot put item: the queue was full for ${timeout} ms`);
  }

  #withdraw(ref: number): void {
    this.#items.forget(ref);
    this.#chunks.settled(ref, false);
  }

  #isFull(): boolean {
    const { maxsize } = this;
    return maxsize > 0 && !this.isShutdown && this.qsize() >= maxsize;
  }

  // -- get --

  /**
   * Takes an item; `null` if there is none.
   *
   * @throws {ShutDownError} If the queue is shut down and empty.
   */
  tryGet(): { value: unknown } | null {
    const ref = this.#take(false);
    return ref === 0 ? null : { value: this.#receive(ref) };
  }

  /** Takes an item as soon as there is one. */
  get(timeout: number, signal?: AbortSignal): Promise<unknown> {
    try {
      let ref = this.#take(true);
      if (ref === 0 && timeout > 0 && this.#spin(false)) ref = this.#take(true);
      if (ref !== 0) return Promise.resolve(this.#receiveLoading(ref));
      return this.#agent.waitThen(
        this.#o,
        GETTERS,
        0,
        timeout,
        signal,
        (outcome) => this.#receiveLoading(this.#taken(outcome, timeout)),
      );
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Takes an item as soon as there is one; blocks until then. */
  getSync(timeout: number): unknown {
    let ref = this.#take(true);
    if (ref === 0 && timeout > 0 && this.#spin(false)) ref = this.#take(true);
    if (ref === 0) {
      const outcome = this.#agent.waitSync(this.#o, GETTERS, timeout, "get item");
      ref = this.#taken(outcome, timeout);
    }
    return this.#receive(ref);
  }

  /** Takes the first item into the hand; 0 if there is none. */
  #take(canWait: boolean): number {
    const ref = tryTake(this.#agent.q, this.#o, canWait);
    if (ref < 0) throw ended();
    return ref;
  }

  /** The item that a wait has brought. */
  #taken(outcome: Outcome, timeout: number): number {
    if (outcome === TAKEN) return inHand(this.#agent.q);
    if (outcome === TURNED_AWAY) throw ended();
    throw new TimeoutError(`Cannot get item: none came within ${timeout} ms`);
  }

  /** Gives the item in the hand; it goes back to the queue if its modules are not loaded. */
  #receive(ref: number): unknown {
    const value = this.#read(ref);
    if (!(value instanceof Unloaded)) {
      this.#finish(ref);
      return value;
    }
    if (!undoTake(this.#agent.q, this.#o, ref)) this.#finish(ref);
    throw new TypeError(
      `Cannot get item: it needs ${value.urls.join(", ")}, not loaded in this thread; ` +
        "import it in the module of the task, or await get(), which does so (the item is still in the queue)",
    );
  }

  /** Gives the item in the hand, after its modules have been imported. */
  #receiveLoading(ref: number): unknown {
    const value = this.#read(ref);
    if (!(value instanceof Unloaded)) {
      this.#finish(ref);
      return value;
    }
    const { bytes, buffers } = this.#items.copyMessage(ref);
    this.#finish(ref);
    return importModules(value.urls).then(() => decode(bytes, buffers));
  }

  #read(ref: number): unknown {
    try {
      return this.#items.read(ref);
    } catch (error) {
      this.#finish(ref);
      throw error;
    }
  }

  #finish(ref: number): void {
    const { q } = this.#agent;
    commitTake(q, ref);
    this.#items.forget(ref);
    releaseTake(q, ref);
  }

  /** Looks for an item (or for room) for a moment, before it parks: that is less work if somebody is about to bring it. */
  #spin(forRoom: boolean): boolean {
    if (this.#isLocal || !this.#agent.q.isShared(this.#o)) return false;
    const { w } = this.#agent.q;
    const o = this.#o;
    const size = forRoom ? w.load(o + Q_TAIL) - w.load(o + Q_HEAD) : 0;
    for (let i = 0; i < this.#spins; i++) {
      if (((w.load(o + Q_TAIL) - w.load(o + Q_HEAD)) | 0) !== size) {
        this.#spins = Math.min(MOST_SPINS, this.#spins * 2);
        return true;
      }
    }
    this.#spins = Math.max(LEAST_SPINS, this.#spins >> 1);
    return false;
  }

  // -- the rest --

  /**
   * Says that one item is done.
   *
   * @throws {InvalidStateError} If all are.
   */
  taskDone(): void {
    if (finishOne(this.#agent.q, this.#o)) return;
    throw new InvalidStateError(
      "Cannot mark task as done: every item that was put is done already",
    );
  }

  /** Waits until all items are done. */
  join(timeout: number, signal?: AbortSignal): Promise<void> {
    if (this.unfinishedTasks === 0) return Promise.resolve();
    return this.#agent.waitThen(
      this.#o,
      JOINERS,
      0,
      timeout,
      signal,
      (outcome) => this.#joined(outcome, timeout),
    );
  }

  /** Blocks until all items are done. */
  joinSync(timeout: number): void {
    if (this.unfinishedTasks === 0) return;
    this.#joined(this.#agent.waitSync(this.#o, JOINERS, timeout, "join queue"), timeout);
  }

  #joined(outcome: Outcome, timeout: number): void {
    if (outcome === TAKEN) return;
    throw new TimeoutError(`Cannot join queue: its items were not all done within ${timeout} ms`);
  }

  /** Ends the queue: nothing is put any more, and all who wait in vain are told. `immediate` also drops all items. */
  shutdown(immediate: boolean): void {
    shutQueue(
      this.#agent.q,
      this.#o,
      immediate ? (ref) => this.#items.forget(ref) : null,
    );
  }

  /** Whether the queue is shut down. */
  get isShutdown(): boolean {
    return (this.#agent.q.w.load(this.#o + FLAGS) & SHUT) !== 0;
  }

  /** How many items there may be; 0 = any number. */
  get maxsize(): number {
    return this.#agent.q.w.load(this.#o + MAXSIZE);
  }

  set maxsize(maxsize: number) {
    setMaxsize(this.#agent.q, this.#o, Math.max(0, Math.min(maxsize, 2 ** 31 - 1)));
  }

  /** Items that were put and are not done. */
  get unfinishedTasks(): number {
    return Math.max(0, unfinished(this.#agent.q, this.#o));
  }

  /** Number of items, at one instant of the call. */
  qsize(): number {
    return itemCount(this.#agent.q, this.#o);
  }

  /** Frees the memory of a queue that nobody knows any more. */
  dispose(): void {
    const { q } = this.#agent;
    if (q.w.load(this.#o + TYPE) === 0 || q.w.load(this.#o + BLOCK) === 0) return;
    const refs: number[] = [];
    forEachRef(q, this.#o, (ref) => refs.push(ref));
    for (const ref of refs) {
      this.#items.forget(ref);
      freeCell(q, ref);
    }
    this.#chunks.leave();
    freeRings(q, this.#o);
  }
}

/** Why an item was not put. */
function refusal(outcome: Outcome): Error {
  switch (outcome) {
    case TURNED_AWAY:
      return new ShutDownError("Cannot put item: the queue is shut down");
    case NOT_COMPARABLE:
      return new TypeError(
        "Cannot put item: it cannot be compared with an item that is there, as a string with a number",
      );
    case NO_MEMORY:
      return new RangeError("Cannot put item: there is no memory for so many items");
    default:
      return new InvalidStateError("Cannot put item: the queue is in no good state");
  }
}

function ended(): ShutDownError {
  return new ShutDownError("Cannot get item: the queue is shut down");
}
