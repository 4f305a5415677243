/**
 * Who am I, who has started me, and whom have I started.
 *
 * @module
 */

import { lineage } from "../_runtime/lineage.ts";
import { runtime } from "../_runtime/runtime.ts";
import { realm } from "../thread/realm.ts";
import { blankInnards, type Innards } from "./innards.ts";
import { ownWork } from "./own_work.ts";
import { type AnyProcess, Process } from "./process.ts";
import { processOf, rebuild } from "./process_objects.ts";

let current: AnyProcess | null = null;
let parent: AnyProcess | null = null;

/**
 * Returns the process that this code runs in.
 *
 * @example Usage
 * ```ts
 * import { currentProcess, getpid } from "@nogil/std/process";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(currentProcess().pid, getpid());
 * assertEquals(currentProcess().name, "MainProcess");
 * ```
 *
 * @returns The process, as one object in each of its threads. On the main thread of a child, it is an instance of the class
 * that was started.
 */
export function currentProcess(): AnyProcess {
  return current ??= makeCurrent();
}

/**
 * Returns the process that has started this one; `null` in the program itself.
 *
 * It has a name and a `pid`. It can be neither joined nor ended from here: this process ends with it.
 *
 * @example Usage
 * ```ts
 * import { parentProcess } from "@nogil/std/process";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parentProcess(), null);
 * ```
 *
 * @returns The parent, as one object in each thread.
 */
export function parentProcess(): AnyProcess | null {
  const known = lineage().parent;
  if (known === null) return null;
  return parent ??= rebuild(Process, { ...blankInnards(), kind: "parent", ...known });
}

/**
 * Returns the processes that this one has started, by whichever thread, and that have not ended yet.
 *
 * @example Usage
 * ```ts
 * import { activeChildren } from "@nogil/std/process";
 *
 * for (const process of activeChildren()) process.terminate();
 * ```
 *
 * @returns The processes, in the order in which they were started.
 */
export function activeChildren(): AnyProcess[] {
  const children: AnyProcess[] = [];
  const records = realm().table.aliveProcesses().sort((one, other) => one.ident - other.ident);
  for (const record of records) {
    const process = processOf(record);
    if (process !== null) children.push(process);
  }
  return children;
}

/**
 * Returns how many threads or processes can run at the same time.
 *
 * @example Usage
 * ```ts
 * import { cpuCount } from "@nogil/std/process";
 *
 * console.log(`${cpuCount()} processors`);
 * ```
 *
 * @returns The number of processors, at least 1.
 */
export function cpuCount(): number {
  return runtime().parallelism();
}

/**
 * Returns the id of this process.
 *
 * @example Usage
 * ```ts
 * import { getpid } from "@nogil/std/process";
 *
 * console.log(`I am process ${getpid()}`);
 * ```
 *
 * @returns The id by which the operating system knows the process.
 */
export function getpid(): number {
  return runtime().pid();
}

/**
 * Returns the id of the process that has started this one, whether it is one of this library or not.
 *
 * @example Usage
 * ```ts
 * import { getppid } from "@nogil/std/process";
 *
 * console.log(`I was started by process ${getppid()}`);
 * ```
 *
 * @returns The id by which the operating system knows the process.
 */
export function getppid(): number {
  return runtime().ppid();
}

/** Makes the object that stands for this process in itself: of its own class, with its own fields. */
function makeCurrent(): AnyProcess {
  const work = ownWork();
  const innards = currentInnards();
  if (work === null) return rebuild(Process, innards);
  innards.target = work.target ?? null;
  innards.args = work.args;
  const process = rebuild((work.class ?? Process) as typeof Process, innards);
  return Object.assign(process, work.fields);
}

function currentInnards(): Innards {
  const { name, daemon, identity } = lineage();
  return { ...blankInnards(), kind: "current", name, daemon, identity, pid: runtime().pid() };
}
