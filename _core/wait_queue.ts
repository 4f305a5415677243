/**
 * Wait queues: one design for threads, processes, promises and sudden death.
 *
 * A table of wait slots is the truth; a doubly linked FIFO list in each object is only an index over it; one idempotent
 * procedure, `settle`, makes every decision. Three rules carry the design:
 *
 * 1. *Level, not edge.* Whether a waiter may go on is a function of words that stay true. A wake-up is a hint: it may be
 *    repeated, may be spurious, and is never the only copy of a fact.
 * 2. *One committing store.* Each operation becomes true by one store (the slot's state, the main word, UPTO). What comes
 *    before it is invisible, what comes after it is redone by `settle`.
 * 3. *The index can be thrown away.* Whoever steals the latch of a dead agent rebuilds the lists from the slots.
 *
 * ```text
 * slot    FREE ──enqueue──▶ WAITING ──settle──▶ WOKEN ──take──▶ FREE         locks, semaphores: may try
 *                              │  ▲────back──────┘
 *                              ├───settle──▶ GRANTED ─────────▶ FREE         conditions, events, barriers: has it
 *                              ├───settle──▶ REFUSED ─────────▶ FREE         broken barriers
 *                              └───cancel────────────────────▶ FREE          timeout, abort
 * latch   0 | agent | agent + CONTENDED (somebody sleeps on it, 5 ms at most before he looks again)
 * ```
 *
 * The latch is held for tens of memory accesses, never over user code or a sleep.
 *
 * @module
 */

import type { AgentTable } from "./agent_table.ts";
import { BusyError } from "./busy_error.ts";
import type { Heap } from "./heap.ts";
import { byType, type Kind, NOTHING, type Outcome, TAKEN, TURNED_AWAY } from "./kind.ts";
import { takeLatch } from "./latch.ts";
import * as layout from "./layout.ts";
import { LISTS } from "./layout.ts";
import type { Promises } from "./promise_waits.ts";
import type { SharedWords } from "./shared_words.ts";
import { forEachSlot, markReady, type SlotTable } from "./slot_table.ts";

/** The wait queues of an arena, as one agent works on them. */
export class WaitQueue {
  readonly w: SharedWords;
  readonly me: number;
  readonly agents: AgentTable;
  readonly slots: SlotTable;
  readonly heap: Heap;
  /** Whether nobody else ever sees the memory. */
  readonly isAlone: boolean;
  readonly #kinds: readonly (Kind | undefined)[];
  #promises: Promises = { count: 0, schedule() {} };
  /** Wake-ups to be sent when the latch is free: a slot, and whether it may have been woken in vain before. */
  readonly #wakes: number[] = [];
  /** The slots in which this agent counts what it holds, by object. */
  readonly holders: Map<number, number> = new Map();
  /**
   * How long this agent waits for another one that holds a latch, in milliseconds, before it throws a
   * {@linkcode BusyError}. The one that declares the dead must not wait for one that has died a moment ago.
   */
  patience = Infinity;
  /** Latches taken from the dead (a diagnostic). */
  stolen = 0;

  /** Makes the view of agent `me`. */
  constructor(
    agents: AgentTable,
    slots: SlotTable,
    heap: Heap,
    kinds: ReadonlyMap<number, Kind>,
    me: number,
  ) {
    this.w = agents.words;
    this.agents = agents;
    this.slots = slots;
    this.heap = heap;
    this.isAlone = this.w.isAlone;
    this.#kinds = byType(kinds);
    this.me = me;
  }

  /** Connects the promises of this agent. */
  connect(promises: Promises): void {
    this.#promises = promises;
  }

  /** Gives the kind of an object. */
  kind(o: number): Kind {
    return this.#kinds[this.w.get(o + layout.TYPE)] as Kind;
  }

  /** Whether other agents may know the object. */
  isShared(o: number): boolean {
    return (this.w.load(o + layout.FLAGS) & layout.SHARED) !== 0;
  }

  // -- latch --

  /** Takes the latch of an object; steals it from a dead agent. */
  latch(o: number): void {
    const at = o + layout.LATCH;
    if (this.w.compareExchange(at, 0, this.me) === 0) return;
    if (!takeLatch(this.agents, at, this.me, this.patience)) return;
    this.stolen++;
    this.#orUnlatch(o, () => this.#rebuild(o));
  }

