/**
 * Workers of a pool that are processes.
 *
 * @module
 */

import {
  createTaskSegment,
  removeTaskSegment,
  type TaskSegment,
} from "../_core/process_task_memory.ts";
import type { ThreadRecord } from "../_core/thread_record.ts";
import { memoryFlag } from "../_runtime/child_command.ts";
import { hasFfi } from "../_core/own_ffi.ts";
import { lineage } from "../_runtime/lineage.ts";
import { type AnyProcess, innardsOf, Process } from "../process/process.ts";
import type { RuntimeOptions } from "../process/process_options.ts";
import { channelHost } from "./channel_host.ts";
import { processBroker } from "./process_broker.ts";
import { endOfProcess } from "./process_end.ts";
import { type ProcessBoot, runProcessWorker } from "./process_worker.ts";
import type { WorkerBoot, WorkerEnd, WorkerHandle, WorkerHost } from "./worker_host.ts";

/** How the processes of a pool are started. */
export interface ProcessHostOptions extends RuntimeOptions {
  /** The most memory of a worker, in megabytes. */
  memoryLimit?: number | undefined;
}

/** Gives processes as workers; where memory cannot be shared with them, all goes over their control channels. */
export function processHost({ memoryLimit, ...options }: ProcessHostOptions): WorkerHost {
  const runtime: RuntimeOptions = memoryLimit === undefined ? options : {
    ...options,
    execArgv: [...options.execArgv ?? lineage().execArgv, memoryFlag(memoryLimit)],
  };
  const mayShare = options.permissions?.ffi === undefined || options.permissions.ffi === true;
  if (!mayShare || !hasFfi()) return channelHost(runtime);
  let segment: TaskSegment | null = null;
  return {
    kind: "process",
    broker: processBroker,
    createMemory(geometry) {
      const [memory, created] = createTaskSegment(geometry);
      segment = created;
      return memory;
    },
    start: (boot, name) => new ProcessHandle(boot, name, segment as TaskSegment, runtime),
    dispose() {
      if (segment !== null) removeTaskSegment(segment);
    },
  };
}

class ProcessHandle implements WorkerHandle {
  readonly exited: Promise<void>;
  readonly #process: Process<[ProcessBoot], void>;
  readonly #record: ThreadRecord;
  #end: WorkerEnd | null = null;

  constructor(
    { buffer: _, ...boot }: WorkerBoot,
    name: string,
    segment: TaskSegment,
    options: RuntimeOptions,
  ) {
    this.#process = new Process({
      ...options,
      target: runProcessWorker,
      args: [{ ...boot, segment }],
      name,
      daemon: true,
    }).start();
    this.#record = innardsOf(this.#process as unknown as AnyProcess).record as ThreadRecord;
    // The pool tells of its end: nobody else shall.
    this.#record.join(1);
    this.exited = this.#watch();
  }

  hasExited(): boolean {
    return this.#end !== null || this.#record.ended;
  }

  end(): WorkerEnd {
    return this.#end ??= endOfProcess(this.#process as unknown as Process<never[], unknown>);
  }

  kill(): void {
    if (!this.hasExited()) this.#process.kill();
  }

  terminate(): void {
    if (!this.hasExited()) this.#process.terminate();
  }

  async #watch(): Promise<void> {
    while (!this.hasExited()) await this.#record.endChange();
  }
}
