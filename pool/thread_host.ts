/**
 * Workers of a pool that are threads of this process.
 *
 * @module
 */

import { TaskMemory } from "../_core/task_memory.ts";
import type { ThreadRecord } from "../_core/thread_record.ts";
import { runtime } from "../_runtime/runtime.ts";
import { currentThread } from "../thread/current_thread.ts";
import { threadBroker } from "../thread/launcher.ts";
import { realm } from "../thread/realm.ts";
import { innardsOf, Thread } from "../thread/thread.ts";
import { WorkerLostError } from "../errors.ts";
import { type Owner, runPoolWorker } from "./pool_worker.ts";
import type { WorkerBoot, WorkerEnd, WorkerHandle, WorkerHost } from "./worker_host.ts";

/** What a worker may use: a worker that needs more is lost, and no other with it. */
export interface WorkerLimits {
  /** The most memory, in megabytes. Default: the runtime's, which ends the whole program. */
  memoryLimit?: number | undefined;
  /** The size of the stack, in megabytes. Default: the runtime's. */
  stackSize?: number | undefined;
}

/** Threads as workers. */
export const threadHost: WorkerHost = limitedThreadHost({});

/** Gives threads as workers, each with limits. */
export function limitedThreadHost(limits: WorkerLimits): WorkerHost {
  return {
    kind: "thread",
    broker: threadBroker,
    createMemory: (geometry) => TaskMemory.create(geometry),
    onProgramEnd,
    start: (boot, name) => new ThreadHandle(boot, name, limits),
  };
}

/** The end of the program waits so long at most for idle workers, in milliseconds. */
const END_TIME = 1_000;

/** Those who are told of the end of the program; `null` before there is anybody. */
let endings: Set<{ dismiss: () => void; wait: (end: number) => void }> | null = null;

function onProgramEnd(dismiss: () => void, wait: (end: number) => void): () => void {
  if (!realm().isMain) return () => {};
  if (endings === null) runtime().onProcessExit(endPools);
  const ending = { dismiss, wait };
  const all = endings ??= new Set();
  all.add(ending);
  return () => void all.delete(ending);
}

/** Deno complains of workers that sleep when the program ends. */
function endPools(): void {
  const end = performance.now() + END_TIME;
  for (const { dismiss } of endings ?? []) dismiss();
  for (const { wait } of endings ?? []) wait(end);
}

class ThreadHandle implements WorkerHandle {
  readonly exited: Promise<void>;
  readonly #thread: Thread<[WorkerBoot, Owner | null], void>;
  readonly #record: ThreadRecord;
  #end: WorkerEnd | null = null;

  constructor(boot: WorkerBoot, name: string, { memoryLimit, stackSize }: WorkerLimits) {
    const owner = realm().isMain ? null : currentThread();
    this.#thread = new Thread({
      target: runPoolWorker,
      args: [boot, owner],
      name,
      daemon: true,
      ...(memoryLimit === undefined ? {} : { memoryLimit }),
      ...(stackSize === undefined ? {} : { stackSize }),
    }).start();
    this.#record = innardsOf(this.#thread as unknown as Thread<never[], unknown>)
      .record as ThreadRecord;
    // The pool tells of its end: nobody else shall.
    this.#record.join(1);
    this.exited = this.#watch();
  }

  hasExited(): boolean {
    return this.#end !== null || this.#record.ended;
  }

  end(): WorkerEnd {
    if (this.#end === null) {
      const { exitCode } = this.#record.outcome();
      this.#end = { cause: null, exitcode: exitCode < 0 ? null : exitCode, reason: "it has ended" };
      try {
        this.#thread.joinSync({ timeout: 0 });
        if (exitCode >= 0) this.#end.reason = `its worker exited with code ${exitCode}`;
      } catch (error) {
        const lost = error instanceof WorkerLostError;
        const { message } = Object(error) as Partial<Error>;
        this.#end.reason = lost ? reasonOf(error) : `its worker failed: ${message ?? error}`;
        this.#end.cause = lost ? error.cause ?? null : error;
        if (lost) this.#end.exitcode = error.exitcode;
      }
    }
    return this.#end;
  }

  kill(): void {
    this.#thread.kill();
  }

  async #watch(): Promise<void> {
    while (!this.hasExited()) await this.#record.endChange();
  }
}

function reasonOf({ message }: WorkerLostError): string {
  return message.slice(message.indexOf(": ") + 2);
}
