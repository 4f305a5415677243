// Needs --allow-read of itself: starts threads from the published package, with a task of this module.
import { isMain, Lock, task, Thread, Value } from "jsr:@nogil/std@^0.1.0";

export const count = task(import.meta, (lock: Lock, total: Value<"i">, rounds: number): string => {
  for (let i = 0; i < rounds; i++) {
    const guard = lock.acquireSync();
    total.value += 1;
    guard.release();
  }
  return import.meta.url;
});

if (isMain(import.meta)) {
  const lock = new Lock();
  const total = new Value("i", 0);
  const threads = [1, 2].map(() =>
    new Thread({ target: count, args: [lock, total, 1000] }).start()
  );
  for (const thread of threads) {
    const url = await thread.join();
    if (url !== import.meta.url) throw new Error(`The task ran in ${url}`);
  }
  if (total.value !== 2000) throw new Error(`Wrong total: ${total.value}`);

  const square = new Thread({ target: (x: number) => x * x, args: [7] }).start();
  const result = square.joinSync();
  if (result !== 49) throw new Error(`Wrong result: ${result}`);
}
