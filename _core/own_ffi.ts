/**
 * The C library, as the threads of a process load it. On Node, to end a thread while it loads a native module, or while
 * that makes a buffer object, aborts the whole process: the threads that do are counted, and whoever ends the program or a
 * thread lets them finish.
 *
 * @module
 */

import * as library from "../_runtime/ffi.ts";
import { inWorker } from "../_runtime/worker.ts";
import { currentAgent } from "./agent.ts";
import { parking } from "./blocked.ts";
import { FFI_LOADING } from "./layout.ts";
import type { SharedWords } from "./shared_words.ts";

/** So long the end of the program waits at most, and who comes too late to load, in milliseconds. */
const PATIENCE = 2000;
/** In the count of those that load: the program ends, nobody begins any more. */
const CLOSED = 1 << 30;

let isLoaded = false;

/**
 * Gives the C library.
 *
 * @param what What needs it, for the message of an error: `create Lock`.
 * @throws {NotSupportedError} If FFI is not granted, not installed, or not there.
 */
export function ffi(what: string): library.Ffi {
  loadFfi();
  return library.ffi(what);
}

/** Whether there is one. */
export function hasFfi(): boolean {
  loadFfi();
  return library.hasFfi();
}

/**
 * Loads the C library in a worker, before anything else asks for it.
 *
 * @param words The control words of this process' threads, where this thread is no agent.
 */
export function loadFfi(words?: SharedWords): void {
  if (isLoaded || !inWorker) return;
  const counted = words ?? currentAgent().arena.words;
  begin(counted);
  try {
    library.hasFfi();
    isLoaded = true;
  } finally {
    finish(counted);
  }
  library.watchViews({ begin: () => begin(counted), finish: () => finish(counted) });
}

/** Who is about to be ended does not begin: that is said first, and then looked whether anybody loads. */
function begin(words: SharedWords): void {
  const isClosed = (words.add(FFI_LOADING, 1) & CLOSED) !== 0;
  if (!isClosed && parking?.isDoomed() !== true) return;
  finish(words);
  parking?.park(words, FFI_LOADING);
  const end = performance.now() + PATIENCE;
  for (let left; (left = end - performance.now()) > 0;) {
    words.wait(FFI_LOADING, words.load(FFI_LOADING), left);
  }
  parking?.leave();
  words.add(FFI_LOADING, 1);
}

function finish(words: SharedWords): void {
  words.add(FFI_LOADING, -1);
  words.notify(FFI_LOADING, Infinity);
}

/** Whether a thread of this process is, at this moment, where it must not be ended. */
export function isFfiLoading(): boolean {
  return (currentAgent().arena.words.load(FFI_LOADING) & ~CLOSED) > 0;
}

/** Blocks until no thread of this process is where it must not be ended, and lets none begin: at the end of the program. */
export function awaitLoading(): void {
  const { words } = currentAgent().arena;
  const end = performance.now() + PATIENCE;
  if ((words.load(FFI_LOADING) & CLOSED) === 0) words.add(FFI_LOADING, CLOSED);
  for (let count; (count = words.load(FFI_LOADING)) > CLOSED;) {
    const left = end - performance.now();
    if (left <= 0) return;
    words.wait(FFI_LOADING, count, left);
  }
}
