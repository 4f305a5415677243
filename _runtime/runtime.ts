/**
 * The only way to the runtime: `runtime()`.
 *
 * @module
 */

import process from "node:process";
import { denoRuntime } from "./deno.ts";
import { nodeRuntime } from "./node.ts";
import type { Runtime } from "./types.ts";

export type {
  AsyncStore,
  Refable,
  ResourceLimits,
  Runtime,
  SpawnOptions,
  TimerHandle,
  WorkerHandle,
} from "./types.ts";

let current: Runtime | undefined;

/** Returns the runtime that this code runs on. */
export function runtime(): Runtime {
  return current ??= "deno" in process.versions ? denoRuntime() : nodeRuntime();
}
