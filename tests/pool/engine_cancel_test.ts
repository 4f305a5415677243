import { assert, assertEquals, assertRejects } from "@std/assert";
import { CancelledError, TimeoutError, WorkerLostError } from "../../errors.ts";
import { until } from "../support.ts";
import * as t from "./engine_tasks.ts";
import { makeWords, withEngine } from "./engine_support.ts";

Deno.test("TaskEngine.cancel() keeps a queued task from being begun", async () => {
  await withEngine({ workers: 1 }, async (engine) => {
    const words = makeWords();
    const counts = makeWords(300);
    const blocker = engine.start(t.meet, [words, 0]);
    await until(() => Atomics.load(words, 0) === 1);
    const queued = Array.from({ length: 300 }, (_, k) => engine.start(t.count, [counts, k]));
    assert(engine.isBegun(blocker.ticket));
    assert(!engine.isBegun((queued[0] as typeof blocker).ticket));
    assertEquals(engine.cancel(blocker.ticket), false);
    for (let k = 0; k < 300; k += 3) {
      assert(engine.cancel((queued[k] as typeof blocker).ticket));
      assertEquals(engine.cancel((queued[k] as typeof blocker).ticket), false);
    }
    t.set(words, 1);
    for (let k = 0; k < 300; k++) {
      const { result } = queued[k] as typeof blocker;
      if (k % 3 === 0) await assertRejects(() => result, CancelledError);
      else assertEquals(await result, k);
    }
    await blocker.result;
    for (let k = 0; k < 300; k++) assertEquals(counts[k], k % 3 === 0 ? 0 : 1);
    const { cancelled, queued: waiting, running } = engine.statistics();
    assertEquals([cancelled, waiting, running], [100, 0, 0]);
  });
});

