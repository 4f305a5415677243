/**
 * {@linkcode Runtime} on Node.
 *
 * @module
 */

import process from "node:process";
import type { Writable } from "node:stream";
import { commonRuntime, writeAllSync } from "./common.ts";
import type { Runtime } from "./types.ts";
import { spawnWorker } from "./worker.ts";

/** Returns the runtime for Node. */
export function nodeRuntime(): Runtime {
  return {
    ...commonRuntime(),
    name: "node",
    heapExhausted: () => false,
    spawnWorker: (bootUrl, data, options = {}) =>
      spawnWorker(bootUrl, import.meta.url, data, options, execArgv()),
    installWorkerConsole(pause, beforeOutput) {
      writeThrough(process.stdout, 1, pause, beforeOutput);
      writeThrough(process.stderr, 2, pause, beforeOutput);
    },
  };
}

/** Returns the flags for a worker: this thread's, without those that only suit a main script. */
function execArgv(): string[] | undefined {
  if (!process.execArgv.some((flag) => flag.startsWith("--input-type"))) return undefined;
  return process.execArgv.filter((flag) =>
    flag.startsWith("--import") || flag.startsWith("--require")
  );
}

/** Node hands what a worker prints to the main thread, which may be blocked; this writes it in place. */
function writeThrough(
  stream: Writable,
  descriptor: number,
  pause: (milliseconds: number) => void,
  beforeOutput: () => void,
): void {
  stream._write = (chunk: string | Uint8Array, _encoding, done) => {
    try {
      beforeOutput();
      writeAllSync(descriptor, chunk, pause);
      done();
    } catch (error) {
      done(error as Error);
    }
  };
  // With `_writev` gone, chunks that were corked arrive one by one, too.
  (stream as { _writev?: unknown })._writev = null;
}
