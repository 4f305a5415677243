/**
 * A queue as one thread works on it: items go in and out, by promise, by blocking call or at once.
 *
 * @module
 */

import type { Agent } from "./agent.ts";
import { decode } from "./codec.ts";
import { holderSlot } from "./holders.ts";
import { NOTHING, type Outcome, TAKEN, TURNED_AWAY } from "./kind.ts";
import { FLAGS } from "./layout.ts";
import { importModules } from "./module_registry.ts";
import { done, doneWithout } from "./reachable_wait.ts";
import type { Place } from "./place.ts";
import { type Chunks, freeCell } from "./queue_chunks.ts";
import { type Compare, Comparing } from "./queue_compare.ts";
import { getRefused, nothingToDo, NotLoaded, putRefused } from "./queue_errors.ts";
import { Items, Unloaded } from "./queue_items.ts";
import { chunksOf, disposerOf } from "./queue_lifetime.ts";
import { type Key, makeKey } from "./queue_keys.ts";
import {
  inHand,
  publishAlone,
  releaseTake,
  shutQueue,
  takeAlone,
  tryPublish,
  tryTake,
  undoTake,
} from "./queue_kind.ts";
import {
  BLOCK,
  COMPARED,
  GETTERS,
  HEAP,
  isNumber,
  PUTTERS,
  Q_HEAD,
  Q_TAIL,
  STACK,
} from "./queue_layout.ts";
import { initializeQueue } from "./queue_ring.ts";
import type { QueueOrder, QueueSettings } from "./queue_settings.ts";
import { Spin } from "./queue_spin.ts";
import { QueueState } from "./queue_state.ts";
import { commitTake, finishOne } from "./queue_tasks.ts";

export type { Compare, QueueOrder, QueueSettings };

const left = new FinalizationRegistry<Chunks>((chunks) => chunks.leave());

/** A queue in the memory of one scope. */
export class QueueCore extends QueueState {
  readonly #agent: Agent;
  readonly #o: number;
  readonly #items: Items;
  readonly #chunks: Chunks;
  readonly #isLocal: boolean;
  /** Whether cells have room for a key: for one, or for the place in the stream of bytes. */
  readonly #hasKeys: boolean;
  readonly #key: ((item: unknown) => unknown) | undefined;
  readonly #comparing: Comparing | null;
  readonly #spinning: Spin = new Spin();
  /** Whether anybody counts what this agent gets: in a local queue nobody dies. */
  readonly #isCounted: boolean;
  /** The slot in which it is counted; 0 = none yet. */
  #holder = 0;

