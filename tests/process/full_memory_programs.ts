/** Programs that have little memory to share: the first argument is what to do, and each prints what has come of it. */

import { statfsSync } from "node:fs";
import process from "node:process";
import { isMain, task } from "../../_core/task.ts";
import { forceNamedMemory } from "../../_runtime/memory.ts";
import { Pool } from "../../pool/mod.ts";
import { Process, SharedArray, SharedMemory } from "../../process/mod.ts";
import { Queue } from "../../queue/mod.ts";
import { Lock } from "../../sync/mod.ts";

export const programUrl: string = import.meta.url;

const scope = "process";

export const useLock = task(import.meta, (lock: Lock | null): string => {
  lock?.acquireSync().release();
  return "done";
});

const programs: Record<string, () => unknown> = {
  "lock": () => new Lock({ scope }).acquireSync().release(),
  "start": () => new Process({ target: useLock, args: [null] }).start().join(),
  "start with lock": () =>
    new Process({ target: useLock, args: [new Lock({ scope })] }).start().join(),
  async "pool"() {
    await using pool = new Pool(1);
    await pool.map(useLock, [null]);
  },
  "array": () => SharedArray("B", 1 << 24, { scope }).fill(1),
  "item": () => new Queue<string>(0, { scope }).putSync("x".repeat(1 << 24)),
  "memory": () => {
    const memory = new SharedMemory({ create: true, size: 1 << 24, persist: true });
    memory.unlink();
    memory.close();
  },
};

if (isMain(import.meta)) {
  forceNamedMemory();
  const { bsize, blocks } = statfsSync("/dev/shm");
  if (bsize * blocks > 1 << 25) throw new Error("/dev/shm is the one that all programs use");
  try {
    await programs[process.argv[2] as string]?.();
    console.log("done");
  } catch (error) {
    const { name, message } = error as Error;
    console.log(`${name}: ${message}`);
  }
}
