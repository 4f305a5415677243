/**
 * Greenlets of the hub, as gevent has them.
 *
 * @module
 */

import { InvalidStateError, UnshareableError } from "../errors.ts";
import { HANDLE, type HandleRecord } from "../_core/handle.ts";
import { checkWait, type WaitOptions } from "../_core/wait_options.ts";
import { WAITABLE, type WaitState } from "../_core/wait_state.ts";
import { checkBody, checkError, checkGrace } from "./greenlet_checks.ts";
import { GreenletState, stateWord } from "./greenlet_state.ts";
import type { GreenletResult, KillOptions } from "./greenlet_types.ts";
import { waitUntilDead } from "./end_wait.ts";
import { killedItself } from "./join_wait.ts";
import { Link, type LinkTarget } from "./link.ts";
import { checkDelay } from "./sleep.ts";
import { addCallback, removeCallback, type SpawnCallback, tellSpawned } from "./spawn_callbacks.ts";
import { treeLocalsOf } from "./spawn_tree.ts";
import { type Body, currentStrand, DEAD, NEW, POSTED, RUNNING, Strand } from "./strand.ts";

export type { GreenletResult, KillOptions } from "./greenlet_types.ts";

/** Milliseconds that a greenlet which was killed has to end in. */
const GRACE = 1000;

const BELONGS_HERE =
  "Cannot send greenlet: it belongs to the thread that made it, send its function as a task and make a greenlet there";

/** Gives what the hub knows of a greenlet. */
export let strandOf: (greenlet: Greenlet<unknown>) => Strand;

/**
 * A function that runs beside others on this thread, as gevent's `Greenlet`.
 *
 * Its function is an asynchronous one, a generator function, or a plain one. A generator function yields what it waits for:
 * `yield promise` gives the value of the promise, and throws its error; `yield sleep(…)` costs no promise. A greenlet runs
 * until it waits; only then others do. The greenlets of a thread are not parallel: for that there are threads.
 *
 * `await greenlet` gives its result, or throws its error. So do `get` and, without the error, `join`. An error at which
 * nobody looks by the next turn of the event loop goes to the hook of the hub, which prints it.
 *
 * **`kill`** ends a greenlet wherever it waits: in `sleep`, in `join` or `get` of another one, in a channel, in what the other
 * modules wait for (locks, queues, threads, pools, connections), in a function patched by `monkey`, at a `yield` of a generator,
 * and wherever its {@linkcode Greenlet.signal} is heeded. There its code gets a {@linkcode GreenletExit}, which leaves
 * `finally` blocks time to run. Two things are beyond reach. An asynchronous function that awaits a promise of somebody else
 * cannot be interrupted (give what makes the promise the signal; of a future, await `result()`). And code that catches the
 * `GreenletExit` and goes on, goes on. In both cases the greenlet is given up after the time of grace: it is dead, and whoever
 * joins it goes on.
 *
 * A wait that an asynchronous greenlet has begun and does not await is interrupted like the others; its rejection is
 * nobody's.
 *
 * @example Usage
 * ```ts
 * import { Greenlet, sleep, spawn } from "@nogil/std/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * const one = spawn(async (x: number) => {
 *   await sleep(10);
 *   return x + 1;
 * }, 1);
 * const two = new Greenlet(function* (greenlet: Greenlet<number>) {
 *   const x: number = yield greenlet;
 *   return x * 10;
 * }, one).start();
 * assertEquals(await two, 20);
 * ```
 *
 * @typeParam T The type of the result.
 */
export class Greenlet<T = unknown> implements PromiseLike<T> {
  readonly #strand: Strand;

  /**
   * Creates a greenlet, which `start` starts.
   *
   * @param run A generator function; without it, a subclass has a method `run`.
   * @param args Its arguments.
   * @throws {TypeError} If `run` is no function.
   */
  constructor(
    // deno-lint-ignore no-explicit-any -- the arguments follow, and what a yield gives depends on what was yielded
    run: (...args: any[]) => Generator<unknown, T | PromiseLike<T>, any>,
    ...args: unknown[]
  );
  /**
   * Creates a greenlet, which `start` starts.
   *
   * @param run A function, asynchronous or plain; without it, a subclass has a method `run`.
   * @param args Its arguments.
   * @throws {TypeError} If `run` is no function.
   */
  // deno-lint-ignore no-explicit-any -- the arguments follow
  constructor(run?: ((...args: any[]) => T | PromiseLike<T>) | null, ...args: unknown[]);
  constructor(run?: Body | null, ...args: unknown[]) {
    const strand = new Strand(checkBody(run), args);
    strand.facade = this;
    this.#strand = strand;
  }

  static {
    strandOf = (greenlet) => greenlet.#strand;
  }

