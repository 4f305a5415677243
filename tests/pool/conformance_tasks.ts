/**
 * Tasks for the conformance suites of pools and executors: for threads and, since they share only what travels by
 * itself (events, semaphores, queues, values), for processes too.
 */

import process from "node:process";
import { shareable } from "../../_core/shareable.ts";
import { task } from "../../_core/task.ts";
import { currentTask, ThreadPool, ThreadPoolExecutor } from "../../pool/mod.ts";
import type { Value } from "../../process/mod.ts";
import type { Queue } from "../../queue/mod.ts";
import type { Event, Lock, RLock, Semaphore } from "../../sync/mod.ts";
import { currentThread, getIdent, mainThread, sleepSync, ThreadLocal } from "../../thread/mod.ts";

/** Milliseconds after which nobody will come any more. */
const PATIENCE = 90_000;

export const square = task(import.meta, (x: number) => x * x);

export const add = task(import.meta, (a: number, b: number) => a + b);

export const pow = task(import.meta, (base: number, exponent: number) => base ** exponent);

export const addLater = task(import.meta, async (a: number, b: number) => {
  await new Promise((resolve) => setTimeout(resolve, 1));
  return a + b;
});

export const identity = task(import.meta, (value: unknown) => value);

/** What it was given, and how much of it. */
export const allArguments = task(import.meta, (...args: unknown[]) => args);

/** Python's keyword arguments are one object at the end. */
export const greet = task(
  import.meta,
  (name: string, { self, fn }: { self: number; fn: string }) => `${name} ${self} ${fn}`,
);

export const fail = task(import.meta, (message: string): number => {
  throw new RangeError(message);
});

export const failLater = task(import.meta, async (message: string): Promise<number> => {
  await new Promise((resolve) => setTimeout(resolve, 1));
  throw new RangeError(message);
});

/** Its argument, unless that is 5. */
export const failAt5 = task(import.meta, (x: number): number => {
  if (x === 5) throw new RangeError("five");
  return x;
});

/** Fails for 5, and counts the calls. */
export const countAndFailAt5 = task(import.meta, (x: number, calls: Value<"i">): number => {
  calls.add(1);
  return failAt5(x);
});

export const throwValue = task(import.meta, (value: unknown): number => {
  throw value;
});

/** Who runs it: the same for two tasks of one worker alone. */
export const worker = task(import.meta, () => `${process.pid}/${getIdent()}`);

export const workerName = task(import.meta, () => currentThread().name);

export const isDaemon = task(import.meta, () => currentThread().daemon);

/** Says that it runs, and gives its worker when the gate opens. */
export const occupy = task(import.meta, (begun: Semaphore, gate: Event): string => {
  begun.release();
  gate.waitSync({ timeout: PATIENCE });
  return worker();
});

/** Says that it runs, and gives the value, or throws it if it is an error, when the gate opens. */
export const answer = task(import.meta, (begun: Semaphore, gate: Event, value: unknown) => {
  begun.release();
  gate.waitSync({ timeout: PATIENCE });
  if (value instanceof Error) throw value;
  return value;
});

export const occupyLater = task(import.meta, async (begun: Semaphore, gate: Event) => {
  begun.release();
  await gate.wait({ timeout: PATIENCE });
  return worker();
});

/** Counts how often it ran. */
export const count = task(import.meta, (calls: Value<"i">, x?: number): number => {
  calls.add(1);
  return x ?? 0;
});

/** Counts how often it ran, and ends when the gate is open. */
export const countAndWait = task(import.meta, (calls: Value<"i">, gate: Event): void => {
  calls.add(1);
  gate.waitSync({ timeout: PATIENCE });
});

/** Waits for the gate if it is given 0, and counts. */
export const stopAt0 = task(import.meta, (x: number, calls: Value<"i">, gate: Event) => {
  calls.add(1);
  if (x === 0) gate.waitSync({ timeout: PATIENCE });
  return x;
});

/** The same, for a map. */
export const waitForGateAt0 = task(import.meta, ([x, gate]: readonly [number, Event]) => {
  if (x === 0) gate.waitSync({ timeout: PATIENCE });
  return x;
});

export const sleepFor = task(import.meta, (milliseconds: number) => {
  sleepSync(milliseconds);
  return milliseconds;
});

/** Puts what it was given into a queue. */
export const putInto = task(import.meta, (queue: Queue<number>, x: number) => {
  queue.putSync(x);
});

/** Adds to a plain number behind a lock: a read, a pause and a write. */
export const addUnderLock = task(import.meta, (lock: Lock, value: Value<"d">, times: number) => {
  for (let i = 0; i < times; i++) {
    const guard = lock.acquireSync();
    value.value += 1;
    guard.release();
  }
  return lock.locked() || true;
});

