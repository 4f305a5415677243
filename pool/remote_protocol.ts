/**
 * What a thread that claims tasks and the process that runs them tell each other, where they share no memory.
 *
 * ```text
 * thread → process   init    once: how many tasks may run at once, and the initializer
 *                    task    a task, or a batch; the function only the first time
 *                    item    the next item of a batch
 *                    abort   the task is to stop
 * process → thread   ready   the initializer has run, or failed
 *                    done    the result of a task or an item, as it goes into the ring
 * ```
 *
 * @module
 */

import { decodeRange, encode } from "../_core/codec.ts";
import { refusalOf } from "../_core/confined.ts";
import * as layout from "../_core/task_layout.ts";

/** A message to the process. */
export type ToRemote =
  | { type: "init"; lanes: number; initializer: Uint8Array | null }
  | RemoteTask
  | { type: "item"; lane: number; item: number }
  | { type: "abort"; lane: number; reason: Uint8Array };

/** A task, as it was claimed. */
export interface RemoteTask {
  type: "task";
  /** The first word of its lane: its number while it runs. */
  lane: number;
  op: number;
  /** The number of the function; 0 if it goes with the arguments. */
  number: number;
  /** The function, encoded, if the process has not got it yet. */
  fn: Uint8Array | null;
  /** The body: coded, or numbers, or nothing. */
  body: Uint8Array | number[] | null;
  attempt: number;
  /** The first of the two words that say whether the task is to stop: why, and then its number. */
  flag: number;
  /** The number of the task. */
  id: number;
}

/** A message from the process. */
export type FromRemote =
  | { type: "ready"; error: Uint8Array | null }
  | RemoteResult;

/** The result of a task, or of an item. */
export interface RemoteResult {
  type: "done";
  lane: number;
  /** What the result is, as in a record. */
  op: number;
  body: Uint8Array | number | null;
  /** Whether a module has failed while it was loaded: the process must run nothing else. */
  spoiled: boolean;
}

/**
 * Reads a message from a process in a sandbox, which may send whatever it wants. A result that is more than plain data becomes
 * an error.
 *
 * @throws {TypeError} If it is no message.
 */
export function receivePlain(bytes: Uint8Array): FromRemote {
  const options = { untrusted: true, maxBytes: Infinity };
  const message = decodeRange(bytes, 0, bytes.length, [], options) as Partial<FromRemote>;
  if (message?.type === "ready") {
    const { error } = message;
    if (error === null) return { type: "ready", error };
    if (error instanceof Uint8Array) return { type: "ready", error: plain(error, "error").bytes };
  } else if (message?.type === "done" && Number.isInteger(message.lane)) {
    const { lane, op, body } = message as RemoteResult;
    const spoiled = message.spoiled === true;
    const failed = op & layout.FAILED;
    if (op === (layout.K_CODED | failed) && body instanceof Uint8Array) {
      const { bytes, refused } = plain(body, failed === 0 ? "result" : "error");
      const kind = layout.K_CODED | failed | (refused ? layout.FAILED : 0);
      return { type: "done", lane: lane as number, op: kind, body: bytes, spoiled };
    }
    const isNumber = op === layout.K_NUMBER || op === layout.K_NUMBERS;
    const isConstant = op === layout.K_NONE || op === layout.K_TRUE || op === layout.K_FALSE;
    if (isNumber && typeof body === "number" || isConstant && body === null) {
      return { type: "done", lane: lane as number, op, body, spoiled };
    }
  }
  throw new TypeError("Cannot receive: what a process has sent is no result of a task");
}

function plain(bytes: Uint8Array, what: string): { bytes: Uint8Array; refused: boolean } {
  const refusal = refusalOf(bytes, what);
  return refusal === null
    ? { bytes, refused: false }
    : { bytes: encode(refusal, "process").bytes, refused: true };
}
