// A plain program that uses the installed package; it has to end by itself.
import assert from "node:assert/strict";
import { isMain, Lock, task, Thread, TimeoutError, Value } from "@nogil/std";
import { Event } from "@nogil/std/sync";

export const count = task(import.meta, (lock, total, rounds) => {
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
  for (const thread of threads) assert.equal(await thread.join(), import.meta.url);
  assert.equal(total.value, 2000);

  assert.equal(new Thread({ target: (x) => x * x, args: [7] }).start().joinSync(), 49);
  await assert.rejects(new Event().wait({ timeout: 10 }), TimeoutError);
}
