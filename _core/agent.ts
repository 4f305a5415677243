/**
 * The agent: this thread, as the others see it, with all that it needs to wait and to wake.
 *
 * There is one for objects that threads share, one for local objects, whose memory nobody else ever sees, and one for
 * objects that processes share, once this thread touches any.
 *
 * @module
 */

import { DeadlockError } from "../errors.ts";
import { AgentTable } from "./agent_table.ts";
import { Arena } from "./arena.ts";
import { doChore } from "./blocked.ts";
import type { Scope } from "./handle.ts";
import { type Kind, NOTHING, type Outcome } from "./kind.ts";
import { KINDS } from "./kinds.ts";
import {
  FLAGS,
  S_STATE,
  SHARED,
  TYPE,
  TYPE_QUEUE,
  TYPE_RWLOCK,
  TYPE_SEMAPHORE,
  WAITING,
  WOKEN,
} from "./layout.ts";
import { FAIR_MS, HEAL_SLICE, PromiseWaits } from "./promise_waits.ts";
import { publishRings } from "./queue_ring.ts";
import { abandonItems, disownItems } from "./queue_tasks.ts";
import { abandonLocks, heal, leaveLocks, reap } from "./reaper.ts";
import { readsHeld, releaseRead } from "./rwlock_kind.ts";
import { abandonPermits, disownPermits } from "./semaphore_kind.ts";
import { SlotTable } from "./slot_table.ts";
import { endThread } from "./thread_end.ts";
import { WaitQueue } from "./wait_queue.ts";

/** This thread in one arena. */
export class Agent {
  /** The memory. */
  readonly arena: Arena;
  /** The id that words name this thread by. */
  readonly id: number;
  /** The wait queues. */
  readonly q: WaitQueue;
  /** The promises that wait. */
  readonly promises: PromiseWaits;
  /** Locks taken and not released by this agent: an upper bound, for the end of a thread. */
  locksHeld = 0;
  readonly #table: AgentTable;

  /** Enters an arena as agent `id`. */
  constructor(
    arena: Arena,
    id: number,
    kinds: ReadonlyMap<number, Kind> = KINDS,
    table: AgentTable = new AgentTable(arena.words),
  ) {
    this.arena = arena;
    this.id = id;
    this.#table = table;
    this.q = new WaitQueue(this.#table, new SlotTable(arena.words, id), arena.heap, kinds, id);
    this.promises = new PromiseWaits(this.q, (o) => heal(this.q, arena, o));
  }

  /** Takes an id for an agent that is about to start. */
  reserveId(): number {
    return this.#table.reserve();
  }

  /** Says that an agent is dead: whoever needs what it held may take it. */
  declareDead(id: number): void {
    if (this === threadAgent) {
      processScope?.forThread(id, (agent, other) => agent.declareDead(other));
    }
    this.#table.declareDead(id);
  }

  /** Cleans up after an agent of which the caller knows that it is dead. */
  reap(id: number): void {
    // First what the thread was among processes: afterwards its id may be that of another one.
    if (this === threadAgent) processScope?.forThread(id, (agent, other) => agent.reap(other));
    this.declareDead(id);
    reap(this.q, this.arena, id);
  }

  /** Lets an object be known to other threads. */
  share(o: number): void {
    if ((this.arena.words.or(o + FLAGS, SHARED) & SHARED) !== 0) return;
    if (this.arena.words.load(o + TYPE) === TYPE_QUEUE) publishRings(this.q, o);
    this.promises.shared(o);
  }

  /** Whether nothing is held here that the end of a thread would give up. */
  get holdsNothing(): boolean {
    return this.locksHeld === 0 && this.q.holders.size === 0 &&
      (this !== threadAgent || (processScope?.current()?.holdsNothing ?? true));
  }

  /** The thread that ran here has failed: what it holds is abandoned. */
  abandonHeld(): void {
    if (this.locksHeld > 0) abandonLocks(this.q, this.arena);
    this.locksHeld = 0;
    this.#leaveCounted(true);
    if (this === threadAgent) processScope?.current()?.abandonHeld();
  }

  /** The thread that ran here has returned: its locks stay held, but what nobody else could release is abandoned. */
  finishThread(): void {
    if (this.locksHeld > 0) leaveLocks(this.q, this.arena);
    this.locksHeld = 0;
    this.#leaveCounted(false);
    if (this === threadAgent) processScope?.current()?.finishThread();
  }

  #leaveCounted(failed: boolean): void {
    endThread();
    for (const [o, s] of this.q.holders) {
      const type = this.arena.words.load(o + TYPE);
      if (type === TYPE_SEMAPHORE) (failed ? abandonPermits : disownPermits)(this.q, o, s);
      else if (type === TYPE_QUEUE) (failed ? abandonItems : disownItems)(this.q, o, s);
      else if (type === TYPE_RWLOCK) { while (readsHeld(this.q, o) > 0) releaseRead(this.q, o); }
    }
  }

