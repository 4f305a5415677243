import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { AbandonedError } from "../../errors.ts";
import { detectDeadlocks, Lock, RLock } from "../../sync/mod.ts";
import { Thread } from "../../thread/mod.ts";
import { acquire, increment, lockAnd, lockBoth, makeWords, set, waitUntilSet } from "./tasks.ts";

for (const what of ["throw", "exit", "hoard", "kill"]) {
  Deno.test(`Thread that holds a lock and dies abandons it: ${what}`, async () => {
    const lock = new Lock();
    const words = makeWords();
    const waiting = new Thread({ target: acquire, args: [lock] });
    const holder = new Thread({
      target: lockAnd,
      args: [lock, what, words],
      ...(what === "hoard" ? { memoryLimit: 20 } : {}),
    }).start();
    waitUntilSet(words, 0);
    waiting.start();
    if (what === "kill") holder.kill();
    await assertRejects(() => holder.join());
    assertEquals(await waiting.join(), "AbandonedError");
    lock.acquireSync().release();
    await lock.with(() => {});
  });
}

Deno.test("Thread that dies abandons its locks before its joiners wake", () => {
  for (const what of ["throw", "exit", "kill"]) {
    const lock = new Lock();
    const words = makeWords();
    const holder = new Thread({ target: lockAnd, args: [lock, what, words] }).start();
    waitUntilSet(words, 0);
    if (what === "kill") holder.kill();
    assertThrows(() => holder.joinSync());
    assertThrows(() => lock.acquireSync({ timeout: 0 }), AbandonedError);
    assertEquals(lock.acquireSync({ timeout: 0 }).abandoned, false);
  }
});

Deno.test("Thread that returns leaves its Lock held, and another thread may release it", async () => {
  const lock = new Lock();
  await new Thread({ target: lockAnd, args: [lock, "return", makeWords()] }).start().join();
  assertEquals(lock.locked(), true);
  assertEquals(lock.tryAcquire(), null);
  lock.release();
  lock.acquireSync().release();
});

Deno.test("Thread that returns abandons its RLock, which nobody else could release", async () => {
  const lock = new RLock();
  await new Thread({ target: lockAnd, args: [lock, "return", makeWords()] }).start().join();
  assertThrows(() => lock.acquireSync(), AbandonedError);
  lock.acquireSync().release();
});

Deno.test("detectDeadlocks() names the threads", async () => {
  const [a, b] = [new Lock(), new Lock()];
  const words = makeWords();
  const threads = [
    new Thread({ target: lockBoth, args: [a, b, words], name: "left" }).start(),
    new Thread({ target: lockBoth, args: [b, a, words], name: "right" }).start(),
  ];
  while (Atomics.load(words, 0) < 2) Atomics.wait(words, 0, Atomics.load(words, 0), 100);
  set(words, 1);
  let cycles = detectDeadlocks();
  const end = performance.now() + 60_000;
  while (cycles.length === 0 && performance.now() < end) cycles = detectDeadlocks();
  assertEquals(cycles.length, 1);
  assertEquals(cycles[0]?.map((edge) => edge.waiter).sort(), ["left", "right"]);
  assertEquals(cycles[0]?.map((edge) => edge.holder).sort(), ["left", "right"]);
  for (const thread of threads) thread.kill();
  // The second one may go on, and end, before it is killed.
  await Promise.allSettled(threads.map((thread) => thread.join()));
});

Deno.test("Thread kills in the middle of locking leave the count right and nobody stuck", async () => {
  const lock = new Lock();
  const words = makeWords();
  const workers = [0, 1].map(() =>
    new Thread({ target: increment, args: [lock, words, 0, 20_000] }).start()
  );
  for (let i = 0; i < 5; i++) {
    const victim = new Thread({ target: lockAnd, args: [lock, "hold", makeWords()] }).start();
    victim.kill();
    await victim.join().catch(() => {});
    try {
      (await lock.acquire()).release();
    } catch {
      // The victim had the lock; whoever comes next, worker or this thread, is told once.
    }
  }
  const outcomes = await Promise.allSettled(workers.map((worker) => worker.join()));
  for (const outcome of outcomes) {
    if (outcome.status === "rejected") {
      assertEquals((outcome.reason as Error).name, "AbandonedError");
    }
  }
  if (outcomes.every((outcome) => outcome.status === "fulfilled")) assertEquals(words[0], 40_000);
});
