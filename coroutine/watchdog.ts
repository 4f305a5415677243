/**
 * Who keeps all others waiting.
 *
 * While the event loop turns, a timer says so. When a greenlet begins to wait, or ends, and nobody has said so for longer
 * than the limit, then it is the greenlet that has kept the loop from turning; where it is now is next to where it was then.
 *
 * Of one that never comes back, a thread tells (`watchdog_thread.ts`), which sees that there is no sign of life. Who it is
 * has to be noted before: who was resumed, and has not begun to wait since, in the order in which they were. Those that wait
 * for promises of somebody else never begin to wait, and are struck off when the loop turns.
 *
 * @module
 */

import { Heartbeat } from "../_core/heartbeat.ts";
import { printIgnored } from "../_core/ignored_error.ts";
import { checkIsObject } from "../_core/wait_options.ts";
import { observeLeaving } from "../_core/wait_scope.ts";
import { environmentVariable } from "../_runtime/environment.ts";
import { runtime } from "../_runtime/runtime.ts";
import type { Greenlet } from "./greenlet.ts";
import { BEGUN, ENDED, GreenletScope, observeProgress, STARTED, WAITS } from "./greenlet_scope.ts";
import type { Strand } from "./strand.ts";
import { startWatchdogThread } from "./watchdog_thread.ts";

/** What a watchdog tells. */
export interface BlockedArgs {
  /** The greenlet. */
  greenlet: Greenlet<unknown>;
  /** Milliseconds for which the event loop did not turn. */
  milliseconds: number;
  /** Where the greenlet is at the end of that time, as the stack of an error; empty if the greenlet has ended. */
  stack: string;
  /** Where the greenlet was started, as the stack of an error; empty if that was before the watchdog was. */
  spawned: string;
}

/** How a watchdog works. */
export interface WatchdogOptions {
  /** Milliseconds that a greenlet may keep the event loop. Default: 100. */
  limit?: number;
  /** Told of each greenlet that did for longer. Default: prints it to the standard error stream. */
  onBlocked?: (args: BlockedArgs) => void;
  /**
   * Milliseconds after which a thread prints who keeps the event loop and has not come back. Default: 1000, or 10 times the
   * limit if that is more; `Infinity` for no such thread.
   */
  hung?: number;
}

const LIMIT = 100;
const HUNG = 1000;
/** So many are named. */
const MOST = 3;
/** The longest time between two signs of life, so that a timer can take it. */
const LONGEST = 2 ** 31 - 1;

/** Those that were started and not stopped. The last one is at work. */
const kennel: Watchdog[] = [];

/** Starts a watchdog, which works in the place of the one before until it is stopped. */
export function startWatchdog(options: WatchdogOptions = {}): Disposable {
  checkIsObject(options, "start watchdog");
  const { limit = LIMIT, onBlocked = print } = options;
  const { hung = Math.max(HUNG, 10 * limit) } = options;
  if (typeof limit !== "number" || typeof hung !== "number" || typeof onBlocked !== "function") {
    throw new TypeError(
      "Cannot start watchdog: 'limit' and 'hung' must be numbers and 'onBlocked' a function",
    );
  }
  if (!(limit > 0)) {
    throw new RangeError(`Cannot start watchdog: 'limit' must be above 0: received ${limit}`);
  }
  if (!(hung >= limit)) {
    throw new RangeError(
      `Cannot start watchdog: 'hung' must be at least 'limit': received ${hung}`,
    );
  }
  const watchdog = new Watchdog(limit, hung, onBlocked);
  kennel.push(watchdog);
  watchdog.work();
  return watchdog;
}

/** Starts the watchdog if the environment asks for it: `NOGIL_WATCHDOG` is the limit in milliseconds. */
export function startWantedWatchdog(): void {
  const limit = Number(environmentVariable("NOGIL_WATCHDOG") ?? 0);
  if (limit > 0 && kennel.length === 0) startWatchdog({ limit });
}

/** Gives where a greenlet was spawned, as lines of a stack; empty if no watchdog is at work that knows. */
export function spawnedAt(strand: Strand): string {
  return kennel.at(-1)?.spawnedAt(strand) ?? "";
}

class Watchdog implements Disposable {
  readonly #limit: number;
  readonly #onBlocked: (args: BlockedArgs) => void;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #stopThread: (() => void) | null = null;
  readonly #heart: Heartbeat = new Heartbeat();
  /** Who was resumed, and has not begun to wait since. */
  readonly #resumed: Set<Strand> = new Set();
  readonly #spawned: WeakMap<Strand, Error> = new WeakMap();
  #turned = performance.now();

