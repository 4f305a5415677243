/**
 * The life of a greenlet, as the hub sees it.
 *
 * ```text
 *   state   | what runs                     | start()  | kill()
 *   --------+-------------------------------+----------+--------------------------------------------------------
 *   NEW     | nothing; perhaps an alarm     | POSTED   | DEAD: its function is never called
 *   POSTED  | nothing; it is in the queue   | –        | DEAD: its function is never called
 *   RUNNING | its function, up to some wait | –        | its waits are interrupted, or the next one will be; after
 *           |                               |          | the time of grace it is given up: DEAD
 *   DEAD    | whoever waits for it is told  | –        | –
 * ```
 *
 * The function is called in a portion of the hub. What it returns decides how it goes on: a promise (an asynchronous
 * function) is followed, a generator is driven ({@linkcode Driver}), anything else is the result.
 *
 * When it is dead, those who listen are told together, in the order of their coming, in a portion of the hub. The code of
 * one that was given up may go on: what becomes of it is of no interest any more, except that its next wait throws what it
 * was killed with, if it has not been told yet.
 *
 * A failure is reported after a turn of the event loop, unless somebody has looked at the greenlet by then. What it was
 * killed with is none, and neither is a `CancelledError`, which may come from a task that it waited for.
 *
 * @module
 */

import { CancelledError, GreenletExit } from "../errors.ts";
import { runtime } from "../_runtime/runtime.ts";
import type { KeptContext } from "../_runtime/async_store.ts";
import type { Alarm } from "./alarm_heap.ts";
import { drive, isGenerator } from "./driver.ts";
import { printIgnored } from "../_core/ignored_error.ts";
import { isThenable } from "../_core/thenable.ts";
import { callErrorHook } from "./error_hook.ts";
import { BEGUN, GreenletScope, hasEnded, noteProgress, STARTED } from "./greenlet_scope.ts";
import type { Waiter } from "./hub.ts";
import { MinimalIdents } from "./minimal_idents.ts";
import { beginPopulation, endExpectation, enterPopulation, leavePopulation } from "./population.ts";
import { contextFor, currentScope, runInScope, scheduler, store } from "./scheduler.ts";
import { Origin } from "./spawn_tree.ts";

/** What a greenlet runs. */
// deno-lint-ignore no-explicit-any -- it takes and returns what it likes
export type Body = (...args: any[]) => unknown;

/** Is told of the end of a greenlet. */
export interface Listener {
  /** Must not throw. */
  notify(strand: Strand): void;
}

/** What few greenlets need. */
class Rare {
  name: string | null = null;
  killedWith: Killing | null = null;
  locals: WeakMap<object, object> | null = null;
  /** Goes off when it is to begin, or to be given up. */
  alarm: Alarm<Waiter> | null = null;
  controller: AbortController | null = null;
  /** Where those come from that it has made. */
  offspring: Origin | null = null;
  /** A number that no other has while it lives; -1 until somebody asks. */
  minimalIdent = -1;
  /** Called at the end. */
  endings: Set<() => void> | null = null;
}

/** One request to die. */
interface Killing {
  readonly error: unknown;
  readonly before: Killing | null;
}

export const NEW = 0;
export const POSTED = 1;
export const RUNNING = 2;
export const DEAD = 3;

/** The arguments of greenlets that have none any more. */
const NOTHING: readonly unknown[] = [];

const minimalIdents: MinimalIdents = new MinimalIdents();

let lastIdent = 0;
let lastRank = 0;

/** A greenlet as the hub sees it. */
export class Strand extends GreenletScope implements Waiter {
  /** Its number, in the order of their making; what it owns is owned by this. */
  readonly ident: number = ++lastIdent;
  state: number = NEW;
  /** The object that the program knows. */
  facade: object | null = null;
  body: Body | null;
  args: readonly unknown[];
  /** The result or the error. */
  value: unknown = undefined;
  hasFailed = false;
  /** Which of all it was to die. */
  rank = 0;
  /** Whether anybody has asked what came of it. */
  isLookedAt = false;
  previous: Strand | null = null;
  next: Strand | null = null;
  /** Where it comes from, if a greenlet has made it. */
  readonly origin: Origin | null;
  #context: KeptContext | null = null;
  /** Who has not been told of its end: nobody, one, or many in the order of their coming. */
  #listeners: Listener | Set<Listener> | null = null;
  #rare: Rare | null = null;

  constructor(body: Body | null, args: readonly unknown[]) {
    super();
    this.body = body;
    this.args = args.length === 0 ? NOTHING : args;
    const maker = currentScope();
    this.origin = maker === null ? null : maker.strand.offspring;
  }

