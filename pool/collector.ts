/**
 * The results of a map, all at once.
 *
 * @module
 */

import { CancelledError } from "../errors.ts";
import type { Failure, Feed, FeedListener } from "./feed.ts";

/** How a map ended. */
export type MapOutcome = { readonly values: unknown[] } | Failure;

/**
 * Collects results, in the order of the items.
 *
 * As in Python, a map that fails has the error that came first, and is over when all that runs is.
 */
export class Collector implements FeedListener {
  readonly #onDone: (outcome: MapOutcome) => void;
  readonly #values: unknown[];
  #failure: Failure | null = null;
  #feed: Feed | null = null;
  #items = 0;
  #over = false;

  /** Collects about `size` results. */
  constructor(size: number | null, onDone: (outcome: MapOutcome) => void) {
    this.#values = new Array(size ?? 0);
    this.#onDone = onDone;
  }

  /** Whether the map is over. */
  get over(): boolean {
    return this.#over;
  }

  /** Gives the feed, once. */
  connect(feed: Feed): void {
    this.#feed = feed;
    feed.awaited = true;
  }

  item(index: number, value: unknown): void {
    this.#values[index] = value;
    this.#items++;
  }

  itemFailed(_index: number, error: unknown): void {
    this.#failure ??= { error };
  }

  chunkEnded(size: number): void {
    this.#feed?.release(size);
  }

  inputEnded(failure: Failure | null): void {
    this.#failure ??= failure;
  }

  aborted(reason: unknown): void {
    this.#failure = { error: reason };
    this.finish();
  }

  /** Nothing is in flight, and nothing more comes. */
  finish(): void {
    if (this.#over) return;
    this.#over = true;
    const taken = this.#feed?.taken ?? 0;
    this.#values.length = taken;
    if (this.#items < taken) {
      this.#failure ??= { error: new CancelledError("Cannot map: it was cancelled") };
    }
    this.#onDone(this.#failure ?? { values: this.#values });
  }
}
