/**
 * Threads.
 *
 * @module
 */

import { InvalidStateError, UnshareableError } from "../errors.ts";
import { encode } from "../_core/codec.ts";
import { HANDLE, type HandleRecord, registerHandle } from "../_core/handle.ts";
import { BLANK } from "../_core/blank.ts";
import type { ThreadRecord } from "../_core/thread_record.ts";
import { MAIN_IDENT } from "../_core/thread_table.ts";
import {
  checkSyncWait,
  checkWait,
  type SyncWaitOptions,
  type WaitOptions,
} from "../_core/wait_options.ts";
import { WAITABLE, type WaitState } from "../_core/wait_state.ts";
import { ThreadState } from "./end_watch.ts";
import { watchFailures } from "./failures.ts";
import { knownThread, releaseHandle, rememberHandle } from "./handles.ts";
import { killThread, launch } from "./launcher.ts";
import { loadOutcome, loadOutcomeSync, type Settled } from "./outcome.ts";
import {
  blankInnards,
  describeThread,
  handleOf,
  type Innards,
  innardsFor,
  innardsFrom,
  resultOf,
  stoppable,
} from "./innards.ts";
import { realm } from "./realm.ts";
import { encodeRequest, requestOf } from "./request.ts";
import { stopSignal } from "./stop_signal.ts";
import { checkName, checkOptions, type ThreadOptions } from "./thread_options.ts";
import { waitForEnd, waitForEndSync } from "./waiting.ts";

/** What the next instance stands for, while a thread is rebuilt: its constructor must not make a new one. */
let rebuilt: Innards | null = null;

/** Gives what a thread object holds, to the modules of this folder. */
export let innardsOf: (thread: AnyThread) => Innards;

/** A thread of whatever arguments and result. */
export type AnyThread = Thread<never[], unknown>;

/**
 * A thread of execution, which runs in parallel to all others.
 *
 * The target runs in a worker with a JavaScript world of its own: its arguments and its result are copied, while locks,
 * queues, shared values and threads themselves are passed by reference. A thread is over when its target has returned, or,
 * if it is an `async` function, when its promise has settled; timers that it leaves behind are dropped.
 *
 * There are two ways to say what a thread does: a `target`, or a subclass that overrides `run` and is made known by
 * `shareable(import.meta, Class)`. The instance of the subclass travels: a copy with its fields is what runs.
 *
 * The program ends when the main thread has nothing left to do and all threads but daemons have ended.
 *
 * @example A self-contained function
 * ```ts
 * import { Thread } from "@nogil/std/thread";
 * import { assertEquals } from "@std/assert";
 *
 * const thread = new Thread({ target: (x: number) => x * x, args: [7] }).start();
 * assertEquals(await thread.join(), 49);
 * ```
 *
 * @typeParam A The types of the target's arguments.
 * @typeParam R The type of its result.
 */
export class Thread<A extends unknown[] = [], R = unknown> {
  readonly #innards: Innards;

  static {
    innardsOf = (thread) => thread.#innards;
  }

  /**
   * Creates a thread; {@linkcode start} starts it.
   *
   * @param options What to run, and how.
   * @throws {TypeError} If an option has a wrong type.
   * @throws {RangeError} If a limit is not a positive number.
   */
  constructor(options: ThreadOptions<A, R> = {}) {
    if (rebuilt !== null) {
      this.#innards = rebuilt;
      rebuilt = null;
      return;
    }
    this.#innards = checkOptions(options as ThreadOptions<unknown[], unknown>);
  }

  /**
   * Makes a blank instance of a subclass.
   *
   * @ignore
   */
  static [BLANK](cls: abstract new (...args: never[]) => unknown): object {
    rebuilt = blankInnards();
    return Reflect.construct(Thread, [], cls) as object;
  }

  /**
   * Starts the thread.
   *
   * @returns The thread.
   * @throws {InvalidStateError} If it was started before, or if the program is ending, or if a module that this thread
   * is importing starts a thread at its top level: that must stand behind `isMain(import.meta)`.
   * @throws {UnshareableError} If the target, an argument or a field cannot travel. Nothing is started then.
   */
  start(): this {
    const innards = this.#innards;
    if (innards.ident !== null) {
      throw new InvalidStateError(`Cannot start thread ${innards.name}: it was started already`);
    }
    const { bytes, buffers } = encodeRequest(
      requestOf(this, innards, this.run !== Thread.prototype.run),
    );
    const { name, daemon, memoryLimit, stackLimit } = innards;
    const thread = { name, daemon, request: bytes, memoryLimit, stackLimit };
    const record = launch(thread, buffers);
    innards.record = record;
    innards.address = record.address;
    innards.ident = record.ident;
    innards.target = null;
    innards.args = [];
    rememberHandle(this, record);
    if (realm().isMain) watchFailures(threadOf);
    return this;
  }

