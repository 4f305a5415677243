/**
 * The executor on processes.
 *
 * @module
 */

import { runtime } from "../_runtime/runtime.ts";
import { BrokenPoolError } from "../errors.ts";
import type { Dismissal } from "./engine_lifecycle.ts";
import { Executor } from "./executor.ts";
import { PoolCore } from "./pool_core.ts";
import {
  checkCount,
  checkObject,
  MOST_WORKERS,
  processOptions,
  type ProcessPoolExecutorOptions,
  workerOptions,
} from "./pool_options.ts";
import { processHost } from "./process_host.ts";
import { TaskEngine } from "./task_engine.ts";

let executors = 0;

/**
 * An executor that runs tasks in processes: Python's `concurrent.futures.ProcessPoolExecutor`. It does what
 * {@linkcode ThreadPoolExecutor} does; unlike Python's, it survives the death of a process: the task of the dead one fails
 * with a `WorkerLostError`, all others go on.
 *
 * Processes are started as they are needed; one that is idle is used before another is started. With `--allow-ffi` on Deno,
 * or the package `koffi` on Node, they share memory with the executor; without, all goes over sockets.
 *
 * @example Usage
 * ```ts
 * import { asCompleted, ProcessPoolExecutor } from "@nogil/std/pool";
 * import { assertEquals } from "@std/assert";
 *
 * await using executor = new ProcessPoolExecutor({ maxWorkers: 2 });
 * const futures = [3, 4].map((n) => executor.submit((n: number) => n * n, n));
 * let sum = 0;
 * for await (const future of asCompleted(futures)) sum += await future.result();
 * assertEquals(sum, 25);
 * ```
 */
export class ProcessPoolExecutor extends Executor {
  readonly #core: PoolCore;

  /**
   * Creates an executor. No process is started yet.
   *
   * @param options `maxWorkers`, `maxTasksPerChild`, `initializer` and `initargs` for each process, `concurrency`,
   * `grace`, `context`, `memoryLimit`; `permissions`, `execArgv` and `config` as for a `Process`.
   * @throws {RangeError} If a number is out of range, or there is no memory.
   * @throws {TypeError} If an option has a wrong type.
   * @throws {UnshareableError} If the initializer or its arguments cannot travel.
   * @throws {NotSupportedError} For the reasons for which `Process.start` throws it, when the first process is started:
   * by `submit` and `map`.
   */
  constructor(options?: ProcessPoolExecutorOptions) {
    const verb = "create executor";
    checkObject(options, verb, "{ maxWorkers: 4 }");
    const { maxWorkers, maxTasksPerChild, concurrency = 1 } = options ?? {};
    const workers = checkCount(maxWorkers, verb, "maxWorkers", 1, MOST_WORKERS) ??
      runtime().parallelism();
    checkCount(maxTasksPerChild, verb, "maxTasksPerChild");
    const prefix = `ProcessPoolExecutor-${executors++}`;
    const engine = new TaskEngine(processHost(processOptions(options ?? {}, verb)), {
      ...workerOptions(options ?? {}, verb),
      workers,
      lazy: true,
      name: (index: number) => `${prefix}_${index}`,
      ...(maxTasksPerChild !== undefined && { maxTasksPerChild }),
    });
    const core = new PoolCore("executor", engine, workers, concurrency);
    super(core);
    this.#core = core;
  }

  /**
   * Ends all processes by `SIGTERM`, and takes no more tasks. Returns at once.
   *
   * Tasks that have not begun are cancelled and never run; those that run fail with a `BrokenPoolError`. A process that
   * listens for the signal may clean up, but has ended within the grace period (`grace`, 1 s by default), by force if need
   * be. After the end of the executor nothing happens. `await executor.shutdown()` waits until all processes are gone.
   *
   * @example Usage
   * ```ts
   * import { ProcessPoolExecutor } from "@nogil/std/pool";
   * import { BrokenPoolError } from "@nogil/std/errors";
   * import { assertRejects } from "@std/assert";
   *
   * const executor = new ProcessPoolExecutor({ maxWorkers: 1 });
   * const future = executor.submit(() => {
   *   for (;;);
   * });
   * while (!future.running()) await new Promise((resolve) => setTimeout(resolve, 10));
   * executor.terminateWorkers();
   * await assertRejects(() => future.result(), BrokenPoolError);
   * await executor.shutdown();
   * ```
   */
  terminateWorkers(): void {
    this.#endWorkers("terminate", "were terminated");
  }

  /** Does the same as {@linkcode terminateWorkers}, by `SIGKILL`: no process can clean up, and none takes its time. */
  killWorkers(): void {
    this.#endWorkers("kill", "were killed");
  }

  #endWorkers(dismissal: Dismissal, what: string): void {
    this.#core.cancelPending();
    const reason = new BrokenPoolError(`Cannot finish task: the workers of the executor ${what}`);
    this.#core.terminate(reason, dismissal);
  }
}
