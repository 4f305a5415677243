/**
 * The greenlet, and how code finds out in which one it runs.
 *
 * @module
 */

import { GreenletExit, InvalidStateError, UnshareableError } from "../errors.ts";
import { HANDLE, type HandleRecord } from "../_core/handle.ts";
import { onLeftover } from "./leftovers.ts";
import { currentScope } from "./scheduler.ts";
import {
  BODY,
  type Body,
  currentCore,
  DEAD,
  type GreenletContext,
  GreenletCore,
  MAIN,
  STARTED,
  transfer,
  UNSTARTED,
} from "./trampoline.ts";

/** What a greenlet runs: a generator function, which can switch, or a plain one, which runs to its end. */
export type GreenletFunction =
  // deno-lint-ignore no-explicit-any -- it takes what the first switch passes, and each yield gives what a later one passes
  | ((...args: any[]) => Generator<unknown, unknown, any>)
  // deno-lint-ignore no-explicit-any -- it takes what the first switch passes
  | ((...args: any[]) => unknown);

/** What is yielded to switch; `yield*` gives the value, with its type. */
export interface Switching<T> {
  /** For `yield*`. */
  [Symbol.iterator](): Iterator<unknown, T, unknown>;
}

/**
 * What `switch` and `throw` return: in plain code the value that somebody switches back with, inside a greenlet what has to
 * be yielded for it.
 *
 * For strings, arrays and whatever else can be iterated, this is `any`: their own iterator is in the way.
 */
// deno-lint-ignore no-explicit-any -- both uses have to be allowed, and only one of them has the type
export type Switched<T> = [T] extends [Iterable<unknown>] ? any : Switching<T> & T;

/** Whose signal nobody aborts. */
const OUTSIDE: { readonly signal: AbortSignal } = new AbortController();

/** The core that the next object stands for, if it is not to be a new greenlet. */
let adopted: GreenletCore | null = null;

/** Gives the core of a greenlet; set by the class, which alone can see it. */
let coreOf: (greenlet: unknown) => GreenletCore;

/**
 * A greenlet, as in Python's `greenlet`: code that stops where it switches to another greenlet, and goes on there when
 * somebody switches back.
 *
 * Its code is a generator function, and each switch in it has to be yielded: `yield other.switch(1)`, or
 * `yield* other.switch<string>(1)` for a value with a type. A function that is called by a greenlet and that switches is
 * a generator function, too, and is called by `yield*`. A `yield` that was forgotten is an `InvalidStateError`, as soon
 * as the greenlet switches again, yields anything else or ends. Plain code calls `switch` as it is, and gets the value.
 *
 * Each greenlet has a parent: the one that made it, unless another one is given. The parent goes on when the greenlet ends:
 * its `switch` returns the result, or throws the error. The code that runs in no other greenlet is in the main one.
 *
 * A greenlet that nobody has any more gets a `GreenletExit` when it is collected, so that its `finally` blocks run. Unlike
 * Python's, this is a help and no promise: it needs code that does not refer to its own greenlet (as a method `run` does),
 * covers the 100 greenlets of a thread that were started last, and does not happen when the program ends. `throw()` ends a
 * greenlet at once and for certain.
 *
 * A greenlet belongs to its thread and does not travel. Each thread has a main greenlet of its own.
 *
 * TypeScript needs to be told the type of a greenlet that refers to itself, or to one that is declared further down:
 * `const ping: RawGreenlet = new RawGreenlet(…)`.
 *
 * @example Usage
 * ```ts
 * import { getCurrent, RawGreenlet } from "@nogil/std/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * const main = getCurrent();
 * const adder = new RawGreenlet(function* (x: number, y: number) {
 *   const z: number = yield main.switch(x + y);
 *   return z * 2;
 * });
 *
 * assertEquals(adder.switch(2, 3), 5);
 * assertEquals(adder.switch(21), 42);
 * assertEquals(adder.dead, true);
 * ```
 */
export class RawGreenlet {
  readonly #core: GreenletCore;

