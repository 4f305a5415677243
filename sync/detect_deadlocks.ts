/**
 * Finding threads that wait for each other.
 *
 * @module
 */

import { currentAgent, familyAgent } from "../_core/agent.ts";
import { agentName } from "../_core/agent_names.ts";
import * as layout from "../_core/layout.ts";
import { recordOf } from "../_core/process_table.ts";
import type { SharedWords } from "../_core/shared_words.ts";
import { forEachSlot } from "../_core/slot_table.ts";

/** One thread of a deadlock: what it waits for, and who holds that. */
export interface DeadlockEdge {
  /** The name of the thread that waits; of another process, `"process 4711"`, or `"thread 2 of process 4711"`. */
  waiter: string;
  /** The kind of lock it waits for: `"Lock"`, `"RLock"` or `"RWLock"`. */
  type: string;
  /** How far the lock travels. */
  scope: "thread" | "process";
  /** A number that is the same for the same lock of that scope, in every thread. */
  lock: number;
  /** The thread that holds the lock, called as `waiter`. */
  holder: string;
  /** Whether the waiter's thread is blocked; else a promise waits, and its thread may still do other things. */
  blocked: boolean;
}

/** Who waits or holds: the agent of a thread of this process, or below 0, that of another process in their family. */
type Party = number;

interface Edge {
  readonly w: SharedWords;
  readonly scope: "thread" | "process";
  readonly waiter: Party;
  readonly o: number;
  readonly holder: Party;
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
 * It can be called from any thread, also while the others are blocked. It looks at the locks that the threads of this
 * process share, and at those that it shares with other processes, whoever waits for them; what the threads of another
 * process share among themselves is seen there alone. A thread that waits with a timeout is part of the graph while it
 * waits. Threads that wait for something else than a lock (an event, a queue) have no edge, since anybody may end their
 * wait.
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
  const edges = findEdges("thread", currentAgent().q.w, (agent) => agent);
  const family = familyAgent()?.q.w;
  if (family !== undefined) edges.push(...findEdges("process", family, partyOf(family)));
  const cycles: Edge[][] = [];
  const done = new Set<Party>();
  const search = (agent: Party, path: Edge[]): void => {
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

/** Gives the parties behind the agents of a family. */
function partyOf(w: SharedWords): (agent: number) => Party {
  const process = w.load(layout.agentRecord(familyAgent()?.id ?? 0) + layout.A_PROCESS);
  return (agent) => {
    const at = layout.agentRecord(agent);
    return w.load(at + layout.A_PROCESS) === process ? w.load(at + layout.A_THREAD) : -agent;
  };
}

function findEdges(scope: Edge["scope"], w: SharedWords, party: (agent: number) => Party): Edge[] {
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
      .map((holder) => ({
        w,
        scope,
        waiter: party(waiter),
        o,
        holder: party(holder),
        blocked,
      }));
  });
}

function describe({ w, scope, waiter, o, holder, blocked }: Edge): DeadlockEdge {
  const type = TYPES.get(w.load(o + layout.TYPE)) ?? "Lock";
  const lock = (o - layout.OBJECT_BASE) / layout.OBJECT_WORDS;
  return { waiter: nameOf(waiter, w), type, scope, lock, holder: nameOf(holder, w), blocked };
}

function nameOf(party: Party, w: SharedWords): string {
  if (party > 0) return agentName(party);
  const at = layout.agentRecord(-party);
  const process = `process ${w.load(recordOf(w.load(at + layout.A_PROCESS)) + layout.P_PID)}`;
  const thread = w.load(at + layout.A_THREAD);
  return thread === MAIN ? process : `thread ${thread} of ${process}`;
}

/** The main thread among the agents of its process: the first. */
const MAIN = 1;
