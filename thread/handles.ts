/**
 * The threads that this realm has objects for: one object for each thread, so that `===` works, and one reference to its
 * record, which is given back when the object is collected.
 *
 * @module
 */

import type { ThreadRecord } from "../_core/thread_record.ts";
import { tellSupervisor } from "./realm.ts";

const objects: Map<number, WeakRef<object>> = new Map();

const collected: FinalizationRegistry<ThreadRecord> = new FinalizationRegistry((record) => {
  if (objects.get(record.ident)?.deref() === undefined) objects.delete(record.ident);
  giveBack(record);
});

/** Gives the object of a thread, or `null`. */
export function knownThread(ident: number): object | null {
  return objects.get(ident)?.deref() ?? null;
}

/** Remembers the object of a thread, which holds a reference to the record. */
export function rememberHandle(thread: object, record: ThreadRecord): void {
  objects.set(record.ident, new WeakRef(thread));
  collected.register(thread, record, thread);
}

/** Gives back the reference of an object that needs its record no more. The object stays known. */
export function releaseHandle(thread: object, record: ThreadRecord): void {
  collected.unregister(thread);
  settled.register(thread, record.ident);
  record.release();
}

/** Forgets the objects of threads that were released. */
const settled: FinalizationRegistry<number> = new FinalizationRegistry((ident) => {
  if (objects.get(ident)?.deref() === undefined) objects.delete(ident);
});

/** Gives back a reference. Shared buffers of a result that nobody has taken are with the supervisor. */
export function giveBack(record: ThreadRecord): void {
  if (record.ended && !record.shared) {
    const { buffers } = record.outcome();
    if (buffers !== 0) tellSupervisor({ type: "drop", key: buffers });
  }
  record.release();
}
