/** What the other processes of the family tests do. */

import { writeSync } from "node:fs";
import process from "node:process";
import { TimeoutError } from "../../errors.ts";
import { Value } from "../../process/mod.ts";
import type { Queue } from "../../queue/mod.ts";
import {
  type Barrier,
  type BoundedSemaphore,
  type Condition,
  type Event,
  type Guard,
  Lock,
  type RLock,
  RWLock,
  type Semaphore,
} from "../../sync/mod.ts";
import { say } from "./family_say.ts";

/** Everything that one process at a time can have. */
export type AnyLock = Lock | RLock | Semaphore | BoundedSemaphore | RWLock | Condition;

/** How a process waits. */
export type Colour = "promise" | "blocking";

/** Milliseconds after which something counts as hanging. */
const LIMIT = { timeout: 60_000 };

async function enter(lock: AnyLock, colour: Colour, recover = false): Promise<Guard> {
  const options = { ...LIMIT, recover };
  if (lock instanceof RWLock) {
    return colour === "promise" ? await lock.acquireWrite(options) : lock.acquireWriteSync(options);
  }
  return colour === "promise" ? await lock.acquire(options) : lock.acquireSync(options);
}

/** Acquires some times, says so, and stays until it is killed: in its event loop, or blocked. */
export async function hold(lock: AnyLock, colour: Colour, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await enter(lock, colour);
  say("held");
  if (colour === "promise") await new Promise((resolve) => setTimeout(resolve, 60_000));
  else new Lock({ scope: "thread" }).acquireSync();
  block();
}

/** Reads some times, says so, and stays until it is killed. */
export function holdRead(lock: RWLock, count: number): void {
  for (let i = 0; i < count; i++) lock.acquireReadSync();
  say("held");
  block();
}

function block(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
}

/** Acquires and releases; gives the name of what was thrown, or how it went. */
export async function pass(lock: AnyLock, colour: Colour, recover: boolean): Promise<string> {
  try {
    const guard = await enter(lock, colour, recover);
    guard.release();
    return guard.abandoned ? "abandoned" : "held";
  } catch (error) {
    return (error as Error).name;
  }
}

/** Waits until it is notified; gives the name of what was thrown, or "notified". */
export async function awaitNotify(condition: Condition, colour: Colour): Promise<string> {
  const guard = await enter(condition, colour);
  try {
    if (colour === "promise") await condition.wait(LIMIT);
    else condition.waitSync(LIMIT);
    return "notified";
  } catch (error) {
    return (error as Error).name;
  } finally {
    guard.release();
  }
}

/** Waits for an event, and gives whether it is set. */
export async function awaitEvent(event: Event, colour: Colour): Promise<boolean> {
  if (colour === "promise") await event.wait(LIMIT);
  else event.waitSync(LIMIT);
  return event.isSet();
}

/** Waits at a barrier; gives the name of the error, or "passed". */
export async function arrive(barrier: Barrier, colour: Colour): Promise<string> {
  try {
    if (colour === "promise") await barrier.wait(LIMIT);
    else barrier.waitSync(LIMIT);
    return "passed";
  } catch (error) {
    return (error as Error).name;
  }
}

/** Adds 1 to a value, again and again, each time under its lock. */
export function increment(value: Value<"i">, rounds: number): void {
  const lock = value.getLock();
  for (let i = 0; i < rounds; i++) {
    lock.acquireSync();
    value.value = value.value + 1;
    lock.release();
  }
}

/** Puts numbers from 1, until it is killed; counts in a value what it has put. */
export async function putForEver(
  queue: Queue<unknown>,
  colour: Colour,
  count: Value<"i">,
): Promise<void> {
  for (let n = 1;; n++) {
    if (colour === "promise") await queue.put([n, "item"]);
    else queue.putSync([n, "item"]);
    count.value = n;
  }
}

/** Gets items, until it is killed; notes the number of the last one in a value. */
export async function getForEver(
  queue: Queue<[number, string]>,
  colour: Colour,
  last: Value<"i">,
): Promise<void> {
  for (;;) {
    const [n] = colour === "promise" ? await queue.get() : queue.getSync();
    last.value = n;
  }
}

/** Puts numbers, from `first` on. */
export async function produce(
  queue: Queue<unknown>,
  colour: Colour,
  first: number,
  count: number,
): Promise<void> {
  for (let n = first; n < first + count; n++) {
    if (colour === "promise") await queue.put(n);
    else queue.putSync(n);
  }
}

/** Gets numbers until there is `null`; gives how many, and their sum. */
export async function consume(queue: Queue<number | null>, colour: Colour): Promise<number[]> {
  const [all, sum] = [0, 1];
  const found = [0, 0];
  for (;;) {
    const n = colour === "promise" ? await queue.get(LIMIT) : queue.getSync(LIMIT);
    if (n === null) return found;
    found[all] = (found[all] as number) + 1;
    found[sum] = (found[sum] as number) + n;
  }
}

