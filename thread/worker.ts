/**
 * The worker that runs threads, one after the other.
 *
 * @module
 */

import { currentAgent, installAgent } from "../_core/agent.ts";
import { setParking } from "../_core/blocked.ts";
import { encode, type Encoded } from "../_core/codec.ts";
import { onLoading } from "../_core/module_registry.ts";
import { encodeAnyError } from "../_core/any_error.ts";
import { NO_EXIT_CODE, type ThreadRecord } from "../_core/thread_record.ts";
import { STARTING, STARTING_LIMITED } from "../_core/thread_state.ts";
import { clearBars } from "../_runtime/progress_rows.ts";
import { runtime } from "../_runtime/runtime.ts";
import { WorkerLostError } from "../errors.ts";
import { printIgnored } from "../_core/ignored_error.ts";
import { isThenable } from "../_core/thenable.ts";
import type { BootData } from "./protocol.ts";
import { connectSupervisor, putBuffers, realm, tellSupervisor } from "./realm.ts";
import { type Request, takeRequest } from "./request.ts";
import { disembody, incarnate, isOwnStopReason } from "./incarnation.ts";
import type { AnyThread } from "./thread.ts";

/** So long a worker stays without a thread, in milliseconds. */
const IDLE_TIME = 10_000;

/** So often a waiting target is looked after, in milliseconds. */
const CHECK_TIME = 200;

/** The thread that runs now, until it has ended. */
let running: Run | null = null;
/** The slot of this worker. */
let slot = -1;
/** The number of the thread that this worker was made for. */
let madeFor = 0;
/** How many timers and the like there are when nothing runs. */
let atRest = 0;

/** Runs the thread that waits in the slot, and then those that come. */
export function serveThreads(data: BootData): void {
  installAgent(data.arena, data.agent);
  slot = data.slot;
  madeFor = data.ident;
  const { port } = data;
  if (port !== undefined) {
    connectSupervisor((message, transfer) => port.postMessage(message, transfer));
    runtime().onProcessExit((code) => tellSupervisor({ type: "exit", code }));
  }
  const { table } = realm();
  runtime().installWorkerConsole(
    (milliseconds) => table.pause(milliseconds),
    () => clearBars(table.takeBarRows()),
  );
  runtime().onUncaught(onUncaught);
  atRest = runtime().activeResources();
  const { slots } = realm();
  onLoading((isLoading) => {
    if (slots.setLoading(slot, isLoading)) runtime().quitWorker();
  });
  const { words } = currentAgent().arena;
  setParking({
    park(parked, index) {
      if (slots.block(slot, parked, index, words)) runtime().quitWorker();
    },
    leave() {
      if (slots.unblock(slot)) runtime().quitWorker();
    },
    isDoomed: () => slots.isDoomed(slot),
  });
  slots.ready(slot);
  const first = slots.job(slot);
  if (first !== null) runtime().nextTurn(() => serve(first));
}

/**
 * Runs a thread. Code of the program is called in a turn of its own and not by a promise: Deno loses the death (out of
 * memory) of a worker in a promise's continuation.
 */
function serve(address: number): void {
  const record = realm().table.at(address);
  // The record may be that of another thread by now, which is as welcome, unless it is for nobody, or for somebody else.
  const start = record.ident === madeFor && record.isLimited ? STARTING_LIMITED : STARTING;
  if (!record.claim(slot, start)) return rest(address, null);
  const run = new Run(record, () => {
    running = null;
    // What the thread has left behind (timers, sockets) must not meet the next one.
    if (run.spoiled || runtime().activeResources() > atRest) runtime().exitWorker(0);
    rest(address, record);
  });
  running = run;
  run.begin();
}

/** Lets the event loop go round, and then waits for the next thread. */
function rest(address: number, record: ThreadRecord | null): void {
  const { slots } = realm();
  if (!slots.offer(slot, address)) slots.parkForever(slot);
  record?.releaseRun();
  runtime().nextTurn(() => {
    const next = takeWaiting() ?? slots.park(slot, IDLE_TIME);
    if (typeof next === "number") serve(next);
    else if (next === "exit") runtime().exitWorker(0);
  });
}