  /**
   * Queues and blocks until the wait is over. `NOTHING` when time was up.
   *
   * @throws {DeadlockError} If it has no end and nobody else knows the object.
   */
  waitSync(o: number, list: number, timeout: number, what: string, aux = 0): Outcome {
    const { q } = this;
    if (timeout === 0) return NOTHING;
    this.assertEnds(o, timeout, what);
    q.latch(o);
    const s = q.enqueue(o, list, false, aux);
    const outcome = q.enter(o, s);
    q.unlatch(o);
    if (outcome === NOTHING) return this.park(o, s, timeout);
    q.slots.release(s);
    return outcome;
  }

  /** Queues and waits as a promise. */
  wait(
    o: number,
    list: number,
    timeout: number,
    signal: AbortSignal | undefined,
  ): Promise<Outcome> {
    return this.waitThen(o, list, 0, timeout, signal, (outcome) => outcome);
  }

  /**
   * Queues and waits as a promise.
   *
   * @param aux What the kind keeps with the waiter.
   * @param finish Gets the outcome at once, before anything else runs here; `NOTHING` also after an abort.
   */
  waitThen<T>(
    o: number,
    list: number,
    aux: number,
    timeout: number,
    signal: AbortSignal | undefined,
    finish: (outcome: Outcome) => T | PromiseLike<T>,
  ): Promise<T> {
    const { q } = this;
    try {
      if (timeout === 0) return Promise.resolve(finish(NOTHING));
      q.latch(o);
      const s = q.enqueue(o, list, true, aux);
      const outcome = q.enter(o, s);
      q.unlatch(o);
      if (outcome === NOTHING) return this.promises.waitThen(o, s, timeout, signal, finish);
      q.slots.release(s);
      return Promise.resolve(finish(outcome));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Throws if a blocking wait without a timeout could never end. */
  assertEnds(o: number, timeout: number, what: string): void {
    if (this.arena.isLocal) {
      throw new DeadlockError(
        `Cannot ${what}: blocking on a local object would never end, await the promise instead`,
      );
    }
    if (timeout === Infinity && !this.q.isShared(o)) {
      throw new DeadlockError(
        `Cannot ${what}: it would never end, since no other thread knows the object`,
      );
    }
  }

  /** Blocks until a queued slot has what it wants. Frees the slot. */
  park(o: number, s: number, timeout: number): Outcome {
    const { q } = this;
    const since = performance.now();
    let outcome: Outcome = NOTHING;
    for (;;) {
      outcome = q.granted(s);
      if (outcome !== NOTHING) break;
      const woken = q.w.load(s + S_STATE) === WOKEN;
      if (!woken) {
        const left = since + timeout - performance.now();
        if (left <= 0) {
          outcome = q.cancel(o, s);
          break;
        }
        const slice = Math.min(left, HEAL_SLICE);
        if (q.w.wait(s + S_STATE, WAITING, slice) !== "timed-out") continue;
        doChore();
        heal(q, this.arena, o);
      }
      q.latch(o);
      outcome = q.take(o, s, !woken);
      if (outcome === NOTHING && woken) q.back(o, s, performance.now() - since > FAIR_MS);
      q.unlatch(o);
      if (outcome !== NOTHING) break;
    }
    q.slots.release(s);
    return outcome;
  }
}

/** What is known of the family of processes, by the module that knows it. */
interface ProcessScope {
  /** Gives this thread's agent among the processes; throws if there is no such scope here. */
  agent(): Agent;
  /** The same, or `null` if this thread has not touched any object of that scope. */
  current(): Agent | null;
  /** The same, or `null` if no thread of this process has. */
  member(): Agent | null;
  /** Calls `visit` with what another thread of this process is among the processes, if it is anything. */
  forThread(thread: number, visit: (agent: Agent, id: number) => void): void;
}

let threadAgent: Agent | null = null;
let localAgent: Agent | null = null;
let isOwner = false;
let processScope: ProcessScope | null = null;

/** Gives this thread's agent among the threads; on the main thread, creates their arena. */
export function currentAgent(): Agent {
  if (threadAgent === null) {
    isOwner = true;
    const arena = Arena.create("thread");
    threadAgent = new Agent(arena, new AgentTable(arena.words).reserve());
  }
  return threadAgent;
}

/** Makes this thread agent `id` of an arena that another thread has created. Called once, by the boot of a worker. */
export function installAgent(buffer: SharedArrayBuffer, id: number): void {
  threadAgent = new Agent(Arena.open(buffer), id);
}

/** Whether this thread has created the arena of the threads: it is the main thread. */
export function ownsThreads(): boolean {
  return isOwner;
}

/** Says how this thread takes part in a family of processes. Called once, by the module that knows it. */
export function setProcessScope(scope: ProcessScope): void {
  processScope = scope;
}

/** Gives this thread's agent among the processes; `null` if no thread of this process has touched what they share. */
export function familyAgent(): Agent | null {
  return processScope?.member() ?? null;
}

/**
 * Gives the agent on whose memory objects of a scope live.
 *
 * @throws {NotSupportedError} If there is no such scope here.
 */
export function agentOf(scope: Scope): Agent {
  if (scope === "thread") return currentAgent();
  if (scope === "process") return (processScope as ProcessScope).agent();
  if (localAgent === null) {
    const arena = Arena.create("local");
    localAgent = new Agent(arena, new AgentTable(arena.words).reserve());
  }
  return localAgent;
}
