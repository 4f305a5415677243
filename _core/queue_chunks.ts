/**
 * Memory for the items of one queue, as one agent writes them.
 *
 * An agent writes into chunks of its own, in which nobody else writes; a consumer frees a cell by counting its chunk down,
 * and the chunk is free when its count comes to 0. While its owner uses it the count is `BIAS` too high. An owner who has
 * filled a chunk goes back to an earlier one of which all has been consumed: so memory stays small and in the cache.
 *
 * ```text
 * word of a chunk in the page table
 * claimed        agent | BIAS          nobody else sees anything in it
 * used           agent | BIAS - freed
 * left by owner  published - freed     the last consumer makes it 0
 * run            agent | BIAS, then 1 once it is published
 * each           | SUSPECT after a death, which may have left the count too high: the owner recounts when he leaves it
 * ```
 *
 * @module
 */

import { ONE, SUSPECT } from "./heap.ts";
import { PAGE_WORDS } from "./layout.ts";
import {
  addressOf,
  BIAS,
  C_QUEUE,
  CELLS,
  isNumber,
  isRun,
  LARGEST_CELL,
  pageOf,
  RUN_CELL,
  wordOf,
} from "./queue_layout.ts";
import type { WaitQueue } from "./wait_queue.ts";

/** So many chunks an agent keeps for one queue. */
const MOST_OWN = 4;

interface Chunk {
  readonly start: number;
  readonly page: number;
  /** Cells that were published. */
  published: number;
  /** Cells that were not published yet. */
  out: number;
}

/** The chunks of one agent in one queue. */
export class Chunks {
  readonly #q: WaitQueue;
  readonly #o: number;
  /** Recounts the chunks of the queue: the count of one that was left may be too high. */
  readonly #recount: () => void;
  /** The chunks that are written into in turn; the last one now. */
  #own: Chunk[] = [];
  /** Chunks with cells that are not published yet. */
  readonly #old: Map<number, Chunk> = new Map();
  #current: Chunk | null = null;
  #position = 0;

  /** Makes the chunks of the agent of `q` in queue `o`. */
  constructor(q: WaitQueue, o: number, recount: () => void) {
    this.#q = q;
    this.#o = o;
    this.#recount = recount;
  }

  /**
   * Gives a cell of so many words, which nobody else knows.
   *
   * @throws {RangeError} If there is no memory for it.
   */
  allocate(words: number): number {
    const even = (words + 1) & ~1;
    if (even > LARGEST_CELL) return this.#allocateRun(even);
    let chunk = this.#current;
    if (chunk === null || this.#position + even > PAGE_WORDS) chunk = this.#next();
    const ref = chunk.start + this.#position;
    this.#position += even;
    chunk.out++;
    return ref;
  }

  #allocateRun(words: number): number {
    const { heap, me, w } = this.#q;
    const bytes = (words + RUN_CELL) * 4;
    if (bytes > heap.capacity) {
      throw new RangeError(
        `Cannot put item: it takes ${bytes} bytes, and all queues together have ${heap.capacity}`,
      );
    }
    let address: number;
    try {
      address = heap.allocateCounted(bytes, me, BIAS);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      const why = error.cause === undefined
        ? `of the ${heap.capacity} bytes that all queues together have there are not so many free in a row`
        : "the system has no memory left for it";
      throw new RangeError(`Cannot put item: it takes ${bytes} bytes, and ${why}`, {
        cause: error,
      });
    }
    const start = wordOf(address);
    if (start + words + RUN_CELL > heap.limit) heap.cover();
    w.set(start + C_QUEUE, this.#o);
    return start + RUN_CELL;
  }

  /** Says that a cell was published, or is not wanted any more. */
  settled(ref: number, published: boolean): void {
    if (isNumber(ref)) return;
    if (isRun(ref)) {
      if (!published) this.#q.heap.free(addressOf(ref));
      return;
    }
    const chunk = this.#find(ref);
    chunk.out--;
    if (published) chunk.published++;
    if (chunk.out === 0 && this.#old.delete(chunk.page)) this.#release(chunk);
  }

  /** Gives up all chunks, but for those with cells that are not published yet. */
  leave(): void {
    for (const chunk of this.#own) this.#retire(chunk);
    this.#own = [];
    this.#current = null;
  }

  #find(ref: number): Chunk {
    const page = pageOf(ref);
    if (this.#current?.page === page) return this.#current;
    const found = this.#own.find((chunk) => chunk.page === page) ?? this.#old.get(page);
    return found as Chunk;
  }

  #next(): Chunk {
    const { w, heap, me } = this.#q;
    const own = this.#own;
    for (let i = 0; i < own.length; i++) {
      const chunk = own[i] as Chunk;
      const consumed = me | (BIAS - chunk.published) * ONE;
      if (chunk.out !== 0 || (w.load(chunk.page) & ~SUSPECT) !== consumed) continue;
      own.splice(i, 1);
      w.store(chunk.page, me | BIAS * ONE);
      chunk.published = 0;
      return this.#use(chunk);
    }
    const address = this.#claim();
    const start = wordOf(address);
    if (start >= heap.limit) heap.cover();
    w.set(start + C_QUEUE, this.#o);
    if (own.length === MOST_OWN) this.#retire(own.shift() as Chunk);
    return this.#use({ start, page: pageOf(start), published: 0, out: 0 });
  }

  #claim(): number {
    const { heap, me } = this.#q;
    try {
      return heap.allocateCounted(1, me, BIAS);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new RangeError(
        `Cannot put item: all ${heap.capacity} bytes that all queues together have are in use`,
        { cause: error },
      );
    }
  }

  #use(chunk: Chunk): Chunk {
    this.#own.push(chunk);
    this.#current = chunk;
    this.#position = CELLS;
    return chunk;
  }

  #retire(chunk: Chunk): void {
    if (chunk.out > 0) this.#old.set(chunk.page, chunk);
    else this.#release(chunk);
  }

  #release({ page, published }: Chunk): void {
    const { w, me } = this.#q;
    for (;;) {
      const word = w.load(page);
      const left = (word - me - (BIAS - published) * ONE) & ~SUSPECT;
      if (w.compareExchange(page, word, left) !== word) continue;
      if ((word & SUSPECT) !== 0) this.#recount();
      return;
    }
  }
}

/** Frees the cell of an item that this agent has taken. */
export function freeCell(q: WaitQueue, ref: number): void {
  if (isNumber(ref)) return;
  if (isRun(ref)) q.heap.free(addressOf(ref));
  else q.w.add(pageOf(ref), -ONE);
}