  get strand(): this {
    return this;
  }

  /** What it is called, if it was given a name. */
  get name(): string | null {
    return this.#rare?.name ?? null;
  }

  set name(name: string) {
    this.#rarely.name = name;
  }

  /** What it was killed with last. */
  get killedWith(): Killing | null {
    return this.#rare?.killedWith ?? null;
  }

  /** What each `GreenletLocal` keeps for it. */
  get locals(): WeakMap<object, object> | null {
    return this.#rare?.locals ?? null;
  }

  /** The same, made if need be. */
  get ownLocals(): WeakMap<object, object> {
    return this.#rarely.locals ??= new WeakMap();
  }

  /** Where those come from that it makes. */
  get offspring(): Origin {
    return this.#rarely.offspring ??= new Origin(this, this.origin?.tree);
  }

  /** The same, if anybody has asked for it. */
  get existingOffspring(): Origin | null {
    return this.#rare?.offspring ?? null;
  }

  /** The smallest number that no other had when somebody asked for it first. */
  get minimalIdent(): number {
    const rare = this.#rarely;
    if (rare.minimalIdent < 0) {
      rare.minimalIdent = minimalIdents.take();
      if (this.state === DEAD) minimalIdents.giveBack(rare.minimalIdent);
    }
    return rare.minimalIdent;
  }

  /** Calls a function, which must not throw, when it ends, unless the returned one is called before. */
  atEnd(callBack: () => void): () => void {
    const endings = this.#rarely.endings ??= new Set();
    endings.add(callBack);
    return () => endings.delete(callBack);
  }

