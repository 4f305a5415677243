/**
 * How greenlets switch: one loop that resumes generators.
 *
 * JavaScript cannot put the stack of a running function aside, except at a `yield`. So a greenlet is a generator, and a
 * switch is a transfer that the generator asks for and yields to a loop below it, which carries it out:
 *
 * ```text
 *   plain code           drive()                  greenlet A              greenlet B
 *   a.switch(1) ───────▶ A.next(1) ─────────────▶ b.switch(2): notes the transfer
 *                        takes the transfer ◀──── yield SWITCH
 *                        B.next(2) ─────────────────────────────────────▶ main.switch(3)
 *   returns 3 ◀───────── the transfer is for who called drive() ◀──────── yield SWITCH
 * ```
 *
 * A greenlet is in one of these states:
 *
 * ```text
 *   state     | steps     | what a transfer to it does
 *   ----------+-----------+-------------------------------------------------------------------------------
 *   UNSTARTED | null      | calls `run`: a generator makes it STARTED, anything else is its end. An error
 *             |           | that is thrown into it kills it unborn.
 *   STARTED   | generator | resumes the generator
 *   PINNED    | null      | plain code that is on the stack of the thread: the main greenlet always, others
 *             |           | while their `run` is a plain function. Each call of drive() returns to the one
 *             |           | that made it, and to nobody else: a transfer to one further down is refused.
 *   DEAD      | null      | goes on to the parent
 * ```
 *
 * So `steps !== null` says that a greenlet can be resumed, and `current.steps !== null` that the running code is inside a
 * generator. Such code must yield what it got; in it, `target` is null unless a transfer was noted and not yet yielded.
 * A generator that switches again, yields something else or ends with a transfer under way has forgotten a `yield`, and
 * is told so.
 *
 * The transfer under way is in the three variables `target`, `passed` and `throwing`, of which there is one set for each
 * thread, since each has this module for itself. Nothing that runs in between lets other code of the thread in.
 *
 * @module
 */

import { GreenletExit, InvalidStateError } from "../errors.ts";
import { type Leftover, unwatch, watch } from "./leftovers.ts";

/** Calls a function in the context of another place, as what `AsyncLocalStorage.snapshot()` returns does. */
export type GreenletContext = <R>(fn: () => R) => R;

/** Is told of every transfer; see {@linkcode setTrace}. */
export type Tracer = (event: "switch" | "throw", origin: unknown, target: unknown) => void;

// deno-lint-ignore no-explicit-any -- bodies take and return what they like
export type Body = (...args: any[]) => unknown;

/** What the loop needs of a generator. */
export interface Steps {
  next(value: unknown): IteratorResult<unknown, unknown>;
  throw(error: unknown): IteratorResult<unknown, unknown>;
}

/** What the loop needs of the object that the program knows. */
export interface Facade {
  /** Gives what to run, or `null` if there is nothing. A subclass may do anything in here. */
  [BODY](): Body | null;
}

/** The key of {@linkcode Facade}'s method. */
export const BODY: unique symbol = Symbol("nogil.greenletBody");

export const UNSTARTED = 0;
export const STARTED = 1;
export const PINNED = 2;
export const DEAD = 3;

/** A greenlet as the loop sees it. */
export class GreenletCore {
  state: number = UNSTARTED;
  /** What is resumed: the generator, or what resumes it in its context. */
  steps: Steps | null = null;
  parent: GreenletCore | null;
  facade: Facade | null = null;
  /** The function given to the constructor, until it is called. */
  body: Body | null = null;
  /** The array that stands for several values of a first switch. */
  args: readonly unknown[] | null = null;
  /** The generator as it was made. */
  generator: Steps | null = null;
  context: GreenletContext | null = null;
  leftover: Leftover | null = null;

  constructor(parent: GreenletCore | null) {
    this.parent = parent;
  }

  /** Chooses how the generator is resumed from now on. */
  enter(context: GreenletContext | null): void {
    this.context = context;
    if (this.state !== STARTED) return;
    const generator = this.generator as Steps;
    this.steps = context === null ? generator : {
      next: (value) => context(() => generator.next(value)),
      throw: (error) => context(() => generator.throw(error)),
    };
  }
}

