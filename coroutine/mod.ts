/**
 * Greenlets, as in Python's `greenlet`, `gevent` and `asyncio`: functions that run beside each other on one thread.
 *
 * **The hub** runs greenlets as gevent does: `spawn` an asynchronous function or a generator function, `join` it, `get` its
 * result, `kill` it wherever it waits. `sleep(0)` lets the others run, in order. {@linkcode GreenletPool} limits how many
 * there are, {@linkcode Timeout} for how long, and the locks and queues of `@nogil/std/sync` and `@nogil/std/queue`, with
 * scope `"local"` or any other, are where they meet.
 *
 * ```ts
 * import { joinAll, sleep, spawn } from "@nogil/std/coroutine";
 *
 * async function greet(name: string) {
 *   console.log(`Hello ${name}`);
 *   await sleep(10);
 *   console.log(`Bye ${name}`);
 * }
 * await joinAll([spawn(greet, "Ada"), spawn(greet, "Bob")]); // Hello Ada, Hello Bob, Bye Ada, Bye Bob
 * ```
 *
 * **Tasks** are greenlets, too, with what asyncio has for them: {@linkcode run}, {@linkcode createTask}, {@linkcode gather},
 * {@linkcode TaskGroup}, {@linkcode timeout}. With {@linkcode monkey}, `fetch`, timers, sockets and files obey `kill` and
 * time limits.
 *
 * ```ts
 * import { run, sleep, TaskGroup } from "@nogil/std/coroutine";
 *
 * await run(async () => {
 *   await TaskGroup.run((group) => {
 *     for (const name of ["Ada", "Bob"]) group.createTask(() => sleep(10).then(() => console.log(name)));
 *   });
 * });
 * ```
 *
 * **Raw greenlets**, below that, say themselves when another one runs and which, by `switch`, and values and errors pass
 * with the switch, both ways. There is no loop and no scheduler, and nothing is asynchronous: a switch takes some ten
 * nanoseconds. They are what schedulers, generators of another kind, state machines and simulations are built of. In
 * JavaScript only a generator can stop in the middle, and only at a `yield`. So the code of a raw greenlet is a generator
 * function (`function*`), and it yields each switch: `yield other.switch(value)`. A `yield` that was forgotten is an error
 * that says so. Plain code, outside of all greenlets, calls `other.switch(value)` as in Python.
 *
 * ```ts
 * import { RawGreenlet } from "@nogil/std/coroutine";
 *
 * const one: RawGreenlet = new RawGreenlet(function* () {
 *   console.log(12);
 *   yield two.switch();
 *   console.log(34);
 * });
 * const two: RawGreenlet = new RawGreenlet(function* () {
 *   console.log(56);
 *   yield one.switch();
 *   console.log(78); // is never reached: nobody switches back
 * });
 * one.switch(); // 12 56 34
 * ```
 *
 * @module
 */

export { assertSwitches, type AssertSwitchesOptions } from "./assert_switches.ts";
export { allTasks, AsyncTask, type CancelOptions, createTask, currentTask } from "./async_task.ts";
export type { Awaitable, AwaitableResult } from "./awaitable.ts";
export { Channel } from "./channel.ts";
export type { GreenletErrorArgs, GreenletErrorHook } from "./error_hook.ts";
export { gather, type Gathered, type GatheredOrErrors, type GatherOptions } from "./gather.ts";
export { Greenlet, type GreenletResult, type KillOptions } from "./greenlet.ts";
export { type GreenletHub, hub, type HubStatistics } from "./greenlet_hub.ts";
export { GreenletLocal, type GreenletLocalConstructor } from "./greenlet_local.ts";
export type { GreenletMapOptions, MapInput } from "./greenlet_map.ts";
export { GreenletPool } from "./greenlet_pool.ts";
export { GreenletTree } from "./greenlet_tree.ts";
export type { GreenletThreadPool } from "./greenlet_thread_pool.ts";
export { type GreenletApplyOptions, Group, type GroupJoinOptions } from "./group.ts";
export type { LinkTarget, Settable } from "./link.ts";
export * as monkey from "./monkey.ts";
export type { PatchName, PatchOptions } from "./monkey.ts";
export {
  getCurrent,
  type GreenletFunction,
  RawGreenlet,
  type Switched,
  type Switching,
} from "./raw_greenlet.ts";
export { run } from "./run.ts";
export { formatRunInfo, printRunInfo } from "./run_info.ts";
export { Runner } from "./runner.ts";
export { shield } from "./shield.ts";
export { idle, sleep } from "./sleep.ts";
export type { SpawnCallback } from "./spawn_callbacks.ts";
export { joinAll, type JoinAllOptions, killAll, spawn, spawnLater } from "./spawn.ts";
export { TaskGroup } from "./task_group.ts";
export { Timeout, type TimeoutRunOptions } from "./timeout.ts";
export { timeout, TimeoutScope } from "./timeout_scope.ts";
export { toThread } from "./to_thread.ts";
export { getTrace, setTrace, type TraceFunction } from "./trace.ts";
export type { GreenletContext } from "./trampoline.ts";
export { waitFor } from "./wait_for.ts";
export type { BlockedArgs, WatchdogOptions } from "./watchdog.ts";
export {
  asCompleted,
  asCompleted as iwait,
  type AsCompletedOptions,
  type CompletedIterator,
  type CompletedSteps,
  type ReturnWhen,
  wait,
  type Waitable,
  type WaitManyOptions,
  type WaitObject,
  type WaitResult,
} from "../_core/waitable.ts";
export type { WaitOptions } from "../_core/wait_options.ts";
