/** Tasks for the tests of shared memory. */

import { existsSync } from "node:fs";
import { forceNamedMemory } from "../../_runtime/memory.ts";
import { task } from "../../_core/task.ts";
import {
  type Connection,
  type JoinableQueue,
  type ShareableItem,
  type ShareableList,
  SharedMemory,
} from "../../process/mod.ts";
import type { Barrier } from "../../sync/mod.ts";

/** Opens memory by its name, writes into it, closes it, and says what was there. */
export const writeByName = task(import.meta, (name: string): number[] => {
  const memory = new SharedMemory({ name });
  const before = [...memory.buf.subarray(0, 4)];
  memory.buf.set([9, 8, 7], 4);
  memory.close();
  return before;
});

/** Writes into memory that it was given, and ends without closing it. */
export const writeGiven = task(import.meta, (memory: SharedMemory): number => {
  memory.buf[0] = 42;
  return memory.size;
});

/** Creates memory, says its name, and never does anything again. */
export const createAndHang = task(
  import.meta,
  (told: Connection<never, string>, persist: boolean): void => {
    const memory = new SharedMemory({ create: true, size: 100_000, persist });
    memory.buf.fill(1);
    told.sendSync(memory.name);
    for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
  },
);

/** Opens memory, says so, and never does anything again. */
export const openAndHang = task(
  import.meta,
  (told: Connection<never, string>, name: string): void => {
    const memory = new SharedMemory({ name });
    memory.buf[0] = 7;
    told.sendSync("open");
    for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
  },
);

/** Tries to create memory of one name at the same time as others; says how often it did. */
export const race = task(
  import.meta,
  (start: Barrier, names: string[]): number => {
    let won = 0;
    for (const name of names) {
      start.waitSync();
      let memory: SharedMemory | null = null;
      try {
        memory = new SharedMemory({ name, create: true, size: 10 });
        won++;
      } catch (error) {
        if ((error as Error).name !== "AlreadyExistsError") throw error;
      }
      start.waitSync();
      memory?.close();
    }
    return won;
  },
);

/** Changes a list, and gives what it saw. */
export const changeList = task(
  import.meta,
  (list: ShareableList<ShareableItem>): ShareableItem[] => {
    const seen = [...list];
    list[0] = "changed";
    list[-1] = null;
    return seen;
  },
);

/** Takes items until there are none, and reports each. */
export const consume = task(import.meta, (queue: JoinableQueue<number>): number => {
  let sum = 0;
  for (;;) {
    const n = queue.getSync();
    sum += n;
    queue.taskDone();
    if (n === 0) return sum;
  }
});

/** Shares memory as where names are no links: a file with the name, which its creator takes away. */
export const shareByFile = task(import.meta, (leave: boolean): [string, boolean[]] => {
  forceNamedMemory();
  const memory = new SharedMemory({ create: true, size: 10 });
  const other = new SharedMemory({ name: memory.name });
  other.buf[0] = 5;
  const facts = [existsSync(`/dev/shm/${memory.name}`), memory.buf[0] === 5];
  other.close();
  facts.push(existsSync(`/dev/shm/${memory.name}`));
  if (!leave) {
    memory.close();
    facts.push(!existsSync(`/dev/shm/${memory.name}`));
  }
  return [memory.name, facts];
});
