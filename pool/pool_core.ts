/**
 * What pools and executors have in common: an engine, the maps that are under way, and how it all ends.
 *
 * A pool that is closed takes no more work, but finishes what it has: a map under way goes on taking its input. Since its
 * results may be fetched after the end of the pool, iterators then take what is left of their input, but no more than can
 * be kept: an endless input goes on as its results are fetched. Those whose last answer was an error are ended: a loop
 * that has thrown does not come back. Only when no map takes input any more, the engine is closed.
 *
 * @module
 */

import { CancelledError, DeadlockError, InvalidStateError, TimeoutError } from "../errors.ts";
import { encode } from "../_core/codec.ts";
import { calledWithin, isOutOfTime, reachable } from "../_core/deadline.ts";
import {
  checkSyncWait,
  checkWait,
  type SyncWaitOptions,
  type WaitOptions,
} from "../_core/wait_options.ts";
import {
  type AsyncResult,
  createResult,
  rejectResult,
  resolveResult,
  type ResultCallbacks,
} from "./async_result.ts";
import { type MapRequest, refusalOf } from "./calls.ts";
import { Collector, type MapOutcome } from "./collector.ts";
import { closeWhenDropped } from "./dropped.ts";
import { Feed, type FeedListener, type FeedSettings } from "./feed.ts";
import type { AnyFuture } from "./future.ts";
import { FutureTask } from "./future_task.ts";
import { closeQuietly } from "./input.ts";
import type { Dismissal } from "./engine_lifecycle.ts";
import { createMapIterator, type MapIterator } from "./map_iterator.ts";
import { ResultTask } from "./result_task.ts";
import { OrderedShelf, UnorderedShelf } from "./shelf.ts";
import { labelOf, ProgressMeter } from "./progress.ts";
import type { TaskOptions, TaskSink } from "./engine_types.ts";
import type { AnyFunction } from "./function_table.ts";
import type { TaskEngine, Ticket } from "./task_engine.ts";

/** A map whose results are collected. */
export interface MapRun {
  readonly feed: Feed;
  isOver(): boolean;
}

/** A map under way. */
interface OpenMap {
  readonly feed: Feed;
  /** The pool takes no more work. */
  closing(): void;
}

/** Chunks that are in flight at most, for a map whose results are collected. */
const MOST_CHUNKS = 4096;
/** Chunks that run ahead of an iterator, at least. */
const LEAST_AHEAD = 16;
/** Chunks that run ahead of an iterator, for each task that can run at once. */
const AHEAD = 4;