  /**
   * Creates a greenlet, which the first `switch` starts.
   *
   * @param run What it does; without it, a subclass has a method `run`.
   * @param parent Who goes on when it ends. Default: the current greenlet.
   * @throws {TypeError} If `run` is no function, or an asynchronous one, or if `parent` is no greenlet.
   */
  constructor(
    // deno-lint-ignore no-explicit-any -- see GreenletFunction
    run: (...args: any[]) => Generator<unknown, unknown, any>,
    parent?: RawGreenlet | null,
  );
  /**
   * Creates a greenlet from a plain function, or for a subclass with a method `run`.
   *
   * A plain function runs to its end: it cannot be put aside. It may switch to greenlets that switch back to it.
   *
   * @param run What it does.
   * @param parent Who goes on when it ends. Default: the current greenlet.
   * @throws {TypeError} If `run` is no function, or an asynchronous one, or if `parent` is no greenlet.
   */
  constructor(run?: GreenletFunction | null, parent?: RawGreenlet | null);
  constructor(run?: GreenletFunction | null, parent?: RawGreenlet | null) {
    if (adopted !== null) {
      this.#core = adopted;
    } else {
      const body = checkBody(run);
      this.#core = new GreenletCore(
        parent === undefined || parent === null ? currentCore() : coreOf(parent),
      );
      this.#core.body = body;
    }
    this.#core.facade = this;
  }

  static {
    coreOf = (greenlet) => {
      if (typeof greenlet === "object" && greenlet !== null && #core in greenlet) {
        return greenlet.#core;
      }
      throw new TypeError(
        `Cannot set parent: it must be a RawGreenlet: received ${nameOf(greenlet)}`,
      );
    };
  }

  /**
   * What the greenlet does. The default calls the function given to the constructor; a subclass may override it.
   *
   * @param args What the first switch passes.
   * @returns The result. A generator is what switches can suspend.
   * @throws {InvalidStateError} If there is no function, or if it was called already.
   */
  // deno-lint-ignore no-explicit-any -- a subclass says what it takes
  run(...args: any[]): unknown {
    const { body } = this.#core;
    if (body === null) throw new InvalidStateError("Cannot run greenlet: it has no run function");
    return body(...args);
  }

  /**
   * Switches to this greenlet: it goes on, and the present one waits until somebody switches back.
   *
   * What is passed becomes the arguments of `run` if the greenlet was not started, and the value of its own `switch`
   * otherwise: nothing is `undefined`, several values are an array. A switch to a dead greenlet goes to its parent.
   *
   * @typeParam T The type of what somebody will switch back with.
   * @param args What to pass.
   * @returns Plain code: the value that somebody switches back with. Inside a greenlet: what has to be yielded for it.
   * @throws {InvalidStateError} If the switch before was not yielded; if the greenlet has no `run`; if it is plain code
   * that has called the present code, however indirectly, through another greenlet that is a plain function.
   */
  // deno-lint-ignore no-explicit-any -- who switches back, and with what, is not known here
  switch<T = any>(...args: unknown[]): Switched<T> {
    const core = this.#core;
    const value = args.length > 1 ? several(core, args) : args[0];
    return transfer(core, value, false) as Switched<T>;
  }

  /**
   * Switches to this greenlet and throws an error there.
   *
   * A greenlet that was not started is dead then, and its parent gets the error. A `GreenletExit` that the greenlet does
   * not catch ends it quietly: its parent gets it as a value, not as an error.
   *
   * @typeParam T The type of what somebody will switch back with.
   * @param error What to throw, an error or a class of errors. Default: a new {@linkcode GreenletExit}.
   * @returns Plain code: the value that somebody switches back with. Inside a greenlet: what has to be yielded for it.
   * @throws {TypeError} If `error` is no error.
   * @throws {InvalidStateError} As `switch` does.
   */
  // deno-lint-ignore no-explicit-any -- who switches back, and with what, is not known here
  throw<T = any>(error: Error | (new () => Error) = new GreenletExit()): Switched<T> {
    return transfer(this.#core, checkError(error), true) as Switched<T>;
  }

  /**
   * Who goes on when this greenlet ends; `null` for the main one.
   *
   * @throws {TypeError} On setting, if it is no greenlet.
   * @throws {InvalidStateError} On setting, if this is the main greenlet, or if the greenlets would be parents of each
   * other in a circle.
   */
  get parent(): RawGreenlet | null {
    return this.#core.parent === null ? null : facadeOf(this.#core.parent);
  }

  set parent(parent: RawGreenlet) {
    const core = coreOf(parent);
    if (this.#core === MAIN) {
      throw new InvalidStateError("Cannot set parent: the main greenlet has none");
    }
    for (let above: GreenletCore | null = core; above !== null; above = above.parent) {
      if (above === this.#core) {
        throw new InvalidStateError("Cannot set parent: the chain of parents would be a circle");
      }
    }
    this.#core.parent = core;
  }

  /** Whether the greenlet has begun. It stays `true` when it is dead. */
  get started(): boolean {
    return this.#core.state !== UNSTARTED;
  }

  /** Whether the greenlet has ended. */
  get dead(): boolean {
    return this.#core.state === DEAD;
  }

  /**
   * The signal of the greenlet of the hub in which the code now runs ({@linkcode Greenlet.signal}): it is aborted when that
   * one is killed. Outside of the hub's greenlets, nobody aborts it.
   */
  get signal(): AbortSignal {
    return (currentScope()?.strand ?? OUTSIDE).signal;
  }

  /**
   * The context in which the greenlet runs: what `AsyncLocalStorage.snapshot()` has returned, or another function that calls
   * its argument. `null`, the default, is the context of whoever called into the greenlets from plain code.
   *
   * Two greenlets may have the same context. What the code sets with `AsyncLocalStorage.enterWith` is not kept from one
   * switch to the next.
   *
   * @throws {TypeError} On setting, if it is neither a function nor `null`.
   */
  get grContext(): GreenletContext | null {
    return this.#core.context;
  }

  set grContext(context: GreenletContext | null) {
    if (context !== null && typeof context !== "function") {
      throw new TypeError(
        `Cannot set grContext: it must be a function or null: received ${nameOf(context)}`,
      );
    }
    this.#core.enter(context);
  }

  /** Describes the greenlet, as `<RawGreenlet suspended>`. */
  toString(): string {
    const core = this.#core;
    const state = core.state === UNSTARTED
      ? "pending"
      : core.state === DEAD
      ? "dead"
      : core === currentCore()
      ? "current"
      : "suspended";
    return `<${nameOf(this)} ${state}${core === MAIN ? " main" : ""}>`;
  }

  /**
   * Refuses to travel.
   *
   * @ignore
   */
  [HANDLE](_target: "thread" | "process"): HandleRecord {
    throw new UnshareableError(
      "Cannot send greenlet: it belongs to the thread that made it, send its function as a task " +
        "and make a greenlet there",
    );
  }

  /**
   * Gives what to call to start the greenlet.
   *
   * @ignore
   */
  [BODY](): Body | null {
    const { run } = this;
    return run === RawGreenlet.prototype.run ? this.#core.body : checkBody(run);
  }
}

