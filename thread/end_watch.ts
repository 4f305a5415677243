/**
 * Being told of the end of a thread.
 *
 * A wait on a word cannot be taken back, so that there is one for each thread, however many listen and for however long.
 *
 * @module
 */

import { InvalidStateError } from "../errors.ts";
import type { ThreadRecord } from "../_core/thread_record.ts";
import { MAIN_IDENT } from "../_core/thread_table.ts";
import type { WaitState } from "../_core/wait_state.ts";
import { runtime } from "../_runtime/runtime.ts";
import { giveBack } from "./handles.ts";
import type { Innards } from "./innards.ts";
import type { Settled } from "./outcome.ts";
import { realm } from "./realm.ts";

/** Who listens, and how they are called, by the numbers of records. */
interface Watch {
  readonly listeners: Set<() => void>;
  call(): void;
}

const watches: Map<number, Watch> = new Map();

/** While anybody listens, this timer keeps the event loop alive. */
let keepAlive: ReturnType<typeof setInterval> | null = null;
let listening = 0;
/** Milliseconds; a timer of more than 2 ** 31 - 1 fires at once. */
const FOREVER = 2 ** 30;

/** Calls a function when a thread has ended, and never before this returns; the returned function takes it back. */
export function onEnd(record: ThreadRecord, listener: () => void): () => void {
  const { ident } = record;
  const { listeners } = watches.get(ident) ?? watch(record, ident);
  listeners.add(listener);
  if (listening++ === 0) keepAlive = setInterval(() => {}, FOREVER);
  return () => {
    if (listeners.delete(listener)) unlisten(1);
  };
}

/** Tells those who listen in this thread that a thread or process has ended, before its record does. */
export function noticeEnd(ident: number): void {
  watches.get(ident)?.call();
}

function watch(record: ThreadRecord, ident: number): Watch {
  const listeners: Watch["listeners"] = new Set();
  const own: Watch = {
    listeners,
    call() {
      if (watches.get(ident) === own) watches.delete(ident);
      const called = [...listeners];
      listeners.clear();
      unlisten(called.length);
      for (const listener of called) listener();
    },
  };
  watches.set(ident, own);
  void follow(record, ident, own);
  return own;
}

async function follow(record: ThreadRecord, ident: number, own: Watch): Promise<void> {
  const held = record.retain(ident);
  await undefined;
  while (held && !record.ended) await record.endChange();
  if (held) giveBack(record);
  own.call();
}

function unlisten(count: number): void {
  listening -= count;
  if (listening > 0 || keepAlive === null) return;
  clearInterval(keepAlive);
  keepAlive = null;
}

/** What is known of something that runs and ends. */
interface Ending {
  readonly record: ThreadRecord | null;
  readonly settled: Settled | null;
}

/** The end of a thread or a process that was started, as a wait for many objects sees it. */
export abstract class EndState implements WaitState {
  readonly #ending: Ending;

  /** Looks at what was started. */
  constructor(ending: Ending) {
    this.#ending = ending;
  }

  get done(): boolean {
    const { record } = this.#ending;
    return record === null || record.ended;
  }

  get failed(): boolean {
    const { record, settled } = this.#ending;
    return record === null ? settled?.kind === "error" : record.failed;
  }

  subscribe(onDone: () => void): () => void {
    return onEnd(this.#ending.record as ThreadRecord, onDone);
  }

  /** Its error is not reported before who waits has had the chance to join it. */
  hold(): () => void {
    const { record } = this.#ending;
    return record === null ? () => {} : holdFailure(record);
  }
}

/** A thread, as a wait for many objects sees it. */
export class ThreadState extends EndState {
  /** Looks at a thread, which must have been started. */
  constructor(innards: Innards) {
    const { ident, name } = innards;
    if (ident === null) {
      throw new InvalidStateError(
        `Cannot wait for thread ${name}: it was not started, call start() first`,
      );
    }
    if (ident === MAIN_IDENT) throw new InvalidStateError("Cannot wait for the main thread");
    if (ident === realm().ident) {
      throw new InvalidStateError(`Cannot wait for thread ${name}: it is the current thread`);
    }
    super(innards);
  }
}

/** Keeps a failure from being reported until the returned function is called, and for a turn after that. */
export function holdFailure(record: ThreadRecord): () => void {
  const { address, ident } = record;
  record.watch(1);
  return () =>
    runtime().nextTurn(() => {
      const left = realm().table.open(address, ident);
      if (left === null) return;
      left.watch(-1);
      giveBack(left);
    });
}