/** Doubles what comes from one queue into another, until the first is shut down. */
export const pump = task(import.meta, async (from: Queue<number>, to: Queue<number>) => {
  let items = 0;
  for await (const item of from) {
    await to.put(item * 2);
    items++;
  }
  return items;
});

export const sumBytes = task(import.meta, (bytes: Uint8Array) => {
  let sum = 0;
  for (const byte of bytes) sum += byte;
  return sum;
});

export const makeBytes = task(import.meta, (length: number) => new Uint8Array(length).fill(7));

let state: unknown = "untouched";

/** An initializer. */
export const setState = task(import.meta, (value: unknown) => {
  state = value;
});

export const readState = task(import.meta, () => state);

/** An initializer that takes its time. */
export const setStateLater = task(import.meta, async (value: unknown) => {
  await new Promise((resolve) => setTimeout(resolve, 5));
  state = value;
});

export const countInitialization = task(import.meta, (calls: Value<"i">) => {
  calls.add(1);
  state = "initialized";
});

/** An initializer that fails. */
export const failInitializer = task(import.meta, (calls: Value<"i">): void => {
  calls.add(1);
  throw new RangeError("no initialization");
});

/** An initializer that fails the first time only. */
export const failInitializerOnce = task(import.meta, (calls: Value<"i">): void => {
  if (calls.add(1) === 0) throw new RangeError("not at first");
});

/** An initializer that ends its worker. */
export const exitInitializer = task(import.meta, (): void => {
  process.exit(4);
});

/** How a task may end its worker. */
export type Ending = "process.exit" | "Deno.exit" | "timer" | "rejection" | "memory" | "kill";

/** Ends its worker, after it has said that it runs. */
export const endWorker = task(
  import.meta,
  (how: Ending, code: number, calls?: Value<"i">): number | Promise<number> => {
    calls?.add(1);
    switch (how) {
      case "process.exit":
        return process.exit(code);
      case "Deno.exit": {
        const { Deno } = globalThis as { Deno?: { exit?(code: number): never } };
        return Deno?.exit?.(code) ?? process.exit(code);
      }
      case "timer":
        setTimeout(() => {
          throw new RangeError("in a timer");
        }, 1);
        return new Promise(() => {});
      case "rejection":
        Promise.reject(new RangeError("unseen"));
        return new Promise(() => {});
      case "memory": {
        const kept: unknown[] = [];
        for (;;) kept.push(new Array(10_000).fill(Math.random()));
      }
      case "kill":
        if (currentThread() === mainThread()) process.kill(process.pid, "SIGKILL");
        else currentThread().kill();
        for (;;) sleepSync(1000);
    }
  },
);

/** Ends its worker if it is given 5. */
export const endWorkerAt5 = task(import.meta, (x: number, calls: Value<"i">): number => {
  calls.add(1);
  if (x === 5) process.exit(3);
  return x;
});

/** The same, for a map. */
export const endWorkerOf5 = task(import.meta, (x: number): number => {
  if (x === 5) process.exit(3);
  return x;
});

/** Ends its worker at the first attempts. */
export const endWorkerAtFirst = task(import.meta, (deaths: number, calls: Value<"i">): number => {
  if (calls.add(1) < deaths) process.exit(3);
  return currentTask()?.attempt ?? -1;
});

/** Spins until it is asked to stop, and says so. */
export const untilAborted = task(import.meta, (begun: Semaphore, heard: Value<"i">): string => {
  const signal = currentTask()?.signal;
  begun.release();
  while (signal?.aborted === false);
  heard.add(1);
  return "heard";
});

/** Waits for the event of its signal. */
export const untilAbortEvent = task(import.meta, (begun: Semaphore, heard: Value<"i">) => {
  const signal = currentTask()?.signal;
  begun.release();
  return new Promise<string>((resolve) => {
    const patience = setTimeout(() => resolve("nobody came"), PATIENCE);
    signal?.addEventListener("abort", () => {
      clearTimeout(patience);
      heard.add(1);
      resolve("heard");
    });
  });
});

/** Hears nothing. */
export const spin = task(import.meta, (begun: Semaphore): never => {
  begun.release();
  for (;;);
});

/** Has no task. */
export const hasTask = task(import.meta, () => {
  const current = currentTask();
  return current !== null && current.signal instanceof AbortSignal && !current.signal.aborted;
});

/** A task that has a pool of its own. */
export const mapInPool = task(import.meta, async (numbers: readonly number[]) => {
  const pool = new ThreadPool(2);
  const squares = await pool.map(square, numbers);
  pool.close();
  await pool.join();
  return squares;
});

