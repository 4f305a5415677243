/**
 * Greenlets that belong together.
 *
 * @module
 */

import { InvalidStateError, TimeoutError } from "../errors.ts";
import { calledWithin } from "../_core/deadline.ts";
import { checkWait, type WaitOptions } from "../_core/wait_options.ts";
import { belongsHere } from "./belongs_here.ts";
import { Greenlet, type GreenletResult, type KillOptions, strandOf } from "./greenlet.ts";
import {
  GreenletMap,
  type GreenletMapOptions,
  type MapGroup,
  type MapInput,
} from "./greenlet_map.ts";
import { Roster } from "./roster.ts";
import { runInline } from "./run_inline.ts";
import { currentScope, hubScope } from "./scheduler.ts";
import { currentStrand } from "./strand.ts";

/** How {@linkcode Group.join} waits. */
export interface GroupJoinOptions extends WaitOptions {
  /** Throw the error of the first greenlet that failed, when all are dead. Default: `false`. */
  raiseError?: boolean;
}

/** Who is told what comes of {@linkcode Group.applyAsync}. */
export interface GreenletApplyOptions<R> {
  /** Called with the result. */
  callback?: (result: R) => unknown;
  /** Called with the error. */
  errorCallback?: (error: unknown) => unknown;
}

/**
 * Greenlets that belong together: they are joined together, killed together, and leave when they are dead. As gevent's
 * `Group`.
 *
 * @example Usage
 * ```ts
 * import { Group, sleep } from "@nogil/std/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * const group = new Group();
 * for (const x of [1, 2, 3]) group.spawn(() => sleep(x));
 * assertEquals(group.length, 3);
 * await group.join();
 * assertEquals(group.length, 0);
 * assertEquals(await group.map((x: number) => x * x, [1, 2, 3]), [1, 4, 9]);
 * ```
 */
export class Group implements Iterable<Greenlet<unknown>> {
  static {
    belongsHere(this, "group", "send the functions as tasks and make a group there");
  }

  readonly #roster: Roster = new Roster(() => this.limit);
  /** Those that take the items of maps. */
  readonly #feeders: Set<Greenlet<unknown>> = new Set();

  /**
   * Creates a group.
   *
   * @param greenlets Its first members.
   */
  constructor(greenlets: Iterable<Greenlet<unknown>> = []) {
    for (const greenlet of greenlets) this.#roster.enter(greenlet);
  }

  /** How many greenlets there may be at once. */
  protected get limit(): number {
    return Infinity;
  }

  /** How many greenlets are in the group, with those that wait for room to start. */
  get length(): number {
    return this.#roster.length;
  }

  /** Whether a greenlet is in the group. */
  has(greenlet: Greenlet<unknown>): boolean {
    return this.#roster.has(greenlet);
  }

  /** Gives the greenlets of the group, the oldest first; those that wait for room to start come last. */
  *[Symbol.iterator](): IterableIterator<Greenlet<unknown>> {
    yield* this.#roster.all();
  }

  /** Whether there is no room for another greenlet. */
  full(): boolean {
    return this.#roster.isFull;
  }

