/**
 * Results on their way from the workers to those who wait for them.
 *
 * @module
 */

import { importModules } from "../_core/module_registry.ts";
import * as layout from "../_core/task_layout.ts";
import type { TaskMemory } from "../_core/task_memory.ts";
import type { TaskResults } from "../_core/task_results.ts";
import { decode } from "../_core/codec.ts";
import { modulesOf, readBody, spanOf } from "./body.ts";
import type { Member } from "./engine_crew.ts";
import { type Batch, type Extra, extraOf, type Job } from "./engine_job.ts";
import type { JobTable } from "./engine_table.ts";
import type { BufferBroker, LooseBuffers } from "./worker_host.ts";

const NO_BUFFERS: LooseBuffers = [];
/** Results that are taken in one turn of the event loop. */
const TURN_RESULTS = 1024;
/** Results after which the clock is looked at. */
const LOOK_EVERY = 256;
/** So long results are taken in one turn, in milliseconds. */
const TURN_TIME = 2;

/** What stands in a result beside its body. */
interface Result {
  op: number;
  first: number;
  count: number;
}

/** Takes results. */
export class Receiver {
  /** Whether this thread is blocked, so that no module can be imported. */
  blocked = false;
  readonly #memory: TaskMemory;
  readonly #table: JobTable;
  readonly #broker: BufferBroker;
  readonly #floats: Float64Array;
  /** Changes whenever results are taken: a sink may take some itself. */
  #takes = 0;
  #first = 0;

  /** Makes the way back. */
  constructor(memory: TaskMemory, table: JobTable, broker: BufferBroker) {
    this.#memory = memory;
    this.#table = table;
    this.#broker = broker;
    this.#floats = memory.floats;
  }

