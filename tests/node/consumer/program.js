// A plain program that uses the installed package; it has to end by itself.
import assert from "node:assert/strict";
import { isMain, Lock, Queue, task, Thread, TimeoutError, Value } from "@nogil/std";
import { asCompleted, ThreadPool, ThreadPoolExecutor } from "@nogil/std/pool";
import { getCurrent, RawGreenlet } from "@nogil/std/coroutine";
import { Event } from "@nogil/std/sync";

export const square = task(import.meta, (x) => x * x);

export const count = task(import.meta, (lock, total, rounds) => {
  for (let i = 0; i < rounds; i++) {
    const guard = lock.acquireSync();
    total.value += 1;
    guard.release();
  }
  return import.meta.url;
});

export const double = task(import.meta, async (numbers, doubles) => {
  for await (const n of numbers) doubles.putSync(2 * n);
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
  const [numbers, doubles] = [new Queue(1), new Queue()];
  const worker = new Thread({ target: double, args: [numbers, doubles] }).start();
  for (const n of [1, 2, 3]) await numbers.put(n);
  numbers.shutdown();
  await worker.join();
  assert.deepEqual([doubles.getSync(), await doubles.get(), doubles.getNowait()], [2, 4, 6]);

  const pool = new ThreadPool(2);
  assert.deepEqual(await pool.map(square, [1, 2, 3], { progress: true }), [1, 4, 9]);
  const executor = new ThreadPoolExecutor();
  const futures = [4, 5].map((x) => executor.submit(square, x));
  let sum = 0;
  for await (const future of asCompleted(futures)) sum += await future;
  assert.equal(sum, 41);

  const greenlet = new RawGreenlet(function* (n) {
    for (;;) n += yield getCurrent().parent.switch(n);
  });
  assert.deepEqual([greenlet.switch(1), greenlet.switch(2), greenlet.switch(3)], [1, 3, 6]);

  await assert.rejects(new Event().wait({ timeout: 10 }), TimeoutError);
}
