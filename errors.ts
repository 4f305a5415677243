/**
 * The errors of this library: one class for each condition that a caller would catch.
 *
 * All of them extend `Error`, carry their own `name`, and take `(message?, options?)`, where `options.cause` is the
 * error behind the error. They travel: one that is thrown in another thread or process arrives as an instance of the
 * same class. Arguments of a wrong type throw `TypeError`, those out of range `RangeError`.
 *
 * @module
 */

/**
 * Thrown when a wait runs out of time: every wait with a `timeout` throws this one class.
 *
 * A wait that is aborted by an `AbortSignal` rejects with the signal's `reason` instead.
 *
 * @example Usage
 * ```ts
 * import { Event, TimeoutError } from "@nogil/std";
 *
 * const event = new Event();
 * try {
 *   await event.wait({ timeout: 10 });
 * } catch (error) {
 *   if (!(error instanceof TimeoutError)) throw error;
 *   console.log("not set within 10 ms");
 * }
 * ```
 */
export class TimeoutError extends Error {
  static {
    this.prototype.name = "TimeoutError";
  }
}

/**
 * Thrown when a call does not fit the state of its object.
 *
 * Examples: the release of a lock that is not held, the second `start` of a thread, one `taskDone` too many, or the
 * result of a future that is set twice.
 */
export class InvalidStateError extends Error {
  static {
    this.prototype.name = "InvalidStateError";
  }
}

/**
 * Thrown by `getNowait` when the queue has no item. `tryGet` returns `null` instead.
 */
export class EmptyError extends Error {
  static {
    this.prototype.name = "EmptyError";
  }
}

/**
 * Thrown by `putNowait` when the queue is full. `tryPut` returns `false` instead.
 */
export class FullError extends Error {
  static {
    this.prototype.name = "FullError";
  }
}

/**
 * Thrown when a queue that was shut down is asked for, or given, another item.
 */
export class ShutDownError extends Error {
  static {
    this.prototype.name = "ShutDownError";
  }
}

/**
 * Thrown by `Barrier.wait` when the barrier is reset, aborted or broken, or when one of its parties has died.
 */
export class BrokenBarrierError extends Error {
  static {
    this.prototype.name = "BrokenBarrierError";
  }
}

/**
 * Thrown by the next acquire of a lock whose holder died while it held the lock, and by `join` of a queue of which all
 * that is unfinished was lost with threads that died.
 *
 * A lock throws it once and is free then; what it protects may be half changed. Acquire with `{ recover: true }` to get the
 * lock, and the knowledge, in one step. A queue throws it until somebody calls `taskDone()` for the lost items.
 */
export class AbandonedError extends Error {
  static {
    this.prototype.name = "AbandonedError";
  }
}

/**
 * Thrown to whoever waits for a future, a greenlet or a task that was cancelled.
 */
export class CancelledError extends Error {
  static {
    this.prototype.name = "CancelledError";
  }
}

/**
 * Thrown when a pool or an executor can no longer run anything, such as after its initializer failed.
 */
export class BrokenPoolError extends Error {
  static {
    this.prototype.name = "BrokenPoolError";
  }
}

/** What is known about a lost worker: the options of {@linkcode WorkerLostError}. */
export interface WorkerLostErrorOptions extends ErrorOptions {
  /** What was lost: a thread or a process. Default: `"thread"`. */
  kind?: "thread" | "process";
  /** The exit code, or `null` when there is none, as after a signal. Default: `null`. */
  exitcode?: number | null;
  /** The name of the signal that ended the worker, such as `"SIGKILL"`, or `null`. Default: `null`. */
  signal?: string | null;
  /** The process ID of a lost process, or `null` for a thread. Default: `null`. */
  pid?: number | null;
  /** The name of the function that was running, or `null` when none was or it is unknown. Default: `null`. */
  task?: string | null;
}

/**
 * Thrown to whoever waits for a thread, a process or a task whose worker ended before there was a result.
 *
 * The worker was killed, ran out of memory, crashed, or ended itself.
 *
 * @example Usage
 * ```ts
 * import { WorkerLostError } from "@nogil/std";
 *
 * const error = new WorkerLostError("Cannot finish task: its process was killed", {
 *   kind: "process",
 *   signal: "SIGKILL",
 *   pid: 4711,
 * });
 * console.log(error.signal); // "SIGKILL"
 * console.log(error.exitcode); // null
 * ```
 */
export class WorkerLostError extends Error {
  static {
    this.prototype.name = "WorkerLostError";
  }

  /** What was lost: a thread or a process. */
  readonly kind: "thread" | "process";
  /** The exit code, or `null` when there is none, as after a signal. */
  readonly exitcode: number | null;
  /** The name of the signal that ended the worker, such as `"SIGKILL"`, or `null`. */
  readonly signal: string | null;
  /** The process ID of a lost process, or `null` for a thread. */
  readonly pid: number | null;
  /** The name of the function that was running, or `null` when none was or it is unknown. */
  readonly task: string | null;