  constructor(limit: number, hung: number, onBlocked: (args: BlockedArgs) => void) {
    this.#limit = limit;
    this.#onBlocked = onBlocked;
    this.#timer = setInterval(() => this.#turn(), Math.min(Math.max(1, limit / 4), LONGEST));
    runtime().unrefTimer(this.#timer);
    if (hung <= LONGEST) this.#stopThread = startWatchdogThread(this.#heart, hung);
  }

  work(): void {
    this.#turn();
    observeProgress((strand, progress) => this.#note(strand, progress));
    observeLeaving((scope) => {
      if (scope instanceof GreenletScope) this.#note(scope.strand, BEGUN);
    });
  }

  [Symbol.dispose](): void {
    const at = kennel.indexOf(this);
    if (at < 0) return;
    kennel.splice(at, 1);
    clearInterval(this.#timer);
    this.#stopThread?.();
    observeProgress(null);
    observeLeaving(null);
    kennel.at(-1)?.work();
  }

  #turn(): void {
    this.#turned = performance.now();
    this.#heart.beat();
    if (this.#resumed.size === 0) return;
    this.#resumed.clear();
    this.#publish();
  }

  #note(strand: Strand, progress: number): void {
    if (progress === STARTED) {
      this.#spawned.set(strand, new Error("Spawned"));
      return;
    }
    if (progress === WAITS || progress === ENDED) this.#look(strand, progress === ENDED);
    const { size } = this.#resumed;
    if (progress === BEGUN) this.#resumed.add(strand);
    else this.#resumed.delete(strand);
    if (this.#resumed.size !== size && size <= MOST) this.#publish();
  }

  #publish(): void {
    if (this.#stopThread === null) return;
    const [first, ...others] = [...this.#resumed].slice(0, MOST);
    this.#heart.text = first === undefined
      ? ""
      : [[first, ...others].map(nameOf).join(" or "), this.spawnedAt(first)]
        .filter((line) => line !== "").join("\n");
  }

  /** Gives where a greenlet was spawned, if the watchdog was at work. */
  spawnedAt(strand: Strand): string {
    const error = this.#spawned.get(strand);
    return error === undefined ? "" : stackOf(error);
  }

  #look(strand: Strand, isOver: boolean): void {
    const now = performance.now();
    const milliseconds = now - this.#turned;
    this.#turned = now;
    this.#heart.beat();
    if (milliseconds <= this.#limit) return;
    const stack = isOver ? "" : stackOf(new Error("Blocked"));
    const greenlet = strand.facade as Greenlet<unknown>;
    try {
      this.#onBlocked({ greenlet, milliseconds, stack, spawned: this.spawnedAt(strand) });
    } catch (error) {
      printIgnored("the watchdog", error);
    }
  }
}

function nameOf({ facade }: Strand): string {
  return `<${(facade as Greenlet<unknown>).name}>`;
}

/** Where the code of this library is: found when it is needed first. */
let own: readonly string[] | null = null;

function findOwn(): readonly string[] {
  // All of it may be in one file; then that of this module is not where its URL says.
  const [, here] = /([^\s(]+[/\\])[^/\\]+:\d+:\d+\)?$/.exec(
    new Error().stack?.split("\n")[1] ?? "",
  ) ?? [];
  const folders = [".", "../_core/", "../_runtime/"];
  const urls = folders.map((folder) => new URL(folder, import.meta.url).href);
  return here === undefined ? urls : [here, ...urls];
}

/** Gives the lines of a stack that are not of this library; all, if the program is in one file with it. */
function stackOf(error: Error): string {
  const folders = own ??= findOwn();
  const lines = (error.stack ?? "").split("\n").slice(1);
  const others = lines.filter((line) => !folders.some((folder) => line.includes(folder)));
  return (others.length > 0 ? others : lines).join("\n");
}

function print({ greenlet, milliseconds, stack, spawned }: BlockedArgs): void {
  const lines = [
    `${greenlet} has kept the event loop for ${Math.round(milliseconds)} ms` +
    (stack === "" ? ", and has ended" : `, up to\n${stack}`),
    ...spawned === "" ? [] : [`it was spawned\n${spawned}`],
  ];
  runtime().writeErrorSync(`${lines.join("; ")}\n`);
}
