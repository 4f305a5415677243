// deno run --allow-read examples/threads/t6_counter.ts
// T6: two threads add 1 to one number 100 000 times each, and no addition is lost.
import { isMain, Lock, task, Thread, Value } from "@nogil/std";

export const addMany = task(import.meta, (total: Value<"i">, lock: Lock): void => {
  for (let i = 0; i < 100_000; i++) {
    const guard = lock.acquireSync();
    total.value += 1;
    guard.release();
  }
});

if (isMain(import.meta)) {
  const total = new Value("i", 0);
  const lock = new Lock();
  const threads = [1, 2].map(() => new Thread({ target: addMany, args: [total, lock] }).start());
  for (const thread of threads) await thread.join();
  console.log(total.value);
}
