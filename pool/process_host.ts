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
import { lineage } from "../_runtime/lineage.ts";
import { WorkerLostError } from "../errors.ts";
import { type AnyProcess, innardsOf, Process } from "../process/process.ts";
import type { RuntimeOptions } from "../process/process_options.ts";
import { processBroker } from "./process_broker.ts";
import { type ProcessBoot, runProcessWorker } from "./process_worker.ts";
import type { WorkerBoot, WorkerEnd, WorkerHandle, WorkerHost } from "./worker_host.ts";

/** How the processes of a pool are started. */
export interface ProcessHostOptions extends RuntimeOptions {
  /** The most memory of a worker, in megabytes. */
  memoryLimit?: number | undefined;
}

/** Gives processes as workers. */
export function processHost({ memoryLimit, ...options }: ProcessHostOptions): WorkerHost {
  const runtime: RuntimeOptions = memoryLimit === undefined ? options : {
    ...options,
    execArgv: [...options.execArgv ?? lineage().execArgv, memoryFlag(memoryLimit)],
  };
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
    if (this.#end !== null) return this.#end;
    const { exitcode } = this.#process;
    const end: WorkerEnd = { cause: null, exitcode, reason: "it has ended" };
    try {
      this.#process.joinSync({ timeout: 0 });
      if (exitcode !== null) end.reason = `its process exited with code ${exitcode}`;
    } catch (error) {
      const lost = error instanceof WorkerLostError;
      const { message } = Object(error) as Partial<Error>;
      end.reason = lost ? reasonOf(error) : `its process failed: ${message ?? error}`;
      end.cause = lost ? error.cause ?? null : error;
      if (lost) {
        end.exitcode = error.exitcode;
        end.signal = error.signal;
      }
    }
    end.pid = this.#process.pid;
    return this.#end = end;
  }

  kill(): void {
    if (!this.hasExited()) this.#process.kill();
  }

  async #watch(): Promise<void> {
    while (!this.hasExited()) await this.#record.endChange();
  }
}

function reasonOf({ message }: WorkerLostError): string {
  return message.slice(message.indexOf(": ") + 2);
}