  /**
   * Creates the error.
   *
   * @param message What could not be done, and why.
   * @param options What is known about the lost worker, and the `cause`.
   */
  constructor(message?: string, options?: WorkerLostErrorOptions) {
    super(message, options);
    this.kind = options?.kind ?? "thread";
    this.exitcode = options?.exitcode ?? null;
    this.signal = options?.signal ?? null;
    this.pid = options?.pid ?? null;
    this.task = options?.task ?? null;
  }
}

/** Where the value is that cannot travel: the options of {@linkcode UnshareableError}. */
export interface UnshareableErrorOptions extends ErrorOptions {
  /** The path to the value inside what was sent, such as `args[0].options.onDone`. Default: `null`. */
  path?: string | null;
}

/**
 * Thrown when a value cannot go where it is sent: to another thread, process or machine.
 *
 * It is thrown at the call, before anything is started or sent. The message names the path to the value and says what
 * to do instead.
 *
 * @example Usage
 * ```ts
 * import { UnshareableError } from "@nogil/std";
 *
 * const error = new UnshareableError("Cannot send args[0].key: a symbol does not travel", {
 *   path: "args[0].key",
 * });
 * console.log(error.path); // "args[0].key"
 * ```
 */
export class UnshareableError extends Error {
  static {
    this.prototype.name = "UnshareableError";
  }

  /** The path to the value inside what was sent, such as `args[0].options.onDone`, or `null`. */
  readonly path: string | null;

  /**
   * Creates the error.
   *
   * @param message What cannot be sent, why, and what to do instead.
   * @param options The `path` to the value, and the `cause`.
   */
  constructor(message?: string, options?: UnshareableErrorOptions) {
    super(message, options);
    this.path = options?.path ?? null;
  }
}

/**
 * Thrown when the other end of a connection does not prove that it knows the shared key.
 *
 * @example Usage
 * ```ts
 * import { AuthenticationError, Client, Listener } from "@nogil/std";
 * import { assertRejects } from "@std/assert";
 *
 * const listener = new Listener({ authkey: "secret" });
 * const accepting = listener.accept().catch(() => {});
 * await assertRejects(() => Client(listener.address, { authkey: "guess" }), AuthenticationError);
 * listener.close();
 * await accepting;
 * ```
 */
export class AuthenticationError extends Error {
  static {
    this.prototype.name = "AuthenticationError";
  }
}

/**
 * Thrown when there is nothing left to read and the other end of a connection is closed.
 *
 * @example Usage
 * ```ts
 * import { EndOfFileError, Pipe } from "@nogil/std";
 * import { assertRejects } from "@std/assert";
 *
 * const [receiver, sender] = Pipe<string>(false, { scope: "thread" });
 * sender.close();
 * await assertRejects(() => receiver.recv(), EndOfFileError);
 * ```
 */
export class EndOfFileError extends Error {
  static {
    this.prototype.name = "EndOfFileError";
  }
}

/**
 * Thrown when something is sent and the other end of the connection is closed, so that nobody will ever receive it.
 *
 * @example Usage
 * ```ts
 * import { BrokenPipeError, Pipe } from "@nogil/std";
 * import { assertRejects } from "@std/assert";
 *
 * const [receiver, sender] = Pipe<string>(false, { scope: "thread" });
 * receiver.close();
 * await assertRejects(() => sender.send("hello"), BrokenPipeError);
 * ```
 */
export class BrokenPipeError extends Error {
  static {
    this.prototype.name = "BrokenPipeError";
  }
}

/**
 * Thrown instead of waiting for ever, when it is certain that a wait can never end.
 */
export class DeadlockError extends Error {
  static {
    this.prototype.name = "DeadlockError";
  }
}

/** What is known about an error from elsewhere: the options of {@linkcode RemoteError}. */
export interface RemoteErrorOptions extends ErrorOptions {
  /** The name of the error's class where it was thrown. Default: `"Error"`. */
  remoteName?: string;
  /** The stack of the error where it was thrown. Default: an empty string. */
  remoteStack?: string;
  /** The error's own enumerable fields. Default: none. */
  fields?: Record<string, unknown>;
}

/**
 * Stands for an error that was thrown in another thread, process or machine and whose class is not known here.
 *
 * Errors of known classes (built in, of this library, or made known by `shareable`) arrive as instances of their own
 * class instead.
 *
 * @example Usage
 * ```ts
 * import { RemoteError } from "@nogil/std";
 *
 * const error = new RemoteError("no such user", { remoteName: "UserError", fields: { id: 7 } });
 * console.log(error.remoteName); // "UserError"
 * console.log(error.fields.id); // 7
 * ```
 */
