/**
 * What a process does that is a worker of a pool.
 *
 * @module
 */

import { openTaskSegment, type TaskSegment } from "../_core/process_task_memory.ts";
import { AGENT_ALIVE, agentRecord } from "../_core/layout.ts";
import { task } from "../_core/task.ts";
import { OWNER_AGENT } from "../_core/task_layout.ts";
import { PoolWorker } from "./pool_worker.ts";
import { processBroker } from "./process_broker.ts";
import type { WorkerBoot } from "./worker_host.ts";

/** What a worker is started with that is a process. */
export interface ProcessBoot extends Omit<WorkerBoot, "buffer"> {
  /** Where the memory of the pool is. */
  segment: TaskSegment;
}

/** The target of a worker's process. */
export const runProcessWorker: (boot: ProcessBoot) => Promise<void> = task(
  import.meta,
  (boot: ProcessBoot): Promise<void> => {
    const memory = openTaskSegment(boot.geometry, boot.segment);
    const owner = agentRecord(memory.words.load(OWNER_AGENT));
    const { words } = memory.agent.arena;
    // The process of the owner is the parent of this one, which ends with it; but the owner may be one of its threads.
    const isOwnerAlive = (): boolean => words.load(owner) === AGENT_ALIVE;
    return new PoolWorker(boot, memory, processBroker, isOwnerAlive).run();
  },
);