/**
 * Gives the greenlet that is running.
 *
 * In code that no other greenlet runs, this is the main greenlet of the thread.
 *
 * @example Usage
 * ```ts
 * import { getCurrent, RawGreenlet } from "@nogil/std/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * const greenlet = new RawGreenlet(() => getCurrent());
 * assertEquals(greenlet.switch(), greenlet);
 * assertEquals(getCurrent().parent, null);
 * ```
 */
export function getCurrent(): RawGreenlet {
  return facadeOf(currentCore());
}

function facadeOf(core: GreenletCore): RawGreenlet {
  return core.facade as RawGreenlet;
}

/** Makes the object for a core that exists. */
function adopt(core: GreenletCore): void {
  adopted = core;
  try {
    new RawGreenlet();
  } finally {
    adopted = null;
  }
}

/** Gives what stands for several values, which `run` gets as several arguments. */
function several(core: GreenletCore, args: readonly unknown[]): readonly unknown[] {
  if (core.state === UNSTARTED) core.args = args;
  return args;
}

function checkBody(run: unknown): Body | null {
  if (run === undefined || run === null) return null;
  const isFunction = typeof run === "function";
  if (isFunction && !isAsync(run)) return run as Body;
  const received = isFunction ? "an asynchronous one" : nameOf(run);
  throw new TypeError(
    `Cannot create greenlet: 'run' must be a function or a generator function: received ${received}`,
  );
}

function isAsync(run: object): boolean {
  const tag = Symbol.toStringTag in run ? run[Symbol.toStringTag] : undefined;
  return tag === "AsyncFunction" || tag === "AsyncGeneratorFunction";
}

function checkError(error: unknown): Error {
  if (error instanceof Error) return error;
  if (
    typeof error === "function" && (error === Error || error.prototype instanceof Error)
  ) {
    return Reflect.construct(error, []) as Error;
  }
  throw new TypeError(
    `Cannot throw: 'error' must be an error or a class of errors: received ${nameOf(error)}`,
  );
}

function nameOf(value: unknown): string {
  if (typeof value === "string") return `"${value}"`;
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  return value.constructor?.name || "an object";
}

adopt(MAIN);

onLeftover((steps, error, parent) => {
  const core = new GreenletCore(MAIN);
  core.state = STARTED;
  core.steps = core.generator = steps;
  adopt(core);
  try {
    transfer(core, error, true);
  } finally {
    if (parent !== null) core.parent = parent;
  }
});
