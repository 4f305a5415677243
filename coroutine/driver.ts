/**
 * How the hub runs a generator: what it yields is waited for, and its value or error is passed back.
 *
 * ```text
 *   yield              | goes on
 *   -------------------+------------------------------------------------------------------------------------------
 *   sleep(…)           | when the hub comes to it; there is no promise
 *   nothing            | as after sleep(0)
 *   a wait of sync     | when it is over and the hub comes to it; at once if it was over at once, but not more often
 *   or queue           | than {@linkcode MOST} times in a row; there is no promise
 *   a promise, …       | when that is settled
 *   anything else      | at once, with a TypeError
 * ```
 *
 * @module
 */

import type { KeptContext } from "../_runtime/async_store.ts";
import { runtime } from "../_runtime/runtime.ts";
import { Done, ReachableWait, type Stepper } from "../_core/reachable_wait.ts";
import { isThenable } from "../_core/thenable.ts";
import { exchangeStepping } from "../_core/stepping.ts";
import type { GreenletScope } from "./greenlet_scope.ts";
import { Breath, Pause } from "./pause.ts";
import { scheduler, store } from "./scheduler.ts";

/** What the driver needs of a generator. */
export interface Steps {
  next(value: unknown): IteratorResult<unknown, unknown>;
  throw(error: unknown): IteratorResult<unknown, unknown>;
}

/** Is told how a generator has ended. */
export interface Finisher {
  end(value: unknown, isError: boolean): void;
}

/** Runs a generator to its end. */
export function drive(
  scope: GreenletScope,
  steps: Steps,
  context: KeptContext,
  finisher: Finisher,
): void {
  new Driver(scope, steps, context, finisher).step(undefined, false);
}

/** Whether a value is a generator that can be driven. */
export function isGenerator(value: unknown): value is Steps {
  return typeof value === "object" && value !== null && Symbol.toStringTag in value &&
    value[Symbol.toStringTag] === "Generator";
}

/** So many waits that were over at once are followed by a turn of the others. */
const MOST = 8;

class Driver implements Stepper {
  readonly scope: GreenletScope;
  readonly steps: Steps;
  readonly #context: KeptContext;
  readonly #finisher: Finisher;
  #following: Following | null = null;
  /** Whether the generator is over, and what it has returned is waited for. */
  #hasReturned = false;

  constructor(scope: GreenletScope, steps: Steps, context: KeptContext, finisher: Finisher) {
    this.scope = scope;
    this.steps = steps;
    this.#context = context;
    this.#finisher = finisher;
  }

