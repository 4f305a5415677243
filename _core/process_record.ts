/**
 * What the record of a process holds besides that of a thread: its id, and the code with which it has ended.
 *
 * The keeper alone writes them: the id before anybody can learn of the process's end, the code before the outcome.
 *
 * @module
 */

import type { Agent } from "./agent.ts";
import { ThreadMemory } from "./thread_memory.ts";
import type { ThreadRecord } from "./thread_record.ts";

/** Of the header: the number of the last process that was named. */
const NEXT_PROCESS = 11;
/** Of a record: the id of the process; 0 while it is not known, {@linkcode NEVER} when there will be none. */
const PID = 29;
const NEVER = -1;
/** Of a record: the exit code, moved up so that none is 0. */
const STATUS = 30;
const MOVED = 1 << 16;
/** So often it is looked whether a process has ended before it had an id, in milliseconds. */
const SLICE = 50;

/** The words of processes in the table of threads. */
export class ProcessFields {
  readonly #memory: ThreadMemory;

  /** Opens them in the memory of the table. */
  constructor(agent: Agent, buffer: ThreadMemory["buffer"]) {
    this.#memory = new ThreadMemory(agent.arena.heap, agent.id, buffer);
  }

  /** Gives the next number for a process, from 1. */
  nextNumber(): number {
    return this.#memory.add(NEXT_PROCESS, 1) + 1;
  }

  /** Says the id of a process; `null` when there will be none. */
  setPid({ address }: ThreadRecord, pid: number | null): void {
    this.#memory.store(address + PID, pid ?? NEVER);
    this.#memory.notifyAll(address + PID);
  }

  /** Gives the id of a process. Blocks until it is known, while the process is being made. */
  pid(record: ThreadRecord): number | null {
    const isUnknown = (): boolean => this.#memory.load(record.address + PID) === 0;
    while (isUnknown() && !record.ended) this.#memory.waitWhile(record.address + PID, 0, SLICE);
    return this.knownPid(record);
  }

  /** Gives the id of a process if it is known. */
  knownPid({ address }: ThreadRecord): number | null {
    const pid = this.#memory.load(address + PID);
    return pid > 0 ? pid : null;
  }

  /** Says with which code a process has ended. */
  setExitCode({ address }: ThreadRecord, code: number): void {
    this.#memory.store(address + STATUS, code + MOVED);
  }

  /** Gives the code with which a process has ended, or `null`. */
  exitCode(record: ThreadRecord): number | null {
    const status = this.#memory.load(record.address + STATUS);
    return record.ended && status !== 0 ? status - MOVED : null;
  }
}
