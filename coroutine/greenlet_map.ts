/**
 * A map over items whose results come one after the other.
 *
 * ```text
 *   items ──▶ feeder, a greenlet ──▶ one greenlet of the group for each item ──▶ results ──▶ next()
 *               waits for room in the group, and while `maxsize` results are under way
 * ```
 *
 * @module
 */

import { Greenlet, strandOf } from "./greenlet.ts";
import { sleep } from "./sleep.ts";
import { waitInHub } from "./wait_in_hub.ts";

/** What is mapped: an iterable, or an asynchronous one. */
export type MapInput<T> = Iterable<T> | AsyncIterable<T>;

/** How results are fetched. */
export interface GreenletMapOptions {
  /** How many calls may be under way or have results that nobody has taken. Default: any number. */
  maxsize?: number;
}

/** What a map needs of the group whose greenlets make the calls. */
export interface MapGroup {
  full(): boolean;
  waitAvailable(): Promise<void>;
  start<G extends Greenlet<unknown>>(greenlet: G): G;
  addFeeder(feeder: Greenlet<unknown>): void;
}

type Items<T> = AsyncIterator<T> | Iterator<T>;

interface Answer {
  value: unknown;
  hasFailed: boolean;
}

/** Items that the feeder takes before it lets others run. */
const BURST = 100;

/** The results of a map. */
export class GreenletMap<T, R> implements AsyncIterableIterator<R> {
  readonly #group: MapGroup;
  readonly #fn: (item: T) => unknown;
  readonly #isOrdered: boolean;
  readonly #maxsize: number;
  readonly #feeder: Greenlet<void>;
  /** What is ready: by the number of the item, or of its coming. */
  readonly #answers: Map<number, Answer> = new Map();
  #begun = 0;
  #arrived = 0;
  #taken = 0;
  /** Numbers of which whoever waited for them was interrupted, the first one last. */
  readonly #givenBack: number[] = [];
  /** How many answers there will be. */
  #total = Infinity;
  /** Called when there may be an answer for who waits. */
  readonly #takers: Set<() => void> = new Set();
  #makeRoom: (() => void) | null = null;

  constructor(
    group: MapGroup,
    fn: (item: T) => unknown,
    items: MapInput<T>,
    isOrdered: boolean,
    options: GreenletMapOptions = {},
  ) {
    const { maxsize = Infinity } = options;
    if (typeof fn !== "function") {
      throw new TypeError(`Cannot map: 'fn' must be a function: received ${typeof fn}`);
    }
    if (typeof maxsize !== "number" || !(maxsize >= 1)) {
      throw new RangeError(`Cannot map: 'maxsize' must be a number >= 1: received ${maxsize}`);
    }
    this.#group = group;
    this.#fn = fn;
    this.#isOrdered = isOrdered;
    this.#maxsize = maxsize;
    const iterator = iteratorOf(items);
    this.#feeder = new Greenlet(() => this.#feed(iterator));
    const strand = strandOf(this.#feeder);
    strand.isLookedAt = true;
    strand.listen({ notify: () => this.#fed(strand.value) });
    group.addFeeder(this.#feeder);
    this.#feeder.start();
  }

  /** Gives the iterator itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Waits for the next result; throws the error of its item. */
  async next(): Promise<IteratorResult<R, undefined>> {
    const number = this.#givenBack.pop() ?? this.#taken++;
    if (number >= this.#total) return { done: true, value: undefined };
    let answer = this.#answers.get(number);
    if (answer === undefined) {
      await waitInHub("imap()", (resolve) => {
        const look = (): void => {
          if (!this.#answers.has(number) && number < this.#total) return;
          this.#takers.delete(look);
          resolve();
        };
        this.#takers.add(look);
        return () => {
          this.#takers.delete(look);
          this.#givenBack.push(number);
          this.#givenBack.sort((a, b) => b - a);
        };
      });
      answer = this.#answers.get(number);
    }
    if (answer === undefined) return { done: true, value: undefined };
    this.#answers.delete(number);
    this.#makeRoom?.();
    if (answer.hasFailed) throw answer.value;
    return { done: false, value: answer.value as R };
  }

  /** Takes no more items, and ends the iteration over them. The calls that have begun go on. */
  return(): Promise<IteratorResult<R, undefined>> {
    this.#end(0);
    this.#answers.clear();
    this.#feeder.kill().catch(() => {});
    return Promise.resolve({ done: true, value: undefined });
  }

  async #feed(items: Items<T>): Promise<void> {
    let isOver = false;
    try {
      for (let count = 1;; count++) {
        if (this.#begun - this.#taken >= this.#maxsize) await this.#room();
        if (this.#group.full()) await this.#group.waitAvailable();
        else if (count % BURST === 0) await sleep(0);
        isOver = true;
        const step = items.next();
        const { done, value } = step instanceof Promise ? await step : step;
        if (done === true) break;
        isOver = false;
        this.#call(value, this.#begun++);
      }
    } finally {
      if (!isOver) await items.return?.();
    }
  }

  /** The feeder has ended; an error, or what it was killed with, comes after what it has begun. */
  #fed(error: unknown): void {
    if (error !== undefined) this.#answer(this.#begun++, { value: error, hasFailed: true });
    this.#end(this.#begun);
  }

  #room(): Promise<void> {
    return waitInHub("imap() to be read", (resolve) => {
      this.#makeRoom = () => {
        if (this.#begun - this.#taken < this.#maxsize) resolve();
      };
      return () => {
        this.#makeRoom = null;
      };
    });
  }

  #call(item: T, number: number): void {
    const greenlet = new Greenlet<unknown>(this.#fn as (item: T) => unknown, item);
    const strand = strandOf(greenlet);
    strand.isLookedAt = true;
    strand.listen({
      notify: ({ value, hasFailed }) => this.#answer(number, { value, hasFailed }),
    });
    this.#group.start(greenlet);
  }

  #answer(number: number, answer: Answer): void {
    if (this.#total === 0) return;
    this.#answers.set(this.#isOrdered ? number : this.#arrived++, answer);
    for (const look of [...this.#takers]) look();
  }

  #end(total: number): void {
    this.#total = Math.min(this.#total, total);
    for (const look of [...this.#takers]) look();
  }
}

function iteratorOf<T>(items: MapInput<T>): Items<T> {
  if (typeof items === "object" && items !== null || typeof items === "string") {
    const all = items as Partial<AsyncIterable<T> & Iterable<T>>;
    const begin = all[Symbol.asyncIterator] ?? all[Symbol.iterator];
    if (typeof begin === "function") {
      return Reflect.apply(begin, items, []) as Items<T>;
    }
  }
  throw new TypeError(`Cannot map: 'items' must be iterable: received ${typeof items}`);
}
