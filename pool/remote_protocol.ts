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