  /**
   * What the thread does. The default calls the target with the arguments; a subclass may override it.
   *
   * @returns The result of the thread, or a promise of it.
   */
  run(): R | PromiseLike<R> {
    const { target, args } = this.#innards;
    return target?.(...args as never[]) as R;
  }

  /**
   * Waits until the thread has ended, and gives its result.
   *
   * Any number of joiners, in any threads, may join as often as they like.
   *
   * @param options How long to wait, in milliseconds, and a signal to give up.
   * @returns The result of the target.
   * @throws {InvalidStateError} If the thread was not started, or is the current one, or the main one.
   * @throws {WorkerLostError} If the thread was killed, ran out of memory or ended its worker with an exit code other
   * than 0. With 0, the result is `undefined`.
   * @throws {TimeoutError} If time runs out. The thread goes on.
   * @throws {RangeError} If the timeout is negative or no number.
   */
  async join(options: WaitOptions = {}): Promise<R> {
    checkWait(options, `join thread ${this.#innards.name}`);
    const record = this.#joinable();
    if (record !== null) {
      await waitForEnd(record, options, this.#innards.name);
      if (this.#innards.settled === null) this.#settle(await loadOutcome(record), record);
    }
    return resultOf(this.#innards) as R;
  }

  /**
   * Blocks until the thread has ended, and gives its result.
   *
   * Use {@linkcode join} if the result holds tasks, or instances of shareable classes, of modules that this thread has not
   * imported: they cannot be imported without a promise.
   *
   * @param options How long to wait, in milliseconds.
   * @returns The result of the target.
   * @throws {InvalidStateError} If the thread was not started, or is the current one, or the main one.
   * @throws {WorkerLostError} If the thread was lost.
   * @throws {TimeoutError} If time runs out. The thread goes on.
   * @throws {RangeError} If the timeout is negative or no number.
   */
  joinSync(options: SyncWaitOptions = {}): R {
    checkSyncWait(options, `join thread ${this.#innards.name}`);
    const record = this.#joinable();
    if (record !== null) {
      waitForEndSync(record, options.timeout, this.#innards.name);
      this.#settle(loadOutcomeSync(record), record);
    }
    return resultOf(this.#innards) as R;
  }

  /** Tells whether the thread was started and has not ended yet. */
  isAlive(): boolean {
    const { ident, record } = this.#innards;
    if (ident === MAIN_IDENT) return true;
    return record !== null && !record.ended;
  }

  /** The name of the thread, for people; names need not be unique. Changes are seen by all threads. */
  get name(): string {
    const { record, name } = this.#innards;
    return record === null ? name : record.name;
  }

  set name(name: string) {
    checkName(name);
    this.#innards.name = name;
    if (this.#innards.record !== null) this.#innards.record.name = name;
  }

  /**
   * Whether the program ends without waiting for the thread.
   *
   * It is inherited from the thread that creates this one. Setting it throws {@linkcode InvalidStateError} once the thread
   * was started.
   */
  get daemon(): boolean {
    return this.#innards.daemon;
  }

  set daemon(daemon: boolean) {
    if (typeof daemon !== "boolean") {
      throw new TypeError(`Cannot set daemon: expected a boolean, received ${typeof daemon}`);
    }
    if (this.#innards.ident !== null) {
      throw new InvalidStateError(`Cannot set daemon of thread ${this.name}: it was started`);
    }
    this.#innards.daemon = daemon;
  }

  /** The number of the thread, which no other thread of this process ever has; `null` before the start. */
  get ident(): number | null {
    return this.#innards.ident;
  }

  /**
   * Asks the thread to stop, and returns at once. What the thread does about it is its own affair: it looks at
   * {@linkcode stopRequested} in its loops, and passes {@linkcode signal} to what it waits for.
   *
   * The first reason stays. After the end of the thread nothing happens.
   *
   * @param reason What the signal is aborted with. Default: a `CancelledError`.
   * @throws {InvalidStateError} If the thread was not started, or is the main one.
   * @throws {UnshareableError} If the reason cannot travel.
   */
  stop(reason?: unknown): void {
    const record = stoppable(this.#innards, "stop");
    if (record === null || record.ended) return;
    const encoded = reason === undefined ? null : encode(reason, "thread", "reason");
    if (encoded !== null && encoded.buffers.length > 0) {
      throw new UnshareableError("Cannot send reason: a SharedArrayBuffer cannot be a reason");
    }
    record.stop(encoded?.bytes ?? null);
  }

  /** Whether the thread was asked to stop. A tight loop may look at it: it costs one load from shared memory. */
  get stopRequested(): boolean {
    return this.#innards.record?.stopRequested ?? false;
  }

  /** Is aborted when the thread is asked to stop; never keeps the program alive. */
  get signal(): AbortSignal {
    return stopSignal(this.#innards);
  }

  /**
   * Ends the thread by force, wherever it is, and returns at once: what you do when `stop()` did not help.
   *
   * What it held is left as it was: the next one to acquire its locks gets an `AbandonedError`. Joiners get a
   * `WorkerLostError`. While the modules of its target are being loaded, the thread ends when they are, or after two
   * seconds. After its end nothing happens.
   *
   * @throws {InvalidStateError} If the thread was not started, or is the main one.
   */
  kill(): void {
    const record = stoppable(this.#innards, "kill");
    if (record !== null) killThread(record);
  }

  /**
   * Returns the name.
   *
   * @deprecated Use {@linkcode name}.
   */
  getName(): string {
    return this.name;
  }

  /**
   * Sets the name.
   *
   * @deprecated Use {@linkcode name}.
   */
  setName(name: string): void {
    this.name = name;
  }

  /**
   * Returns whether the thread is a daemon.
   *
   * @deprecated Use {@linkcode daemon}.
   */
  isDaemon(): boolean {
    return this.daemon;
  }

  /**
   * Sets whether the thread is a daemon.
   *
   * @deprecated Use {@linkcode daemon}.
   */
  setDaemon(daemon: boolean): void {
    this.daemon = daemon;
  }

  /** Describes the thread, as `<Thread Thread-1 ident=3 started>`. */
  toString(): string {
    return describeThread(this.#innards, this.constructor.name);
  }

  /**
   * Gives what travels of a thread that was started.
   *
   * @ignore
   */
  [HANDLE](target: "thread" | "process"): HandleRecord {
    return handleOf(this.#innards, target);
  }

  /**
   * Gives the state of the thread, as a wait for many objects sees it.
   *
   * @ignore
   */
  [WAITABLE](): WaitState {
    return new ThreadState(this.#innards);
  }

  #joinable(): ThreadRecord | null {
    const innards = this.#innards;
    const { ident, name, settled } = innards;
    if (ident === null) {
      throw new InvalidStateError(
        `Cannot join thread ${name}: it was not started, call start() first`,
      );
    }
    if (ident === MAIN_IDENT) throw new InvalidStateError("Cannot join the main thread");
    if (ident === realm().ident) {
      throw new InvalidStateError(`Cannot join thread ${name}: it is the current thread`);
    }
    if (settled !== null) return null;
    innards.record ??= realm().table.open(innards.address, ident);
    if (innards.record === null) {
      throw new InvalidStateError(`Cannot join thread ${name}: its result is gone`);
    }
    return innards.record;
  }

  #settle(settled: Settled, record: ThreadRecord): void {
    const innards = this.#innards;
    if (innards.settled !== null) return;
    innards.settled = settled;
    if (innards.record !== record) return;
    innards.name = record.name;
    if (record.stopRequested) stopSignal(innards);
    innards.record = null;
    releaseHandle(this, record);
  }
}

/** Gives the thread of a record, of which the caller holds no reference: the same object as long as it lives. */
export function threadOf(record: ThreadRecord): AnyThread | null {
  const known = knownThread(record.ident);
  if (known !== null) return known as AnyThread;
  if (!record.retain(record.ident)) return null;
  const thread = rebuild(Thread, innardsFor(record));
  rememberHandle(thread, record);
  return thread;
}

/** Makes a thread object, of a class that may extend {@linkcode Thread}, without running a constructor of the program. */
export function rebuild(cls: typeof Thread, innards: Innards): AnyThread {
  rebuilt = innards;
  try {
    return Reflect.construct(Thread, [], cls) as AnyThread;
  } finally {
    rebuilt = null;
  }
}

registerHandle("thread/Thread", (data) => {
  const known = knownThread((data as { ident: number }).ident);
  if (known !== null) return known;
  const innards = innardsFrom(data);
  const thread = rebuild(Thread, innards);
  if (innards.record !== null) rememberHandle(thread, innards.record);
  return thread;
}, import.meta.url);
