/**
 * How threads are made.
 *
 * @module
 */

import { moduleRef, registeredName } from "../_core/module_registry.ts";
import { realm } from "./realm.ts";
import { knownThread } from "./handles.ts";
import { blankInnards, type Innards } from "./innards.ts";

/** How a {@linkcode Thread} is made. */
export interface ThreadOptions<A extends unknown[], R> {
  /** The function to run: a task, or a self-contained function. Without it, extend the class and override `run`. */
  target?: (...args: A) => R | PromiseLike<R>;
  /** Arguments for the target: an array, or any other iterable. Default: none. */
  args?: NoInfer<A> | (Iterable<NoInfer<A>[number]> & { readonly length?: never });
  /** A name, for people. Default: `Thread-N (target)`. */
  name?: string;
  /** Whether the program ends without waiting for the thread. Default: as the current thread. */
  daemon?: boolean;
  /** The most memory that the thread may use, in megabytes; a thread that needs more is lost. Default: the runtime's. */
  memoryLimit?: number;
  /** The size of the thread's stack, in megabytes. Default: the runtime's. */
  stackSize?: number;
}

/** Checks options, and gives the innards of a new thread. */
export function checkOptions(options: ThreadOptions<unknown[], unknown>): Innards {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(
      `Cannot create thread: expected options, as { target: fn, args: [1] }: received ${typeof options}`,
    );
  }
  const { target, args = [], name, daemon, memoryLimit, stackSize } = options;
  checkTarget(options, "create thread");
  checkArgs(args, "create thread");
  if (daemon !== undefined && typeof daemon !== "boolean") {
    throw new TypeError(`Cannot create thread: 'daemon' must be a boolean, not ${typeof daemon}`);
  }
  if (name !== undefined) checkName(name);
  const { table, ident, isMain } = realm();
  return {
    ...blankInnards(),
    name: name ?? defaultName(table.nextNumber(), target),
    daemon: daemon ??
      (isMain ? false : (knownThread(ident) as { daemon: boolean } | null)?.daemon ?? false),
    target: target ?? null,
    args: [...args],
    memoryLimit: checkLimit(memoryLimit, "memoryLimit"),
    stackLimit: checkLimit(stackSize, "stackSize"),
  };
}

/** Checks the arguments of a target; a string has characters, but is not meant to be them. */
export function checkArgs(args: unknown, verb: string): void {
  const iterate = (args as Partial<Iterable<unknown>> | null)?.[Symbol.iterator];
  if (typeof args !== "string" && typeof iterate === "function") return;
  throw new TypeError(`Cannot ${verb}: 'args' must be an array of arguments, not ${typeof args}`);
}

/** Checks what is to be run: it may be missing, but not be `undefined`, as the result of a call often is. */
export function checkTarget(options: { target?: unknown }, verb: string): void {
  const { target } = options;
  if (typeof target === "function" || !Object.hasOwn(options, "target")) return;
  throw new TypeError(
    `Cannot ${verb}: 'target' must be a function, not ${typeof target}: give the function itself, not its result`,
  );
}

function defaultName(number: number, target: ((...args: never[]) => unknown) | undefined): string {
  const known = target !== undefined && (target.name !== "" || moduleRef(target) !== null);
  return known ? `Thread-${number} (${registeredName(target)})` : `Thread-${number}`;
}

/** Checks the name of a thread. */
export function checkName(name: string): void {
  if (typeof name !== "string") {
    throw new TypeError(`Cannot name thread: expected a string, received ${typeof name}`);
  }
}

function checkLimit(limit: number | undefined, name: string): number {
  if (limit === undefined) return 0;
  if (typeof limit !== "number") {
    throw new TypeError(`Cannot create thread: '${name}' must be a number, not ${typeof limit}`);
  }
  if (!(limit > 0)) {
    throw new RangeError(
      `Cannot create thread: '${name}' must be a positive number of megabytes: received ${limit}`,
    );
  }
  return Math.ceil(limit);
}
