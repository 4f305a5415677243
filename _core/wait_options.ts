/**
 * Timeouts and abort signals, as every wait takes them.
 *
 * @module
 */

/** How long a promise waits, and what ends it early. */
export interface WaitOptions {
  /** Milliseconds to wait at most; 0 only looks. Default: no limit. */
  timeout?: number;
  /** Ends the wait: the promise rejects with the signal's `reason`. */
  signal?: AbortSignal;
}

/** How long a blocking call waits. There is no signal: no event reaches a thread that is blocked. */
export interface SyncWaitOptions {
  /** Milliseconds to wait at most; 0 only looks. Default: no limit. */
  timeout?: number;
}

/**
 * Gives a timeout in milliseconds, `Infinity` when there is none.
 *
 * @param verb What cannot be done, for messages: `"acquire lock"`.
 * @throws {TypeError} If it is no number.
 * @throws {RangeError} If it is negative or NaN.
 */
export function checkTimeout(timeout: number | undefined, verb: string = "wait"): number {
  if (timeout === undefined) return Infinity;
  if (typeof timeout !== "number") {
    throw new TypeError(
      `Cannot ${verb}: 'timeout' must be a number of milliseconds: received ${typeof timeout}`,
    );
  }
  if (!(timeout >= 0)) {
    throw new RangeError(
      `Cannot ${verb}: 'timeout' must be a number of milliseconds >= 0: received ${timeout}`,
    );
  }
  return timeout;
}

/**
 * Checks the options of a blocking wait and gives its timeout.
 *
 * @param verb What cannot be done, for messages.
 * @throws {TypeError} If they are no object, or hold a signal: no event reaches a thread that is blocked.
 */
export function checkSyncWait(options: SyncWaitOptions | undefined, verb: string = "wait"): number {
  if (options === undefined) return Infinity;
  checkIsObject(options, verb);
  if ((options as WaitOptions).signal !== undefined) {
    throw new TypeError(
      `Cannot ${verb}: no 'signal' reaches a thread that is blocked, give a 'timeout', or await the promise instead`,
    );
  }
  return checkTimeout(options.timeout, verb);
}

/** Checks the options of a promise wait and throws the reason of an aborted signal. */
export function checkWait(options: WaitOptions | undefined, verb: string = "wait"): number {
  if (options === undefined) return Infinity;
  checkIsObject(options, verb);
  const timeout = checkTimeout(options.timeout, verb);
  checkSignal(options.signal, verb)?.throwIfAborted();
  return timeout;
}

/**
 * Gives a signal, aborted or not.
 *
 * @param verb What cannot be done, for messages.
 * @throws {TypeError} If it is none.
 */
export function checkSignal(
  signal: AbortSignal | undefined,
  verb: string = "wait",
): AbortSignal | undefined {
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError(`Cannot ${verb}: 'signal' must be an AbortSignal`);
  }
  return signal;
}

/** Refuses what is no object: Python's `wait(5)`, say, whose timeout would be lost. */
export function checkIsObject(options: unknown, verb: string): void {
  if (typeof options === "object" && options !== null) return;
  throw new TypeError(
    `Cannot ${verb}: options must be an object, as { timeout: 5000 }: received ${
      options === null ? "null" : typeof options
    }`,
  );
}
