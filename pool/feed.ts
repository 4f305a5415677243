/**
 * How the items of a map reach the engine: in chunks, and never more than a window ahead of who wants the results.
 *
 * An item is *taken* from the input, goes to the engine with its chunk, *settles* there, and is *released* when its place
 * in the window is free again: when its chunk has ended, for a map whose results are collected, and when its result is
 * asked for, for an iterator. The window is what keeps results from piling up. A map whose results are collected also waits
 * while the engine has more than fits into its rings, or large arguments fill the memory.
 *
 * | state  | takes input | chunks in flight | how it goes on                                            |
 * | ------ | ----------- | ---------------- | --------------------------------------------------------- |
 * | open   | yes         | any              | the input ends or fails; `stop`, `abort`                  |
 * | ended  | no          | some             | the last chunk ends; `abort`                              |
 * | over   | no          | none             |                                                           |
 *
 * @module
 */

import { callOnAbort } from "../_core/abort_calls.ts";
import { takeContext } from "../_runtime/async_context.ts";
import { CancelledError, TimeoutError } from "../errors.ts";
import { Chunk, type ChunkOwner, isUnsendable } from "./chunk.ts";
import { Expiry } from "./expiry.ts";
import { argumentsOf, closeQuietly, type Input } from "./input.ts";
import type { ProgressMeter } from "./progress.ts";
import type { TaskOptions } from "./engine_types.ts";
import type { AnyFunction } from "./function_table.ts";
import type { TaskEngine } from "./task_engine.ts";

/** Who is told what becomes of the items. */
export interface FeedListener {
  /** An item has a result. */
  item(index: number, value: unknown): void;
  /** An item has failed. */
  itemFailed(index: number, error: unknown): void;
  /** So many items no longer have a chunk in flight; some may not have been run, if failures stop their chunk. */
  chunkEnded(size: number): void;
  /** No more items come: the input has ended, or failed. */
  inputEnded(failure: Failure | null): void;
  /** Nothing that has not settled will: time is `late`, or the signal was aborted, or the pool terminated. */
  aborted(reason: unknown, late: boolean): void;
}

/** With fewer chunks in flight, more is taken whatever the state of the engine. */
const FEW = 64;
/** With fewer chunks in flight, more is taken however large they are. */
const FEWEST = 8;
/** Bytes of large arguments that wait at once, unless there are only few chunks. */
const MOST_BYTES = 1 << 26;
/** Results that pile up at most, once a pool is closed, of an input that may be endless. */
const MOST_UNREAD = 100_000;
/** The same of an input whose size is known. */
const MOST_KNOWN = 1 << 23;

/** A thrown value, which may be `undefined`. */
export interface Failure {
  readonly error: unknown;
}

/** What a feed does. */
export interface FeedSettings {
  readonly fn: AnyFunction;
  readonly input: Input;
  /** Whether an item is the array of the arguments. */
  readonly star: boolean;
  /** Whether a failure keeps the rest of its chunk from running. */
  readonly stopAtFailure: boolean;
  readonly chunksize: number;
  /** How many items may be taken and not released. */
  readonly ahead: number;
  /** How many places have to be free before more is taken: taking many at once costs less. */
  readonly refill: number;
  /** Milliseconds for all of it. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
  /** What holds for each task. */
  readonly task: TaskOptions | undefined;
  readonly meter: ProgressMeter | null;
  /** What could not be done, for messages: `"map"`. */
  readonly verb: string;
  /** Called once, when no more input is taken. */
  onEnded(): void;
  /** Called once after that, when nothing is in flight. */
  onOver(): void;
  /** Called when whoever fetched the results has gone, as far as one can tell, or has come back. */
  onLeft(left: boolean): void;
}

/** Takes the items of one map to the engine. */
export class Feed implements ChunkOwner {
  readonly #engine: TaskEngine;
  readonly #settings: FeedSettings;
  readonly #listener: FeedListener;
  readonly #chunks: Set<Chunk> = new Set();
  readonly #expiry: Expiry;
  /** The input is taken, and the tasks are sent, in the context of the call. */
  readonly #inContext: <R>(fn: () => R) => R = takeContext();
  #forget: () => void = () => {};
  #ahead: number;
  #taken = 0;
  #released = 0;
  #settled = 0;
  #bytes = 0;
  #lifted = false;
  #filling = false;
  #pulling = false;
  #ended = false;
  #over = false;

  constructor(engine: TaskEngine, settings: FeedSettings, listener: FeedListener) {
    this.#engine = engine;
    this.#settings = settings;
    this.#listener = listener;
    this.#ahead = settings.ahead;
    this.#expiry = new Expiry(settings.timeout, () => this.expire(settings.timeout));
  }

