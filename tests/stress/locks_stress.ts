/**
 * 8 threads make 100 000 increments each under each kind of lock, in mixed colours, with random timeouts and aborts among
 * the waiters: `deno task stress [INCREMENTS A THREAD]`. The sums must be exact, nobody may hang, and no entry may be left
 * in a queue.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import process from "node:process";
import { BoundedSemaphore, Condition, Lock, RLock, RWLock, Semaphore } from "../../sync/mod.ts";
import { Thread } from "../../thread/mod.ts";
import { entries, waitSlots } from "../conformance/support.ts";
import { type AnyLock, enterSync, hammer, makeWords } from "../sync/tasks.ts";

const THREADS = 8;
/** Milliseconds after which a run counts as hanging. */
const LIMIT = 300_000;

const LOCKS: readonly (readonly [string, () => AnyLock])[] = [
  ["Lock", () => new Lock()],
  ["RLock", () => new RLock()],
  ["Semaphore(1)", () => new Semaphore(1)],
  ["BoundedSemaphore(1)", () => new BoundedSemaphore(1)],
  ["RWLock", () => new RWLock()],
  ["Condition of a Lock", () => new Condition(new Lock())],
  ["Condition", () => new Condition()],
];

const rounds = Number(process.argv[2] ?? 100_000);
for (const [name, make] of LOCKS) {
  const before = [waitSlots("thread"), entries("thread")];
  const [lock, words] = [make(), makeWords()];
  const started = performance.now();
  const threads = Array.from(
    { length: THREADS },
    (_, i) => new Thread({ target: hammer, args: [lock, words, rounds, i + 1] }).start(),
  );
  const given = await Promise.all(threads.map((thread) => thread.join({ timeout: LIMIT })));
  const seconds = (performance.now() - started) / 1000;
  assertEquals(words[0], THREADS * rounds);
  assertEquals([waitSlots("thread"), entries("thread")], before);
  enterSync(lock, { timeout: 0 }).release();
  const waits = given.reduce((sum, one) => sum + one);
  console.log(`${name}: ${words[0]} increments, ${waits} waits given up, ${seconds.toFixed(1)} s`);
}
