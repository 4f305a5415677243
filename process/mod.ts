/**
 * Processes, connections between them, and shared memory, as in Python's `multiprocessing`.
 *
 * ```ts
 * import { Process } from "@nogil/std/process";
 *
 * const process = new Process({ target: (x: number) => x * x, args: [7] }).start();
 * console.log(await process.join(), process.exitcode); // 49 0
 * ```
 *
 * **Processes** have memory of their own, and can be killed at any moment: whoever waits for what they held is told.
 * Locks, queues and the values below work between them, too, with `{ scope: "process" }`. A {@linkcode Pipe} connects two
 * of them, a {@linkcode Listener} any programs; a {@linkcode JoinableQueue} is Python's.
 *
 * **Shared memory** is a {@linkcode Value} or a {@linkcode SharedArray} between threads, and with the scope between
 * processes; a {@linkcode SharedMemory} and a {@linkcode ShareableList} have a name, by which any program opens them.
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
  activeChildren,
  cpuCount,
  currentProcess,
  getpid,
  getppid,
  parentProcess,
} from "./current_process.ts";
export { Client, ClientSync } from "./client.ts";
export {
  Connection,
  type RecvBytesOptions,
  type RecvIntoOptions,
  type SendBytesOptions,
} from "./connection.ts";
export { JoinableQueue } from "./joinable_queue.ts";
export { Listener, type ListenerOptions } from "./listener.ts";
export type { BytesLike } from "./message_bytes.ts";
export { Pipe, type PipeOptions } from "./pipe.ts";
export { type AnyProcess, Process } from "./process.ts";
export type { ProcessOptions, ProcessPermissions, RuntimeOptions } from "./process_options.ts";
export { type ShareableItem, ShareableList, type ShareableListOptions } from "./shareable_list.ts";
export {
  SharedArray,
  type SharedArrayConstructor,
  type SharedArrayItem,
  type SharedArrayMethods,
} from "./shared_array.ts";
export type { Address } from "./socket_protocol.ts";
export type { SocketOptions } from "./sockets.ts";
export { SharedMemory, type SharedMemoryOptions } from "./shared_memory.ts";
export type { SharedOptions } from "./shared_options.ts";
export { type Summand, Value } from "./value.ts";
export { RLock } from "../sync/rlock.ts";
export type { Guard } from "../sync/guard.ts";
export type { ArrayTypes, TypeCode, TypeCodes } from "../_core/type_codes.ts";
export type { Scope } from "../_core/handle.ts";
export type { AcquireOptions, SyncAcquireOptions } from "../_core/lock_core.ts";
export type { SyncWaitOptions, WaitOptions } from "../_core/wait_options.ts";
export type { Waitable, WaitState } from "../_core/wait_state.ts";
