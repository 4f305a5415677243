// deno run --allow-read examples/threads/t4_rlock.ts
// T4: ten threads count together, one after the other: the lock may be taken again by who has it.
import { isMain, RLock, task, Thread, Value } from "@nogil/std";

export const count = task(import.meta, (total: Value<"i">, lock: RLock): void => {
  using _outer = lock.acquireSync();
  using _inner = lock.acquireSync();
  total.value += 1;
  console.log(total.value);
});

if (isMain(import.meta)) {
  const total = new Value("i", 0);
  const lock = new RLock();
  const threads: Thread<[Value<"i">, RLock], void>[] = [];
  for (let n = 0; n < 10; n++) {
    threads.push(new Thread({ target: count, args: [total, lock] }).start());
  }
  for (const thread of threads) await thread.join();
}
