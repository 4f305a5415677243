/**
 * Values and arrays in shared memory, as in Python's `multiprocessing`.
 *
 * ```ts
 * import { Value } from "@nogil/std/process";
 * import { Thread } from "@nogil/std/thread";
 *
 * const count = new Value("i", 0);
 * const threads = [1, 2, 3].map((n) =>
 *   new Thread({
 *     target: (count: Value<"i">, n: number) => {
 *       count.add(n);
 *     },
 *     args: [count, n],
 *   }).start()
 * );
 * for (const thread of threads) await thread.join();
 * console.log(count.value); // 6
 * ```
 *
 * @module
 */

export {
  SharedArray,
  type SharedArrayConstructor,
  type SharedArrayItem,
  type SharedArrayMethods,
} from "./shared_array.ts";
export type { SharedOptions } from "./shared_options.ts";
export { type Summand, Value } from "./value.ts";
export { RLock } from "../sync/rlock.ts";
export type { Guard } from "../sync/guard.ts";
export type { ArrayTypes, TypeCode, TypeCodes } from "../_core/type_codes.ts";
export type { Scope } from "../_core/handle.ts";
export type { AcquireOptions, SyncAcquireOptions } from "../_core/lock_core.ts";
export type { SyncWaitOptions, WaitOptions } from "../_core/wait_options.ts";
