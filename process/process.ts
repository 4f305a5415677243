/**
 * Processes.
 *
 * @module
 */

import { InvalidStateError } from "../errors.ts";
import { HANDLE, type HandleRecord } from "../_core/handle.ts";
import { BLANK } from "../_core/blank.ts";
import type { ThreadRecord } from "../_core/thread_record.ts";
import {
  checkSyncWait,
  checkWait,
  type SyncWaitOptions,
  type WaitOptions,
} from "../_core/wait_options.ts";
import { WAITABLE, type Waitable, type WaitState } from "../_core/wait_state.ts";
import { watchFailures } from "../thread/failures.ts";
import { rememberHandle } from "../thread/handles.ts";
import { loadOutcome, loadOutcomeSync, type Settled } from "../thread/outcome.ts";
import { realm } from "../thread/realm.ts";
import { threadOf } from "../thread/thread.ts";
import { ProcessState, Sentinel } from "./end_state.ts";
import {
  blankInnards,
  checkOpen,
  describeProcess,
  handleOf,
  type Innards,
  processFields,
} from "./innards.ts";
import { giveBack, joinable, signallable } from "./joinable.ts";
import { launch, prewarm, sendSignal } from "./launch.ts";
import { waitForProcess, waitForProcessSync } from "./seated.ts";
import { rebuildAs, takeRebuilt } from "./rebuilding.ts";
import {
  checkDaemon,
  checkName,
  checkOptions,
  type ProcessOptions,
  type RuntimeOptions,
} from "./process_options.ts";

/** Gives what a process object holds, to the modules of this folder. */
export let innardsOf: (process: AnyProcess) => Innards;

/** A process of whatever arguments and result. */
export type AnyProcess = Process<never[], unknown>;

/**
 * A process of the operating system that runs a function, in parallel to all others and apart from them: it has memory of
 * its own, can be killed at any moment, and takes nobody with it when it crashes.
 *
 * Arguments and result are copied; objects of scope `"process"` (locks, queues, shared values) are passed by reference.
 * What the process prints goes where this one prints; its standard input is empty. The process is over when its target has
 * returned, or its promise has settled, and when the threads and processes that it has started and that are no daemons
 * have ended; timers that the target leaves behind are dropped.
 *
 * There are two ways to say what a process does: a `target`, or a subclass that overrides `run` and is made known by
 * `shareable(import.meta, Class)`. The instance of the subclass travels: a copy with its fields is what runs.
 *
 * On Deno, a program needs `--allow-run`, and read, write and net for the socket between it and its processes. They may
 * do what it may do, or what `permissions` says. Who may run programs (`run`) or load native libraries (`ffi`) is in no
 * sandbox. What comes back from a sandbox is plain data alone: no functions, tasks, handles or instances of classes, so that
 * nothing of it runs here.
 *
 * The program waits at its end for all processes but daemons. Daemons get `SIGTERM` then. However a program ends, even
 * by `SIGKILL`, none of its processes outlives it.
 *
 * @example A self-contained function
 * ```ts
 * import { Process } from "@nogil/std/process";
 * import { assertEquals } from "@std/assert";
 *
 * const process = new Process({ target: (x: number) => x * x, args: [7] }).start();
 * assertEquals(await process.join(), 49);
 * assertEquals(process.exitcode, 0);
 * ```
 *
 * @example In a sandbox
 * ```ts
 * import { Process } from "@nogil/std/process";
 * import { assertEquals } from "@std/assert";
 *
 * if ("Deno" in globalThis) {
 *   const process = new Process({
 *     target: () => fetch("https://example.com").then(() => "reached it", () => "was not let out"),
 *     permissions: { net: false, run: false, ffi: false },
 *   }).start();
 *   assertEquals(await process.join(), "was not let out");
 * }
 * ```
 *
 * @typeParam A The types of the target's arguments.
 * @typeParam R The type of its result.
 */
export class Process<A extends unknown[] = [], R = unknown> {
  readonly #innards: Innards;

  static {
    innardsOf = (process) => process.#innards;
  }

  /**
   * Creates a process; {@linkcode start} starts it.
   *
   * @param options What to run, and how.
   * @throws {TypeError} If an option has a wrong type.
   */
  constructor(options: ProcessOptions<A, R> = {}) {
    this.#innards = takeRebuilt() ?? checkOptions(options as ProcessOptions<unknown[], unknown>);
  }