  /**
   * Adds a greenlet that was made elsewhere, as soon as there is room. It leaves when it is dead.
   *
   * @param greenlet The greenlet.
   * @param options `timeout` in milliseconds, `signal` to give up.
   * @throws {TimeoutError} If time runs out.
   */
  async add(greenlet: Greenlet<unknown>, options?: WaitOptions): Promise<void> {
    const timeout = checkWait(options);
    if (this.#roster.isMember(greenlet) || this.tryAdd(greenlet)) return;
    const subscribe = (callBack: () => void): () => void => this.#roster.claim(greenlet, callBack);
    if (await calledWithin(subscribe, timeout, options?.signal, `${this}.add()`, hubScope())) {
      return;
    }
    throw new TimeoutError(`Cannot add greenlet: there was no room within ${timeout} ms`);
  }

  /**
   * Adds a greenlet that was made elsewhere, if there is room; tells whether there was.
   *
   * @param greenlet The greenlet.
   */
  tryAdd(greenlet: Greenlet<unknown>): boolean {
    return this.#roster.tryEnter(greenlet);
  }

  /**
   * Lets a greenlet leave, dead or not: there is room for another one. One that waits for room to start does not wait any more.
   *
   * @param greenlet The greenlet.
   */
  discard(greenlet: Greenlet<unknown>): void {
    this.#roster.discard(greenlet);
  }

  /**
   * Adds a greenlet and starts it; where there is no room, as soon as there is.
   *
   * @param greenlet A greenlet that was not started.
   * @returns The greenlet.
   */
  start<G extends Greenlet<unknown>>(greenlet: G): G {
    if (this.tryAdd(greenlet)) return greenlet.start();
    this.#roster.claim(greenlet, () => void greenlet.start());
    return greenlet;
  }

  /**
   * Runs a function as a greenlet of the group.
   *
   * @typeParam A The types of the arguments.
   * @typeParam R What the function returns.
   * @param fn What it runs.
   * @param args Its arguments.
   * @returns The greenlet. Where there is no room, it starts as soon as there is; to wait for that, there is
   * {@linkcode Group.waitAvailable}.
   * @throws {TypeError} If `fn` is no function.
   */
  spawn<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Greenlet<GreenletResult<R>> {
    if (typeof fn !== "function") {
      throw new TypeError(`Cannot spawn greenlet: 'fn' must be a function: received ${typeof fn}`);
    }
    return this.start(new Greenlet<GreenletResult<R>>(fn as never, ...args));
  }

  /**
   * Waits until there is room for another greenlet.
   *
   * @param options `timeout` in milliseconds, `signal` to give up.
   * @throws {TimeoutError} If time runs out.
   */
  waitAvailable(options?: WaitOptions): Promise<void> {
    return this.#observe(() => !this.full(), options, "waitAvailable");
  }

  /**
   * Waits until the group is empty.
   *
   * @param options `raiseError`, `timeout` in milliseconds, `signal` to give up.
   * @throws {TimeoutError} If time runs out.
   * @throws {InvalidStateError} If a greenlet of the group would wait for itself.
   */
  async join(options?: GroupJoinOptions): Promise<void> {
    const strand = currentStrand();
    if (strand !== null && this.has(strand.facade as Greenlet<unknown>)) {
      throw new InvalidStateError(`Cannot join ${this}: one would wait for itself`);
    }
    for (const greenlet of this) strandOf(greenlet).isLookedAt = true;
    await this.#observe(() => this.length === 0, options, "join");
    const failure = this.#roster.firstError;
    this.#roster.firstError = null;
    if (failure !== null && options?.raiseError === true) throw failure.error;
  }

  /**
   * Kills the greenlets of the group, and those that come meanwhile. One that is being killed already is not told again.
   * Maps under way take no more items: after the results of what has begun, they throw what they were killed with.
   *
   * @param error What to throw. Default: a `GreenletExit` for each.
   * @param options `grace`, and `timeout` in milliseconds and `signal` for the promise alone.
   * @returns When the group is empty. A greenlet of the group that kills it gets the error itself from the promise.
   * @throws {TimeoutError} If time runs out before.
   */
  async kill(
    error?: Error | (new () => Error) | null,
    options?: KillOptions,
  ): Promise<void> {
    const { grace, ...wait } = options ?? {};
    checkWait(wait);
    const how = grace === undefined ? undefined : { grace };
    const current = currentStrand();
    const killAll = (): void => {
      for (const feeder of this.#feeders) feeder.kill(error, how).catch(() => {});
      for (const greenlet of this) {
        const strand = strandOf(greenlet);
        if (strand.killedWith !== null || strand === current) continue;
        greenlet.kill(error, how).catch(() => {});
      }
    };
    killAll();
    if (current !== null && this.has(current.facade as Greenlet<unknown>)) {
      await (current.facade as Greenlet<unknown>).kill(error, how);
    }
    await this.#observe(
      () => {
        killAll();
        return this.length === 0;
      },
      wait,
      "kill",
    );
  }

  /**
   * Kills one greenlet of the group, as {@linkcode Greenlet.kill} does; none, if it is not in the group.
   *
   * @param greenlet The greenlet.
   * @param error What to throw. Default: a `GreenletExit`.
   * @param options `grace`, and `timeout` in milliseconds and `signal` for the promise alone.
   */
  async killOne(
    greenlet: Greenlet<unknown>,
    error?: Error | (new () => Error) | null,
    options?: KillOptions,
  ): Promise<void> {
    if (this.has(greenlet)) await greenlet.kill(error, options);
  }

  /**
   * Runs a function as a greenlet of the group, and waits for its result. A greenlet of the group runs it itself.
   *
   * @param fn What to run.
   * @param args Its arguments.
   */
  apply<A extends unknown[], R>(
    fn: (...args: A) => R,
    args?: A,
  ): Promise<GreenletResult<R>> {
    const given = args ?? [] as unknown as A;
    const scope = currentScope();
    if (scope !== null && this.has(scope.strand.facade as Greenlet<unknown>)) {
      return runInline(scope, () => fn(...given)) as Promise<GreenletResult<R>>;
    }
    try {
      return this.spawn(fn, ...given).get();
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Runs a function as a greenlet of the group.
   *
   * @param fn What to run.
   * @param args Its arguments.
   * @param options `callback` for the result, `errorCallback` for the error.
   */
  applyAsync<A extends unknown[], R>(
    fn: (...args: A) => R,
    args?: A,
    options?: GreenletApplyOptions<GreenletResult<R>>,
  ): Greenlet<GreenletResult<R>> {
    const greenlet = this.spawn(fn, ...(args ?? [] as unknown as A));
    const { callback, errorCallback } = options ?? {};
    if (callback !== undefined) {
      greenlet.linkValue(({ value }) => callback(value as GreenletResult<R>));
    }
    if (errorCallback !== undefined) {
      greenlet.linkException(({ exception }) => errorCallback(exception));
    }
    return greenlet;
  }

  /**
   * Calls a function with each item, each call in a greenlet of the group, and waits for all results.
   *
   * @param fn What to call.
   * @param items What to call it with, an iterable or an asynchronous one.
   * @returns The results, in the order of the items.
   * @throws The error of the first item that failed. The other calls go on.
   */
  async map<T, R>(fn: (item: T) => R, items: MapInput<T>): Promise<GreenletResult<R>[]> {
    const results: GreenletResult<R>[] = [];
    for await (const result of this.imap(fn, items)) results.push(result as GreenletResult<R>);
    return results;
  }

  /**
   * Does what `map` does, in a greenlet that is not of the group.
   *
   * @param fn What to call.
   * @param items What to call it with.
   */
  mapAsync<T, R>(fn: (item: T) => R, items: MapInput<T>): Greenlet<GreenletResult<R>[]> {
    return new Greenlet<GreenletResult<R>[]>(() => this.map(fn, items)).start();
  }

  /**
   * Calls a function with each item, each call in a greenlet of the group, and gives the results one after the other, in
   * the order of the items.
   *
   * Where an item failed, `next` throws its error, and the one after goes on. Items are taken as there is room in the group.
   *
   * @param fn What to call.
   * @param items What to call it with, an iterable or an asynchronous one.
   * @param options `maxsize`: how many results there may be that nobody has taken.
   */
  imap<T, R>(
    fn: (item: T) => R,
    items: MapInput<T>,
    options?: GreenletMapOptions,
  ): AsyncIterableIterator<GreenletResult<R>> {
    return new GreenletMap<T, GreenletResult<R>>(this.#forMap(), fn, items, true, options);
  }

  /**
   * Does what `imap` does, and gives the results as they come.
   *
   * @param fn What to call.
   * @param items What to call it with, an iterable or an asynchronous one.
   * @param options `maxsize`: how many results there may be that nobody has taken.
   */
  imapUnordered<T, R>(
    fn: (item: T) => R,
    items: MapInput<T>,
    options?: GreenletMapOptions,
  ): AsyncIterableIterator<GreenletResult<R>> {
    return new GreenletMap<T, GreenletResult<R>>(this.#forMap(), fn, items, false, options);
  }

  /** Describes the group, as `<Group of 3>`. */
  toString(): string {
    return `<${this.constructor.name} of ${this.length}>`;
  }

  #forMap(): MapGroup {
    return {
      full: () => this.full(),
      waitAvailable: () => this.waitAvailable(),
      start: (greenlet) => this.start(greenlet),
      addFeeder: (feeder) => {
        this.#feeders.add(feeder);
        strandOf(feeder).listen({ notify: () => void this.#feeders.delete(feeder) });
      },
    };
  }

  async #observe(
    isTrue: () => boolean,
    options: WaitOptions | undefined,
    method: string,
  ): Promise<void> {
    const timeout = checkWait(options);
    const what = `${this.constructor.name}.${method}()`;
    if (await this.#roster.observe(isTrue, timeout, options?.signal, what)) return;
    throw new TimeoutError(`Cannot wait for ${this}: timed out after ${timeout} ms`);
  }
}
