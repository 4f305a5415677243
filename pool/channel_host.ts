/**
 * Workers of a pool that are processes, where they cannot share memory with it: a thread of this process sits on the seat
 * of each, and sends it the tasks.
 *
 * @module
 */

import { TaskMemory } from "../_core/task_memory.ts";
import { task } from "../_core/task.ts";
import type { ThreadRecord } from "../_core/thread_record.ts";
import { isConfined } from "../_runtime/permissions.ts";
import { runtime } from "../_runtime/runtime.ts";
import { type AnyProcess, innardsOf as innardsOfProcess, Process } from "../process/process.ts";
import type { RuntimeOptions } from "../process/process_options.ts";
import { type Line, openLine } from "../process/line.ts";
import { currentThread } from "../thread/current_thread.ts";
import { realm } from "../thread/realm.ts";
import { type AnyThread, innardsOf as innardsOfThread, Thread } from "../thread/thread.ts";
import { type Owner, PoolWorker } from "./pool_worker.ts";
import { processBroker } from "./process_broker.ts";
import { endOfProcess } from "./process_end.ts";
import { RemoteTasks } from "./remote_tasks.ts";
import { serveTasks } from "./remote_worker.ts";
import type { WorkerBoot, WorkerEnd, WorkerHandle, WorkerHost } from "./worker_host.ts";

/** Gives processes as workers. */
export function channelHost(options: RuntimeOptions): WorkerHost {
  return {
    kind: "process",
    broker: processBroker,
    createMemory: (geometry) => TaskMemory.create(geometry, "process"),
    start: (boot, name) => new ChannelHandle(boot, name, options),
  };
}

/** The target of the thread that sits on the seat of a process. */
export const runChannelWorker: (
  boot: WorkerBoot,
  owner: Owner | null,
  ident: number,
  confined: boolean,
) => Promise<void> = task(
  import.meta,
  async (
    boot: WorkerBoot,
    owner: Owner | null,
    ident: number,
    confined: boolean,
  ): Promise<void> => {
    const memory = new TaskMemory(boot.geometry, boot.buffer, undefined, "process", "thread");
    let line: Line | null = null;
    const isOwnerAlive = (): boolean => owner === null || owner.isAlive();
    await new PoolWorker(boot, memory, processBroker, isOwnerAlive, (_memory, seat, _, loop) => {
      let tasks: RemoteTasks | null = null;
      const opened = openLine(
        ident,
        (bytes) => tasks?.receive(bytes),
        // What runs in the process is lost, and this thread with it.
        () => runtime().exitWorker(1),
      );
      line = opened;
      return tasks = new RemoteTasks(memory, seat, loop, opened, confined);
    }).run();
    (line as Line | null)?.close();
  },
);

class ChannelHandle implements WorkerHandle {
  readonly exited: Promise<void>;
  readonly #process: Process<[], never>;
  readonly #thread: AnyThread;
  readonly #record: ThreadRecord;
  #end: WorkerEnd | null = null;

  constructor(boot: WorkerBoot, name: string, options: RuntimeOptions) {
    const owner = realm().isMain ? null : currentThread();
    this.#process = new Process({ ...options, target: serveTasks, name, daemon: true });
    const innards = innardsOfProcess(this.#process as unknown as AnyProcess);
    innards.flagged = true;
    this.#process.start();
    const record = innards.record as ThreadRecord;
    // The pool tells of its end: nobody else shall.
    record.join(1);
    try {
      this.#thread = new Thread({
        target: runChannelWorker,
        args: [boot, owner, record.ident, isConfined(options.permissions ?? null)],
        name,
        daemon: true,
      }).start() as unknown as AnyThread;
    } catch (error) {
      this.#process.kill();
      throw error;
    }
    this.#record = innardsOfThread(this.#thread).record as ThreadRecord;
    this.#record.join(1);
    this.exited = this.#watch();
  }

  hasExited(): boolean {
    return this.#end !== null || this.#record.ended;
  }

  end(): WorkerEnd {
    if (this.#end !== null) return this.#end;
    const died = !this.#process.isAlive();
    if (!died) this.#process.kill();
    if (died || this.#record.failed) {
      this.#end = endOfProcess(this.#process);
    } else this.#end = { cause: null, exitcode: 0, reason: "it has ended" };
    return this.#end;
  }

  kill(): void {
    if (this.hasExited()) return;
    this.#process.kill();
    this.#thread.kill();
  }

  terminate(): void {
    if (!this.hasExited()) this.#process.terminate();
  }

  async #watch(): Promise<void> {
    while (!this.hasExited()) await this.#record.endChange();
    if (this.#process.isAlive()) this.#process.kill();
  }
}
