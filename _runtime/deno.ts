/**
 * {@linkcode Runtime} on Deno.
 *
 * @module
 */

import process from "node:process";
import { getHeapStatistics } from "node:v8";
import { commonRuntime } from "./common.ts";
import { beforeConsole } from "./console_hook.ts";
import type { Runtime } from "./types.ts";
import { spawnWorker } from "./worker.ts";

/** Returns the runtime for Deno. */
export function denoRuntime(): Runtime {
  const heapLimit = getHeapStatistics().heap_size_limit;
  return {
    ...commonRuntime(),
    name: "deno",
    spawnWorker: (bootUrl, data, options = {}) =>
      spawnWorker(bootUrl, import.meta.url, data, options),
    // Deno's workers write to the file descriptors themselves.
    installWorkerConsole: (_pause, beforeOutput) => void beforeConsole(beforeOutput),
    // Deno raises the limit to be able to stop the code.
    heapExhausted: () => getHeapStatistics().heap_size_limit > heapLimit,
    // `Deno.exit()` fires "unload" alone, an error in a worker fires the other event alone.
    onProcessExit(callback) {
      let ended = false;
      const end = (code: number): void => {
        if (ended) return;
        ended = true;
        callback(code);
      };
      process.on("exit", end);
      globalThis.addEventListener("unload", () => end(exitCode()));
    },
  };
}

function exitCode(): number {
  return (globalThis as unknown as { Deno: { exitCode: number } }).Deno.exitCode;
}
