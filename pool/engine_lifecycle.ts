/**
 * The life of a pool: its workers are started, replaced, and sent away at the end.
 *
 * ```text
 * open ──close──▶ closed ──terminate──▶ terminated
 *   └───the workers never get ready──▶ broken
 * ```
 *
 * Once the pool is not open any more and nothing is pending, the workers are told to leave. It is over when all have left.
 *
 * @module
 */

import { callOnAbort } from "../_core/abort_calls.ts";
import { registeredName } from "../_core/module_registry.ts";
import * as layout from "../_core/task_layout.ts";
import type { TaskMemory } from "../_core/task_memory.ts";
import {
  BrokenPoolError,
  CancelledError,
  InvalidStateError,
  TimeoutError,
  WorkerLostError,
} from "../errors.ts";
import type { Alarms } from "./engine_alarms.ts";
import type { Crew, Member } from "./engine_crew.ts";
import { DEFAULT_GRACE } from "./engine_defaults.ts";
import type { Reaper } from "./engine_reaper.ts";
import type { Receiver } from "./engine_receiver.ts";
import type { Sender } from "./engine_sender.ts";
import type { JobTable } from "./engine_table.ts";
import type { EngineOptions } from "./engine_types.ts";

/** After so many failed starts in a row, with no worker there, the pool is broken. */
const MOST_FAILURES = 3;
/** What a start counts that somebody else has ended by `kill -9`: that says little about the next one. */
const KILLED = 0.25;
/** The longest pause before a worker is started again whose predecessor did not get ready, in milliseconds. */
const LONGEST_PAUSE = 1000;
/** So long workers have to leave by themselves after a termination, in milliseconds. */
const LEAVE_TIME = 250;
/** So long those have that are only starting: they leave when they have started, and other threads get their place. */
const START_TIME = 10_000;

/** How workers are ended: asked, and ended by force after the grace period; or ended by force at once. */
export type Dismissal = "terminate" | "kill";

/** What the life of a pool is made of. */
export interface LifecycleParts {
  memory: TaskMemory;
  options: EngineOptions;
  table: JobTable;
  sender: Sender;
  receiver: Receiver;
  crew: Crew;
  reaper: Reaper;
  alarms: Alarms;
  /** Looks for results, and for the end, from now on. */
  listen(): void;
  /** The pool is over: nothing of it is needed any more. */
  onEnd(): void;
}

/** The life of a pool. */
export class Lifecycle {
  /** Workers that died. */
  workersLost = 0;
  readonly #parts: LifecycleParts;
  #state: "open" | "closed" | "terminated" | "broken" = "open";
  #cause: unknown = null;
  #failures = 0;
  #restarts = 0;
  #starting: (() => void) | null = null;
  #joiners: (() => void)[] = [];
  #ended = false;

  /** Begins a life. */
  constructor(parts: LifecycleParts) {
    this.#parts = parts;
  }

  /** Whether tasks may be submitted. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** Whether all workers have left. */
  get isOver(): boolean {
    const { table, crew } = this.#parts;
    return this.#state !== "open" && table.pending === 0 && crew.members.length === 0;
  }

  /** Whether somebody waits for the end. */
  get isAwaited(): boolean {
    return this.#joiners.length > 0;
  }

