/**
 * Finding threads that wait for each other.
 *
 * @module
 */

import { currentAgent } from "../_core/agent.ts";
import { agentName } from "../_core/agent_names.ts";
import * as layout from "../_core/layout.ts";
import { forEachSlot } from "../_core/slot_table.ts";

/** One thread of a deadlock: what it waits for, and who holds that. */
export interface DeadlockEdge {
  /** The name of the thread that waits. */
  waiter: string;
  /** The kind of lock it waits for: `"Lock"`, `"RLock"` or `"RWLock"`. */
  type: string;
  /** A number that is the same for the same lock, in every thread. */
  lock: number;
  /** The name of the thread that holds the lock. */
  holder: string;
  /** Whether the waiter's thread is blocked; else a promise waits, and its thread may still do other things. */
  blocked: boolean;
}

interface Edge {
  readonly waiter: number;
  readonly o: number;
  readonly holder: number;
  readonly blocked: boolean;
}

const TYPES: ReadonlyMap<number, string> = new Map([
  [layout.TYPE_LOCK, "Lock"],
  [layout.TYPE_RLOCK, "RLock"],
  [layout.TYPE_RWLOCK, "RWLock"],
]);

/**
 * Finds the cycles in the wait-for graph of all threads: each thread of a cycle waits for a lock that the next one holds.
 *
 * It can be called from any thread, also while the others are blocked, and looks at locks of scope `"thread"` only. A
 * thread that waits with a timeout is part of the graph while it waits. Threads that wait for something else than a
 * lock (an event, a queue) have no edge, since anybody may end their wait.
 *
 * @returns The cycles, each as its edges in order; empty when there is no deadlock.
 *
 * @example Usage
 * ```ts
 * import { detectDeadlocks } from "@nogil/std/sync";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(detectDeadlocks(), []);
 * ```
 */
export function detectDeadlocks(): DeadlockEdge[][] {
  const edges = findEdges();
  const cycles: Edge[][] = [];
  const done = new Set<number>();
  const search = (agent: number, path: Edge[]): void => {
    const start = path.findIndex((edge) => edge.waiter === agent);
    if (start >= 0) {
      cycles.push(path.slice(start));
      return;
    }
    if (done.has(agent)) return;
    for (const edge of edges) if (edge.waiter === agent) search(edge.holder, [...path, edge]);
    done.add(agent);
  };
  for (const { waiter } of edges) search(waiter, []);
  return cycles.map((cycle) => cycle.map(describe));
}

function findEdges(): Edge[] {
  const { q } = currentAgent();
  const { w } = q;
  const readers = new Map<number, number[]>();
  const waiting: { s: number; o: number; waiter: number }[] = [];
  forEachSlot(w, 0, (s, waiter) => {
    const o = w.get(s + layout.S_OBJECT);
    if (o === 0 || !TYPES.has(w.load(o + layout.TYPE))) return;
    const state = w.load(s + layout.S_STATE);
    if (state === layout.WAITING || state === layout.WOKEN) waiting.push({ s, o, waiter });
    else if (state === layout.HOLDER && w.load(s + layout.S_COUNT) > 0) {
      readers.set(o, [...readers.get(o) ?? [], waiter]);
    }
  });
  return waiting.flatMap(({ s, o, waiter }) => {
    const blocked = (w.get(s + layout.S_KIND) & 1) === 0;
    const holders = readers.get(o) ?? [w.load(o + layout.MAIN) & layout.ID];
    return holders
      .filter((holder) => holder !== 0 && (blocked || holder !== waiter))
      .map((holder) => ({ waiter, o, holder, blocked }));
  });
}

function describe({ waiter, o, holder, blocked }: Edge): DeadlockEdge {
  const type = TYPES.get(currentAgent().q.w.load(o + layout.TYPE)) ?? "Lock";
  const lock = (o - layout.OBJECT_BASE) / layout.OBJECT_WORDS;
  return { waiter: agentName(waiter), type, lock, holder: agentName(holder), blocked };
}
