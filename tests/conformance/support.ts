/** What the conformance suites share: scopes, colours, and looks into the wait queues. */

import { assert, assertEquals } from "@std/assert";
import { agentOf } from "../../_core/agent.ts";
import { FREE, HOLDER, PASSING, S_STATE } from "../../_core/layout.ts";
import { forEachObject } from "../../_core/reaper.ts";
import { forEachSlot } from "../../_core/slot_table.ts";
import type { Guard } from "../../sync/mod.ts";

/** The scopes. */
export type TestedScope = "local" | "thread" | "process";

/** The scope of what threads share in these tests: `process_setup.ts` makes it the other one. */
export const SHARED: "thread" | "process" = isProcess() ? "process" : "thread";

/** Every scope that is tested together. */
export const SCOPES: readonly TestedScope[] = isProcess() ? ["process"] : ["local", "thread"];

function isProcess(): boolean {
  return (globalThis as { nogilTestsProcessScope?: boolean }).nogilTestsProcessScope === true;
}

/** Options with the scope that is tested, unless they say another one, or are none at all. */
export function scoped<O extends { scope?: TestedScope }>(options: O | undefined): O {
  if (options !== undefined && Object(options) !== options) return options;
  return { scope: SHARED, ...options } as O;
}

/** How a wait is made. */
export type Colour = "promise" | "blocking";

/** Every colour. */
export const COLOURS: readonly Colour[] = ["promise", "blocking"];

/** What a suite runs with: scopes and colours in all combinations. */
export const COMBINATIONS: readonly (readonly [TestedScope, Colour])[] = SCOPES.flatMap((scope) =>
  COLOURS.map((colour) => [scope, colour] as const)
);

/** The options of an acquire of either colour. */
export interface AcquireOptions {
  timeout?: number;
  signal?: AbortSignal;
  recover?: boolean;
}

/** Something that one owner at a time can have. */
export interface Mutex {
  acquire(options?: AcquireOptions): Promise<Guard>;
  acquireSync(options?: { timeout?: number; recover?: boolean }): Guard;
  tryAcquire(): Guard | null;
  locked(): boolean;
}

/** Acquires in a colour; a blocking acquire that throws rejects. */
export async function acquireAs(
  mutex: Mutex,
  colour: Colour,
  options?: AcquireOptions,
): Promise<Guard> {
  if (colour === "promise") return await mutex.acquire(options);
  const { signal: _, ...rest } = options ?? {};
  return options === undefined ? mutex.acquireSync() : mutex.acquireSync(rest);
}

/** Runs a blocking call, so that what it throws rejects. */
export async function blocking<T>(call: () => T): Promise<T> {
  await undefined;
  return call();
}

/** Lets the event loop turn until a condition holds. */
export async function until(condition: () => boolean, what = "the condition"): Promise<void> {
  const end = performance.now() + 60_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`Nothing came of ${what}`);
    await turn();
  }
}

/** One turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Entries in the wait queues of a scope, of all threads; counts of holders are none. */
export function entries(scope: TestedScope): number {
  let count = 0;
  const { w } = agentOf(scope).q;
  forEachSlot(w, 0, (s) => {
    const state = w.load(s + S_STATE);
    // What passes on is that of a dead thread whose remains are being cleared away.
    if (state !== FREE && state !== HOLDER && state !== PASSING) count++;
  });
  return count;
}

/** Slots that this thread uses to wait; those in which it counts what it holds are none. */
export function waitSlots(scope: TestedScope): number {
  const { q } = agentOf(scope);
  return q.slots.used - q.holders.size;
}

/** Wait queues of a scope in which anybody is. */
export function queues(scope: TestedScope): number {
  let count = 0;
  const { q, arena } = agentOf(scope);
  forEachObject(q, arena, (o) => {
    for (let list = 0; list < q.kind(o).lists; list++) if (q.head(o, list) !== 0) count++;
  });
  return count;
}

/** Asserts that something leaves no entry in a wait queue and keeps no slot of this thread. */
export async function assertLeavesNothing(
  scope: TestedScope,
  fn: () => void | Promise<void>,
): Promise<void> {
  const count = (): number[] => [waitSlots(scope), entries(scope), queues(scope)];
  const before = count();
  await fn();
  // A worker that is not used again may still be on its way out.
  if (scope !== "local") await until(() => count().join() === before.join(), `${count()}`);
  assertEquals(count(), before);
}

/** Asserts that a promise is pending after some turns of the event loop. */
export async function assertPending(promise: Promise<unknown>): Promise<void> {
  let settled = false;
  const note = (): void => {
    settled = true;
  };
  promise.then(note, note);
  for (let i = 0; i < 3; i++) await turn();
  assert(!settled, "the promise is settled");
}

/** Milliseconds that a wait took, whatever it threw. */
export async function duration(fn: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await fn();
  return performance.now() - began;
}

/** Everything that is wrong with a timeout, with the class of its error. */
export const BAD_TIMEOUTS: readonly (readonly [unknown, typeof RangeError | typeof TypeError])[] = [
  [-1, RangeError],
  [-0.5, RangeError],
  [-Infinity, RangeError],
  [NaN, RangeError],
  ["10", TypeError],
  [null, TypeError],
  [10n, TypeError],
  [{}, TypeError],
];