  /**
   * Creates a greenlet and starts it. As {@linkcode spawn}.
   *
   * @param fn What it runs.
   * @param args Its arguments.
   */
  static spawn<A extends unknown[], R>(
    fn: (...args: A) => R,
    ...args: A
  ): Greenlet<GreenletResult<R>> {
    return new Greenlet<GreenletResult<R>>(fn as never, ...args).start();
  }

  /**
   * Adds a function, once, that is told of every greenlet of this thread before it is started, in whatever way. It is called
   * in the code that starts the greenlet; what it throws is printed.
   *
   * @param callback The function.
   * @throws {TypeError} If it is none.
   */
  static addSpawnCallback(callback: SpawnCallback): void {
    addCallback(callback);
  }

  /** Takes a function out that `addSpawnCallback` has added. Any other is left alone. */
  static removeSpawnCallback(callback: SpawnCallback): void {
    removeCallback(callback);
  }

  /**
   * What the greenlet does. The default calls the function given to the constructor; a subclass may override it.
   *
   * @param args The arguments given to the constructor.
   */
  // deno-lint-ignore no-explicit-any -- a subclass says what it takes
  run(...args: any[]): unknown {
    const { body } = this.#strand;
    if (body === null) {
      throw new InvalidStateError("Cannot run greenlet: it has no function, or has begun");
    }
    return body(...args);
  }

  /** Lets the greenlet begin when its turn comes. Does nothing if that was done before. */
  start(): this {
    this.#begin(-1);
    return this;
  }

  /**
   * Lets the greenlet begin after a time. Does nothing if it was started before.
   *
   * @param milliseconds How long, at least.
   * @throws {TypeError} If `milliseconds` is no number.
   * @throws {RangeError} If it is negative or NaN.
   */
  startLater(milliseconds: number): this {
    checkDelay("start greenlet", milliseconds);
    this.#begin(milliseconds);
    return this;
  }