  /**
   * Makes a blank instance of a subclass.
   *
   * @ignore
   */
  static [BLANK](cls: abstract new (...args: never[]) => unknown): object {
    return rebuildAs(blankInnards(), () => Reflect.construct(Process, [], cls) as object);
  }

  /**
   * Lets processes stand by that have started already and wait for what to do: the next ones that are started in the same
   * way take them, and start in a few milliseconds.
   *
   * A spare that was taken is replaced as soon as none has been taken for a moment. It has loaded this library, and the
   * modules of the tasks that were run in the same way before; whose timers may rest until it is taken. One that was started in another folder, or with other environment
   * variables, is not taken. Spares are no children that anybody sees, do not keep the program alive, and end with it.
   *
   * @example Usage
   * ```ts
   * import { Process } from "@nogil/std/process";
   *
   * await Process.prewarm(1);
   * await new Process({ target: () => "at once" }).start().join();
   * await Process.prewarm(0);
   * ```
   *
   * @param count How many shall stand by; 0 sends them away.
   * @param options How the runtime is started: the spares serve only processes with the same options.
   * @returns When they are ready.
   * @throws {TypeError} If an argument has a wrong type.
   * @throws {RangeError} If `count` is no integer from 0.
   * @throws {NotSupportedError} For the reasons for which {@linkcode start} throws it.
   * @throws {WorkerLostError} If they cannot be started.
   */
  static async prewarm(count: number, options: RuntimeOptions = {}): Promise<void> {
    await prewarm(count, options);
  }

