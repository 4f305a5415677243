/**
 * The parts of {@linkcode Runtime} that Deno and Node serve with the same built-in modules.
 *
 * @module
 */

import { writeSync } from "node:fs";
import { availableParallelism } from "node:os";
import process from "node:process";
import { setImmediate } from "node:timers";
import { useProcess } from "./bare.ts";
import type { Runtime, TimerHandle } from "./types.ts";
import * as worker from "./worker.ts";

/** A runtime without what {@linkcode denoRuntime} and {@linkcode nodeRuntime} do in their own ways. */
export type CommonRuntime = Omit<
  Runtime,
  "name" | "spawnWorker" | "installWorkerConsole" | "heapExhausted"
>;

/** Writes all of `text` to a file descriptor; `pause` is called while a pipe is full. */
export function writeAllSync(
  descriptor: number,
  data: string | Uint8Array,
  pause: (milliseconds: number) => void,
): void {
  let rest = typeof data === "string" ? new TextEncoder().encode(data) : data;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      if ((error as { code?: unknown }).code !== "EAGAIN") throw error;
      pause(1);
    }
  }
}

/** Returns what both runtimes do alike. */
export function commonRuntime(): CommonRuntime {
  useProcess();
  return {
    isWorkerThread: worker.inWorker,
    threadId: worker.ownThreadId,
    parallelism: () => Math.max(1, availableParallelism()),
    pid: () => process.pid,
    ppid: () => process.ppid,
    workerData: worker.workerData,
    postToParent: worker.postToParent,
    onParentMessage: worker.onParentMessage,
    exitWorker: (code) => process.exit(code),
    quitWorker() {
      (process as unknown as { reallyExit(code: number): void }).reallyExit(0);
      // On Deno that only asks for the end, which comes in a loop.
      for (;;);
    },
    onUncaught(handler) {
      process.on("uncaughtException", handler);
      process.on("unhandledRejection", handler);
    },
    receiveMessageSync: worker.receiveMessageSync,
    onPortMessage: worker.onPortMessage,
    createChannel: worker.createChannel,
    onBeforeExit: (callback) => void process.on("beforeExit", callback),
    onProcessExit: (callback) => void process.on("exit", callback),
    failProcess(code) {
      process.exitCode ||= code;
    },
    writeErrorSync(text) {
      try {
        writeAllSync(2, text, () => {});
      } catch {
        // Nobody reads the stream any more; there is nowhere left to say so.
      }
    },
    nextTurn: (callback) => void setImmediate(callback),
    async asyncStore<T>() {
      const { AsyncLocalStorage } = await import("node:async_hooks");
      return new AsyncLocalStorage<T>();
    },
    // "CloseReq" is how Node calls what is closing already.
    activeResources: () =>
      process.getActiveResourcesInfo().filter((kind) => kind !== "CloseReq").length,
    unrefTimer: (timer) => setRef(timer, false),
    refTimer: (timer) => setRef(timer, true),
  };
}

/** Timers are objects on Node and on newer versions of Deno, numbers on older ones. */
function setRef(timer: TimerHandle | number, ref: boolean): void {
  if (typeof timer === "object") {
    if (ref) timer.ref();
    else timer.unref();
    return;
  }
  const { Deno } = globalThis as unknown as {
    Deno?: { refTimer(id: number): void; unrefTimer(id: number): void };
  };
  if (ref) Deno?.refTimer(timer);
  else Deno?.unrefTimer(timer);
}
