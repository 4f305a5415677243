/** Starts and joins processes, and looks at what that leaves behind. */

import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { Process } from "../../process/mod.ts";

/** What this process has of the system. */
export interface Holdings {
  /** Memory, in megabytes. */
  memory: number;
  /** Open descriptors. */
  descriptors: number;
  /** Threads of the operating system. */
  threads: number;
  /** Children, zombies included. */
  children: number;
  /** Sockets of this library in the folder for temporary files. */
  sockets: number;
}

/** Starts and joins processes, some at a time; the first `warmUp` before the first look. */
export async function runProcesses(
  count: number,
  atOnce: number,
  warmUp: number,
  report: (done: number, holdings: Holdings) => void = () => {},
): Promise<[before: Holdings, after: Holdings]> {
  await runSome(warmUp, atOnce);
  const before = await holdings();
  report(0, before);
  for (let done = 0; done < count; done += 10) {
    await runSome(Math.min(10, count - done), atOnce);
    if (done % 50 === 40) report(done + 10, await holdings());
  }
  return [before, await holdings()];
}

async function runSome(count: number, atOnce: number): Promise<void> {
  for (let n = 0; n < count; n += atOnce) {
    const size = Math.min(atOnce, count - n);
    const children = Array.from(
      { length: size },
      (_, i) =>
        new Process({ target: (x: number) => new Uint8Array(1000).fill(x), args: [i] }).start(),
    );
    for (const child of children) {
      const result = await child.join();
      if (result.length !== 1000) throw new Error("A process has returned something else");
    }
  }
}

/** So long it may take until what has ended is gone, in milliseconds. */
const GOODBYE = 20_000;

/** Looks when what has just ended is gone. */
async function holdings(): Promise<Holdings> {
  const end = performance.now() + GOODBYE;
  do {
    await new Promise((resolve) => setTimeout(resolve, 100));
  } while (childrenOf(process.pid).length > 0 && performance.now() < end);
  return {
    memory: Math.round(process.memoryUsage().rss / 2 ** 20),
    descriptors: readdirSync("/proc/self/fd").length,
    threads: readdirSync("/proc/self/task").length,
    children: childrenOf(process.pid).length,
    sockets:
      readdirSync(tmpdir()).filter((name) => name.startsWith(`nogil-${process.pid}-`)).length,
  };
}

/** Gives the ids of the children of a process, zombies included. */
export function childrenOf(parent: number): number[] {
  return readdirSync("/proc").map(Number).filter((pid) => pid > 0).filter((pid) => {
    try {
      return new RegExp(`^PPid:\\s*${parent}$`, "m").test(
        readFileSync(`/proc/${pid}/status`, "utf8"),
      );
    } catch {
      // It is gone by now.
      return false;
    }
  });
}