  /** Makes the record of a place a queue, or opens the queue that it is: then its order and maxsize count. */
  constructor({ agent, o, scope }: Place, settings: QueueSettings) {
    super(agent, o);
    const { q } = agent;
    this.#agent = agent;
    this.#o = o;
    this.#isLocal = scope === "local";
    this.#isCounted = settings.counted && !this.#isLocal;
    if (q.w.load(o + BLOCK) === 0) {
      const { order, compare } = settings;
      const flags = order === "fifo" ? 0 : order === "lifo" ? STACK : HEAP;
      initializeQueue(q, o, compare === undefined ? flags : flags | COMPARED, settings.maxsize);
    }
    this.#hasKeys = this.maxsize < 0 || (q.w.load(o + FLAGS) & HEAP) !== 0;
    this.#key = settings.key;
    this.#chunks = chunksOf(q, o);
    this.#items = new Items(q.heap, this.#chunks, scope);
    this.#comparing = settings.compare === undefined
      ? null
      : new Comparing(q, o, settings.compare, (ref) => this.#items.copy(ref));
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
    if (this.#isLocal && publishAlone(this.#agent.q, this.#o, ref)) {
      this.#chunks.settled(ref, true);
      return true;
    }
    const outcome = this.#publish(ref, item, false);
    if (outcome === NOTHING) this.#withdraw(ref);
    else this.#settlePut(ref, outcome, 0);
    return outcome === TAKEN;
  }

  /** Puts an item, which is copied before this returns, as soon as there is room. */
  put(item: unknown, timeout: number, signal?: AbortSignal): Promise<void> {
    try {
      const ref = this.#write(item);
      if (!this.#isLocal || !publishAlone(this.#agent.q, this.#o, ref)) {
        return this.#putWritten(ref, item, timeout, signal);
      }
      this.#chunks.settled(ref, true);
      return doneWithout();
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #putWritten(
    ref: number,
    item: unknown,
    timeout: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const outcome = this.#publish(ref, item, timeout > 0);
    if (outcome !== NOTHING || timeout === 0) {
      this.#settlePut(ref, outcome, timeout);
      return doneWithout();
    }
    return this.#agent.waitThen(
      this.#o,
      PUTTERS,
      ref,
      timeout,
      signal,
      (outcome) => this.#settlePut(ref, outcome, timeout),
    );
  }

  /** Puts an item as soon as there is room; blocks until then. */
  putSync(item: unknown, timeout: number): void {
    const ref = this.#write(item);
    let outcome = this.#publish(ref, item, timeout > 0);
    if (outcome === NOTHING && timeout > 0) {
      if (this.#spin(this.maxsize)) outcome = this.#publish(ref, item, true);
      if (outcome === NOTHING) {
        outcome = this.#waitForRoom(ref, timeout);
      }
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
    if (this.isShutdown) throw putRefused(TURNED_AWAY, 0);
    let key: Key | undefined;
    if (this.#hasKeys) {
      key = this.#comparing !== null || this.maxsize < 0
        ? 0
        : makeKey(this.#key === undefined ? item : this.#key(item));
    }
    return this.#items.write(item, key);
  }

  #publish(ref: number, item: unknown, canWait: boolean): Outcome {
    if (this.#comparing === null) return tryPublish(this.#agent.q, this.#o, ref, canWait);
    try {
      return this.#comparing.put(ref, item, canWait);
    } catch (error) {
      this.#withdraw(ref);
      throw error;
    }
  }

  #settlePut(ref: number, outcome: Outcome, timeout: number): void {
    if (outcome === TAKEN) return this.#chunks.settled(ref, true);
    this.#withdraw(ref);
    throw putRefused(outcome, timeout);
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
    if (this.#isLocal) {
      const ref = takeAlone(this.#agent.q, this.#o);
      if (ref !== 0) return { value: this.#takeOut(ref) };
    }
    const ref = this.#take(false);
    return ref === 0 ? null : { value: this.#receive(ref) };
  }

  /** Takes an item as soon as there is one. */
  get(timeout: number, signal?: AbortSignal): Promise<unknown> {
    try {
      if (this.#isLocal) {
        const ref = takeAlone(this.#agent.q, this.#o);
        if (ref !== 0) return done(this.#takeOut(ref));
      }
      let ref = this.#take(timeout > 0);
      if (ref === 0 && timeout > 0 && this.#spin(0)) ref = this.#take(true);
      if (ref !== 0) return done(this.#receiveLoading(ref));
      const since = this.#comparing === null ? 0 : performance.now();
      return this.#agent.waitThen(this.#o, GETTERS, 0, timeout, signal, (outcome) => {
        if (outcome === TAKEN && this.#comparing !== null) {
          return this.get(timeLeft(timeout, since), signal);
        }
        return this.#receiveLoading(this.#taken(outcome, timeout));
      });
    } catch (error) {
      if (!(error instanceof NotLoaded)) return Promise.reject(error);
      return importModules(error.urls).then(() => this.get(timeout, signal));
    }
  }

  /** Takes an item as soon as there is one; blocks until then. */
  getSync(timeout: number): unknown {
    const since = this.#comparing === null ? 0 : performance.now();
    for (;;) {
      let ref = this.#take(timeout > 0);
      if (ref === 0 && timeout > 0 && this.#spin(0)) ref = this.#take(true);
      if (ref === 0) {
        const left = this.#comparing === null ? timeout : timeLeft(timeout, since);
        const outcome = this.#agent.waitSync(this.#o, GETTERS, left, "get item");
        if (outcome === TAKEN && this.#comparing !== null) continue;
        ref = this.#taken(outcome, timeout);
      }
      return this.#receive(ref);
    }
  }

  /** Takes the first item into the hand; 0 if there is none. */
  #take(canWait: boolean): number {
    if (this.#isCounted && this.#holder === 0) this.#count();
    const ref = this.#comparing === null
      ? tryTake(this.#agent.q, this.#o, canWait)
      : this.#comparing.take();
    if (ref < 0) throw getRefused(TURNED_AWAY, 0);
    return ref;
  }

  #count(): void {
    this.#holder = holderSlot(this.#agent.q, this.#o);
  }

  /** The item that a wait has brought. */
  #taken(outcome: Outcome, timeout: number): number {
    if (outcome === TAKEN) return inHand(this.#agent.q);
    throw getRefused(outcome, timeout);
  }

  /** Gives the item in the hand; it goes back to the queue if its modules are not loaded. */
  #receive(ref: number): unknown {
    if (this.#isLocal) return this.#takeOut(ref);
    const value = this.#read(ref);
    if (!(value instanceof Unloaded)) {
      this.#finish(ref);
      return value;
    }
    if (!undoTake(this.#agent.q, this.#o)) this.#finish(ref);
    throw new NotLoaded(value.urls);
  }

  /** Gives the item in the hand, after its modules have been imported. */
  #receiveLoading(ref: number): unknown {
    if (this.#isLocal) return this.#takeOut(ref);
    const value = this.#read(ref);
    if (!(value instanceof Unloaded)) {
      this.#finish(ref);
      return value;
    }
    const { bytes, buffers } = this.#items.copyMessage(ref);
    this.#finish(ref);
    return importModules(value.urls).then(() => decode(bytes, buffers));
  }

  /** Gives the item in the hand: a local one needs no modules, and its taker does not die. */
  #takeOut(ref: number): unknown {
    const item = this.#items.takeOut(ref);
    if (!isNumber(ref)) freeCell(this.#agent.q, ref);
    return item;
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
    commitTake(q, ref, this.#holder);
    this.#items.forget(ref);
    releaseTake(q, ref);
  }

  /** Looks for a moment whether the number of items changes: if somebody is about to do it, parking is more work. */
  #spin(size: number): boolean {
    const { q } = this.#agent;
    if (this.#isLocal || !q.isShared(this.#o)) return false;
    return this.#spinning.forChange(q.w, this.#o + Q_HEAD, this.#o + Q_TAIL, size);
  }

  // -- the rest --

  /**
   * Says that one item is done.
   *
   * @throws {InvalidStateError} If all are.
   */
  taskDone(): void {
    if (this.#isCounted && this.#holder === 0) this.#count();
    if (finishOne(this.#agent.q, this.#o, this.#holder)) return;
    throw nothingToDo();
  }

  /** Ends the queue: nothing is put any more, and all who wait in vain are told. `immediate` also drops all items. */
  shutdown(immediate: boolean): void {
    shutQueue(
      this.#agent.q,
      this.#o,
      immediate ? (ref) => this.#items.forget(ref) : null,
    );
  }

  /** Gives the memory up in which this thread writes items. */
  leave(): void {
    this.#chunks.leave();
  }

  /** Gives what frees the memory of a queue that nobody knows any more. It keeps neither the queue nor its items alive. */
  disposer(): () => void {
    return disposerOf(this.#agent.q, this.#o, this.#chunks, this.#isLocal ? null : this.#items);
  }

  /** Frees the memory of a queue that nobody knows any more. */
  dispose(): void {
    this.disposer()();
  }
}

function timeLeft(timeout: number, since: number): number {
  return Math.max(0, timeout - (performance.now() - since));
}