/** Pools in tasks of pools in tasks. */
export const descend = task(import.meta, async (depth: number): Promise<number> => {
  if (depth === 0) return 0;
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const below = await executor.submit(descend, depth - 1);
  await executor.shutdown();
  return below + 1;
});

/** Leaves a pool behind, with a task that never ends. */
export const leavePool = task(import.meta, (begun: Semaphore) => {
  new ThreadPool(1).applyAsync(spin, [begun]);
  return "left";
});

/** A class that travels. */
export const Point = shareable(
  import.meta,
  class Point {
    x: number;
    y: number;

    constructor(x: number, y: number) {
      this.x = x;
      this.y = y;
    }

    norm(): number {
      return Math.hypot(this.x, this.y);
    }
  },
);

export const mirror = task(
  import.meta,
  (point: InstanceType<typeof Point>) => new Point(point.y, point.x),
);

/** An error class that travels. */
export const CustomError = shareable(
  import.meta,
  class CustomError extends Error {
    code: number;

    constructor(message: string, code: number, options?: ErrorOptions) {
      super(message, options);
      this.code = code;
    }
  },
);

export const failCustom = task(import.meta, (): number => {
  throw new CustomError("custom", 7, { cause: new TypeError("the cause") });
});

/** An error class that does not travel. */
class PrivateError extends Error {
  override name = "PrivateError";
  detail = { code: 9 };
}

export const failPrivate = task(import.meta, (): number => {
  throw new PrivateError("private");
});

/** An error with a field that cannot be sent. */
export const failWithFunction = task(import.meta, (): number => {
  throw Object.assign(new RangeError("with a function"), { helper: () => state });
});

export const failMany = task(import.meta, (): number => {
  throw new AggregateError([new RangeError("one"), new TypeError("two")], "many");
});

/** Values that cannot be sent. */
export const returnUnsendable = task(import.meta, (what: string): unknown => {
  switch (what) {
    case "symbol":
      return Symbol("mine");
    case "closure":
      return { deep: [() => state] };
    case "promise in an object":
      return { later: Promise.resolve(1) };
    default:
      return new WeakMap();
  }
});

/** Its argument, or what cannot be sent if that is 5. */
export const unsendableAt5 = task(import.meta, (x: number): unknown => x === 5 ? Symbol("5") : x);

export const throwUnsendable = task(import.meta, (): number => {
  throw Symbol("mine");
});

/** Changes what it was given: nobody else may notice. */
export const scribble = task(import.meta, (list: number[]) => {
  list.push(list.length);
  return list;
});

/** A value that a module keeps between tasks of one worker. */
let calls = 0;

export const callsInWorker = task(import.meta, () => ++calls);

/** Leaves a timer and a promise behind. */
export const leaveThings = task(import.meta, (seen: Value<"i">) => {
  setTimeout(() => seen.add(1), 5);
  return "left";
});

/** Takes part in a crowd: adds 1, waits until there are as many as it wants, gives the most that it saw. */
export const crowd = task(import.meta, async (inside: Value<"i">, wanted: number) => {
  inside.add(1);
  const end = Date.now() + PATIENCE;
  while (inside.value < wanted && Date.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return inside.value;
});

/** Does not stop before a while, and gives how many were inside with it. */
export const most = task(import.meta, (inside: Value<"i">) => {
  const seen = inside.add(1) + 1;
  sleepSync(2);
  inside.add(-1);
  return seen;
});

/** Acquires, and ends in some way without a release. */
export const acquireAnd = task(
  import.meta,
  (lock: Lock | RLock | Semaphore, how: "return" | "throw" | "exit"): string => {
    lock.acquireSync();
    if (how === "throw") throw new RangeError("holding the lock");
    if (how === "exit") process.exit(3);
    return "returned";
  },
);

/** The same, of a task that awaits. */
export const acquireLaterAnd = task(
  import.meta,
  async (lock: Lock | RLock | Semaphore, how: "return" | "throw" | "exit"): Promise<string> => {
    await lock.acquire();
    if (how === "throw") throw new RangeError("holding the lock");
    if (how === "exit") process.exit(3);
    return "returned";
  },
);

/** Says how an acquire ends. */
export const tryAcquire = task(import.meta, (lock: Lock | RLock | Semaphore): string => {
  try {
    lock.acquireSync({ timeout: 100 }).release();
    return "acquired";
  } catch (error) {
    return (error as Error).name;
  }
});

const local = new ThreadLocal<{ calls?: number }>();

export const callsInThread = task(import.meta, () => local.calls = (local.calls ?? 0) + 1);

/** Whether the current thread is the same for the whole task. */
export const threadIsSame = task(import.meta, async () => {
  const before = currentThread();
  await new Promise((resolve) => setTimeout(resolve, 1));
  return before === currentThread() && before.ident === getIdent() && before.isAlive();
});