  /** Releases the latch. */
  unlatch(o: number): void {
    if ((this.w.exchange(o + layout.LATCH, 0) & layout.CONTENDED) !== 0) {
      this.w.notify(o + layout.LATCH, 1);
    }
    if (this.#wakes.length !== 0) this.#sendWakes();
  }

  /** Does something under the latch. */
  underLatch(o: number, work: () => void): void {
    this.latch(o);
    this.#orUnlatch(o, work);
    this.unlatch(o);
  }

  /** Releases the latch if another agent is in the way; what was begun is redone by the next one. */
  #orUnlatch(o: number, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (error instanceof BusyError) this.unlatch(o);
      throw error;
    }
  }

  // -- lists: touched under the latch only --

  /** First slot of a list, or 0. */
  head(o: number, list: number): number {
    return this.w.load(o + (LISTS[list] as number) + layout.HEAD);
  }

  /** Number of the list in which a slot is. */
  listOf(s: number): number {
    return (this.w.get(s + layout.S_KIND) >> 1) & 3;
  }

  #link(o: number, list: number, s: number): void {
    const w = this.w;
    const l = o + (LISTS[list] as number);
    const tail = w.get(l + layout.TAIL);
    w.set(s + layout.S_PREV, tail);
    w.set(s + layout.S_NEXT, 0);
    w.store(tail === 0 ? l + layout.HEAD : tail + layout.S_NEXT, s);
    w.store(l + layout.TAIL, s);
    if (w.get(l + layout.CURSOR) === 0) w.set(l + layout.CURSOR, s);
  }

  /** Links `s` before `first`, the first slot of its own agent, and takes over its wake-up. */
  #linkBefore(o: number, list: number, s: number, first: number): void {
    const w = this.w;
    const l = o + (LISTS[list] as number);
    const prev = w.get(first + layout.S_PREV);
    w.set(s + layout.S_PREV, prev);
    w.set(s + layout.S_NEXT, first);
    w.store(first + layout.S_PREV, s);
    w.store(prev === 0 ? l + layout.HEAD : prev + layout.S_NEXT, s);
    if (w.load(first + layout.S_STATE) === layout.WOKEN) {
      w.store(s + layout.S_STATE, layout.WOKEN);
      w.store(first + layout.S_STATE, layout.WAITING);
      w.set(l + layout.CURSOR, w.load(l + layout.HEAD));
    } else if (w.get(l + layout.CURSOR) === first) w.set(l + layout.CURSOR, s);
  }

  /** Takes a slot out of its list. */
  unlink(o: number, s: number): void {
    const w = this.w;
    const l = o + (LISTS[this.listOf(s)] as number);
    const next = w.get(s + layout.S_NEXT);
    const prev = w.get(s + layout.S_PREV);
    if (w.get(l + layout.CURSOR) === s) w.set(l + layout.CURSOR, next);
    if (w.load(s + layout.S_STATE) === layout.WOKEN) {
      w.set(l + layout.WOKENS, w.get(l + layout.WOKENS) - 1);
    }
    w.store(prev === 0 ? l + layout.HEAD : prev + layout.S_NEXT, next);
    w.store(next === 0 ? l + layout.TAIL : next + layout.S_PREV, prev);
  }

  /** Takes a slot out of its list and frees it: its waiter has what it wants. */
  leave(o: number, s: number): void {
    this.unlink(o, s);
    this.w.store(s + layout.S_STATE, layout.FREE);
  }

  /** Rebuilds the lists from the slots, the truth. The dead stay until they are buried: their death has consequences. */
  #rebuild(o: number): void {
    const w = this.w;
    const kind = this.kind(o);
    const queued: number[] = [];
    forEachSlot(w, 0, (s, owner) => {
      if (w.get(s + layout.S_OBJECT) !== o) return;
      const state = w.load(s + layout.S_STATE);
      if (state === layout.WAITING || state === layout.WOKEN) {
        queued.push(s);
      } else if (state === layout.GRANTED || state === layout.REFUSED) {
        if (!this.agents.isDead(owner)) this.wake(s, true);
      }
    });
    queued.sort((a, b) =>
      ((w.get(a + layout.S_TICKET) - w.get(b + layout.S_TICKET)) | 0) ||
      this.#rank(a) - this.#rank(b)
    );
    for (let list = 0; list < kind.lists; list++) {
      const l = o + (LISTS[list] as number);
      w.store(l + layout.HEAD, 0);
      w.store(l + layout.TAIL, 0);
      w.set(l + layout.CURSOR, 0);
      w.set(l + layout.WOKENS, 0);
    }
    for (const s of queued) {
      w.store(s + layout.S_STATE, layout.WAITING);
      this.#link(o, this.listOf(s), s);
    }
    kind.reset(this, o);
    kind.redo(this, o);
    kind.settle(this, o, true);
  }

  /** Order among slots with one ticket: a blocking wait stands before the promises that it overtook. */
  #rank(s: number): number {
    return -(this.w.get(s + layout.S_KIND) >> 3);
  }

  // -- waiting --

  /** Queues a slot; `aux` is what its kind keeps with it. Under the latch. */
  enqueue(o: number, list: number, promise: boolean, aux = 0): number {
    const w = this.w;
    const s = this.slots.allocate();
    const l = o + (LISTS[list] as number);
    if (w.load(l + layout.HEAD) === 0) w.store(l + layout.UPTO, w.load(l + layout.TICKET));
    let own = 0;
    if (!promise && this.#promises.count !== 0 && !this.kind(o).strict) {
      own = w.load(l + layout.HEAD);
      while (own !== 0 && w.get(own + layout.S_OWNER) !== this.me) own = w.get(own + layout.S_NEXT);
    }
    w.set(s + layout.S_KIND, (promise ? 1 : 0) | list << 1 | (own === 0 ? 0 : 1 << 3));
    w.set(s + layout.S_AUX, aux);
    w.set(
      s + layout.S_TICKET,
      own === 0 ? w.add(l + layout.TICKET, 1) + 1 : w.get(own + layout.S_TICKET),
    );
    w.set(s + layout.S_OBJECT, o);
    w.store(s + layout.S_STATE, layout.WAITING); // from here on the table knows it
    if (own === 0) this.#link(o, list, s);
    else this.#linkBefore(o, list, s, own);
    return s;
  }

  /** Announces a queued slot, then looks once more. Under the latch. */
  enter(o: number, s: number): Outcome {
    const kind = this.kind(o);
    kind.announce(this, o, this.listOf(s));
    kind.settle(this, o, false);
    return this.take(o, s, false);
  }

  /** What a waiter has by now. Under the latch. */
  take(o: number, s: number, late: boolean): Outcome {
    const granted = this.granted(s);
    return granted !== NOTHING ? granted : this.kind(o).take(this, o, s, late);
  }

  /** Whether a slot was granted or turned away; needs no latch. */
  granted(s: number): Outcome {
    const state = this.w.load(s + layout.S_STATE);
    return state === layout.GRANTED ? TAKEN : state === layout.REFUSED ? TURNED_AWAY : NOTHING;
  }

  /** Puts a woken slot back that came too late. Under the latch. */
  back(o: number, s: number, passedOver: boolean): void {
    const w = this.w;
    if (w.load(s + layout.S_STATE) === layout.WOKEN) {
      const l = o + (LISTS[this.listOf(s)] as number);
      w.set(l + layout.WOKENS, w.get(l + layout.WOKENS) - 1);
      w.store(s + layout.S_STATE, layout.WAITING);
      w.set(l + layout.CURSOR, w.load(l + layout.HEAD));
    }
    this.kind(o).back(this, o, s, passedOver);
    this.settle(o, false);
  }

  /** Ends a wait by timeout or abort. If the wake-up came first, that counts. */
  cancel(o: number, s: number): Outcome {
    this.latch(o);
    const outcome = this.take(o, s, false);
    if (outcome === NOTHING) this.#remove(o, s, false);
    this.unlatch(o);
    return outcome;
  }

  #remove(o: number, s: number, dead: boolean): void {
    const list = this.listOf(s);
    const wasFirst = this.head(o, list) === s ||
      this.w.load(s + layout.S_STATE) === layout.WOKEN;
    const kind = this.kind(o);
    if (dead) kind.buried(this, o, s, false); // first: once the slot is free, nobody knows of the death
    this.leave(o, s);
    kind.left(this, o, list, wasFirst);
    kind.settle(this, o, dead);
  }

  // -- waking --

  /** Runs the kind's one rule. Under the latch. */
  settle(o: number, force: boolean): void {
    this.kind(o).settle(this, o, force);
  }

  /** Takes the latch, settles, releases it. */
  resettle(o: number, force: boolean): void {
    this.underLatch(o, () => this.settle(o, force));
  }

  /** Tells a waiter to look at its slot. Idempotent. */
  wake(s: number, force: boolean): void {
    const w = this.w;
    if ((w.get(s + layout.S_KIND) & 1) === 0) return w.notify(s + layout.S_STATE, 1);
    if (this.isAlone) return this.#promises.schedule(s);
    markReady(w, s);
    const owner = w.get(s + layout.S_OWNER);
    if (owner === this.me) return this.#promises.schedule(0);
    const bell = layout.agentRecord(owner) + layout.A_BELL;
    const listens = w.exchange(bell, 1);
    if (listens === layout.BELL_PARKED) w.unpark(bell);
    if (listens === 0 || force) w.notify(bell, 1);
  }

  /** Wakes a waiter that stays in its list as soon as the latch is free. Under the latch. */
  wakeLater(s: number, force: boolean): void {
    this.#wakes.push(s, force ? 1 : 0);
  }

  #sendWakes(): void {
    const wakes = this.#wakes.splice(0);
    for (let i = 0; i < wakes.length; i += 2) this.wake(wakes[i] as number, wakes[i + 1] === 1);
  }

  /** Marks one waiter as woken. Under the latch. */
  wakeSlot(o: number, list: number, s: number, force: boolean): void {
    const w = this.w;
    const l = o + (LISTS[list] as number);
    if (w.get(l + layout.CURSOR) === s) w.set(l + layout.CURSOR, w.get(s + layout.S_NEXT));
    w.set(l + layout.WOKENS, w.get(l + layout.WOKENS) + 1);
    w.store(s + layout.S_STATE, layout.WOKEN);
    this.wake(s, force);
  }

  /** Marks the next waiters of a list as woken while fewer than `limit` are. Under the latch. */
  wakeWhile(o: number, list: number, limit: number, force: boolean): void {
    const w = this.w;
    const l = o + (LISTS[list] as number);
    if (force) {
      for (let s = w.load(l + layout.HEAD); s !== 0; s = w.get(s + layout.S_NEXT)) {
        if (w.load(s + layout.S_STATE) !== layout.WOKEN) break;
        this.wake(s, true);
      }
    }
    for (let s; w.get(l + layout.WOKENS) < limit && (s = w.get(l + layout.CURSOR)) !== 0;) {
      if (w.load(s + layout.S_STATE) === layout.WAITING) this.wakeSlot(o, list, s, force);
      else w.set(l + layout.CURSOR, w.get(s + layout.S_NEXT));
    }
  }

  /** Ends the wait of everybody up to the list's UPTO, with `state`. Under the latch. */
  grantUpto(o: number, list: number, state: number, force: boolean): void {
    const w = this.w;
    const l = o + (LISTS[list] as number);
    const upto = w.load(l + layout.UPTO);
    for (let s; (s = w.load(l + layout.HEAD)) !== 0;) {
      if (((w.get(s + layout.S_TICKET) - upto) | 0) > 0) break;
      this.unlink(o, s);
      w.store(s + layout.S_STATE, state);
      this.wake(s, force);
    }
  }

  /** Raises a list's UPTO to `ticket`. Under the latch. */
  raiseUpto(o: number, list: number, ticket: number): void {
    const at = o + (LISTS[list] as number) + layout.UPTO;
    if (((ticket - this.w.load(at)) | 0) > 0) this.w.store(at, ticket);
  }

  // -- death --

  /** Takes a dead agent's slot out of its queue. Under the latch. */
  bury(o: number, s: number): void {
    const state = this.w.load(s + layout.S_STATE);
    if (state === layout.WAITING || state === layout.WOKEN) this.#remove(o, s, true);
    else if (state === layout.GRANTED || state === layout.PASSING) {
      this.kind(o).buried(this, o, s, true);
      this.w.store(s + layout.S_STATE, layout.FREE);
      this.settle(o, true);
    } else if (state === layout.REFUSED) this.w.store(s + layout.S_STATE, layout.FREE);
  }
}
