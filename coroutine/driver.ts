/**
 * How the hub runs a generator: what it yields is waited for, and its value or error is passed back.
 *
 * ```text
 *   yield              | goes on
 *   -------------------+------------------------------------------------------------------------------------------
 *   sleep(…)           | when the hub comes to it; there is no promise
 *   nothing            | as after sleep(0)
 *   a promise, …       | when that is settled
 *   anything else      | at once, with a TypeError
 * ```
 *
 * @module
 */

import type { KeptContext } from "../_runtime/async_store.ts";
import { runtime } from "../_runtime/runtime.ts";
import { ReachableWait } from "../_core/wait_scope.ts";
import type { GreenletScope } from "./greenlet_scope.ts";
import { Pause } from "./pause.ts";
import { exchangeStepping, scheduler, store } from "./scheduler.ts";

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

class Driver {
  readonly scope: GreenletScope;
  readonly #steps: Steps;
  readonly #context: KeptContext;
  readonly #finisher: Finisher;
  #following: Following | null = null;
  /** Whether the generator is over, and what it has returned is waited for. */
  #hasReturned = false;

  constructor(scope: GreenletScope, steps: Steps, context: KeptContext, finisher: Finisher) {
    this.scope = scope;
    this.#steps = steps;
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
        result = store.call(this.#context, advance, this.#steps, passed, isThrown);
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
      const pause = value instanceof Pause
        ? value
        : value === undefined
        ? new Pause(this.scope, -1)
        : null;
      if (pause !== null) {
        if (pause.attach(this)) return;
        passed = pause.error;
        isThrown = pause.hasFailed;
      } else if (this.#follow(value)) return;
      else {
        passed = new TypeError(
          `Cannot yield ${describe(value)}: a greenlet yields what it waits for, as a promise`,
        );
        isThrown = true;
      }
    }
  }

  #follow(value: unknown): boolean {
    if (!isObject(value) || !("then" in value) || typeof value.then !== "function") return false;
    let following = this.#following;
    if (following === null || following.isOver) {
      following = this.#following = new Following(this);
    }
    following.begin(this.scope);
    const before = exchangeStepping(this.scope);
    try {
      value.then(following.onValue, following.onError);
    } catch (error) {
      following.onError(error);
    } finally {
      exchangeStepping(before);
    }
    return true;
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

function advance(
  steps: Steps,
  value: unknown,
  isError: boolean,
): IteratorResult<unknown, unknown> {
  return isError ? steps.throw(value) : steps.next(value);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function describe(value: unknown): string {
  if (isGenerator(value)) return "a generator without 'yield*'";
  if (typeof value === "string") return `"${value}"`;
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  return `an object of class ${Object.prototype.toString.call(value).slice(8, -1)}`;
}