/** Gets numbers until there is `null`, and counts for each how often it came. */
export async function tally(
  queue: Queue<number | null>,
  colour: Colour,
  seen: Uint8Array,
): Promise<void> {
  for (;;) {
    const n = colour === "promise" ? await queue.get() : queue.getSync();
    if (n === null) return;
    Atomics.add(seen, n, 1);
  }
}

/** Gives back what comes, some times. */
export async function echo(
  input: Queue<unknown>,
  output: Queue<unknown>,
  colour: Colour,
  count: number,
): Promise<void> {
  for (let i = 0; i < count; i++) {
    if (colour === "promise") await output.put(await input.get(LIMIT));
    else output.putSync(input.getSync(LIMIT));
  }
}

/** Makes a value, and gives it to the parent, which then has it although this process has ended. */
export function makeValue(n: number): Value<"i"> {
  return new Value("i", n, { scope: "process" });
}

/** Changes what it was given, and gives it back. */
export function change(numbers: Int32Array, value: Value<"d">): [Int32Array, Value<"d">] {
  numbers.forEach((n, i) => numbers[i] = n * 2);
  value.add(0.5);
  return [numbers, value];
}

/** Waits for a lock for a short time. */
export function giveUp(lock: Lock): string {
  try {
    lock.acquireSync({ timeout: 50 });
    return "held";
  } catch (error) {
    return error instanceof TimeoutError ? "late" : String(error);
  }
}

/** Waits until its parent is dead. */
async function orphaned(): Promise<void> {
  const parent = process.ppid;
  say("waits");
  while (process.ppid === parent) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Answers a question when its parent is dead. */
export async function orphanAnswer(there: Queue<number>, back: Queue<number>): Promise<void> {
  await orphaned();
  back.putSync(await there.get(LIMIT) + 1);
  process.exit(0); // nobody is there to hear the result
}

/** Asks when its parent is dead, and takes the lock that was the parent's. */
export async function orphanAsk(
  there: Queue<number>,
  back: Queue<number>,
  lock: Lock,
): Promise<void> {
  await orphaned();
  there.putSync(41);
  const outcome = [await back.get(LIMIT), await pass(lock, "promise", true)];
  writeSync(2, `${outcome.join(" ")}\n`);
  process.exit(0);
}

/** Has nothing to do. */
export function leave(): void {}

/** Everything that processes share in the chaos test. */
export interface Playground {
  readonly lock: Lock;
  readonly rlock: RLock;
  readonly rwlock: RWLock;
  readonly semaphore: Semaphore;
  readonly condition: Condition;
  readonly event: Event;
  readonly barrier: Barrier;
  /** Who gets, and who puts? */
  readonly queue: Queue<unknown>;
  /** What only the test gets: numbers from 1, with the number of the process. */
  readonly journal: Queue<[number, number]>;
  /** The last number that `put` has returned for, by the number of the process. */
  readonly ledger: Int32Array;
}

/** Does all that can be done with what is shared, in an order drawn by lot, until it is killed. */
export async function churn(ground: Playground, me: number, seed: number): Promise<void> {
  const { lock, rlock, rwlock, semaphore, condition, event, barrier, queue } = ground;
  const { journal, ledger } = ground;
  let state = seed * 2654435761 >>> 0 || 1;
  const random = (limit: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state % limit;
  };
  const locks: AnyLock[] = [lock, rlock, rwlock, semaphore, condition];
  const short = { timeout: 20 };
  for (let n = 1;;) {
    const colour: Colour = random(2) === 0 ? "promise" : "blocking";
    try {
      switch (random(9)) {
        case 0:
        case 1: {
          const guard = await enter(locks[random(locks.length)] as AnyLock, colour, true);
          if (random(4) === 0) await undefined;
          guard.release();
          break;
        }
        case 2: {
          const guard = await rwlock.acquireRead(LIMIT);
          guard.release();
          break;
        }
        case 3: {
          const guard = await enter(condition, colour, true);
          try {
            if (random(2) === 0) condition.notify(2);
            else if (colour === "promise") await condition.wait(short);
            else condition.waitSync(short);
          } finally {
            guard.release();
          }
          break;
        }
        case 4:
          if (random(2) === 0) event.set();
          else event.clear();
          if (colour === "promise") await event.wait(short);
          else event.waitSync(short);
          break;
        case 5:
          if (colour === "promise") await barrier.wait(short);
          else barrier.waitSync(short);
          break;
        case 6:
          if (colour === "promise") await queue.put([me, "x".repeat(random(9000))], short);
          else queue.putSync([me, n], short);
          break;
        case 7:
          if (colour === "promise") await queue.get(short);
          else queue.getSync(short);
          break;
        default:
          if (colour === "promise") await journal.put([me, n]);
          else journal.putSync([me, n]);
          ledger[me] = n++;
      }
    } catch (error) {
      const { name } = error as Error;
      if (name === "BrokenBarrierError") barrier.reset();
      else if (name !== "TimeoutError" && name !== "AbandonedError") throw error;
    }
  }
}
