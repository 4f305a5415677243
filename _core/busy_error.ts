/**
 * The error of who must not wait.
 *
 * @module
 */

/** Thrown by an agent that must not wait for long, when another one stays where it has to be alone. */
export class BusyError extends Error {
  /** Creates the error. */
  constructor() {
    super("Cannot go on: another thread is in the way");
  }
}
