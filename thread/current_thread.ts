/**
 * Who am I, and who else is there.
 *
 * @module
 */

import { realm } from "./realm.ts";
import { knownThread } from "./handles.ts";
import { type AnyThread, threadOf } from "./thread.ts";

let main: AnyThread | null = null;

/**
 * Returns the thread that this code runs in.
 *
 * Its `signal` and `stopRequested` tell whether it was asked to stop.
 *
 * @example Usage
 * ```ts
 * import { currentThread, mainThread } from "@nogil/std/thread";
 * import { assertStrictEquals } from "@std/assert";
 *
 * assertStrictEquals(currentThread(), mainThread());
 * ```
 *
 * @returns The thread, as one object however often it is asked for.
 */
export function currentThread(): AnyThread {
  const { isMain, ident } = realm();
  const known = isMain ? null : knownThread(ident);
  return known === null ? mainThread() : known as AnyThread;
}

/**
 * Returns the main thread: the one that the program was started in. It is always alive, and cannot be joined.
 *
 * @example Usage
 * ```ts
 * import { mainThread } from "@nogil/std/thread";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(mainThread().name, "MainThread");
 * ```
 *
 * @returns The main thread, as one object in each thread.
 */
export function mainThread(): AnyThread {
  return main ??= threadOf(realm().table.main()) as AnyThread;
}

/**
 * Returns the number of the current thread, which no other thread of this process ever has.
 *
 * @example Usage
 * ```ts
 * import { currentThread, getIdent } from "@nogil/std/thread";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(getIdent(), currentThread().ident);
 * ```
 *
 * @returns The number, a positive integer.
 */
export function getIdent(): number {
  return realm().ident;
}

/**
 * Returns the threads that are alive: the main thread, and all that were started and have not ended, by whichever thread.
 *
 * @example Usage
 * ```ts
 * import { enumerate } from "@nogil/std/thread";
 *
 * for (const thread of enumerate()) console.log(thread.name);
 * ```
 *
 * @returns The threads, the main thread first.
 */
export function enumerate(): AnyThread[] {
  const threads: AnyThread[] = [];
  for (const record of realm().table.alive()) {
    const thread = threadOf(record);
    if (thread !== null) threads.push(thread);
  }
  return threads;
}

/**
 * Returns how many threads are alive: the length of {@linkcode enumerate}.
 *
 * @example Usage
 * ```ts
 * import { activeCount } from "@nogil/std/thread";
 *
 * console.log(`${activeCount()} threads`);
 * ```
 *
 * @returns The number of threads, the main thread included.
 */
export function activeCount(): number {
  return realm().table.alive().length;
}
