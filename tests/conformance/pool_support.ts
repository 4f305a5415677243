/** What the suites of pools and executors share: the kinds of pools, and what their tasks meet at. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Future, ThreadPool, ThreadPoolExecutor } from "../../pool/mod.ts";
import { Value } from "../../process/mod.ts";
import { Event, Semaphore } from "../../sync/mod.ts";
import { until } from "./support.ts";

/** Milliseconds after which nobody will come any more. */
export const PATIENCE = 90_000;

/** A pool of any kind. */
export type AnyPool = Pick<ThreadPool, keyof ThreadPool>;

/** The options of a pool of any kind. */
export type AnyPoolOptions = NonNullable<ConstructorParameters<typeof ThreadPool>[1]>;

/** An executor of any kind. */
export type AnyExecutor = Pick<ThreadPoolExecutor, keyof ThreadPoolExecutor>;

/** The options of an executor of any kind. */
export type AnyExecutorOptions = NonNullable<ConstructorParameters<typeof ThreadPoolExecutor>[0]>;

/** How far the things have to travel that a task gets. */
export type SharedScope = "thread" | "process";

/** A kind of pool. */
export interface PoolKind {
  /** The name of the class. */
  readonly name: string;
  /** Makes a pool. */
  readonly make: (workers?: number, options?: AnyPoolOptions) => AnyPool;
  /** The static method `with`. */
  readonly with: typeof ThreadPool.with;
  /** What workers are. */
  readonly kind: "thread" | "process";
  /** How far the things have to travel that a task gets. */
  readonly scope: SharedScope;
}

/** A kind of executor. */
export interface ExecutorKind {
  /** The name of the class. */
  readonly name: string;
  /** Makes an executor. */
  readonly make: (options?: AnyExecutorOptions) => AnyExecutor;
  /** What workers are. */
  readonly kind: "thread" | "process";
  /** How far the things have to travel that a task gets. */
  readonly scope: SharedScope;
}

/** Waits for a promise, as long as it may take. */
export async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Nothing came of ${what}`)), PATIENCE);
  });
  try {
    return await Promise.race([promise, patience]);
  } finally {
    clearTimeout(timer);
  }
}

/** Runs a test and what ends it; if the test fails, the end is not waited for. */
export async function endAfter(test: () => Promise<void>, end: () => Promise<void>): Promise<void> {
  try {
    await test();
  } catch (error) {
    end().catch((second) => console.error(second));
    throw error;
  }
  await end();
}

/** Pools and executors of processes that a test has left whole and idle: processes take long to start. */
const idle = new Map<string, AnyPool | AnyExecutor>();

/** Runs a test with what has workers, and ends it then, unless it is of use for the next test. */
async function withWorkers<P extends AnyPool | AnyExecutor>(
  key: string | null,
  make: () => P,
  fn: (workers: P) => void | Promise<void>,
  end: (workers: P) => Promise<void>,
): Promise<void> {
  const workers = idle.get(key ?? "") as P | undefined ?? make();
  idle.delete(key ?? "");
  await endAfter(async () => await fn(workers), async () => {
    if (key !== null && isWholeAndIdle(workers)) idle.set(key, workers);
    else await end(workers);
  });
}

function isWholeAndIdle(workers: AnyPool | AnyExecutor): boolean {
  const { workersLost, running, queued } = workers.statistics();
  return String(workers).includes(" open") && workersLost + running + queued === 0;
}

/** What names a kind of workers that the next test may use, too: those without options that take long to start. */
function keyOf(kind: PoolKind | ExecutorKind, workers: number, options: unknown): string | null {
  return kind.kind === "process" && options === undefined ? `${kind.name} ${workers}` : null;
}

/** Runs a test with a pool, of which nothing is left afterwards but perhaps idle processes, for the next test. */
export async function withPool(
  kind: PoolKind,
  workers: number,
  fn: (pool: AnyPool) => void | Promise<void>,
  options?: AnyPoolOptions,
): Promise<void> {
  const make = (): AnyPool => kind.make(workers, options);
  await withWorkers(keyOf(kind, workers, options), make, fn, async (pool) => {
    pool.terminate();
    await pool.join({ timeout: PATIENCE });
  });
}

/** Runs a test with an executor, of which nothing is left afterwards but perhaps idle processes, for the next test. */
export async function withExecutor(
  kind: ExecutorKind,
  maxWorkers: number,
  fn: (executor: AnyExecutor) => void | Promise<void>,
  options?: AnyExecutorOptions,
): Promise<void> {
  const make = (): AnyExecutor => kind.make({ ...options, maxWorkers });
  await withWorkers(keyOf(kind, maxWorkers, options), make, fn, async (executor) => {
    await within(executor.shutdown({ cancelFutures: true }), "the end of the executor");
  });
}

/** What tasks and their test meet at: `begun` is released by each task as it begins, `gate` lets them end. */
export interface Meeting {
  readonly begun: Semaphore;
  readonly gate: Event;
}

/** Makes a meeting. */
export function meeting(scope: SharedScope): Meeting {
  return { begun: new Semaphore(0, { scope }), gate: new Event({ scope }) };
}

/** Makes a counter. */
export function counter(scope: SharedScope): Value<"i"> {
  return new Value("i", 0, { scope });
}

/** Waits until so many tasks have begun. */
export async function begin({ begun }: Meeting, tasks = 1): Promise<void> {
  for (let i = 0; i < tasks; i++) await begun.acquire({ timeout: PATIENCE });
}

/** The numbers from 0 to below `end`. */
export function range(end: number): number[] {
  return Array.from({ length: end }, (_, i) => i);
}

/** Asserts that a set holds the same as a list, in any order: by identity, and on runtimes without set operations. */
export function assertHolds(set: Iterable<unknown>, expected: Iterable<unknown>): void {
  const [found, wanted] = [new Set(set), new Set(expected)];
  assertEquals(found.size, wanted.size);
  for (const item of wanted) assert(found.has(item), `${item} is not there`);
}

/** All that an async iterable gives. */
export async function collect<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of iterable) items.push(item);
  return items;
}

/** What an iterator gives until it ends, a failure as its error; more than `most` are too many. */
export async function outcomes<T>(
  iterator: AsyncIterator<T>,
  most = 1000,
): Promise<(T | unknown)[]> {
  const seen: unknown[] = [];
  while (seen.length <= most) {
    try {
      const { done, value } = await iterator.next();
      if (done) return seen;
      seen.push(value);
    } catch (error) {
      seen.push(error);
    }
  }
  throw new Error("the iterator does not end");
}

/** What a promise rejects with. */
export async function failure<E extends Error = Error>(
  promise: PromiseLike<unknown>,
  // deno-lint-ignore no-explicit-any -- what an error class takes is of no interest
  ErrorClass: new (...args: any[]) => E,
  message?: string,
): Promise<E> {
  return await assertRejects(async () => await promise, ErrorClass, message);
}

/** Waits until a future runs. */
export function running(future: Future<unknown>): Promise<void> {
  return until(() => future.running(), "the start of a task");
}
