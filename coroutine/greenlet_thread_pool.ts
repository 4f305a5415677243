/**
 * Threads for functions that block.
 *
 * @module
 */

import type { WaitOptions } from "../_core/wait_options.ts";
import { belongsHere } from "./belongs_here.ts";
import { Greenlet } from "./greenlet.ts";
import { waitInHub } from "./wait_in_hub.ts";

/** What is used of a `Future`. */
interface Outcome extends PromiseLike<unknown> {
  cancel(): boolean;
}

/** What is used of a `ThreadPoolExecutor`. */
interface Executor {
  submit(fn: (...args: never[]) => unknown, ...args: unknown[]): Outcome;
  shutdown(): Promise<void>;
}

/** Threads that a hub may use at once. */
const MOST_THREADS = 10;

/**
 * Threads of a hub, for functions that block or compute: the greenlet waits, the others run. As gevent's `ThreadPool`.
 *
 * The functions travel to other threads: they are tasks, or self-contained functions, as for `@nogil/std/pool`, which is
 * loaded when a function is called for the first time. If the greenlet is killed, a call that has not begun never does;
 * one that has begun goes on, and its result is dropped.
 *
 * @example Usage
 * ```ts
 * import { hub } from "@nogil/std/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await hub.threadpool.apply((x: number) => x * x, [7]), 49);
 * await hub.threadpool.join();
 * ```
 */
export class GreenletThreadPool {
  static {
    belongsHere(this, "pool of threads", "use hub.threadpool there");
  }

  #executor: Promise<Executor> | null = null;
  #maxsize: number = MOST_THREADS;

  /** How many threads there are at most. Default: 10. */
  get maxsize(): number {
    return this.#maxsize;
  }

  /**
   * Sets how many threads there are at most, before the first call.
   *
   * @throws {RangeError} When the pool makes its threads, if it is no positive integer.
   */
  set maxsize(maxsize: number) {
    this.#maxsize = maxsize;
  }

  /**
   * Runs a function in a thread, and waits for its result.
   *
   * @param fn What to run: a task, or a self-contained function.
   * @param args Its arguments.
   * @throws What the function throws.
   * @throws {UnshareableError} If the function or an argument cannot travel.
   * @throws {WorkerLostError} If the thread dies.
   */
  async apply<A extends unknown[], R>(
    fn: (...args: A) => R,
    args?: A,
  ): Promise<Awaited<R>> {
    const executor = await this.#open();
    return await waitInHub<Awaited<R>>("hub.threadpool", (resolve, reject) => {
      const outcome = executor.submit(fn as never, ...(args ?? []));
      outcome.then(resolve as (value: unknown) => void, reject);
      return () => outcome.cancel();
    });
  }

  /**
   * Runs a function in a thread, as a greenlet that waits for its result.
   *
   * @param fn What to run: a task, or a self-contained function.
   * @param args Its arguments.
   */
  spawn<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Greenlet<Awaited<R>> {
    return new Greenlet<Awaited<R>>(() => this.apply(fn, args)).start();
  }

  /**
   * Runs a function for each item, and waits for all results.
   *
   * @param fn What to run: a task, or a self-contained function.
   * @param items Its arguments.
   * @returns The results, in the order of the items.
   */
  async map<T, R>(fn: (item: T) => R, items: Iterable<T>): Promise<Awaited<R>[]> {
    return await Promise.all(Array.from(items, (item) => this.apply(fn, [item])));
  }

  /**
   * Waits until all calls are done and the threads have ended. The next call makes new ones.
   *
   * @param options `timeout` in milliseconds, `signal` to give up.
   * @throws {TimeoutError} If time runs out.
   */
  async join(options?: WaitOptions): Promise<void> {
    const executor = this.#executor;
    this.#executor = null;
    if (executor === null) return;
    const closing = new Greenlet(async () => await (await executor).shutdown()).start();
    await closing.join(options);
  }

  #open(): Promise<Executor> {
    return this.#executor ??= import("../pool/mod.ts").then(({ ThreadPoolExecutor }) =>
      new ThreadPoolExecutor({
        maxWorkers: this.#maxsize,
        threadNamePrefix: "hub",
      }) as unknown as Executor
    );
  }
}
