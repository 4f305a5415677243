import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CancelledError, InvalidStateError, TimeoutError } from "../../errors.ts";
import { until } from "../support.ts";
import * as t from "./engine_tasks.ts";
import { makeWords, PATIENCE, TestEngine, withEngine } from "./engine_support.ts";
import * as layout from "../../_core/task_layout.ts";
import { TaskMemory } from "../../_core/task_memory.ts";
import { threadHost } from "../../pool/thread_host.ts";
import type { WorkerHost } from "../../pool/worker_host.ts";

Deno.test("TaskEngine runs on more than 30 workers", async () => {
  await withEngine({ workers: 36 }, async (engine) => {
    const words = makeWords();
    const all = Array.from({ length: 36 }, () => engine.run(t.meet, words, 0));
    await until(() => Atomics.load(words, 0) === 36);
    t.set(words, 1);
    await Promise.all(all);
    const sums = Array.from({ length: 2000 }, (_, k) => engine.run(t.square, k));
    assertEquals(await Promise.all(sums), Array.from({ length: 2000 }, (_, k) => k * k));
  });
});

Deno.test("TaskEngine starts lazy workers as tasks need them", async () => {
  await withEngine({ workers: 3, lazy: true }, async (engine) => {
    assertEquals(engine.statistics().workers.length, 0);
    await engine.run(t.square, 1);
    assertEquals(engine.statistics().workers.length, 1);
    await engine.run(t.square, 1);
    assertEquals(engine.statistics().workers.length, 1);
    const words = makeWords();
    const all = [0, 0, 0].map((index) => engine.run(t.meet, words, index));
    await until(() => Atomics.load(words, 0) === 3);
    t.set(words, 1);
    await Promise.all(all);
    assertEquals(engine.statistics().workers.length, 3);
  });
});

Deno.test("TaskEngine.join() resolves when all tasks have ended and all workers have left", async () => {
  const engine = new TestEngine(threadHost, { workers: 2, lazy: false, name: (k) => `${k}` });
  await assertRejects(() => engine.join(PATIENCE), InvalidStateError, "still running");
  const words = makeWords();
  const first = engine.run(t.meet, words, 0);
  const waiting = Array.from({ length: 50 }, (_, k) => engine.run(t.square, k));
  engine.close();
  assertThrows(() => engine.start(t.square, [1]), InvalidStateError, "closed");
  await assertRejects(() => engine.join(10), TimeoutError);
  const controller = new AbortController();
  const aborted = engine.join(Infinity, controller.signal);
  controller.abort(new RangeError("enough"));
  await assertRejects(() => aborted, RangeError, "enough");
  t.set(words, 1);
  await Promise.all([first, ...waiting]);
  await engine.join(PATIENCE);
  assertEquals(engine.statistics().workers, []);
  await engine.join(0);
});

Deno.test("TaskEngine.terminate() fails what has not ended and ends the workers by force", async () => {
  const engine = new TestEngine(threadHost, { workers: 2, lazy: false, name: (k) => `${k}` });
  const words = makeWords();
  const running = engine.start(t.spin, [words, 0]);
  const queued = Array.from({ length: 20 }, (_, k) => engine.start(t.spin, [words, 0 * k]));
  const batch = engine.batch(t.square, [1, 2, 3]);
  await until(() => Atomics.load(words, 0) > 0);
  engine.terminate();
  await assertRejects(() => running.result, CancelledError);
  for (const { result } of queued) await assertRejects(() => result, CancelledError);
  await batch.end;
  assertEquals(batch.heard, ["0 CancelledError", "1 CancelledError", "2 CancelledError"]);
  await engine.join(PATIENCE);
  assert(Atomics.load(words, 0) <= 2);
});

Deno.test("TaskEngine.terminate() lets workers leave by themselves that are still starting", async () => {
  let kills = 0;
  const host: WorkerHost = {
    kind: "thread",
    broker: threadHost.broker,
    createMemory: (geometry) => threadHost.createMemory(geometry),
    start({ buffer, geometry, seat }) {
      let gone = false;
      const { words, layout: places } = new TaskMemory(geometry, buffer);
      const exited = (async () => {
        await new Promise((resolve) => setTimeout(resolve, 1000));
        words.store(places.seat(seat) + layout.S_STATE, layout.SEAT_LEFT);
        gone = true;
      })();
      return {
        exited,
        hasExited: () => gone,
        end: () => ({ cause: null, exitcode: null, reason: "it has ended" }),
        kill: () => void kills++,
      };
    },
  };
  const engine = new TestEngine(host, { workers: 2, lazy: false, name: (k) => `${k}` });
  const { result } = engine.start(t.square, [3]);
  engine.terminate();
  await assertRejects(() => result, CancelledError);
  await engine.join(PATIENCE);
  assertEquals(kills, 0);
});

Deno.test("TaskEngine.terminate() may come while results do", async () => {
  for (let round = 0; round < 20; round++) {
    const engine = new TestEngine(threadHost, { workers: 2, lazy: false, name: (k) => `${k}` });
    let heard = 0;
    const sink = {
      resolve: () => {
        if (++heard === 50 * round) engine.terminate();
      },
      reject: () => void heard++,
    };
    for (let k = 0; k < 2000; k++) engine.submit(t.square, [k], undefined, sink);
    for (let k = 0; k < 5; k++) engine.submit(t.square, [k], { priority: 1 }, sink);
    if (round === 0) engine.terminate();
    await until(() => heard >= 2005);
    engine.terminate();
    await engine.join(PATIENCE);
    assertEquals(heard, 2005);
  }
});

Deno.test("TaskEngine replaces a worker after so many tasks and loses nothing", async () => {
  await withEngine({ workers: 2, maxTasksPerChild: 10 }, async (engine) => {
    const results = Array.from({ length: 100 }, (_, k) => engine.run(t.square, k));
    assertEquals(await Promise.all(results), Array.from({ length: 100 }, (_, k) => k * k));
    const names = new Set<unknown>();
    for (let k = 0; k < 12; k++) {
      const [inThread] = await engine.run(t.countHere) as [number, number];
      assert(inThread <= 10);
      names.add(await engine.run(t.threadName));
    }
    assert(names.size >= 2);
    assertEquals(engine.statistics().workersLost, 0);
  });
});
