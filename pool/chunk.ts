/**
 * Items that go to a worker together.
 *
 * @module
 */

import { UnshareableError } from "../errors.ts";
import type { BatchSink, TaskSink } from "./engine_types.ts";
import type { Ticket } from "./task_engine.ts";

/** Who is told of the items of a chunk. */
export interface ChunkOwner {
  /** An item has a result. */
  done(index: number, value: unknown): void;
  /** An item has failed. */
  failed(index: number, error: unknown): void;
  /** No item of the chunk is left that runs or waits. */
  chunkEnded(chunk: Chunk): void;
}

/** Items that go to a worker together, as they lie in the input. */
export class Chunk implements BatchSink, TaskSink {
  readonly size: number;
  /** The index of the first item. */
  readonly base: number;
  #owner: ChunkOwner | null;
  /** What the engine calls it; `null` before it knows it. */
  ticket: Ticket | null = null;
  /** Bytes of arguments that wait outside of the rings. */
  bytes = 0;

  constructor(owner: ChunkOwner, base: number, size: number) {
    this.#owner = owner;
    this.base = base;
    this.size = size;
  }

  /** Hears of the engine again. */
  attach(owner: ChunkOwner): void {
    this.#owner = owner;
  }

  /** Hears no more of the engine. */
  detach(): void {
    this.#owner = null;
  }

  /** The only item has a result: a chunk of one goes as a task, which costs less. */
  resolve(value: unknown): void {
    this.item(0, value);
    this.end();
  }

  /** The only item has failed. */
  reject(error: unknown): void {
    this.itemFailed(0, error);
    this.end();
  }

  item(index: number, value: unknown): void {
    this.#owner?.done(this.base + index, value);
  }

  itemFailed(index: number, error: unknown): void {
    this.#owner?.failed(this.base + index, error);
  }

  end(): void {
    this.#owner?.chunkEnded(this);
  }
}

/** Tells whether the items themselves are what the engine refuses. */
export function isUnsendable(error: unknown): boolean {
  return error instanceof UnshareableError || error instanceof RangeError ||
    error instanceof TypeError;
}