  /** Says why no task may be submitted. */
  refusal(): Error {
    if (this.#state !== "broken") {
      return new InvalidStateError("Cannot submit task: the pool is closed");
    }
    return new BrokenPoolError("Cannot submit task: the pool is broken", { cause: this.#cause });
  }

  /** Takes no more tasks. */
  close(): void {
    if (this.#state !== "open") return;
    this.#state = "closed";
    this.checkEnd();
  }

  /**
   * Ends all.
   *
   * @param dismissal What becomes of the workers: by default, those that run a task are ended by force, and the others leave
   * by themselves.
   */
  terminate(reason?: unknown, dismissal?: Dismissal): void {
    if (this.#state === "terminated") return;
    this.#state = "terminated";
    this.#dismiss(
      reason ?? new CancelledError("Cannot finish task: the pool was terminated"),
      dismissal,
    );
  }

  /** Waits for the end. */
  join(timeout: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#state === "open") {
      return Promise.reject(
        new InvalidStateError("Cannot join pool: it is still running, call close() or terminate()"),
      );
    }
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.isOver) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.#joiners = this.#joiners.filter((joiner) => joiner !== done);
        forget?.();
        ignore();
      };
      const done = (): void => {
        settle();
        resolve();
      };
      const forget = timeout === Infinity ? null : this.#parts.alarms.after(timeout, () => {
        settle();
        reject(new TimeoutError(`Cannot join pool: it has not ended within ${timeout} ms`));
      });
      this.#joiners.push(done);
      const ignore = callOnAbort(signal, () => {
        settle();
        reject(signal?.reason);
      });
      this.#parts.listen();
    });
  }

  /** Starts the workers that are missing. */
  ensureWorkers(): void {
    if (this.#isEnding || this.#starting !== null) return;
    const { crew, table, options: { workers, lazy } } = this.#parts;
    const wanted = lazy || this.#state === "closed" ? Math.min(workers, table.pending) : workers;
    while (crew.members.length < wanted) {
      try {
        crew.start();
      } catch (error) {
        if (crew.members.length > 0) return;
        return this.#failStart(error);
      }
    }
  }

  /** A worker is gone: those of its tasks that it had begun are lost, the others are sent again. */
  onExit(member: Member): void {
    const { receiver, crew, reaper, sender } = this.#parts;
    receiver.take(member, Infinity);
    const left = crew.hasLeft(member);
    const wasReady = crew.wasReady(member);
    reaper.bury(member);
    crew.leave(member);
    if (!left && wasReady) this.workersLost++;
    if (wasReady) this.#failures = this.#restarts = 0;
    else if (!this.#isEnding) return this.#failStart(this.#startError(member));
    this.ensureWorkers();
    sender.feed();
    this.checkEnd();
  }

  /** When all is done, the workers are sent away; when they have left, the joiners learn so. */
  checkEnd(): void {
    const { memory, table, crew, alarms } = this.#parts;
    if (this.#state === "open" || table.pending > 0) return;
    if (memory.words.load(layout.STOP) === 0) {
      memory.words.store(layout.STOP, layout.STOP_LEAVE);
      crew.ringAll();
    }
    if (crew.members.length > 0) return;
    alarms.clear();
    if (!this.#ended) {
      this.#ended = true;
      this.#parts.onEnd();
    }
    for (const joiner of this.#joiners) joiner();
  }

  get #isEnding(): boolean {
    return this.#state === "terminated" || this.#state === "broken";
  }

  #startError(member: Member): unknown {
    if (member.initError !== null) return member.initError.error;
    return this.#parts.reaper.lossOf(member, null);
  }

  /** A worker has not got ready: another one is started after a pause, unless all fail. */
  #failStart(error: unknown): void {
    const { crew, alarms } = this.#parts;
    const anyReady = crew.members.some((member) => crew.wasReady(member));
    const wasKilled = error instanceof WorkerLostError && error.signal === "SIGKILL";
    this.#failures = anyReady ? 0 : this.#failures + (wasKilled ? KILLED : 1);
    if (this.#failures >= MOST_FAILURES) return this.#break(error);
    const pause = Math.min(LONGEST_PAUSE, 2 ** this.#restarts++);
    this.#starting ??= alarms.after(pause, () => {
      this.#starting = null;
      this.ensureWorkers();
    });
    this.checkEnd();
  }

  #break(error: unknown): void {
    this.#cause = error;
    this.#state = "broken";
    const { initializer } = this.#parts.options;
    const what = initializer === undefined
      ? "its workers do not start"
      : `its initializer ${registeredName(initializer)} fails`;
    const why = error instanceof Error ? `: ${error.message}` : "";
    this.#dismiss(new BrokenPoolError(`Cannot run task: ${what}${why}`, { cause: error }));
  }

  /** Ends all tasks and all workers. */
  #dismiss(reason: unknown, dismissal?: Dismissal): void {
    const { memory, table, sender, crew, reaper, alarms, options } = this.#parts;
    sender.clear();
    this.#starting?.();
    this.#starting = null;
    const jobs = table.all();
    // Those that have not begun shall not begin now.
    for (const job of jobs) reaper.withdraw(job);
    memory.words.store(layout.STOP, layout.STOP_LEAVE);
    for (const member of [...crew.members]) {
      if (dismissal === "terminate") crew.terminate(member);
      else if (dismissal === "kill" || crew.lanesOf(member).length > 0) crew.kill(member);
    }
    crew.ringAll();
    reaper.settleAll(jobs, reason);
    if (dismissal === "terminate") {
      alarms.after(options.grace ?? DEFAULT_GRACE, () => {
        for (const member of [...crew.members]) crew.kill(member);
      });
    } else if (crew.members.length > 0) this.#force(performance.now() + START_TIME);
    this.#parts.listen();
    this.checkEnd();
  }

  /** Ends the workers by force that do not leave; until a time, it waits for those that are only starting. */
  #force(end: number): void {
    const { crew, alarms } = this.#parts;
    alarms.after(LEAVE_TIME, () => {
      const isLate = performance.now() >= end;
      for (const member of [...crew.members]) {
        if (isLate || crew.hasStarted(member)) crew.kill(member);
      }
      if (crew.members.some(({ killed }) => !killed)) this.#force(end);
    });
  }
}