/** The engine of a pool, and its maps. */
export class PoolCore {
  readonly engine: TaskEngine;
  /** How messages call it: `"thread pool"`. */
  readonly kind: string;
  /** How many workers there are. */
  readonly workers: number;
  readonly #parallel: number;
  readonly #maps: Set<OpenMap> = new Set();
  /** Maps that were left by who fetched their results: nobody keeps them. */
  readonly #strays: Set<WeakRef<OpenMap>> = new Set();
  readonly #collected: FinalizationRegistry<WeakRef<OpenMap>> = new FinalizationRegistry((ref) =>
    void this.#strays.delete(ref)
  );
  /** Those who wait until no map takes input any more. */
  readonly #waiting: Set<() => void> = new Set();
  #state: "open" | "closed" | "terminated" = "open";
  /** Whether what has not begun is being cancelled. */
  isCancelling = false;

  constructor(kind: string, engine: TaskEngine, workers: number, concurrency: number) {
    this.kind = kind;
    this.engine = engine;
    this.workers = workers;
    this.#parallel = workers * concurrency;
    closeWhenDropped(this, { drop: () => engine.close() });
  }

  /** Describes the pool, as `<ThreadPool workers=2 open>`. */
  describe(name: string): string {
    return `<${name} workers=${this.workers} ${this.#state}>`;
  }

  /** Throws if it takes no more work. */
  checkOpen(verb: string): void {
    if (this.#state === "open") return;
    throw new InvalidStateError(`Cannot ${verb}: the ${this.kind} is ${this.#state}`);
  }

  /** Starts a map whose results are collected. */
  collect(request: MapRequest, onDone: (outcome: MapOutcome) => void): MapRun {
    const { input, chunksize } = request;
    const collector = new Collector(input.size, onDone);
    const chunks = Math.max(MOST_CHUNKS, AHEAD * this.#parallel);
    const ahead = chunks * chunksize;
    const window = { ahead, refill: ahead / 2, stopAtFailure: true };
    const feed = this.#feed(request, collector, window, {
      closing: () => {},
      over: () => collector.finish(),
    });
    collector.connect(feed);
    feed.start();
    return { feed, isOver: () => collector.over };
  }

  /** Starts a map whose results are collected, and gives the promise of them. */
  collectPromise(makeRequest: () => MapRequest): Promise<unknown[]> {
    const promise = new Promise<unknown[]>((resolve, reject) => {
      this.collect(makeRequest(), (outcome) => {
        if ("error" in outcome) reject(outcome.error);
        else resolve(outcome.values);
      });
    });
    return reachable(promise, "pool.map()");
  }

  /** Starts a map whose results are collected, and gives what will have them. */
  collectAsync<R>(
    request: MapRequest,
    callbacks: ResultCallbacks<R[]> | undefined,
  ): AsyncResult<R[]> {
    let run: MapRun | null = null;
    const { engine } = this;
    const result = createResult({
      poll: () => engine.poll(),
      waitSync: (isDone, timeout) => engine.waitSync(isDone, timeout),
      needsLoop: () => run?.feed.needsLoop ?? false,
    }, callbacks as ResultCallbacks<never> | undefined);
    run = this.collect(request, (outcome) => {
      if ("error" in outcome) rejectResult(result, outcome.error, run === null);
      else resolveResult(result, outcome.values, run === null);
    });
    return result as AsyncResult<R[]>;
  }

  /** Runs a map while this thread is blocked. */
  collectSync(request: MapRequest): unknown[] {
    const { verb, input, options } = request;
    if (input.isAsync) {
      throw new TypeError(
        `Cannot ${verb}: this thread cannot read an async iterable while it is blocked`,
      );
    }
    if (options?.progress === true) {
      throw new TypeError(
        `Cannot ${verb}: 'progress' needs this thread's event loop, give 'onProgress' instead`,
      );
    }
    const timeout = checkSyncWait(options, verb);
    let outcome: MapOutcome | null = null;
    const run = this.collect(
      { ...request, options: { ...options, timeout: Infinity } },
      (given) => void (outcome = given),
    );
    if (!this.engine.waitSync(run.isOver, timeout)) run.feed.expire(timeout);
    const given = outcome as MapOutcome | null;
    if (given === null) throw new InvalidStateError(`Cannot ${verb}: it has no result`);
    if ("error" in given) throw given.error;
    return given.values;
  }

  /** Starts a map whose results are fetched one after the other. */
  iterate(request: MapRequest, ordered: boolean): MapIterator<unknown> {
    const shelf = ordered ? new OrderedShelf() : new UnorderedShelf();
    const { control, connect } = createMapIterator<unknown>(
      shelf,
      this.engine,
      request.verb,
    );
    const chunks = request.options?.buffersize ??
      Math.max(LEAST_AHEAD, AHEAD * this.#parallel);
    const window = { ahead: chunks * request.chunksize, refill: 1, stopAtFailure: false };
    const feed = this.#feed(request, control.listener, window, {
      closing: control.closing,
      over: () => {},
    });
    connect(feed);
    feed.start();
    return control.iterator;
  }

  /** Takes no more work; what there is goes on. */
  close(): void {
    if (this.#state !== "open") return;
    this.#state = "closed";
    for (const map of this.#allMaps()) map.closing();
    this.#closeEngine();
  }

  /** Nobody has the pool any more: takes no more work. Iterators that somebody has go on as they are read. */
  drop(): void {
    if (this.#state !== "open") return;
    this.#state = "closed";
    this.#closeEngine();
  }

  /** Ends all work. */
  terminate(cause?: Error, dismissal?: Dismissal): void {
    if (this.#state === "terminated") return;
    this.#state = "terminated";
    const reason = cause ??
      new CancelledError(`Cannot finish task: the ${this.kind} was terminated`);
    for (const map of this.#allMaps()) map.feed.abort(reason);
    this.engine.terminate(reason, dismissal);
    for (const wake of [...this.#waiting]) wake();
  }

  /** Submits a task, unless it has no time, or its signal is aborted already: then it gives `null`, and the sink hears so. */
  send(
    fn: AnyFunction,
    args: readonly unknown[],
    options: TaskOptions | undefined,
    sink: TaskSink,
  ): Ticket | null {
    const refusal = refusalOf(options);
    if (refusal === null) return this.engine.submit(fn, args, options, sink);
    sink.reject(refusal.error);
    return null;
  }

  /** Submits a task, and gives its result, which is still to come. */
  applyAsync(
    fn: AnyFunction,
    args: readonly unknown[],
    options: TaskOptions | undefined,
    callbacks: ResultCallbacks<unknown> | undefined,
  ): AsyncResult<unknown> {
    const task = new ResultTask(this.engine, callbacks);
    const refusal = refusalOf(options);
    if (refusal === null) this.engine.submit(fn, args, options, task);
    else rejectResult(task.result, refusal.error, true);
    return task.result;
  }

  /** Submits a task, and gives the future of its result. */
  submit(
    fn: AnyFunction,
    args: readonly unknown[],
    options: TaskOptions | undefined,
  ): AnyFuture {
    const task = new FutureTask(this);
    task.ticket = this.send(fn, args, options, task);
    return task.future;
  }

  /** Keeps all that has not begun from running. */
  cancelPending(): void {
    for (const map of this.#allMaps()) closeQuietly(() => map.feed.cancel());
    this.isCancelling = true;
    try {
      this.engine.cancelPending();
    } finally {
      this.isCancelling = false;
    }
  }

  /** Waits until all work is done and all workers are gone. */
  async join(options: WaitOptions | undefined): Promise<void> {
    const timeout = checkWait(options, `join ${this.kind}`);
    this.#checkClosed();
    const since = performance.now();
    while (!this.#allTaken) {
      const left = Math.max(0, timeout - (performance.now() - since));
      const subscribe = (onTaken: () => void): () => void => {
        this.#waiting.add(onTaken);
        return () => void this.#waiting.delete(onTaken);
      };
      if (!await calledWithin(subscribe, left, options?.signal)) throw this.#late(timeout);
    }
    const left = Math.max(0, timeout - (performance.now() - since));
    try {
      await reachable(this.engine.join(left, options?.signal), "pool.join()");
    } catch (error) {
      const isLate = isOutOfTime(error, timeout) && options?.signal?.aborted !== true;
      throw isLate ? this.#late(timeout) : error;
    }
  }

  /** Blocks this thread until all work is done and all workers are gone. */
  joinSync(options: SyncWaitOptions | undefined): void {
    const timeout = checkSyncWait(options, `join ${this.kind}`);
    this.#checkClosed();
    if (this.#allMaps().some(({ feed }) => feed.needsLoop)) {
      throw new DeadlockError(
        `Cannot join ${this.kind}: a map reads an async iterable, which this thread cannot do while it is blocked`,
      );
    }
    const since = performance.now();
    const isStuck = (): boolean => this.#allMaps().some(({ feed }) => feed.isStuck);
    const taken = this.engine.waitSync(() => this.#allTaken || isStuck(), timeout);
    if (isStuck()) {
      throw new DeadlockError(
        `Cannot join ${this.kind}: an iterator of results keeps as many as it can, and this thread cannot fetch them ` +
          "while it is blocked: read it to its end first, or leave it by return()",
      );
    }
    const isOver = taken &&
      this.engine.joinSync(Math.max(0, timeout - (performance.now() - since)));
    if (!isOver) throw this.#late(timeout);
  }

  #checkClosed(): void {
    if (this.#state !== "open") return;
    throw new InvalidStateError(
      `Cannot join ${this.kind}: it is still open, call close() or terminate() first`,
    );
  }

  #late(timeout: number): TimeoutError {
    return new TimeoutError(`Cannot join ${this.kind}: it was not done within ${timeout} ms`);
  }

  #feed(
    { verb, fn, input, star, chunksize, options }: MapRequest,
    listener: FeedListener,
    window: Pick<FeedSettings, "ahead" | "refill" | "stopAtFailure">,
    { closing, over }: { closing: () => void; over: () => void },
  ): Feed {
    this.checkOpen(verb);
    encode(fn, this.engine.scope, "fn");
    const { timeout, signal, priority, retries, onProgress, progress } = options ?? {};
    const label = progress === true ? labelOf(fn) : null;
    const meter = onProgress === undefined && label === null
      ? null
      : new ProgressMeter(onProgress, label, input.size);
    const task: TaskOptions = {};
    if (priority !== undefined) task.priority = priority;
    if (retries !== undefined) task.retries = retries;
    const settings: FeedSettings = {
      fn,
      input,
      star,
      chunksize,
      ...window,
      timeout: timeout ?? Infinity,
      signal,
      task: priority === undefined && retries === undefined ? undefined : task,
      meter,
      verb,
      onEnded: () => this.#closeEngine(),
      onOver: () => {
        this.#forget(map);
        over();
      },
      onLeft: (left) => {
        if (this.#state !== "open") return;
        this.#forget(map);
        if (left) this.#stray(map);
        else this.#maps.add(map);
      },
    };
    const feed = new Feed(this.engine, settings, listener);
    const map: OpenMap = { feed, closing };
    this.#maps.add(map);
    return feed;
  }

  #stray(map: OpenMap): void {
    const ref = new WeakRef(map);
    this.#strays.add(ref);
    this.#collected.register(map, ref, map);
  }

  #forget(map: OpenMap): void {
    this.#maps.delete(map);
    this.#collected.unregister(map);
    for (const ref of this.#strays) if (ref.deref() === map) this.#strays.delete(ref);
  }

  #allMaps(): OpenMap[] {
    const strays = [...this.#strays].map((ref) => ref.deref());
    return [...this.#maps, ...strays.filter((map) => map !== undefined)];
  }

  /** Closes the engine as soon as no map needs it any more. */
  #closeEngine(): void {
    if (this.#state !== "closed" || !this.#allTaken) return;
    this.engine.close();
    for (const wake of [...this.#waiting]) wake();
  }

  /** Whether no map takes input any more. */
  get #allTaken(): boolean {
    return this.#state === "terminated" || this.#allMaps().every(({ feed }) => feed.ended);
  }
}
