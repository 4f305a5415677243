/**
 * One end of a pipe, as one thread has it.
 *
 * @module
 */

import { DeadlockError, InvalidStateError, TimeoutError, UnshareableError } from "../errors.ts";
import { runtime } from "../_runtime/runtime.ts";
import { type Agent, agentOf } from "./agent.ts";
import type { Scope } from "./handle.ts";
import { NOTHING } from "./kind.ts";
import { TYPE_PIPE, TYPE_QUEUE } from "./layout.ts";
import {
  collectPipe,
  type End,
  hasArrived,
  initializePipe,
  isHeldHere,
  queueOf,
  receiveEnd,
  releaseEnd,
  sendEnd,
} from "./pipe_kind.ts";
import { createPlace } from "./place.ts";
import { familyId } from "./process_family.ts";
import { QueueCore } from "./queue_core.ts";
import { GETTERS, PEEK } from "./queue_layout.ts";
import { atThreadEnd } from "./thread_end.ts";

/** Bytes on their way in one direction, from which on the sender waits. */
export const PIPE_BYTES: number = 1 << 20;
/** A blocking receive looks at least so often whether anybody could send, in milliseconds. */
const DEADLOCK_SLICE = 1000;
/** The first time it looks earlier. */
const FIRST_SLICE = 100;

/** What travels of an end: plain data. */
export type SentEnd = [
  scope: Scope,
  o: number,
  identity: number,
  end: End,
  slot: number,
  ticket: number,
  /** The number of the family of processes; 0 at scope `"thread"`. */
  family: number,
];

/** The ends that are closed with this thread. */
const open: Set<PipeEnd> = new Set();
/** The slots of handles that are on their way from here. */
const sent: [Agent, number][] = [];
let watchesExit = false;

/** A queue of a pipe: the core, and where it lies. */
interface Way {
  readonly o: number;
  readonly core: QueueCore;
}

/** One end of a pipe. */
export class PipeEnd {
  /** How far it travels. */
  readonly scope: Scope;
  readonly #agent: Agent;
  readonly #o: number;
  readonly #identity: number;
  readonly #end: End;
  readonly #in: Way | null;
  readonly #out: Way | null;
  /** The slot that says that this thread holds the end; 0 once it is closed. */
  #slot: number;
  /** Ends the promises that wait here when the end is closed. */
  #closing: AbortController | null = null;

  private constructor(
    agent: Agent,
    scope: Scope,
    o: number,
    identity: number,
    end: End,
    slot: number,
    ways: readonly (Way | null)[],
  ) {
    this.scope = scope;
    this.#agent = agent;
    this.#o = o;
    this.#identity = identity;
    this.#end = end;
    this.#slot = slot;
    this.#out = ways[end] as Way | null;
    this.#in = ways[other(end)] as Way | null;
    if (slot === 0) return;
    open.add(this);
    if (scope !== "process" || watchesExit) return;
    watchesExit = true;
    runtime().onProcessExit(closeAll);
  }

  /** Makes a pipe: both ends can be written and read, or the first is read and the second written. */
  static create(scope: Scope, duplex: boolean): [PipeEnd, PipeEnd] {
    const { agent, o } = createPlace(TYPE_PIPE, scope);
    const ways = [duplex ? createWay(scope) : null, createWay(scope)];
    const { identity, slots } = initializePipe(agent.q, o, ways.map((way) => way?.o ?? 0));
    return [
      new PipeEnd(agent, scope, o, identity, 0, slots[0], ways),
      new PipeEnd(agent, scope, o, identity, 1, slots[1], ways),
    ];
  }

  /** Makes an end of what has arrived here; it is closed if nobody has kept the end open. */
  static receive([scope, o, identity, end, slot, ticket, family]: SentEnd): PipeEnd {
    if (scope === "process" && family !== familyId()) {
      throw new UnshareableError(
        "Cannot receive Connection: it comes from a process that is no relative of this one, with which it shares no memory",
      );
    }
    const agent = agentOf(scope);
    const own = receiveEnd(agent.q, o, identity, end, slot, ticket);
    const ways = ([0, 1] as const).map((from) =>
      own === 0 ? null : openWay(agent, scope, queueOf(agent.q, o, from))
    );
    return new PipeEnd(agent, scope, o, identity, end, own, ways);
  }