/** What `switch` returns inside a generator. It stands for a value that is not there yet. */
class Switching {
  /** For `yield*`: one object serves all, since whether the transfer is still to be yielded is in `target`. */
  [Symbol.iterator](): Steps {
    return TYPED;
  }

  [Symbol.toPrimitive](): never {
    throw forgotten("use the value of a switch");
  }

  /** Looks like a promise, so that `await` fails instead of going on with nothing. */
  get then(): never {
    throw forgotten("await a switch");
  }
}

/** What a generator yields to switch. */
const SWITCH: Switching = new Switching();

const NOT_YET: IteratorResult<unknown, unknown> = { value: SWITCH, done: false };

const TYPED: Steps & { return(value: unknown): IteratorResult<unknown, unknown> } = {
  next: (value) => target === null ? { value, done: true } : NOT_YET,
  throw(error) {
    throw error;
  },
  return: (value) => ({ done: true, value }),
};

/** The greenlet of the code that no other greenlet runs. */
export const MAIN: GreenletCore = new GreenletCore(null);
MAIN.state = PINNED;

let current: GreenletCore = MAIN;

let target: GreenletCore | null = null;
let passed: unknown;
let throwing = false;

let tracer: Tracer | null = null;
let tracing = false;

/** Gives the greenlet that is running. */
export function currentCore(): GreenletCore {
  return current;
}

/** Passes a value, or an error, to a greenlet: at once for plain code, by the next `yield` for a generator. */
export function transfer(core: GreenletCore, value: unknown, isError: boolean): unknown {
  if (current.steps === null) return drive(core, value, isError);
  if (target !== null) {
    const error = forgotten("switch again");
    target = null;
    passed = undefined;
    throw error;
  }
  target = core;
  passed = value;
  throwing = isError;
  return SWITCH;
}

/** Sets the function that is told of every transfer, and returns the one before. */
export function exchangeTracer(next: Tracer | null): Tracer | null {
  const previous = tracer;
  tracer = next;
  return previous;
}

/** Gives the function that is told of every transfer. */
export function currentTracer(): Tracer | null {
  return tracer;
}

/** Carries out transfers until one is for the plain code that called this. */
function drive(first: GreenletCore, firstValue: unknown, isError: boolean): unknown {
  if (tracing) throw new InvalidStateError("Cannot switch: a trace function is running");
  const root = current;
  let core = first;
  let value = firstValue;
  let thrown = isError;
  for (;;) {
    if (core.steps === null || tracer !== null) {
      core = settle(core, value, thrown, root);
      value = passed;
      thrown = throwing;
      passed = undefined;
      if (core === root) {
        if (thrown) throw value;
        return value;
      }
    }
    current = core;
    const steps = core.steps as Steps;
    try {
      const result = thrown ? steps.throw(value) : steps.next(value);
      if (target === null || result.value !== SWITCH || result.done === true) {
        conclude(core, result);
      }
    } catch (error) {
      fail(core, error);
    }
    core = target as unknown as GreenletCore;
    value = passed;
    thrown = throwing;
    target = null;
  }
}

/** Finds who really goes on, begins it if it has not begun, and makes it the current one. */
function settle(
  core: GreenletCore,
  value: unknown,
  isError: boolean,
  root: GreenletCore,
): GreenletCore {
  aim(core, value, isError);
  for (;;) {
    const next = target as unknown as GreenletCore;
    if (next.state === DEAD) {
      aim(next.parent as GreenletCore, passed, throwing && !(passed instanceof GreenletExit));
    } else if (next.state === UNSTARTED) {
      if (begin(next)) return next;
    } else if (next.state === PINNED && next !== root) {
      refuse(next, root);
    } else {
      target = null;
      arrive(next);
      return next;
    }
  }
}

function aim(core: GreenletCore, value: unknown, isError: boolean): void {
  target = core;
  passed = value;
  throwing = isError;
}

/** Makes a greenlet the current one and tells the tracer, whose error takes the place of what is passed. */
function arrive(core: GreenletCore): void {
  const origin = current;
  current = core;
  if (tracer === null) return;
  tracing = true;
  try {
    tracer(throwing ? "throw" : "switch", origin.facade, core.facade);
    if (target !== null) throw new InvalidStateError("Cannot switch: a trace function is running");
  } catch (error) {
    tracer = null;
    target = null;
    passed = error;
    throwing = true;
  } finally {
    tracing = false;
  }
}