/** Takes a thread that waits for a worker which is not ready yet; one with limits needs a worker of its own. */
function takeWaiting(): number | null {
  const { slots, table } = realm();
  if (!slots.areThreadsWaiting) return null;
  const waiting = table.starting().find((record) => !record.isProcess && !record.isLimited);
  return waiting !== undefined && slots.take(slot, waiting.address) ? waiting.address : null;
}

/** An error that nobody has caught ends the thread, and its worker. */
function onUncaught(error: unknown): void {
  if (running === null) printIgnored("a thread that has ended", error);
  else running.end("error", error);
  runtime().exitWorker(1);
}

/** One thread, from its claim to its end. */
class Run {
  readonly #record: ThreadRecord;
  readonly #done: () => void;
  #thread: AnyThread | null = null;
  /** Whether the worker must not run another thread. */
  spoiled: boolean;

  constructor(record: ThreadRecord, done: () => void) {
    this.#record = record;
    this.#done = done;
    this.spoiled = record.isLimited;
  }

  begin(): void {
    realm().ident = this.#record.ident;
    try {
      const request = takeRequest(this.#record);
      if (!(request instanceof Promise)) return this.#run(request);
      request.then(
        (request) => runtime().nextTurn(() => this.#run(request)),
        (error) => {
          // Half of a module that failed is there, and would be taken for the whole next time.
          this.spoiled = true;
          this.#finish("error", error);
        },
      );
    } catch (error) {
      this.#finish("error", error);
    }
  }

  /** Ends the thread, unless it has ended already. */
  end(kind: "result" | "error", value: unknown): void {
    const record = this.#record;
    if (record.ended) return;
    // What a thread that is being terminated is told of on Deno. The supervisor sees its end.
    if (value === null && kind === "error" && record.killed) return;
    const quiet = this.#thread !== null && isOwnStopReason(this.#thread, value);
    let encoded: Encoded;
    try {
      encoded = encode(value, "thread", "result");
    } catch (error) {
      kind = "error";
      encoded = encodeAnyError(error, "thread");
    }
    if (kind === "error") currentAgent().abandonHeld();
    else currentAgent().finishThread();
    const buffers = encoded.buffers.length === 0 ? 0 : putBuffers(encoded.buffers);
    const bytes = kind === "result" && value === undefined ? null : encoded.bytes;
    const report = kind === "error" && !quiet;
    record.end({ outcome: kind, bytes, buffers, exitCode: NO_EXIT_CODE, report });
    if (this.#thread !== null) disembody(this.#thread);
    realm().locals = new WeakMap();
  }

  #run(request: Request): void {
    let result: unknown;
    try {
      result = this.#call(request);
    } catch (error) {
      return this.#finish("error", error);
    }
    if (!isThenable(result)) return this.#finish("result", result);
    const check = setInterval(() => {
      if (!runtime().heapExhausted()) return;
      this.end("error", this.#outOfMemory());
      runtime().exitWorker(1);
    }, CHECK_TIME);
    Promise.resolve(result).then(
      (value) => {
        clearInterval(check);
        this.#finish("result", value);
      },
      (error) => {
        clearInterval(check);
        this.#finish("error", error);
      },
    );
  }

  #outOfMemory(): WorkerLostError {
    const { name } = this.#record;
    return new WorkerLostError(`Cannot finish thread ${name}: it ran out of memory`, {
      kind: "thread",
      exitcode: 1,
      task: name,
    });
  }

  #finish(kind: "result" | "error", value: unknown): void {
    this.end(kind, value);
    this.#done();
  }

  #call(request: Request): unknown {
    const thread = incarnate(this.#record, request);
    this.#thread = thread;
    if (request.due !== undefined) {
      const left = request.due - performance.timeOrigin - performance.now();
      if (request.due < 0 || !this.#record.delay(left)) return undefined;
    }
    return thread.run();
  }
}
