/**
 * A thread that prints who keeps the event loop of another one, and does not come back.
 *
 * @module
 */

import { mayStartWorker } from "../_runtime/environment.ts";
import { runtime } from "../_runtime/runtime.ts";
import { Heartbeat } from "../_core/heartbeat.ts";

/** What the worker is started with. */
interface WatchdogData {
  readonly nogil: "watchdog";
  readonly heart: Heartbeat["buffer"];
  readonly hung: number;
}

/** A thread is asked so often in the time after which it counts as hung; the clock may leap, as a laptop sleeps. */
const LOOKS = 4;

/** Starts the thread, which prints when there was no sign of life for `hung` milliseconds; gives what stops it. */
export function startWatchdogThread(heart: Heartbeat, hung: number): () => void {
  if (!mayStartWorker(import.meta.url)) return () => {};
  const data: WatchdogData = { nogil: "watchdog", heart: heart.buffer, hung };
  try {
    const worker = runtime().spawnWorker(import.meta.url, data, {
      name: "nogil watchdog",
      onError: () => {},
    });
    worker.unref();
    return () => void worker.terminate();
  } catch {
    // There is no thread to be had: who comes back is told of all the same.
    return () => {};
  }
}

function watch({ heart: buffer, hung }: WatchdogData): void {
  const heart = new Heartbeat(buffer);
  let beats = heart.beats;
  let looks = 0;
  setInterval(() => {
    const now = heart.beats;
    looks = now === beats ? looks + 1 : 0;
    beats = now;
    // Once for each time.
    if (looks === LOOKS) report(heart.text, hung);
  }, hung / LOOKS);
}

function report(text: string, hung: number): void {
  if (text === "") return;
  const [who, ...stack] = text.split("\n");
  const where = stack.length === 0 ? "" : `; it was spawned\n${stack.join("\n")}`;
  runtime().writeErrorSync(
    `${who} has kept the event loop for more than ${hung} ms, and has not come back${where}\n`,
  );
}

const data = runtime().workerData() as Partial<WatchdogData> | null;
if (data?.nogil === "watchdog") watch(data as WatchdogData);
