// deno run --allow-read examples/threads/t7_blocks.ts
// T7: three threads print 100 lines each while they hold one lock: nobody's block is broken.
import { currentThread, isMain, Lock, task, Thread } from "@nogil/std";

export const print = task(import.meta, (lock: Lock): void => {
  using _ = lock.acquireSync();
  for (let line = 1; line <= 100; line++) console.log(`${currentThread().name}: ${line}`);
});

if (isMain(import.meta)) {
  const lock = new Lock();
  for (const name of ["a", "b", "c"]) new Thread({ target: print, args: [lock], name }).start();
}