Deno.test("TaskEngine.cancel() races with the beginning and never harms another task", async () => {
  await withEngine({ workers: 2 }, async (engine) => {
    const total = 5000;
    const counts = makeWords(total);
    const started = [];
    let cancelled = 0;
    for (let k = 0; k < total; k++) {
      started.push(engine.start(t.count, [counts, k]));
      if (k % 5 === 4) {
        const victim = started[k - 3 + k % 4];
        if (victim !== undefined && engine.cancel(victim.ticket)) cancelled++;
      }
      if (k % 500 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const settled = await Promise.allSettled(started.map(({ result }) => result));
    assertEquals(settled.filter(({ status }) => status === "rejected").length, cancelled);
    settled.forEach(({ status }, k) => assertEquals(counts[k], status === "fulfilled" ? 1 : 0));
  });
});

Deno.test("TaskEngine.cancel() works on tasks in lists, in heaps and on batches", async () => {
  const tuning = { mainBytes: 512 };
  await withEngine({ workers: 1, tuning }, async (engine) => {
    const words = makeWords();
    const blocker = engine.run(t.meet, words, 0);
    await until(() => Atomics.load(words, 0) === 1);
    const queued = Array.from({ length: 50 }, (_, k) => engine.start(t.square, [k]));
    const urgent = [1, 2, 3].map((priority) => engine.start(t.square, [5], { priority }));
    const lowly = engine.start(t.square, [5], { priority: -1 });
    const batch = engine.batch(t.square, [1, 2]);
    for (const { ticket } of [...queued, ...urgent, lowly]) assert(engine.cancel(ticket));
    assert(engine.cancel(batch.ticket));
    assertEquals(batch.heard, ["0 CancelledError", "1 CancelledError"]);
    await batch.end;
    const last = engine.run(t.square, 9);
    t.set(words, 1);
    assertEquals(await last, 81);
    await blocker;
  });
});

Deno.test("TaskEngine.abort() is seen by a loop that never yields", async () => {
  await withEngine({ workers: 1 }, async (engine) => {
    const words = makeWords();
    const { result, ticket } = engine.start(t.loopUntilAborted, [words, 0]);
    await until(() => Atomics.load(words, 0) === 1);
    engine.abort(ticket, new RangeError("enough"));
    await assertRejects(() => result, RangeError, "enough");
    await until(() => Atomics.load(words, 1) === 1);
    assertEquals(await engine.run(t.square, 3), 9);
    assertEquals(engine.statistics().workersLost, 0);
  });
});

Deno.test("TaskEngine.abort() brings its reason to a task that listens", async () => {
  for (const concurrency of [1, 4]) {
    await withEngine({ workers: 1, concurrency }, async (engine) => {
      const words = makeWords();
      const { result, ticket } = engine.start(t.waitUntilAborted, [words, 0]);
      await until(() => Atomics.load(words, 0) === 1);
      engine.abort(ticket, new RangeError("enough"));
      await assertRejects(() => result, RangeError, "enough");
      await until(() => Atomics.load(words, 1) !== 0);
      assertEquals(words[1], 1);
      assertEquals(engine.statistics().workersLost, 0);
    });
  }
});

Deno.test("TaskEngine.abort() replaces the worker of a task that does not heed it", async () => {
  await withEngine({ workers: 1, grace: 20 }, async (engine) => {
    const words = makeWords();
    const { result, ticket } = engine.start(t.spin, [words, 0]);
    const others = Array.from({ length: 20 }, (_, k) => engine.run(t.square, k));
    await until(() => Atomics.load(words, 0) === 1);
    engine.abort(ticket, new RangeError("enough"));
    await assertRejects(() => result, RangeError, "enough");
    assertEquals(await Promise.all(others), Array.from({ length: 20 }, (_, k) => k * k));
    const { workersLost, lost, cancelled } = engine.statistics();
    assertEquals([workersLost, lost, cancelled], [1, 0, 1]);
  });
});

Deno.test("TaskEngine.abort() waits for the other tasks of a worker", async () => {
  await withEngine({ workers: 1, concurrency: 4, grace: 10 }, async (engine) => {
    const words = makeWords();
    const stubborn = engine.start(t.meetLater, [words, 0]);
    const other = engine.start(t.meetLater, [words, 2]);
    await until(() => Atomics.load(words, 0) === 1 && Atomics.load(words, 2) === 1);
    engine.abort(stubborn.ticket, new RangeError("enough"));
    await assertRejects(() => stubborn.result, RangeError);
    const next = engine.run(t.square, 5);
    await new Promise((resolve) => setTimeout(resolve, 400));
    t.set(words, 3, 7);
    assertEquals(await other.result, 7);
    assertEquals(await next, 25);
    assertEquals(engine.statistics().lost, 0);
  });
});

Deno.test("TaskEngine.abort() ends a worker of several tasks whose event loop stands still", async () => {
  await withEngine({ workers: 1, concurrency: 4, grace: 10 }, async (engine) => {
    const words = makeWords();
    const other = engine.start(t.meetLater, [words, 2]);
    await until(() => Atomics.load(words, 2) === 1);
    const stubborn = engine.start(t.spin, [words, 0]);
    await until(() => Atomics.load(words, 0) === 1);
    engine.abort(stubborn.ticket, new RangeError("enough"));
    await assertRejects(() => stubborn.result, RangeError);
    await assertRejects(() => other.result, WorkerLostError);
    assertEquals(await engine.run(t.square, 5), 25);
  });
});

Deno.test("TaskEngine.abort() ends a batch in the middle", async () => {
  await withEngine({ workers: 1, grace: 10 }, async (engine) => {
    const words = makeWords();
    const batch = engine.batch(t.meet, [[words, 0], [words, 2]], { star: true });
    await until(() => Atomics.load(words, 0) === 1);
    engine.abort(batch.ticket, new RangeError("enough"));
    await batch.end;
    assertEquals(batch.heard, ["0 RangeError", "1 RangeError"]);
    assertEquals(await engine.run(t.square, 5), 25);
    assertEquals(words[2], 0);
  });
});

Deno.test("TaskOptions.timeout fails a task that takes too long, begun or not", async () => {
  await withEngine({ workers: 1, grace: 10 }, async (engine) => {
    const words = makeWords();
    const begun = engine.start(t.loopUntilAborted, [words, 0], { timeout: 300 });
    const queued = engine.start(t.count, [words, 4], { timeout: 5 });
    await assertRejects(() => queued.result, TimeoutError, "5 ms");
    await assertRejects(() => begun.result, TimeoutError);
    assertEquals(await engine.start(t.square, [3], { timeout: 60_000 }).result, 9);
    assertEquals(words[4], 0);
    let failed: unknown = null;
    engine.submit(t.spin, [words, 6], { timeout: 50 }, {
      resolve() {},
      reject: (error) => void (failed = error),
    });
    assert(engine.waitSync(() => failed !== null, 30_000));
    assert(failed instanceof TimeoutError);
  });
});

Deno.test("TaskOptions.signal cancels a task, begun or not", async () => {
  await withEngine({ workers: 1, grace: 10 }, async (engine) => {
    const words = makeWords();
    const controller = new AbortController();
    const { signal } = controller;
    const others = new AbortController();
    const begun = engine.start(t.loopUntilAborted, [words, 0], { signal });
    const queued = engine.start(t.count, [words, 4], { signal: others.signal });
    const batch = engine.batch(t.count, [[words, 5]], { star: true, signal: others.signal });
    await until(() => Atomics.load(words, 0) === 1);
    // With one signal for all, the worker may be free and begin another before that is cancelled, too.
    others.abort(new RangeError("enough"));
    controller.abort(new RangeError("enough"));
    await assertRejects(() => begun.result, RangeError, "enough");
    await assertRejects(() => queued.result, RangeError, "enough");
    await batch.end;
    assertEquals(batch.heard, ["0 RangeError"]);
    const late = engine.start(t.count, [words, 6], { signal });
    await assertRejects(() => late.result, RangeError, "enough");
    assertEquals(await engine.run(t.square, 3), 9);
    assertEquals([words[4], words[5]], [0, 0]);
  });
});

Deno.test("currentTask() is the running task, and null outside", async () => {
  for (const concurrency of [1, 3, 1]) {
    await withEngine({ workers: 1, concurrency }, async (engine) => {
      assertEquals(await engine.run(t.attempt), 1);
      assertEquals(await engine.run(t.isOutside), false);
    });
  }
  assert(t.isOutside());
});
