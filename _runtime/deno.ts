/**
 * {@linkcode Runtime} on Deno.
 *
 * @module
 */

import process from "node:process";
import { fileURLToPath } from "node:url";
import { getHeapStatistics } from "node:v8";
import { NotSupportedError } from "../errors.ts";
import { commonRuntime } from "./common.ts";
import { beforeConsole } from "./console_hook.ts";
import type { Runtime } from "./types.ts";
import { isReadable, spawnWorker } from "./worker.ts";

/** Returns the runtime for Deno. */
export function denoRuntime(): Runtime {
  const heapLimit = getHeapStatistics().heap_size_limit;
  return {
    ...commonRuntime(),
    name: "deno",
    spawnWorker(bootUrl, data, options = {}) {
      checkReadable(bootUrl);
      return spawnWorker(bootUrl, import.meta.url, data, options);
    },
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

interface DenoModules {
  readonly build: { readonly standalone?: boolean };
  readonly permissions: { requestSync(descriptor: object): { state: string } };
}

/**
 * A worker loads the library anew, and would end while it loads.
 *
 * @throws {NotSupportedError} If it may not.
 */
function checkReadable(url: string): void {
  if (!url.startsWith("file:") || isReadable(url)) return;
  const { build, permissions } = (globalThis as unknown as { Deno: DenoModules }).Deno;
  // The modules of a compiled program are in it.
  if (build.standalone === true) return;
  // A terminal asks.
  const { state } = permissions.requestSync({ name: "read", path: fileURLToPath(url) });
  if (state === "granted") return;
  throw new NotSupportedError(
    "Cannot start worker: it may not read the modules of the program, run it with --allow-read",
  );
}

function exitCode(): number {
  return (globalThis as unknown as { Deno: { exitCode: number } }).Deno.exitCode;
}
