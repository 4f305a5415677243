/**
 * The hub, as the program sees it.
 *
 * @module
 */

import { TimeoutError } from "../errors.ts";
import { calledWithin } from "../_core/deadline.ts";
import { checkWait, type WaitOptions } from "../_core/wait_options.ts";
import { belongsHere } from "./belongs_here.ts";
import {
  exchangeErrorHook,
  type GreenletErrorArgs,
  type GreenletErrorHook,
  printError,
} from "./error_hook.ts";
import type { Greenlet } from "./greenlet.ts";
import { GreenletThreadPool } from "./greenlet_thread_pool.ts";
import { watchTheEnd } from "./loop_exit.ts";
import { hubScope, scheduler } from "./scheduler.ts";
import { HubJoiners } from "./hub_joiners.ts";
import { alive, onFirstStart, population, strandsOf } from "./population.ts";
import { currentStrand } from "./strand.ts";
import { startWantedWatchdog, startWatchdog, type WatchdogOptions } from "./watchdog.ts";

/** Figures of the greenlets of this thread. */
export interface HubStatistics {
  /** How many greenlets were started and have not ended. */
  readonly greenlets: number;
  /** How many greenlets, and others that let the hub resume them, can go on and have not yet. */
  readonly ready: number;
  /** How many alarms are set: for those who sleep, and for time limits. */
  readonly sleeping: number;
  /** How many greenlets were started since the thread began. */
  readonly started: number;
  /** How many of those have ended. */
  readonly ended: number;
  /** How many of those have failed. */
  readonly failed: number;
  /** How many of those were killed. */
  readonly killed: number;
  /** What greenlets wait for, and how many for each: `{ "Queue.get()": 3 }`. */
  readonly waits: Readonly<Record<string, number>>;
}

/**
 * What there is of the hub of this thread: who runs, who waits for what, and what happens to errors. There is one for each
 * thread, {@linkcode hub}.
 *
 * @example Usage
 * ```ts
 * import { hub, type GreenletHub, sleep, spawn } from "@nogil/std/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * function busy(hub: GreenletHub): boolean {
 *   return hub.statistics().greenlets > 0;
 * }
 *
 * spawn(() => sleep(10));
 * assertEquals(busy(hub), true);
 * await hub.join();
 * assertEquals(busy(hub), false);
 * ```
 */
export class GreenletHub {
  static {
    belongsHere(this, "hub", "import that of the other thread there");
  }

  #threadpool: GreenletThreadPool | null = null;
  readonly #joiners: HubJoiners = new HubJoiners();

  /** The greenlet in which the code runs; `null` outside of greenlets. gevent's `getcurrent`. */
  get current(): Greenlet<unknown> | null {
    return (currentStrand()?.facade ?? null) as Greenlet<unknown> | null;
  }

  /** The greenlets that were started and have not ended, the oldest first. */
  get greenlets(): Greenlet<unknown>[] {
    return strandsOf().map(({ facade }) => facade as Greenlet<unknown>);
  }

  /** Threads for functions that block. The first use of one of its methods loads `@nogil/std/pool`. */
  get threadpool(): GreenletThreadPool {
    return this.#threadpool ??= new GreenletThreadPool();
  }

  /**
   * Waits until all greenlets of this thread have ended, but those that wait here. gevent's `wait()` without objects.
   *
   * @param options `timeout` in milliseconds, `signal` to give up.
   * @throws {TimeoutError} If time runs out.
   * @throws {LoopExit} Outside of greenlets, if they wait for ever.
   */
  async join(options?: WaitOptions): Promise<void> {
    const timeout = checkWait(options);
    const strand = currentStrand();
    const joiners = this.#joiners;
    const forget = joiners.add(strand);
    try {
      if (joiners.othersOf(strand) <= 0) return;
      const subscribe = (callBack: () => void): () => void => joiners.observe(strand, callBack);
      const { signal } = options ?? {};
      if (await calledWithin(subscribe, timeout, signal, "hub.join()", hubScope())) return;
      throw new TimeoutError(
        `Cannot join hub: ${joiners.othersOf(strand)} greenlets have not ended after ${timeout} ms`,
      );
    } finally {
      forget();
    }
  }

  /** Counts the greenlets of this thread, and what they wait for. It looks at every one of them. */
  statistics(): HubStatistics {
    const waits: Record<string, number> = {};
    for (const strand of strandsOf()) {
      for (const what of strand.waitsFor()) waits[what] = (waits[what] ?? 0) + 1;
    }
    const { started, ended, failed, killed } = population;
    return {
      greenlets: alive(),
      ready: scheduler.ready,
      sleeping: scheduler.sleeping,
      started,
      ended,
      failed,
      killed,
      waits,
    };
  }

  /**
   * Watches for greenlets that keep all others, and the event loop, waiting. The one that was started last is at work.
   *
   * When a greenlet has waited again, or has ended, the time that it took is known, and if it is more than the limit,
   * `onBlocked` is called. Of one that does not come back, a thread prints, after `hung` milliseconds, what it is called and
   * where it was spawned; where several have gone on together, it names all that it may be. Of one that went on after a
   * promise of somebody else it knows nothing. On Deno the thread needs the permission to read the modules of this library.
   *
   * A watchdog is started with the first greenlet if the environment variable `NOGIL_WATCHDOG` is a limit in milliseconds,
   * and the program may read it.
   *
   * @param options `limit` in milliseconds (default: 100), `onBlocked`, which is told (by default, a line is printed), and
   * `hung` in milliseconds. What `onBlocked` throws is printed.
   * @returns Stops the watchdog.
   * @throws {TypeError} If an option has a wrong type.
   * @throws {RangeError} If `limit` is not above 0, or `hung` is below it.
   */
  watchdog(options?: WatchdogOptions): Disposable {
    return startWatchdog(options);
  }

  /**
   * Prints the error of a greenlet at which nobody has looked: what is done with such errors by default. A hook of your own
   * may call it.
   *
   * @param args The greenlet and its error.
   */
  excepthook(args: GreenletErrorArgs): void {
    printError(args);
  }

  /**
   * Replaces the function that is told of the errors of greenlets at which nobody has looked by the next turn of the event
   * loop. If the hook itself throws, both errors are printed.
   *
   * @param next The new hook; `null` for {@linkcode GreenletHub.excepthook}.
   * @returns The hook that was set before.
   * @throws {TypeError} If `next` is neither a function nor `null`.
   */
  setExcepthook(next: GreenletErrorHook | null): GreenletErrorHook {
    if (next !== null && typeof next !== "function") {
      throw new TypeError(`Cannot set except hook: expected a function, received ${typeof next}`);
    }
    return exchangeErrorHook(next);
  }
}

/**
 * The hub of this thread.
 *
 * @example Usage
 * ```ts
 * import { hub, sleep, spawn } from "@nogil/std/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * spawn(() => sleep(20));
 * await sleep(0);
 * assertEquals(hub.statistics().waits, { "sleep(20)": 1 });
 * await hub.join();
 * assertEquals(hub.statistics().greenlets, 0);
 * ```
 */
export const hub: GreenletHub = new GreenletHub();

onFirstStart(() => {
  watchTheEnd();
  startWantedWatchdog();
});