  get #rarely(): Rare {
    return this.#rare ??= new Rare();
  }

  /** Is aborted when the greenlet is killed. */
  get signal(): AbortSignal {
    const rare = this.#rarely;
    if (rare.controller === null) {
      rare.controller = new AbortController();
      if (rare.killedWith !== null) rare.controller.abort(rare.killedWith.error);
    }
    return rare.controller.signal;
  }

  /** What it waits for, in words. */
  waitsFor(): string[] {
    if (this.isForgotten) return ["start(), which nobody has called"];
    if (this.state !== RUNNING) return [this.isDue ? "its time to begin" : "its turn to begin"];
    const whats = this.whats();
    return whats.length > 0 ? whats : ["a promise"];
  }

  /** Whether it waits for the time at which it begins. */
  get isDue(): boolean {
    return this.state === NEW && this.#rare !== null && this.#rare.alarm !== null;
  }

  /** Whether nobody has started it. */
  get isForgotten(): boolean {
    return this.state === NEW && !this.isDue;
  }

  /** Lets it begin after `delay` milliseconds; `-1`: with the next portion. */
  start(delay: number): void {
    if (this.state !== NEW || this.isDue) return;
    beginPopulation();
    endExpectation(this);
    noteProgress(this, STARTED);
    this.#context = contextFor(this);
    if (delay < 0) this.#post();
    else this.#rarely.alarm = scheduler.sleep(delay, this);
    enterPopulation(this);
  }

  #post(): void {
    this.state = POSTED;
    scheduler.post(this);
  }

  /** Called by the hub: begins, or tells those who listen that it is dead. */
  resume(): void {
    if (this.state === DEAD) return this.#notify();
    this.state = RUNNING;
    noteProgress(this, BEGUN);
    if (this.#rare !== null) this.#rare.alarm = null;
    const { body, args } = this;
    const context = this.#context as KeptContext;
    this.body = null;
    this.args = NOTHING;
    try {
      const result = store.call(context, call, this.facade, body as Body, args);
      this.#goOn(result, context);
    } catch (error) {
      this.end(error, true);
    }
  }

  #goOn(result: unknown, context: KeptContext): void {
    if (isGenerator(result)) {
      drive(this, result, context, this);
    } else if (isThenable(result)) {
      this.#context = null;
      const promise = result instanceof Promise
        ? result
        : runInScope(this, () => Promise.resolve(result));
      promise.then((value) => this.end(value, false), (error) => this.end(error, true));
    } else this.end(result, false);
  }

  /** It has ended. */
  end(value: unknown, isError: boolean): void {
    if (this.state === DEAD) return;
    hasEnded(this);
    endExpectation(this);
    const wasStarted = this.#context !== null || this.state === RUNNING;
    this.state = DEAD;
    this.value = value;
    this.rank = ++lastRank;
    this.hasFailed = isError && !(value instanceof GreenletExit);
    if (this.#rare !== null) {
      this.#setAlarm(null);
      this.#leaveRare(this.#rare);
    }
    this.#context = this.body = null;
    this.args = NOTHING;
    if (wasStarted) leavePopulation(this);
    if (this.#listeners !== null) scheduler.post(this);
    if (this.hasFailed && !this.isLookedAt && !this.#isNoFailure(value)) {
      runtime().nextTurn(() => {
        if (!this.isLookedAt) callErrorHook({ error: value, greenlet: this.facade as object });
      });
    }
  }

  #leaveRare(rare: Rare): void {
    rare.locals = null;
    if (rare.offspring !== null) rare.offspring.spawner = null;
    if (rare.minimalIdent >= 0) minimalIdents.giveBack(rare.minimalIdent);
    if (rare.endings !== null) { for (const callBack of rare.endings) callBack(); }
  }

  /** Interrupts it for good; after `grace` milliseconds it is given up. */
  kill(error: unknown, grace: number): void {
    if (this.state === DEAD) return;
    const rare = this.#rarely;
    if (rare.killedWith !== null) this.calmDown(rare.killedWith.error);
    rare.killedWith = { error, before: rare.killedWith };
    rare.controller?.abort(error);
    if (this.state !== RUNNING) return this.end(error, true);
    this.interrupt(error);
    if (grace === Infinity) return;
    const giveUp = (): void => {
      rare.alarm = null;
      this.end(error, true);
    };
    this.#setAlarm(scheduler.sleep(grace, { resume: giveUp }));
  }

  /** Takes all requests to die back: what was not thrown yet never is, and it is not given up. */
  forgive(): void {
    const rare = this.#rare;
    if (rare === null || rare.killedWith === null || this.state !== RUNNING) return;
    for (let one: Killing | null = rare.killedWith; one !== null; one = one.before) {
      this.calmDown(one.error);
    }
    rare.killedWith = null;
    if (rare.controller?.signal.aborted === true) rare.controller = null;
    this.#setAlarm(null);
  }

  #setAlarm(alarm: Alarm<Waiter> | null): void {
    const rare = this.#rarely;
    if (rare.alarm !== null) scheduler.cancel(rare.alarm);
    rare.alarm = alarm;
  }

  #isNoFailure(error: unknown): boolean {
    if (error instanceof CancelledError) return true;
    let killing = this.killedWith;
    while (killing !== null && killing.error !== error) killing = killing.before;
    return killing !== null;
  }

  /** Adds somebody who is told when it is dead. */
  listen(listener: Listener): void {
    const listeners = this.#listeners;
    if (listeners === null) {
      this.#listeners = listener;
      if (this.state === DEAD) scheduler.post(this);
    } else if (listeners instanceof Set) listeners.add(listener);
    else this.#listeners = new Set([listeners, listener]);
  }

  /** Takes a listener out that has not been told yet. */
  forget(listener: Listener): void {
    const listeners = this.#listeners;
    if (listeners instanceof Set) listeners.delete(listener);
    else if (listeners === listener) this.#listeners = null;
  }

  /** Takes the first listeners out for which a condition holds and that have not been told yet, `most` of them. */
  unlisten(isMeant: (listener: Listener) => boolean, most: number = 1): void {
    const listeners = this.#listeners;
    if (listeners === null) return;
    let left = most;
    for (const listener of listeners instanceof Set ? listeners : [listeners]) {
      if (left === 0) return;
      if (!isMeant(listener)) continue;
      this.forget(listener);
      left--;
    }
  }

  /** How many listeners have not been told yet. */
  get listeners(): number {
    const listeners = this.#listeners;
    return listeners === null ? 0 : listeners instanceof Set ? listeners.size : 1;
  }

  #notify(): void {
    const listeners = this.#listeners;
    if (listeners === null) return;
    if (listeners instanceof Set) {
      // Who comes while the others are told is told, too.
      for (const listener of listeners) {
        listeners.delete(listener);
        this.#tell(listener);
      }
      this.#listeners = null;
    } else {
      this.#listeners = null;
      this.#tell(listeners);
    }
  }

  #tell(listener: Listener): void {
    try {
      listener.notify(this);
    } catch (error) {
      printIgnored(`a link of ${this.facade}`, error);
    }
  }
}

function call(self: unknown, body: Body, args: readonly unknown[]): unknown {
  return Reflect.apply(body, self, args);
}

/** Gives the greenlet in which the code runs. */
export function currentStrand(): Strand | null {
  return currentScope()?.strand ?? null;
}
