/**
 * How far a map has come, for whoever wants to know.
 *
 * @module
 */

import { type ProgressBar, progressBars } from "../_runtime/progress_bars.ts";
import { runtime, type TimerHandle } from "../_runtime/runtime.ts";
import { registeredName } from "../_core/module_registry.ts";
import type { AnyFunction } from "./function_table.ts";
import { printIgnored } from "../_core/ignored_error.ts";
import { realm } from "../thread/realm.ts";

/** How far a map has come. */
export interface Progress {
  /** Items that are finished, those that failed included. */
  done: number;
  /** Items in all, or `null` as long as only the end of the input will tell. */
  total: number | null;
  /** Items that failed. */
  failed: number;
}

/** Milliseconds between two calls of `onProgress`, at least. */
const INTERVAL = 50;
/** Milliseconds after which the bar of a loop that has thrown is closed. */
const PATIENCE = 250;

/** Gives what stands before a bar: the name of the function, if it has one. */
export function labelOf(fn: AnyFunction): string {
  const name = registeredName(fn);
  return name === "anonymous" || name.includes("#") ? "" : name;
}

/** Tells a callback and a bar how far a map has come: not more often than they can bear, and at the end. */
export class ProgressMeter {
  readonly #onProgress: ((progress: Progress) => void) | undefined;
  /** What stands before the bar, or `null` if none is wanted. */
  readonly #label: string | null;
  #bar: ProgressBar | null = null;
  #timer: TimerHandle | null = null;
  #leaving: TimerHandle | null = null;
  #last = -Infinity;
  #done = 0;
  #total: number | null;
  #failed = 0;
  #ended = false;
  /** What the callback was told last. */
  #told = "";
  #reported: unknown = null;

  constructor(
    onProgress: ((progress: Progress) => void) | undefined,
    label: string | null,
    total: number | null,
  ) {
    this.#onProgress = onProgress;
    this.#label = label;
    this.#total = total;
    if (label !== null) void this.#openBar(label);
  }

  /** An item has failed. */
  fail(): void {
    this.#failed++;
  }

  /** So many items are done. */
  update(done: number, total: number | null): void {
    if (this.#ended) return;
    this.#done = done;
    this.#total = total;
    this.#bar?.update(this.#progress);
    if (this.#onProgress === undefined || this.#timer !== null) return;
    const rest = this.#last + INTERVAL - performance.now();
    if (rest <= 0) this.#call();
    else {
      this.#timer = setTimeout(() => {
        this.#timer = null;
        this.#call();
      }, rest);
      runtime().unrefTimer(this.#timer);
    }
  }

  /** Says whether whoever fetched the results has gone: then the bar does not stand there for ever. */
  leave(left: boolean): void {
    if (this.#label === null || this.#ended) return;
    if (this.#leaving !== null) clearTimeout(this.#leaving);
    this.#leaving = null;
    if (left) {
      this.#leaving = setTimeout(() => this.#endBar(), PATIENCE);
      runtime().unrefTimer(this.#leaving);
    } else if (this.#bar === null) void this.#openBar(this.#label);
  }

  /** Nothing more happens. */
  end(done: number, total: number | null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#done = done;
    this.#total = total;
    for (const timer of [this.#timer, this.#leaving]) if (timer !== null) clearTimeout(timer);
    this.#timer = null;
    this.#endBar();
    if (this.#told !== this.#state) this.#call();
  }

  get #progress(): Progress {
    return { done: this.#done, total: this.#total, failed: this.#failed };
  }

  get #state(): string {
    return `${this.#done}/${this.#total}/${this.#failed}`;
  }

  #call(): void {
    this.#last = performance.now();
    this.#told = this.#state;
    try {
      this.#onProgress?.(this.#progress);
    } catch (error) {
      this.#report(error);
    }
  }

  /** An error that comes again and again is told once. */
  #report(error: unknown): void {
    const text = String(error);
    if (this.#reported === text) return;
    this.#reported = text;
    printIgnored("onProgress()", error);
  }

  async #openBar(label: string): Promise<void> {
    try {
      const bars = await progressBars(realm().table);
      this.#bar ??= bars.open(label, this.#progress);
      if (this.#ended) this.#endBar();
    } catch (error) {
      printIgnored("the progress bar", error);
    }
  }

  #endBar(): void {
    this.#bar?.update(this.#progress);
    this.#bar?.close();
    this.#bar = null;
  }
}
