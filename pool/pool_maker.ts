/**
 * How pools are made, wherever their workers run.
 *
 * @module
 */

import { runtime } from "../_runtime/runtime.ts";
import type { BasePool } from "./base_pool.ts";
import { PoolCore } from "./pool_core.ts";
import {
  checkCount,
  checkFunction,
  checkObject,
  checkPrefix,
  MOST_WORKERS,
  type PoolOptions,
  type ProcessPoolOptions,
  workerOptions,
} from "./pool_options.ts";
import { TaskEngine } from "./task_engine.ts";
import type { WorkerHost } from "./worker_host.ts";

/** A kind of pools. */
export interface PoolKind<O> {
  /** How messages call it: `"thread pool"`. */
  readonly name: string;
  /** What the names of workers begin with, before the number of the pool: `"ThreadPool"`. */
  readonly prefix: string;
  /** Gives what starts the workers, by the options, which are checked. */
  host(options: O, verb: string): WorkerHost;
  /** How many pools got their names by their numbers. */
  count: number;
}

/**
 * Makes the core of a pool, and starts its workers.
 *
 * @param processes How many workers; `undefined` for as many as there are cores.
 */
export function makePoolCore<O extends PoolOptions | ProcessPoolOptions>(
  kind: PoolKind<O>,
  processes: number | undefined,
  options: O | undefined,
): PoolCore {
  const verb = `create ${kind.name}`;
  checkObject(options, verb, "{ maxtasksperchild: 100 }");
  const workers = checkCount(processes, verb, "processes", 1, MOST_WORKERS) ??
    runtime().parallelism();
  const given = options ?? {} as O;
  const { maxtasksperchild, name, concurrency = 1 } = given;
  checkCount(maxtasksperchild, verb, "maxtasksperchild");
  checkPrefix(name, verb, "name");
  const prefix = name ?? `${kind.prefix}-${++kind.count}`;
  const engine = new TaskEngine(kind.host(given, verb), {
    ...workerOptions(given, verb),
    workers,
    lazy: false,
    name: (index: number) => `${prefix}_${index}`,
    ...(maxtasksperchild !== undefined && { maxTasksPerChild: maxtasksperchild }),
  });
  return new PoolCore(kind.name, engine, workers, concurrency);
}

/**
 * Makes a pool for the time of a function: it is closed and its work finished in the end, and terminated when the function
 * throws.
 *
 * @param args Those of the constructor, and the function.
 */
export async function usePool<P extends BasePool>(
  kind: string,
  args: unknown[],
  make: (...args: never[]) => P,
): Promise<unknown> {
  const fn = args.pop() as (pool: P) => unknown;
  checkFunction(fn, `use ${kind}`);
  const pool = make(...args as never[]);
  let result: unknown;
  try {
    result = await fn(pool);
  } catch (error) {
    pool.terminate();
    await pool.join();
    throw error;
  }
  pool.close();
  await pool.join();
  return result;
}
