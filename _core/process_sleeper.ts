/**
 * The sleeper: a worker that waits on the word of its process in the memory of the family, and passes rings on to the
 * threads of the process (see `process_words.ts`).
 *
 * It begins when a promise first waits at an object of scope `"process"`. A worker lives no longer than the thread that
 * has made it, so it is made by the one that made the arena of threads, or by the supervisor.
 *
 * ```text
 * FAMILY_SLEEPER   NO_SLEEPER ──a promise waits──▶ WANTED ──▶ STARTING ──▶ SLEEPING ──the program ends──▶ DISMISSED
 * ```
 *
 * @module
 */

import { runtime } from "../_runtime/runtime.ts";
import { currentAgent } from "./agent.ts";
import { CONTROL_WORDS, FAMILY_SLEEPER, FAMILY_TAG } from "./layout.ts";
import { ffi, loadFfi } from "./own_ffi.ts";
import { recall } from "./process_mapping.ts";
import { MappedMemory } from "./process_memory.ts";
import { NO_SLEEPER, ProcessWords, SLEEPING, STARTING, WANTED } from "./process_words.ts";
import { ThreadWords } from "./shared_words.ts";

/** What the worker is started with. */
interface SleeperData {
  readonly nogil: "sleeper";
  readonly threads: SharedArrayBuffer;
}

/** Begins the sleeper of this process as soon as somebody wants one. */
export function serveSleeper(): void {
  const { words } = currentAgent().arena;
  if (words.load(FAMILY_SLEEPER) === NO_SLEEPER) {
    const wanted = words.waitAsync(FAMILY_SLEEPER, NO_SLEEPER);
    if (wanted !== null) {
      void wanted.then(serveSleeper);
      return;
    }
  }
  if (words.compareExchange(FAMILY_SLEEPER, WANTED, STARTING) === WANTED) begin();
}

function begin(): void {
  const { words, buffer } = currentAgent().arena;
  const ended = (): void => {
    for (const state of [STARTING, SLEEPING]) {
      words.compareExchange(FAMILY_SLEEPER, state, NO_SLEEPER);
    }
  };
  try {
    const data: SleeperData = { nogil: "sleeper", threads: buffer as SharedArrayBuffer };
    const worker = runtime().spawnWorker(import.meta.url, data, {
      name: "nogil sleeper",
      onExit: () => {
        ended();
        serveSleeper();
      },
    });
    worker.unref();
  } catch {
    // There is no thread to be had. Promises go on looking by themselves.
    ended();
  }
}

function sleep({ threads: buffer }: SleeperData): void {
  const threads = new ThreadWords(new Int32Array(buffer, 0, CONTROL_WORDS));
  loadFfi(threads);
  const system = ffi("wait");
  const memory = new MappedMemory(system, recall(threads));
  const tag = threads.load(FAMILY_TAG);
  new ProcessWords(system, memory, { tag, polls: false, threads, thread: 0 }).sleep();
}

const data = runtime().workerData() as Partial<SleeperData> | null;
if (data?.nogil === "sleeper") runtime().nextTurn(() => sleep(data as SleeperData));