  /**
   * Starts the process.
   *
   * @returns The process.
   * @throws {InvalidStateError} If it was started before or closed, or if the program is ending, or if a module that is
   * being imported to find a task starts a process at its top level: that must stand behind `isMain(import.meta)`.
   * @throws {UnshareableError} If the target, an argument or a field cannot travel. Nothing is started then.
   * @throws {NotSupportedError} If this process may start no others, if a permission was granted in part and is not named
   * in `permissions`, if the runtime cannot restrict what `permissions` restricts, or if the program was compiled by
   * `deno compile` or bundled together with this library.
   */
  start(): this {
    const innards = this.#innards;
    checkOpen(innards, "start");
    if (innards.kind !== "child" || innards.ident !== null) {
      throw new InvalidStateError(`Cannot start process ${innards.name}: it was started already`);
    }
    const record = launch(this, innards, this.run !== Process.prototype.run);
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
   * What the process does. The default calls the target with the arguments; a subclass may override it.
   *
   * @returns The result of the process, or a promise of it.
   */
  run(): R | PromiseLike<R> {
    const { target, args } = this.#innards;
    return target?.(...args as never[]) as R;
  }

  /**
   * Waits until the process has ended, and gives its result. All its code has run then; it may take the system some more
   * milliseconds to take its memory away.
   *
   * @param options How long to wait, in milliseconds, and a signal to give up.
   * @returns The result of the target; `undefined` if the process has exited with code 0 before there was one.
   * @throws {InvalidStateError} If the process was not started or was closed, or is the current one.
   * @throws {WorkerLostError} If the process could not be made, was ended by a signal, or has exited with a code other
   * than 0 before there was a result.
   * @throws {TimeoutError} If time runs out. The process goes on.
   * @throws {RangeError} If the timeout is negative or no number.
   */
  async join(options: WaitOptions = {}): Promise<R> {
    checkWait(options);
    const record = joinable(this.#innards);
    if (record !== null) {
      await waitForProcess(this.#innards, record, options);
      if (this.#innards.settled === null) this.#settle(await loadOutcome(record), record);
    }
    return this.#result();
  }

  /**
   * Blocks until the process has ended, and gives its result.
   *
   * Use {@linkcode join} if the result holds tasks, or instances of shareable classes, of modules that this thread has not
   * imported: they cannot be imported without a promise.
   *
   * @param options How long to wait, in milliseconds.
   * @returns The result of the target.
   * @throws {InvalidStateError} If the process was not started or was closed, or is the current one.
   * @throws {WorkerLostError} If the process was lost.
   * @throws {TimeoutError} If time runs out. The process goes on.
   * @throws {RangeError} If the timeout is negative or no number.
   */
  joinSync(options: SyncWaitOptions = {}): R {
    checkSyncWait(options);
    const record = joinable(this.#innards);
    if (record !== null) {
      waitForProcessSync(this.#innards, record, options.timeout);
      this.#settle(loadOutcomeSync(record), record);
    }
    return this.#result();
  }

  /**
   * Tells whether the process was started and has not ended yet.
   *
   * @throws {InvalidStateError} If it was closed.
   */
  isAlive(): boolean {
    const innards = this.#innards;
    checkOpen(innards, "look at");
    return innards.kind !== "child" || innards.record !== null && !innards.record.ended;
  }

  /** The name of the process, for people; names need not be unique. A change after the start is not seen by the process. */
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
   * Whether the process is ended when this one ends, and not waited for.
   *
   * It is inherited from the process that creates this one. Setting it throws {@linkcode InvalidStateError} once the
   * process was started.
   */
  get daemon(): boolean {
    return this.#innards.daemon;
  }

  set daemon(daemon: boolean) {
    checkDaemon(this.#innards, daemon);
    this.#innards.daemon = daemon;
  }

  /**
   * The id of the process; `null` before the start, and if it could not be made. Right after the start it blocks for the
   * moment until the process exists.
   */
  get pid(): number | null {
    const { record, pid } = this.#innards;
    return record === null ? pid : processFields().pid(record);
  }

  /** The same as {@linkcode pid}. */
  get ident(): number | null {
    return this.pid;
  }

  /**
   * How the process has ended: 0 after a result, 1 after an error, the code with which it has exited, or `-N` if signal
   * number N has ended it. `null` before its end, and if it could not be made.
   */
  get exitcode(): number | null {
    const { record, exitcode } = this.#innards;
    return record === null ? exitcode : processFields().exitCode(record);
  }

  /**
   * Something that `wait` and `asCompleted` take, and that is done when the process has ended.
   *
   * @throws {InvalidStateError} If the process was not started or was closed.
   */
  get sentinel(): Waitable {
    const innards = this.#innards;
    checkOpen(innards, "wait for");
    return (innards.sentinel ??= new Sentinel(new ProcessState(innards))) as Waitable;
  }

  /**
   * Sends `SIGINT`, as Ctrl-C does, and returns at once. A process that does not listen for it ends.
   *
   * @throws {InvalidStateError} If the process was not started or was closed, or is no child of this one.
   */
  interrupt(): void {
    this.#signal("interrupt", "SIGINT");
  }

  /**
   * Sends `SIGTERM`, and returns at once. A process that does not listen for it ends.
   *
   * What it held is left as it was: the next one to acquire its locks gets an `AbandonedError`. Its own processes end with
   * it. After the end of the process nothing happens.
   *
   * @throws {InvalidStateError} If the process was not started or was closed, or is no child of this one.
   */
  terminate(): void {
    this.#signal("terminate", "SIGTERM");
  }

  /**
   * Ends the process by force, wherever it is, and returns at once: as {@linkcode terminate}, by `SIGKILL`.
   *
   * @throws {InvalidStateError} If the process was not started or was closed, or is no child of this one.
   */
  kill(): void {
    this.#signal("kill", "SIGKILL");
  }

  /**
   * Gives back what the object holds of a process that has ended, or was never started. It cannot be used any more.
   *
   * @throws {InvalidStateError} If the process is alive.
   */
  close(): void {
    const innards = this.#innards;
    const { closed, kind, name, record } = innards;
    if (closed) return;
    if (kind !== "child" || record !== null && !record.ended) {
      throw new InvalidStateError(`Cannot close process ${name}: it is still running`);
    }
    if (record !== null) {
      giveBack(this, this.#innards, record);
      record.join(1);
    }
    innards.closed = true;
    innards.settled = null;
  }

  /** Describes the process, as `<Process Process-1 pid=4711 started>`. */
  toString(): string {
    return describeProcess(this.#innards, this.constructor.name);
  }

  /**
   * Gives what travels of a process that was started, to other threads.
   *
   * @ignore
   */
  [HANDLE](target: "thread" | "process"): HandleRecord {
    checkOpen(this.#innards, "send");
    return handleOf(this.#innards, target);
  }

  /**
   * Gives the state of the process, as a wait for many objects sees it.
   *
   * @ignore
   */
  [WAITABLE](): WaitState {
    checkOpen(this.#innards, "wait for");
    return new ProcessState(this.#innards);
  }

  #settle(settled: Settled, record: ThreadRecord): void {
    const innards = this.#innards;
    if (innards.settled !== null) return;
    innards.settled = settled;
    if (innards.record === record) giveBack(this, this.#innards, record);
  }

  #result(): R {
    const { settled } = this.#innards;
    if (settled?.kind === "result") return settled.value as R;
    throw settled?.value;
  }

  #signal(verb: string, signal: string): void {
    const record = signallable(this.#innards, verb);
    if (record !== null) sendSignal(record, signal);
  }
}
