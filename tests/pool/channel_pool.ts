/**
 * The pool of processes where memory cannot be shared: all goes over the control channels of its workers. What the tests
 * and their tasks meet at is shared all the same.
 */

import { channelHost } from "../../pool/channel_host.ts";
import { BasePool } from "../../pool/mod.ts";
import { PoolCore } from "../../pool/pool_core.ts";
import { checkCount, checkObject, workerOptions } from "../../pool/pool_options.ts";
import { TaskEngine } from "../../pool/task_engine.ts";
import { type AnyPool, type AnyPoolOptions, PATIENCE } from "../conformance/pool_support.ts";
import type { PoolKind } from "../conformance/pool_support.ts";
import type { RunnerKind } from "../conformance/worker_conformance.ts";

/** A pool that does not use the memory that it could. */
class ChannelPool extends BasePool {
  constructor(processes = 2, options: AnyPoolOptions = {}) {
    const verb = "create pool";
    checkObject(options, verb);
    const workers = checkCount(processes, verb, "processes") as number;
    const { maxtasksperchild, concurrency = 1, name = "ChannelPool" } = options;
    checkCount(maxtasksperchild, verb, "maxtasksperchild");
    const engine = new TaskEngine(channelHost({}), {
      ...workerOptions(options, verb),
      workers,
      lazy: false,
      name: (index: number) => `${name}_${index}`,
      ...(maxtasksperchild !== undefined && { maxTasksPerChild: maxtasksperchild }),
    });
    super(new PoolCore("pool", engine, workers, concurrency));
  }

  static async with(...args: unknown[]): Promise<unknown> {
    const fn = args.pop() as (pool: AnyPool) => unknown;
    const pool = new ChannelPool(...args as [number?, AnyPoolOptions?]);
    try {
      const result = await fn(pool);
      pool.close();
      return result;
    } catch (error) {
      pool.terminate();
      throw error;
    } finally {
      await pool.join();
    }
  }
}

/** Such pools, for the suites. */
export const kind: PoolKind = {
  name: "Pool over channels",
  make: (workers, options) => new ChannelPool(workers, options),
  with: ChannelPool.with as unknown as PoolKind["with"],
  kind: "process",
  scope: "process",
};

/** The same, as what runs tasks. */
export const runners: RunnerKind = {
  ...kind,
  make(workers, grace) {
    const pool = kind.make(workers, grace === undefined ? {} : { grace });
    return {
      run: (fn, args, options) => pool.applyAsync(fn, args, options),
      map: (fn, items) => pool.map(fn, items, { chunksize: 4 }),
      async close() {
        pool.terminate();
        await pool.join({ timeout: PATIENCE });
      },
    };
  },
};