  /** Resumes the generator until it waits. */
  step(value: unknown, isError: boolean): void {
    if (this.#hasReturned) return this.#finisher.end(value, isError);
    let passed = value;
    let isThrown = isError;
    for (;;) {
      let result: IteratorResult<unknown, unknown>;
      const before = exchangeStepping(this.scope);
      try {
        result = store.call(this.#context, advance, this, passed, isThrown);
      } catch (error) {
        exchangeStepping(before);
        return this.#finisher.end(error, true);
      }
      exchangeStepping(before);
      const { value } = result;
      if (result.done === true) {
        this.#hasReturned = true;
        // What is returned is awaited, as in an asynchronous function.
        if (!this.#follow(value)) this.#finisher.end(value, false);
        return;
      }
      const wait = value instanceof ReachableWait
        ? value
        : value === undefined
        ? new Pause(this.scope, -1, false)
        : value instanceof Done
        ? new Breath(this.scope, value.value)
        : null;
      if (wait !== null && wait.isUnused) {
        if (wait.attach(this)) return;
        passed = wait.value;
        isThrown = wait.hasFailed;
        if (!isThrown) return void new Breath(this.scope, passed).attach(this);
      } else if (this.#follow(value)) return;
      else {
        passed = new TypeError(
          `Cannot yield ${describe(value)}: a greenlet yields what it waits for, as a promise`,
        );
        isThrown = true;
      }
    }
  }

  follow(promise: Promise<unknown>): void {
    this.#follow(promise);
  }

  #follow(value: unknown): boolean {
    const promise = isPromise(value) ? value : this.#adopt(value);
    if (promise === null) return false;
    let following = this.#following;
    if (following === null || following.isOver) {
      following = this.#following = new Following(this);
    }
    following.begin(this.scope);
    const before = exchangeStepping(this.scope);
    try {
      promise.then(following.onValue, following.onError);
    } catch (error) {
      following.onError(error);
    } finally {
      exchangeStepping(before);
    }
    return true;
  }

  /** Makes a promise of what can be awaited; `null` for anything else. What it does when awaited belongs to the generator. */
  #adopt(value: unknown): Promise<unknown> | null {
    const before = exchangeStepping(this.scope);
    try {
      return store.call(this.#context, adopt, value, null, null);
    } finally {
      exchangeStepping(before);
    }
  }
}

/**
 * A generator that waits for promises, one after the other. If such a promise is itself a wait of the greenlet, that is what
 * an interruption ends, and the promise brings the error.
 *
 * A wait that is over takes some microtasks until its value is here: a permit, say. So an interruption that finds no such
 * wait lets a turn of the event loop pass before it takes the place of the value.
 */
class Following extends ReachableWait {
  /** Whether the promise is of no interest any more. */
  isOver = false;
  readonly onValue: (value: unknown) => void;
  readonly onError: (error: unknown) => void;
  readonly #driver: Driver;
  #isWaiting = false;
  #turn = 0;
  #entered: GreenletScope | null = null;

  constructor(driver: Driver) {
    super();
    this.#driver = driver;
    this.onValue = (value) => this.#settle(value, false);
    this.onError = (error) => this.#settle(error, true);
  }

  override get isLastResort(): boolean {
    return true;
  }

  get what(): string {
    return "a promise";
  }

  begin(scope: GreenletScope): void {
    this.#isWaiting = true;
    this.#turn++;
    this.#entered = scope;
    scope.enter(this);
  }

  interrupt(error: unknown): boolean {
    const turn = this.#turn;
    const scope = this.#entered as GreenletScope;
    runtime().nextTurn(() => {
      if (!this.#isWaiting || turn !== this.#turn) return;
      if (scope.isShielded || !scope.calmDown(error)) return scope.enter(this);
      this.isOver = true;
      scheduler.post({ resume: () => this.#driver.step(error, true) });
    });
    return false;
  }

  #settle(value: unknown, isError: boolean): void {
    if (this.isOver || !this.#isWaiting) return;
    this.#isWaiting = false;
    this.leaveScope();
    this.#driver.step(value, isError);
  }
}

/** Resumes a generator until it yields something that is not there yet, or has gone on often enough. */
function advance(
  { steps }: Driver,
  value: unknown,
  isError: boolean,
): IteratorResult<unknown, unknown> {
  let result = isError ? steps.throw(value) : steps.next(value);
  for (let times = 0; times < MOST && result.done !== true; times++) {
    const yielded = result.value;
    if (!(yielded instanceof Done)) break;
    result = steps.next(yielded.value);
  }
  return result;
}

/** Whether it calls back once, and later, whatever happens. */
function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise || value instanceof ReachableWait || value instanceof Done;
}

/** Makes a promise of a thenable, which is asked at once; it may call back at once, or often, or throw. */
function adopt(value: unknown): Promise<unknown> | null {
  try {
    if (!isThenable(value)) return null;
    return new Promise((resolve, reject) => void value.then(resolve, reject));
  } catch (error) {
    return Promise.reject(error);
  }
}

function describe(value: unknown): string {
  if (isGenerator(value)) return "a generator without 'yield*'";
  if (typeof value === "string") return `"${value}"`;
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  return `an object of class ${Object.prototype.toString.call(value).slice(8, -1)}`;
}