  #begin(delay: number): void {
    const strand = this.#strand;
    if (strand.state !== NEW || strand.isDue) return;
    const { run } = this;
    if (run !== Greenlet.prototype.run) strand.body = checkBody(run);
    if (strand.body === null) {
      throw new InvalidStateError("Cannot start greenlet: it has no function and no method 'run'");
    }
    tellSpawned(this as Greenlet<unknown>);
    strand.start(delay);
  }

  /**
   * Waits until the greenlet is dead, however it ended.
   *
   * @param options `timeout` in milliseconds, `signal` to give up.
   * @throws {TimeoutError} If time runs out. The greenlet goes on.
   * @throws {InvalidStateError} If a greenlet would wait for itself.
   */
  join(options?: WaitOptions): Promise<void> {
    return this.#wait(options, false) as Promise<void>;
  }

  /**
   * Waits for the result.
   *
   * @param options `timeout` in milliseconds, `signal` to give up.
   * @returns The result. Of a greenlet that was killed: the {@linkcode GreenletExit}.
   * @throws What the greenlet threw, or was killed with, the same object each time.
   * @throws {TimeoutError} If time runs out. The greenlet goes on.
   * @throws {InvalidStateError} If a greenlet would wait for itself.
   */
  get(options?: WaitOptions): Promise<T> {
    return this.#wait(options, true) as Promise<T>;
  }

  #wait(options: WaitOptions | undefined, wantsValue: boolean): Promise<unknown> {
    this.#strand.isLookedAt = true;
    return waitUntilDead(this.#strand, options, wantsValue);
  }

  /**
   * Waits for the result, as `get` does: it makes `await greenlet` possible.
   *
   * @param onFulfilled Called with the result.
   * @param onRejected Called with the error.
   */
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.get().then(onFulfilled, onRejected);
  }

  /**
   * Kills the greenlet: its code gets an error where it waits, or at its next wait. One that has not begun never does.
   *
   * The request takes effect at once, whether or not the promise is awaited. A dead greenlet is left as it is. A greenlet
   * that kills itself gets the error from its next wait, which may be that for the promise.
   *
   * @param error What to throw, an error or a class of errors. Default: a {@linkcode GreenletExit}, with which a greenlet
   * ends and has not failed.
   * @param options `grace`: how long it has to end; `timeout` in milliseconds and `signal` for the promise alone.
   * @returns When it is dead.
   * @throws {TypeError} If `error` is no error.
   * @throws {TimeoutError} If time runs out before.
   */
  kill(
    error?: Error | (new () => Error) | null,
    options?: KillOptions,
  ): Promise<void> {
    try {
      const { grace, ...wait } = options ?? {};
      const reason = checkError(error);
      checkWait(wait);
      const strand = this.#strand;
      strand.kill(reason, grace === undefined ? GRACE : checkGrace("kill", grace));
      if (strand === currentStrand()) return killedItself(strand);
      return waitUntilDead(strand, options && wait, false) as Promise<void>;
    } catch (problem) {
      return Promise.reject(problem);
    }
  }

  /** Whether the greenlet is dead. */
  ready(): boolean {
    return this.#strand.state === DEAD;
  }

  /** Whether the greenlet is dead and has not failed. One that was killed by a {@linkcode GreenletExit} has not. */
  successful(): boolean {
    return this.#strand.state === DEAD && !this.#strand.hasFailed;
  }

  /** The result; `undefined` if there is none. Of a greenlet that was killed: the {@linkcode GreenletExit}. */
  get value(): T | undefined {
    return this.successful() ? this.#strand.value as T : undefined;
  }

  /** What the greenlet threw; `null` if it is not dead, or has not failed. */
  get exception(): unknown {
    this.#strand.isLookedAt = true;
    return this.#strand.hasFailed ? this.#strand.value : null;
  }

  /** Whether the greenlet has ended. */
  get dead(): boolean {
    return this.#strand.state === DEAD;
  }

  /** Whether the greenlet was started and is not dead. */
  get started(): boolean {
    const { state, isDue } = this.#strand;
    return state === POSTED || state === RUNNING || isDue;
  }

  /** The number of the greenlet, in the order of their making. */
  get ident(): number {
    return this.#strand.ident;
  }

  /** A small number, from 0 on, that no other living greenlet of this thread has. The next one gets it when this is dead. */
  get minimalIdent(): number {
    return this.#strand.minimalIdent;
  }

  /** Gives the greenlet in which this one was made; `null` if that has ended, or if it was made outside of greenlets. */
  spawningGreenlet(): Greenlet<unknown> | null {
    return (this.#strand.origin?.spawner?.facade ?? null) as Greenlet<unknown> | null;
  }

  /**
   * An object for whatever you like, which the greenlet shares with all that were made in it, in those, and so on, and with
   * the one in which it was made. Greenlets that were made outside of greenlets have one each.
   */
  get spawnTreeLocals(): Record<PropertyKey, unknown> {
    return treeLocalsOf(this.#strand);
  }

  /** What the greenlet is called in messages. Default: its class and its number, as `Greenlet-7`. */
  get name(): string {
    return this.#strand.name ?? `${this.constructor.name}-${this.#strand.ident}`;
  }

  set name(name: string) {
    this.#strand.name = String(name);
  }

  /** Is aborted when the greenlet is killed, with the error as the reason. For `fetch` and whatever else takes a signal. */
  get signal(): AbortSignal {
    return this.#strand.signal;
  }

  /**
   * Calls a function with the greenlet when it is dead; soon, if it is dead already. Functions are called in the order in
   * which they were added. What one throws is printed.
   *
   * @param target A function, or an object with `setResult` and `setException`, as a `Future`, which is settled as the
   * greenlet was.
   * @throws {TypeError} If it is neither.
   */
  link(target: LinkTarget<this>): void {
    this.#link(target, true, true);
  }

  /**
   * As {@linkcode Greenlet.link}, if the greenlet has not failed.
   *
   * @param target A function, or an object with `setResult` and `setException`.
   * @throws {TypeError} If it is neither.
   */
  linkValue(target: LinkTarget<this>): void {
    this.#link(target, true, false);
  }

  /**
   * As {@linkcode Greenlet.link}, if the greenlet has failed.
   *
   * @param target A function, or an object with `setResult` and `setException`.
   * @throws {TypeError} If it is neither.
   */
  linkException(target: LinkTarget<this>): void {
    this.#link(target, false, true);
  }

  /**
   * Takes a link back, unless it has been called. What was never linked is left alone.
   *
   * @param target What was given.
   */
  unlink(target: LinkTarget<this>): void {
    this.#strand.unlisten((one) => one instanceof Link && one.target === target);
  }

  /** Takes all links back that have not been called. Those who join go on waiting. */
  unlinkAll(): void {
    this.#strand.unlisten((one) => one instanceof Link, Infinity);
  }

  /** How many wait for the end of the greenlet: links, and those who join. */
  hasLinks(): number {
    return this.#strand.listeners;
  }

  /** Describes the greenlet, as `<Greenlet-7 running>`. */
  toString(): string {
    return `<${this.name} ${stateWord(this.#strand)}>`;
  }

  /**
   * Gives the state of the greenlet, as a wait for many objects sees it.
   *
   * @ignore
   */
  [WAITABLE](): WaitState {
    return new GreenletState(this.#strand);
  }

  /**
   * Refuses to travel.
   *
   * @ignore
   */
  [HANDLE](_target: "thread" | "process"): HandleRecord {
    throw new UnshareableError(BELONGS_HERE);
  }

  #link(target: LinkTarget<this>, onValue: boolean, onError: boolean): void {
    if (onError) this.#strand.isLookedAt = true;
    this.#strand.listen(new Link(target as LinkTarget<object>, this, onValue, onError));
  }
}
