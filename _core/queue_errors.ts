/**
 * Why a queue cannot do what it is asked to.
 *
 * @module
 */

import { AbandonedError, InvalidStateError, ShutDownError, TimeoutError } from "../errors.ts";
import { NO_MEMORY, NOT_COMPARABLE, type Outcome, TURNED_AWAY } from "./kind.ts";

/** An item needs modules that are not loaded in this thread. */
export class NotLoaded extends TypeError {
  /** The URLs of the modules. */
  readonly urls: readonly string[];

  /** Makes the error for modules by their URLs. */
  constructor(urls: readonly string[]) {
    super(
      `Cannot get item: it needs ${
        urls.join(", ")
      }, not loaded in this thread; import it in the module ` +
        "of the task, or await get(), which imports it (the item is still in the queue)",
    );
    this.name = "TypeError";
    this.urls = urls;
  }
}

/** Why an item was not put. */
export function putRefused(outcome: Outcome, timeout: number): Error {
  switch (outcome) {
    case TURNED_AWAY:
      return new ShutDownError("Cannot put item: the queue is shut down");
    case NOT_COMPARABLE:
      return new TypeError(
        "Cannot put item: it cannot be compared with an item that is there, as a string with a number",
      );
    case NO_MEMORY:
      return new RangeError("Cannot put item: there is no memory for so many items");
    default:
      return new TimeoutError(`Cannot put item: the queue was full for ${timeout} ms`);
  }
}

/** Why an item was not taken. */
export function getRefused(outcome: Outcome, timeout: number): Error {
  if (outcome === TURNED_AWAY) return new ShutDownError("Cannot get item: the queue is shut down");
  return new TimeoutError(`Cannot get item: none came within ${timeout} ms`);
}

/** Why a queue was not joined. */
export function joinRefused(timeout: number): Error {
  return new TimeoutError(`Cannot join queue: its items were not all done within ${timeout} ms`);
}

/** Why a queue will not be joined: so many items are lost, and nothing else is unfinished. */
export function joinAbandoned(lost: number): Error {
  return new AbandonedError(
    lost === 1
      ? "Cannot join queue: 1 item was lost with the thread that had taken it; put it again or give it up, " +
        "and call taskDone() for it"
      : `Cannot join queue: ${lost} items were lost with the threads that had taken them; put them again or ` +
        "give them up, and call taskDone() for each",
  );
}

/** Why no task is done. */
export function nothingToDo(): Error {
  return new InvalidStateError(
    "Cannot mark task as done: every item that was put is done already",
  );
}