export class RemoteError extends Error {
  static {
    this.prototype.name = "RemoteError";
  }

  /** The name of the error's class where it was thrown. */
  readonly remoteName: string;
  /** The stack of the error where it was thrown, or an empty string. */
  readonly remoteStack: string;
  /** The error's own enumerable fields. */
  readonly fields: Record<string, unknown>;

  /**
   * Creates the error.
   *
   * @param message The message of the error that was thrown elsewhere.
   * @param options What else is known about it, and the `cause`.
   */
  constructor(message?: string, options?: RemoteErrorOptions) {
    super(message, options);
    this.remoteName = options?.remoteName ?? "Error";
    this.remoteStack = options?.remoteStack ?? "";
    this.fields = options?.fields ?? {};
  }
}

/**
 * Thrown when the runtime, its permissions or its platform lack what a feature needs.
 *
 * The message says what to grant or to install.
 *
 * @example Usage
 * ```ts
 * import { Lock, NotSupportedError } from "@nogil/std";
 *
 * try {
 *   new Lock({ scope: "process" });
 * } catch (error) {
 *   if (!(error instanceof NotSupportedError)) throw error;
 *   console.log(error.message); // what to grant or to install
 * }
 * ```
 */
export class NotSupportedError extends Error {
  static {
    this.prototype.name = "NotSupportedError";
  }
}

/**
 * Thrown when something that is looked up by its name does not exist, such as a shared memory block.
 *
 * @example Usage
 * ```ts
 * import { NotFoundError, SharedMemory } from "@nogil/std";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(() => new SharedMemory({ name: "nobody-made-it" }), NotFoundError);
 * ```
 */
export class NotFoundError extends Error {
  static {
    this.prototype.name = "NotFoundError";
  }
}

/**
 * Thrown when something is to be created under a name that is taken, such as a shared memory block.
 *
 * @example Usage
 * ```ts
 * import { AlreadyExistsError, SharedMemory } from "@nogil/std";
 * import { assertThrows } from "@std/assert";
 *
 * using memory = new SharedMemory({ create: true, size: 10 });
 * const { name } = memory;
 * assertThrows(() => new SharedMemory({ create: true, name, size: 10 }), AlreadyExistsError);
 * ```
 */
export class AlreadyExistsError extends Error {
  static {
    this.prototype.name = "AlreadyExistsError";
  }
}

/** What did not fit: the options of {@linkcode BufferTooShortError}. */
export interface BufferTooShortErrorOptions extends ErrorOptions {
  /** The whole message. Default: `null`. */
  bytes?: Uint8Array | null;
}

/**
 * Thrown when a message is longer than the buffer that is to receive it, or than it was allowed to be.
 *
 * The message has been taken, and is in `bytes`.
 *
 * @example Usage
 * ```ts
 * import { BufferTooShortError } from "@nogil/std";
 *
 * const error = new BufferTooShortError("Cannot receive bytes: there is room for 2", {
 *   bytes: new Uint8Array(3),
 * });
 * console.log(error.bytes?.length); // 3
 * ```
 */
export class BufferTooShortError extends Error {
  static {
    this.prototype.name = "BufferTooShortError";
  }

  /** The whole message, or `null`. */
  readonly bytes: Uint8Array | null;

  /**
   * Creates the error.
   *
   * @param message What could not be done, and why.
   * @param options The message's `bytes`, and the `cause`.
   */
  constructor(message?: string, options?: BufferTooShortErrorOptions) {
    super(message, options);
    this.bytes = options?.bytes ?? null;
  }
}

/**
 * Ends a greenlet quietly: a greenlet that is killed, or that throws this, is finished and has not failed.
 *
 * @example Usage
 * ```ts
 * import { GreenletExit, sleep, spawn } from "@nogil/std";
 * import { assertEquals } from "@std/assert";
 *
 * const greenlet = spawn((): unknown => sleep(60_000));
 * await greenlet.kill();
 * assertEquals(greenlet.value instanceof GreenletExit, true);
 * ```
 */
export class GreenletExit extends Error {
  static {
    this.prototype.name = "GreenletExit";
  }
}

/**
 * Thrown when a greenlet waits and nothing is left that could ever wake it.
 *
 * @example Usage
 * ```ts ignore
 * const event = new Event({ scope: "local" }); // nobody sets it
 * const greenlet = spawn(() => event.wait());
 * greenlet.get().catch(async (error) => {
 *   if (error instanceof LoopExit) console.log(error.message.split("\n")[0]);
 *   await greenlet.kill(); // otherwise the program would end with code 1, and the list of who waits
 * });
 * ```
 */
export class LoopExit extends Error {
  static {
    this.prototype.name = "LoopExit";
  }
}
