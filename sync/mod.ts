/**
 * Locks and the other primitives of Python's `threading`, for coroutines, threads and processes alike.
 *
 * Every wait comes as a promise (`acquire`, `wait`) and as a call that blocks its thread (`acquireSync`, `waitSync`), with
 * a timeout in milliseconds. Pass an object as an argument to a thread, and it arrives; made with
 * `{ scope: "process" }`, also in a process.
 *
 * ```ts
 * import { Lock } from "@nogil/std/sync";
 *
 * const lock = new Lock();
 * await lock.with(() => console.log("alone"));
 * ```
 *
 * @module
 */

export { Barrier, type BarrierOptions } from "./barrier.ts";
export { Condition } from "./condition.ts";
export { type DeadlockEdge, detectDeadlocks } from "./detect_deadlocks.ts";
export { Event } from "./event.ts";
export type { Guard } from "./guard.ts";
export { Lock } from "./lock.ts";
export { RLock } from "./rlock.ts";
export { RWLock } from "./rwlock.ts";
export { BoundedSemaphore, Semaphore } from "./semaphore.ts";
export type { Scope } from "../_core/handle.ts";
export type { AcquireOptions, SyncAcquireOptions } from "../_core/lock_core.ts";
export type { SyncWaitOptions, WaitOptions } from "../_core/wait_options.ts";