  /** Takes at most `most` results of a worker; tells how many there were. */
  take(member: Member, most: number): number {
    const { results } = member;
    let count = 0;
    let takes = ++this.#takes;
    let end = results.end();
    try {
      while (count < most && results.read(end)) {
        count++;
        this.#receive(member, results);
        if (this.#takes === takes) continue;
        takes = ++this.#takes;
        end = results.end();
      }
    } finally {
      results.tell();
    }
    return count;
  }

  /** Whether there are results. */
  isReady(members: readonly Member[]): boolean {
    for (let k = 0; k < members.length; k++) {
      if ((members[k] as Member).results.ready) return true;
    }
    return false;
  }

  /** Takes a fair share of the results of each worker; tells how many there were. */
  takeShare(members: readonly Member[]): number {
    const since = performance.now();
    const share = Math.floor(TURN_RESULTS / (members.length || 1));
    const most = Math.max(16, Math.min(LOOK_EVERY, share));
    let taken = 0;
    while (taken < TURN_RESULTS) {
      const first = this.#first++;
      let got = 0;
      for (let k = 0; k < members.length; k++) {
        const member = members[(first + k) % members.length];
        if (member !== undefined) got += this.take(member, most);
      }
      taken += got;
      if (got === 0 || performance.now() - since > TURN_TIME) break;
    }
    return taken;
  }

  #receive(member: Member, results: TaskResults): void {
    const { op, slot, length } = results;
    if (op === (layout.K_NUMBER | layout.LAST)) {
      const value = this.#floats[results.body];
      results.done();
      const job = this.#table.at(slot);
      // The pool was terminated.
      if (job === null) return;
      this.#table.remove(job);
      return this.#table.resolve(job, value);
    }
    const { words } = this.#memory;
    let at = results.body;
    if ((op & layout.TIMED) !== 0) {
      this.#table.runs.add(this.#floats[at++] as number);
      this.#table.waits.add(this.#floats[at++] as number);
    }
    const result: Result = { op, first: 0, count: 0 };
    if ((op & layout.ITEMS) !== 0) {
      result.first = words.get(at * 2);
      result.count = words.get(at * 2 + 1);
      at++;
    }
    let buffers = NO_BUFFERS;
    const key = (op & layout.BUFFERS) === 0 ? 0 : words.get(at++ * 2);
    const page = (op & layout.PAGED) === 0 ? 0 : words.get(at * 2);
    let value: unknown;
    let failure: { error: unknown } | null = null;
    let later: { bytes: Uint8Array; modules: readonly string[] } | null = null;
    try {
      if (key !== 0) buffers = this.#broker.take(key, false);
      const modules = modulesOf(this.#memory, op, at, length);
      if (modules.length === 0) value = readBody(this.#memory, op, at, length, buffers);
      else if (this.blocked) throw needsImport(modules);
      else {
        const { bytes, start, end } = spanOf(this.#memory, op, at, length);
        later = { bytes: bytes.slice(start, end), modules };
      }
    } catch (error) {
      failure = { error };
    }
    results.done();
    if (page !== 0) this.#memory.agent.arena.heap.free(page);
    if ((op & layout.NOT_READY) !== 0) {
      member.initError = { error: failure === null ? value : failure.error };
      return;
    }
    const job = this.#table.at(slot);
    if (job === null) return;
    if (later !== null || job.extra?.importing) {
      return this.#deliverLater(job, result, value, failure, later, buffers);
    }
    this.#deliver(job, result, value, failure);
  }

  /** Imports what a result needs first; results of the same batch that come later wait for it. */
  #deliverLater(
    job: Job,
    result: Result,
    value: unknown,
    failure: { error: unknown } | null,
    later: { bytes: Uint8Array; modules: readonly string[] } | null,
    buffers: LooseBuffers,
  ): void {
    const extra = extraOf(job);
    // If the worker dies meanwhile, that is here already and no reason to run anything again.
    if ((result.op & layout.ITEMS) !== 0) extra.next = result.first + result.count;
    if ((result.op & layout.LAST) !== 0) extra.arrived = true;
    const before = extra.importing ?? Promise.resolve();
    const load = async (): Promise<void> => {
      await before;
      let fail = failure;
      let loaded = value;
      if (later !== null) {
        try {
          await importModules(later.modules);
          loaded = decode(later.bytes, buffers as Parameters<typeof decode>[1]);
        } catch (error) {
          fail = { error };
        }
      }
      this.#deliver(job, result, loaded, fail);
    };
    extra.importing = load();
  }

  #deliver(job: Job, result: Result, value: unknown, failure: { error: unknown } | null): void {
    const { op } = result;
    const failed = failure !== null || (op & layout.FAILED) !== 0;
    const outcome = failure === null ? value : failure.error;
    const batch = job.extra?.batch ?? null;
    if (batch !== null) return this.#deliverItems(job, batch, result, failed, outcome);
    this.#table.remove(job);
    if (failed) this.#table.reject(job, outcome);
    else this.#table.resolve(job, outcome);
  }

  #deliverItems(job: Job, batch: Batch, result: Result, failed: boolean, outcome: unknown): void {
    const table = this.#table;
    const extra = job.extra as Extra;
    const { op, first, count } = result;
    const last = (op & layout.LAST) !== 0;
    if (last) table.remove(job);
    if ((op & layout.ITEMS) === 0) {
      // The whole batch has failed, or was skipped.
      if (failed) {
        for (let k = extra.next; k < extra.end; k++) table.itemFailed(batch, k, outcome);
      }
    } else if (failed) {
      extra.next = first + count;
      for (let k = 0; k < count; k++) table.itemFailed(batch, first + k, outcome);
    } else {
      extra.next = first + count;
      const values = outcome as unknown[];
      for (let k = 0; k < count; k++) table.item(batch, first + k, values[k]);
    }
    if (last) table.endBatch(batch);
  }
}

function needsImport(modules: readonly string[]): TypeError {
  return new TypeError(
    `Cannot get result synchronously: it needs ${
      modules.join(", ")
    }, import it, or await the result`,
  );
}
