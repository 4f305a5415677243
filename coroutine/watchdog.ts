/**
 * Who keeps all others waiting.
 *
 * While the event loop turns, a timer says so. When a greenlet begins to wait, or ends, and nobody has said so for longer
 * than the limit, then it is the greenlet that has kept the loop from turning; where it is now is next to where it was then.
 *
 * @module
 */

import { printIgnored } from "../_core/ignored_error.ts";
import { checkIsObject } from "../_core/wait_options.ts";
import { runtime } from "../_runtime/runtime.ts";
import type { Greenlet } from "./greenlet.ts";
import { observeProgress } from "./greenlet_scope.ts";
import type { Strand } from "./strand.ts";

/** What a watchdog tells. */
export interface BlockedArgs {
  /** The greenlet. */
  greenlet: Greenlet<unknown>;
  /** Milliseconds for which the event loop did not turn. */
  milliseconds: number;
  /** Where the greenlet is at the end of that time, as the stack of an error; empty if the greenlet has ended. */
  stack: string;
}

/** How a watchdog works. */
export interface WatchdogOptions {
  /** Milliseconds that a greenlet may keep the event loop. Default: 100. */
  limit?: number;
  /** Told of each greenlet that did for longer. Default: prints it to the standard error stream. */
  onBlocked?: (args: BlockedArgs) => void;
}

const LIMIT = 100;

let running: Watchdog | null = null;

/** Starts the watchdog, in the place of the one before. */
export function startWatchdog(options: WatchdogOptions = {}): Disposable {
  checkIsObject(options, "start watchdog");
  const { limit = LIMIT, onBlocked = print } = options;
  if (typeof limit !== "number" || typeof onBlocked !== "function") {
    throw new TypeError(
      "Cannot start watchdog: 'limit' must be a number and 'onBlocked' a function",
    );
  }
  if (!(limit > 0)) {
    throw new RangeError(`Cannot start watchdog: 'limit' must be above 0: received ${limit}`);
  }
  running?.[Symbol.dispose]();
  return running = new Watchdog(limit, onBlocked);
}

class Watchdog implements Disposable {
  readonly #limit: number;
  readonly #onBlocked: (args: BlockedArgs) => void;
  readonly #timer: ReturnType<typeof setInterval>;
  #turned = performance.now();

  constructor(limit: number, onBlocked: (args: BlockedArgs) => void) {
    this.#limit = limit;
    this.#onBlocked = onBlocked;
    this.#timer = setInterval(() => {
      this.#turned = performance.now();
    }, Math.max(1, limit / 4));
    runtime().unrefTimer(this.#timer);
    observeProgress((strand, isOver) => this.#look(strand as Strand, isOver));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    if (running !== this) return;
    running = null;
    observeProgress(null);
  }

  #look(strand: Strand, isOver: boolean): void {
    const now = performance.now();
    const milliseconds = now - this.#turned;
    this.#turned = now;
    if (milliseconds <= this.#limit) return;
    const stack = isOver ? "" : (new Error("Blocked").stack ?? "").split("\n").slice(1).join("\n");
    try {
      this.#onBlocked({ greenlet: strand.facade as Greenlet<unknown>, milliseconds, stack });
    } catch (error) {
      printIgnored("the watchdog", error);
    }
  }
}

function print({ greenlet, milliseconds, stack }: BlockedArgs): void {
  runtime().writeErrorSync(
    `${greenlet} has kept the event loop for ${Math.round(milliseconds)} ms` +
      (stack === "" ? ", and has ended\n" : `, up to\n${stack}\n`),
  );
}