  /** Items that were taken from the input. */
  get taken(): number {
    return this.#taken;
  }

  /** Whether no more items come. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether no more items come and nothing is in flight. */
  get over(): boolean {
    return this.#over;
  }

  /** Whether the next item can only be had by going back to the event loop. */
  get needsLoop(): boolean {
    return !this.#ended && this.#settings.input.isAsync;
  }

  /** Whether no more is taken until somebody asks for results. */
  get isStuck(): boolean {
    return !this.#ended && this.#isAhead && !this.#settings.stopAtFailure;
  }

  /** Begins. */
  start(): void {
    const { signal } = this.#settings;
    this.#forget = callOnAbort(signal, () => this.abort(signal?.reason));
    if (signal?.aborted === true) this.abort(signal.reason);
    else if (this.#settings.timeout === 0) this.expire(0);
    else this.#fill();
  }

  /** Says that somebody waits for this, so that the deadline has to come whatever else the program does. */
  set awaited(awaited: boolean) {
    this.#expiry.keepsAlive = awaited;
  }

  /** Says whether whoever fetched the results has gone, as far as one can tell. */
  set left(left: boolean) {
    this.#settings.onLeft(left);
    this.#settings.meter?.leave(left);
  }

  /** Makes room for so many more items. */
  release(count: number): void {
    this.#released += count;
    const free = this.#ahead - this.#taken + this.#released;
    if (count > 0 && (free >= this.#settings.refill || this.#chunks.size < FEW)) this.#fill();
  }

  /** Takes what is left of the input, as far as the results can be kept until somebody fetches them. */
  lift(): void {
    const { input: { size }, chunksize } = this.#settings;
    this.#ahead = Math.max(this.#ahead, size === null ? MOST_UNREAD : MOST_KNOWN, chunksize);
    this.#lifted = true;
    this.#fill();
  }

  /** Takes no more input. Chunks in flight go on. Gives the closing of the input, unless an item is being taken. */
  stop(): void | Promise<void> {
    if (this.#ended) return;
    const { input } = this.#settings;
    const busy = this.#pulling;
    this.#end(null);
    if (!busy) return input.close();
    // An async generator closes when its pending item has come, which may be never.
    closeQuietly(() => input.close());
  }

  /** Nobody wants the results any more. */
  abandon(): void | Promise<void> {
    this.#settings.meter?.end(this.#settled, this.#total());
    return this.cancel();
  }

  /** Takes no more input, and keeps what has not begun from running. */
  cancel(): void | Promise<void> {
    const closing = this.stop();
    for (const chunk of [...this.#chunks]) {
      chunk.detach();
      if (chunk.ticket !== null && this.#engine.cancel(chunk.ticket)) {
        this.#chunks.delete(chunk);
        const error = new CancelledError(`Cannot ${this.#settings.verb}: it was cancelled`);
        this.#lose(chunk.base, chunk.size, error);
      } else chunk.attach(this);
    }
    return closing;
  }

  /** Ends it all: what runs is aborted. */
  abort(reason: unknown, late = false): void {
    if (this.#over) return;
    const chunks = [...this.#chunks];
    this.#chunks.clear();
    for (const chunk of chunks) chunk.detach();
    this.#listener.aborted(reason, late);
    closeQuietly(() => this.stop());
    this.#checkOver();
    // What waits goes first: else it would begin on the workers that become free.
    for (const { ticket } of chunks.reverse()) {
      if (ticket !== null) this.#engine.abort(ticket, reason);
    }
  }

  /** Ends it all, since it has not ended within `timeout` milliseconds. */
  expire(timeout: number): void {
    const total = this.#total();
    const left = total === null ? "items were" : `${total - this.#settled} of ${total} items were`;
    this.abort(
      new TimeoutError(`Cannot ${this.#settings.verb}: ${left} not done within ${timeout} ms`),
      true,
    );
  }

  #fill(): void {
    if (this.#filling || !this.#hasRoom()) return;
    this.#filling = true;
    if (this.#settings.input.isAsync) {
      void this.#inContext(() => this.#fillAsync());
      return;
    }
    try {
      this.#inContext(() => {
        while (this.#hasRoom()) this.#take();
      });
    } finally {
      this.#filling = false;
    }
  }

  get #isAhead(): boolean {
    return this.#taken - this.#released + this.#settings.chunksize > this.#ahead;
  }

  #hasRoom(): boolean {
    return !this.#ended && !this.#isAhead && !this.#isFull;
  }

  /** Whether so much waits in memory that the end of a chunk has to be awaited. */
  get #isFull(): boolean {
    // For an iterator, it is who asks for a result that makes that more is taken.
    if (!this.#settings.stopAtFailure && !this.#lifted) return false;
    const { size } = this.#chunks;
    return size >= FEW && this.#engine.crowded || size >= FEWEST && this.#bytes >= MOST_BYTES;
  }

  /** Takes and sends one chunk. */
  #take(): void {
    const { input, chunksize } = this.#settings;
    const items: unknown[] = [];
    let end: { failure: Failure | null } | null = null;
    try {
      while (items.length < chunksize) {
        const result = input.next() as IteratorResult<unknown>;
        if (this.#ended) return;
        if (result.done === true) {
          end = { failure: null };
          break;
        }
        items.push(result.value);
      }
    } catch (error) {
      end = { failure: { error } };
    }
    this.#send(items);
    if (end !== null) this.#end(end.failure);
  }

  async #fillAsync(): Promise<void> {
    const { input, chunksize } = this.#settings;
    let items: unknown[] = [];
    let end: { failure: Failure | null } | null = null;
    try {
      while (end === null && (items.length > 0 || this.#hasRoom())) {
        this.#pulling = true;
        const result = await input.next();
        this.#pulling = false;
        if (this.#ended) return;
        if (result.done === true) end = { failure: null };
        else if (items.push(result.value) === chunksize) {
          this.#send(items);
          items = [];
        }
      }
    } catch (error) {
      end = { failure: { error } };
    } finally {
      this.#pulling = false;
      this.#filling = false;
    }
    if (end === null || this.#ended) return;
    this.#send(items);
    this.#end(end.failure);
  }

  #send(items: unknown[]): void {
    if (items.length === 0 || this.#ended) return;
    const base = this.#taken;
    this.#taken += items.length;
    this.#submit(base, items);
  }

  #submit(base: number, items: unknown[]): void {
    const { fn, star, stopAtFailure, task, verb } = this.#settings;
    const chunk = new Chunk(this, base, items.length);
    this.#chunks.add(chunk);
    try {
      if (items.length === 1) {
        const args = star ? argumentsOf(items[0], verb) : items;
        chunk.ticket = this.#engine.submit(fn, args, task, chunk);
      } else {
        const batch = star ? items.map((item) => argumentsOf(item, verb)) : items;
        chunk.ticket = this.#engine.submitBatch(fn, batch, star, stopAtFailure, task, chunk);
      }
      chunk.bytes = this.#engine.sizeOf(chunk.ticket);
      this.#bytes += chunk.bytes;
    } catch (error) {
      this.#chunks.delete(chunk);
      if (!isUnsendable(error)) {
        this.#lose(base, items.length, error);
        closeQuietly(() => this.stop());
      } else if (stopAtFailure || items.length === 1) this.#lose(base, items.length, error);
      else items.forEach((item, i) => this.#submit(base + i, [item]));
    }
  }

  /** Settles a chunk that never got as far as the engine. */
  #lose(base: number, size: number, error: unknown): void {
    const { stopAtFailure } = this.#settings;
    for (let i = 0; i < (stopAtFailure ? 1 : size); i++) this.failed(base + i, error);
    this.#listener.chunkEnded(size);
    this.#checkOver();
  }

  #end(failure: Failure | null): void {
    if (this.#ended) return;
    this.#ended = true;
    const { input, meter, onEnded } = this.#settings;
    if (input.size === null && this.#chunks.size > 0) meter?.update(this.#settled, this.#taken);
    onEnded();
    this.#listener.inputEnded(failure);
    this.#checkOver();
  }

  #checkOver(): void {
    if (this.#over || !this.#ended || this.#chunks.size > 0) return;
    this.#over = true;
    this.#expiry.clear();
    this.#forget();
    this.#settings.meter?.end(this.#settled, this.#total());
    this.#settings.onOver();
  }

  #total(): number | null {
    return this.#ended ? this.#taken : this.#settings.input.size;
  }

  /** An item of a chunk has a result. */
  done(index: number, value: unknown): void {
    this.#settled++;
    this.#settings.meter?.update(this.#settled, this.#total());
    this.#listener.item(index, value);
  }

  /** An item of a chunk has failed. */
  failed(index: number, error: unknown): void {
    this.#settled++;
    this.#settings.meter?.fail();
    this.#settings.meter?.update(this.#settled, this.#total());
    this.#listener.itemFailed(index, error);
  }

  /** A chunk has no item left that runs or waits. */
  chunkEnded(chunk: Chunk): void {
    if (!this.#chunks.delete(chunk)) return;
    this.#bytes -= chunk.bytes;
    this.#listener.chunkEnded(chunk.size);
    if (this.#lifted) this.#fill();
    this.#checkOver();
  }
}
