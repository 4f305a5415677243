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

/** How long a blocking call waits. */
export interface SyncWaitOptions {
  /** Milliseconds to wait at most; 0 only looks. Default: no limit. */
  timeout?: number;
}

/**
 * Gives a timeout in milliseconds, `Infinity` when there is none.
 *
 * @throws {TypeError} If it is no number.
 * @throws {RangeError} If it is negative or NaN.
 */
export function checkTimeout(timeout: number | undefined): number {
  if (timeout === undefined) return Infinity;
  if (typeof timeout !== "number") {
    throw new TypeError(
      `Cannot wait: 'timeout' must be a number of milliseconds: received ${typeof timeout}`,
    );
  }
  if (!(timeout >= 0)) {
    throw new RangeError(
      `Cannot wait: 'timeout' must be a number of milliseconds >= 0: received ${timeout}`,
    );
  }
  return timeout;
}

/**
 * Checks the options of a blocking wait and gives its timeout.
 *
 * @throws {TypeError} If they are no object: Python's `wait(5)`, say, whose timeout would be lost.
 */
export function checkSyncWait(options: SyncWaitOptions | undefined): number {
  if (options === undefined) return Infinity;
  if (typeof options !== "object" || options === null) {
    throw new TypeError(
      `Cannot wait: options must be an object, as { timeout: 5000 }: received ${typeof options}`,
    );
  }
  return checkTimeout(options.timeout);
}

/** Checks the options of a promise wait and throws the reason of an aborted signal. */
export function checkWait(options: WaitOptions | undefined): number {
  const timeout = checkSyncWait(options);
  checkSignal(options?.signal)?.throwIfAborted();
  return timeout;
}

/**
 * Gives a signal, aborted or not.
 *
 * @throws {TypeError} If it is none.
 */
export function checkSignal(signal: AbortSignal | undefined): AbortSignal | undefined {
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError("Cannot wait: 'signal' must be an AbortSignal");
  }
  return signal;
}