/**
 * Starts a greenlet with what is passed, and tells whether it is to be resumed now. If not, there is a transfer: to who
 * goes on because it has ended, or because it could not start.
 */
function begin(core: GreenletCore): boolean {
  const value = passed;
  const isError = throwing;
  target = null;
  let body: Body | null;
  try {
    body = (core.facade as Facade)[BODY]();
    if (body === null) {
      throw new InvalidStateError("Cannot start greenlet: it has no run function");
    }
  } catch (error) {
    // Its caller has to hear of it, or if that has just ended, whoever would go on after both.
    aim(current.state === DEAD ? core.parent as GreenletCore : current, error, true);
    return false;
  }
  aim(core, value, isError);
  // Looking for the function may have started it.
  if (core.state !== UNSTARTED) return false;
  target = null;
  core.state = PINNED;
  arrive(core);
  if (throwing) end(core, passed, true);
  else call(core, body, core.args !== null && value === core.args ? core.args : [value]);
  return target === null;
}

/** Calls the function of a greenlet that starts. */
function call(core: GreenletCore, body: Body, args: readonly unknown[]): void {
  const isMethod = body !== core.body;
  const self = isMethod ? core.facade : undefined;
  core.args = core.body = null;
  try {
    const result = core.context === null
      ? Reflect.apply(body, self, args)
      : core.context(() => Reflect.apply(body, self, args));
    if (!isGenerator(result)) return end(core, result, false);
    core.state = STARTED;
    core.generator = result;
    core.enter(core.context);
    if (!isMethod) watch(core);
    passed = undefined;
    throwing = false;
  } catch (error) {
    end(core, error, true);
  }
}

/** Ends a greenlet: its parent goes on with its result or its error. */
function end(core: GreenletCore, value: unknown, isError: boolean): void {
  core.state = DEAD;
  core.steps =
    core.generator =
    core.body =
    core.args =
    core.context =
      null;
  unwatch(core);
  aim(core.parent as GreenletCore, value, isError && !(value instanceof GreenletExit));
}

/** Goes on after a step that was no switch. */
function conclude(core: GreenletCore, { done, value }: IteratorResult<unknown, unknown>): void {
  if (done === true) {
    if (target === null) end(core, value, false);
    else end(core, forgotten("end greenlet"), true);
    return;
  }
  const error = target === null
    ? new InvalidStateError(
      `Cannot yield ${
        describe(value)
      }: a greenlet yields what switch() or throw() has just returned`,
    )
    : forgotten(`yield ${describe(value)}`);
  aim(core, error, true);
}

/** Ends a greenlet that threw. With a transfer that was not yielded, that is what went wrong first. */
function fail(core: GreenletCore, error: unknown): void {
  const isConsequence = target !== null && !(error instanceof InvalidStateError);
  end(core, isConsequence ? forgotten("go on", { cause: error }) : error, true);
}

/** Refuses a transfer to plain code that has called other plain code: nothing can put the latter aside. */
function refuse(core: GreenletCore, root: GreenletCore): void {
  const error = new InvalidStateError(
    `Cannot switch to ${core.facade}: the plain function of ${root.facade} runs above it, ` +
      "make that a generator function",
    throwing ? { cause: passed } : undefined,
  );
  aim(current.state === DEAD ? root : current, error, true);
}

function forgotten(action: string, options?: ErrorOptions): InvalidStateError {
  const what = target === null ? "a switch" : `the switch to ${target.facade}`;
  return new InvalidStateError(
    `Cannot ${action}: ${what} was not yielded, write 'yield greenlet.switch(…)' inside a greenlet`,
    options,
  );
}

function isGenerator(value: unknown): value is Steps {
  return typeof value === "object" && value !== null && Symbol.toStringTag in value &&
    value[Symbol.toStringTag] === "Generator";
}

function describe(value: unknown): string {
  if (value === SWITCH) return "a switch twice";
  if (isGenerator(value)) return "a generator without 'yield*'";
  if (typeof value === "string") return `"${value}"`;
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  return `an object of class ${Object.prototype.toString.call(value).slice(8, -1)}`;
}