  /** Gives what travels of the end, which stays open until that has arrived or this thread is gone. */
  send(): SentEnd {
    const { q } = this.#agent;
    for (const way of [this.#in, this.#out]) if (way !== null) this.#agent.share(way.o);
    this.#agent.share(this.#o);
    forgetArrived();
    const [slot, ticket] = sendEnd(q, this.#o, this.#end);
    sent.push([this.#agent, slot]);
    const family = this.scope === "process" ? familyId() : 0;
    return [this.scope, this.#o, this.#identity, this.#end, slot, ticket, family];
  }

  /** Whether anything is read here. */
  get readable(): boolean {
    return this.#in !== null;
  }

  /** Whether anything is written here. */
  get writable(): boolean {
    return this.#out !== null;
  }

  /** Whether this thread has the end open. */
  get isOpen(): boolean {
    return this.#slot !== 0;
  }

  /** Whether the end was closed before it arrived here. */
  get isLost(): boolean {
    return this.#in === null && this.#out === null;
  }

  /** Whether a get would not wait: there is an item, or there will never be one. */
  get isReady(): boolean {
    const { core } = this.#in as Way;
    return core.qsize() > 0 || core.isShutdown;
  }

  /** How many items wait to be read here. */
  get waiting(): number {
    return (this.#in as Way).core.qsize();
  }

  /** How many items that were written here wait to be read. */
  get unread(): number {
    return (this.#out as Way).core.qsize();
  }

  /** Puts an item if there is room; tells whether it did. */
  tryPut(item: unknown): boolean {
    return (this.#out as Way).core.tryPut(item);
  }

  /** Puts an item as soon as there is room. */
  put(item: unknown, timeout: number, signal?: AbortSignal): Promise<void> {
    return (this.#out as Way).core.put(item, timeout, this.#untilClosed(signal));
  }

  /** Puts an item as soon as there is room; blocks until then. */
  putSync(item: unknown, timeout: number): void {
    const { core } = this.#out as Way;
    this.#inSlices(timeout, "send", (slice) => {
      core.putSync(item, slice);
      return true;
    });
  }

  /** Takes an item; `null` if there is none. */
  tryGet(): { value: unknown } | null {
    return (this.#in as Way).core.tryGet();
  }

  /** Takes an item as soon as there is one. */
  get(timeout: number, signal?: AbortSignal): Promise<unknown> {
    return (this.#in as Way).core.get(timeout, this.#untilClosed(signal));
  }

  /** Takes an item as soon as there is one; blocks until then. */
  getSync(timeout: number): unknown {
    const { core } = this.#in as Way;
    return this.#inSlices(timeout, "receive", (slice) => core.getSync(slice));
  }

  /** Waits until a get would not wait, and takes nothing; `false` when time was up. */
  ready(timeout: number, signal?: AbortSignal): Promise<boolean> {
    if (this.isReady) return Promise.resolve(true);
    const { o } = this.#in as Way;
    const until = this.#untilClosed(signal);
    return this.#agent.waitThen(o, GETTERS, PEEK, timeout, until, (end) => end !== NOTHING);
  }

  /** Blocks until a get would not wait, and takes nothing; `false` when time was up. */
  readySync(timeout: number): boolean {
    if (this.isReady) return true;
    const { o } = this.#in as Way;
    try {
      return this.#inSlices(timeout, "poll connection", (slice) => {
        const end = this.#agent.waitSync(o, GETTERS, slice, "poll connection", PEEK);
        if (end === NOTHING) throw new TimeoutError();
        return true;
      });
    } catch (error) {
      if (error instanceof TimeoutError) return false;
      throw error;
    }
  }

  /** Waits in slices; in between it looks whether anybody is left who could end the wait. */
  #inSlices<T>(timeout: number, what: string, wait: (slice: number) => T): T {
    const since = performance.now();
    for (let slice = FIRST_SLICE;; slice = DEADLOCK_SLICE) {
      const left = Math.max(0, since + timeout - performance.now());
      try {
        return wait(Math.min(left, slice));
      } catch (error) {
        if (!(error instanceof TimeoutError) || left <= slice) throw error;
      }
      if (timeout === Infinity && isHeldHere(this.#agent.q, this.#o, other(this.#end))) {
        throw new DeadlockError(
          `Cannot ${what}: it would never end, since only this thread holds the other end of the pipe, close it here`,
        );
      }
    }
  }

  /** A signal that is aborted with another one, or when the end is closed. */
  #untilClosed(signal: AbortSignal | undefined): AbortSignal {
    this.#closing ??= new AbortController();
    const closing = this.#closing.signal;
    return signal === undefined ? closing : AbortSignal.any([signal, closing]);
  }

  /** Keeps the end open when the thread that runs here ends, and its worker goes on. */
  outlast(): this {
    open.delete(this);
    return this;
  }

  /** Lets go of the end; who waits at it in this thread is told. */
  close(): void {
    const slot = this.#slot;
    if (slot === 0) return;
    this.#slot = 0;
    open.delete(this);
    this.#closing?.abort(new InvalidStateError("Cannot go on: the connection was closed here"));
    const { q, arena } = this.#agent;
    this.#in?.core.leave();
    this.#out?.core.leave();
    releaseEnd(q, this.#o, slot);
    collectPipe(q, arena, this.#o);
  }
}

function other(end: End): End {
  return end === 0 ? 1 : 0;
}

function createWay(scope: Scope): Way {
  const place = createPlace(TYPE_QUEUE, scope);
  const settings = { order: "fifo", maxsize: -PIPE_BYTES, scope, counted: false } as const;
  return { o: place.o, core: new QueueCore(place, settings) };
}

function openWay(agent: Agent, scope: Scope, o: number): Way | null {
  if (o === 0) return null;
  const place = { agent, o, scope };
  return {
    o,
    core: new QueueCore(place, { order: "fifo", maxsize: 0, scope, counted: false }),
  };
}

/** Takes the slots back of handles that have arrived. */
function forgetArrived(): void {
  for (let i = sent.length - 1; i >= 0; i--) {
    const [{ q }, slot] = sent[i] as [Agent, number];
    if (!hasArrived(q, slot)) continue;
    q.slots.release(slot);
    sent.splice(i, 1);
  }
}

function closeAll(): void {
  for (const end of open) end.close();
}

atThreadEnd(closeAll);
