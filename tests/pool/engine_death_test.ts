import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import process from "node:process";
import { BrokenPoolError, WorkerLostError } from "../../errors.ts";
import { Lock } from "../../sync/mod.ts";
import { enumerate } from "../../thread/mod.ts";
import { limitedThreadHost, threadHost } from "../../pool/thread_host.ts";
import type { WorkerHandle, WorkerHost } from "../../pool/worker_host.ts";
import { until } from "../support.ts";
import { late } from "./broken_module.ts";
import * as t from "./engine_tasks.ts";
import { makeWords, PATIENCE, TestEngine, withEngine } from "./engine_support.ts";

/** A host that lets a test kill its workers. */
function killableHost(): { host: WorkerHost; handles: WorkerHandle[] } {
  const handles: WorkerHandle[] = [];
  const host: WorkerHost = {
    ...threadHost,
    start(boot, name) {
      const handle = threadHost.start(boot, name);
      handles.push(handle);
      return handle;
    },
  };
  return { host, handles };
}

const WAYS: [how: string, exitcode: number | null, message: RegExp][] = [
  ["process.exit", 3, /it.*exited with code 3/],
  ["kill", null, /it was killed/],
  ["out of memory", 1, /out of memory/],
  ["a stray timer", null, /stray/],
];
if ("deno" in process.versions) WAYS.push(["Deno.exit", 4, /exited with code 4/]);

for (const [how, exitcode, message] of WAYS) {
  Deno.test(`TaskEngine loses the task whose worker ends by ${how}, and no other`, async () => {
    const host = how === "out of memory" ? limitedThreadHost({ memoryLimit: 64 }) : threadHost;
    await withEngine({ workers: 2, host }, async (engine) => {
      const words = makeWords();
      const counts = makeWords(200);
      const others = Array.from({ length: 100 }, (_, k) => engine.run(t.count, counts, k));
      const doomed = engine.run(t.die, how, words, 0);
      others.push(
        ...Array.from({ length: 100 }, (_, k) => engine.run(t.count, counts, 100 + k)),
      );
      const error = await assertRejects(() => doomed, WorkerLostError);
      assertEquals(error.exitcode, exitcode);
      assertEquals(error.kind, "thread");
      assert(/die|engine_tasks\.ts#\d+/.test(error.task ?? ""));
      assert(message.test(error.message), error.message);
      await Promise.all(others);
      assertEquals(Array.from(counts), new Array(200).fill(1));
      assertEquals(words[0], 1);
      assertEquals(await engine.run(t.square, 3), 9);
      const { lost, workersLost } = engine.statistics();
      assertEquals([lost, workersLost], [1, 1]);
      await until(() => engine.statistics().workers.length === 2);
    });
  });
}

Deno.test("TaskEngine fails the tasks of a module that throws while it loads, and goes on", async () => {
  await withEngine({ workers: 2 }, async (engine) => {
    for (let k = 0; k < 3; k++) {
      const error = await assertRejects(() => engine.run(late, 1), WorkerLostError);
      assert(error.cause instanceof RangeError);
      assertEquals(error.cause.message, "half a module");
    }
    const batch = engine.batch(late, [1, 2]);
    await batch.end;
    assertEquals(batch.heard, ["0 WorkerLostError", "1 WorkerLostError"]);
    assertEquals(await engine.run(t.square, 3), 9);
  });
});

Deno.test("TaskEngine gives results once that wait for a module while their worker dies", async () => {
  const gated = globalThis as { gatedModule?: Promise<void> };
  let open = (): void => {};
  gated.gatedModule = new Promise((resolve) => open = resolve);
  await withEngine({ workers: 1 }, async (engine) => {
    const words = makeWords();
    const items = [0, 1, 2].map((index) => [words, index]);
    const batch = engine.batch(t.giveGated, items, { star: true, retries: 1 });
    await until(() => words[2] === 2);
    open();
    await batch.end;
    assertEquals(batch.heard.sort(), ["0 ok", "1 ok", "2 ok"]);
    assertEquals((batch.values[0] as () => number)(), 7);
    assertEquals(Array.from(words.subarray(0, 3)), [1, 1, 2]);
    const { done, queued, running } = engine.statistics();
    assertEquals([done, queued, running], [3, 0, 0]);
  });
  delete gated.gatedModule;
});

Deno.test("TaskEngine.terminate() may come while a result waits for a module", async () => {
  const gated = globalThis as { gatedTwin?: Promise<void> };
  let open = (): void => {};
  gated.gatedTwin = new Promise((resolve) => open = resolve);
  const engine = new TestEngine(threadHost, { workers: 1, lazy: false, name: () => "worker" });
  const words = makeWords();
  const result = engine.run(t.giveTwin, words);
  await until(() => words[0] === 1 && engine.statistics().running === 0);
  await new Promise((resolve) => setTimeout(resolve, 20));
  engine.terminate(new Error("enough"));
  open();
  await assertRejects(() => result, Error, "enough");
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals(engine.joinSync(PATIENCE), true);
  delete gated.gatedTwin;
});

Deno.test("TaskEngine fails the item that a worker died at, and runs the others again", async () => {
  await withEngine({ workers: 2 }, async (engine) => {
    const counts = makeWords(10);
    const batch = engine.batch(
      t.dieAt,
      Array.from({ length: 10 }, (_, k) => [counts, k, 4]),
      { star: true },
    );
    await batch.end;
    assertEquals(batch.heard.filter((line) => !line.endsWith("ok")), ["4 WorkerLostError"]);
    assertEquals(batch.heard.length, 10);
    for (let k = 0; k < 10; k++) if (k !== 4) assertEquals(batch.values[k], k);
    assertEquals(counts[4], 1);
    for (let k = 5; k < 10; k++) assertEquals(counts[k], 1);
    assertEquals(engine.statistics().queued, 0);
  });
});

Deno.test("TaskEngine gives a seat to another worker while a sink of the first one runs", async () => {
  await withEngine({ workers: 1 }, async (engine) => {
    const dieSync = (): void => {
      let over = false;
      const sink = { resolve: () => void (over = true), reject: () => void (over = true) };
      engine.submit(t.dieFirst, [makeWords(), 1], undefined, sink);
      engine.waitSync(() => over, PATIENCE);
    };
    const next = await new Promise<Promise<unknown>>((resolve) => {
      const sink = {
        resolve() {
          // There are three seats: the fourth worker sits where the first one sat.
          for (let k = 0; k < 3; k++) dieSync();
          let value: unknown = null;
          const inner = { resolve: (given: unknown) => void (value = given), reject() {} };
          engine.submit(t.square, [3], undefined, inner);
          engine.waitSync(() => value === 9, PATIENCE);
          resolve(engine.run(t.later, 50));
        },
        reject() {},
      };
      engine.submit(t.square, [2], undefined, sink);
    });
    assertEquals(await next, 50);
  });
});

Deno.test("TaskEngine runs a task again as often as it may", async () => {
  await withEngine({ workers: 1 }, async (engine) => {
    const words = makeWords();
    assertEquals(await engine.start(t.dieFirst, [words, 2], { retries: 2 }).result, 3);
    assertEquals(words[0], 3);
    const again = makeWords();
    const lost = engine.start(t.dieFirst, [again, 3], { retries: 2 });
    await assertRejects(() => lost.result, WorkerLostError);
    assertEquals(again[0], 3);
    const { retried } = engine.statistics();
    assertEquals(retried, 4);
    const items = makeWords();
    const batch = engine.batch(t.dieFirst, [[items, 1], [items, 1]], { star: true, retries: 1 });
    await batch.end;
    assertEquals(batch.heard, ["0 ok", "1 ok"]);
  });
});

Deno.test("TaskEngine replaces workers that are killed at any moment, and runs each task once", async () => {
  const { host, handles } = killableHost();
  const engine = new TestEngine(host, { workers: 2, lazy: false, name: (k) => `${k}` });
  const total = 3000;
  const counts = makeWords(total);
  let lost = 0;
  const results = Array.from({ length: total }, (_, k) => {
    const { result } = engine.start(t.count, [counts, k]);
    return result.catch((error) => {
      assert(error instanceof WorkerLostError, String(error));
      lost++;
    });
  });
  let kills = 0;
  const killing = (async () => {
    while (engine.statistics().queued > 0 && kills < 12) {
      const before = engine.statistics().done;
      await until(() => engine.statistics().queued === 0 || engine.statistics().done > before);
      handles.at(-1 - (kills % 2))?.kill();
      kills++;
    }
  })();
  await Promise.all(results);
  await killing;
  engine.close();
  await engine.join(PATIENCE);
  const { done } = engine.statistics();
  assertEquals(done + lost, total);
  for (let k = 0; k < total; k++) assert((counts[k] as number) <= 1, `${k} ran twice`);
  assert(counts.filter((x) => x === 1).length >= done);
});

Deno.test("TaskEngine.waitSync() learns of a death while this thread is blocked", async () => {
  await withEngine({ workers: 1 }, (engine) => {
    const words = makeWords();
    let lost: unknown = null;
    const sink = { resolve() {}, reject: (error: unknown) => void (lost = error) };
    engine.submit(t.die, ["process.exit", words, 0], undefined, sink);
    assert(engine.waitSync(() => lost !== null, PATIENCE));
    assert(lost instanceof WorkerLostError);
    let value: unknown = null;
    engine.submit(t.square, [4], undefined, { resolve: (x) => void (value = x), reject() {} });
    assert(engine.waitSync(() => value !== null, PATIENCE));
    assertEquals(value, 16);
    return Promise.resolve();
  });
});

Deno.test("TaskEngine runs the initializer in every worker, and in every successor", async () => {
  for (const initializer of [t.initialize, t.initializeLater]) {
    await withEngine({ workers: 2, initializer, initargs: [{ a: 1 }] }, async (engine) => {
      assertEquals(await engine.run(t.whatWasInitialized), { a: 1 });
      await engine.run(t.die, "process.exit", makeWords(), 0).catch(() => {});
      const all = Array.from({ length: 20 }, () => engine.run(t.whatWasInitialized));
      assertEquals(await Promise.all(all), new Array(20).fill({ a: 1 }));
    });
  }
});

for (const initializer of [t.failToInitialize, t.dieToInitialize]) {
  const how = initializer === t.failToInitialize ? "throws" : "dies";
  Deno.test(`TaskEngine tries again when the initializer ${how}`, async () => {
    const words = makeWords();
    await withEngine({ workers: 1, initializer, initargs: [words, 2] }, async (engine) => {
      assertEquals(await engine.run(t.square, 3), 9);
      assertEquals(words[0], 3);
    });
  });

  Deno.test(`TaskEngine breaks when the initializer always ${how}`, async () => {
    const words = makeWords();
    const engine = new TestEngine(threadHost, {
      workers: 2,
      lazy: false,
      name: (k) => `${k}`,
      initializer,
      initargs: [words, 1000],
    });
    const pending = [engine.start(t.square, [3]), engine.start(t.square, [4])];
    const batch = engine.batch(t.square, [1]);
    for (const { result } of pending) {
      const error = await assertRejects(() => result, BrokenPoolError, "initializer");
      if (how === "throws") assertEquals((error.cause as Error).message, "not ready");
      else assert(error.cause instanceof WorkerLostError);
    }
    await batch.end;
    assertEquals(batch.heard, ["0 BrokenPoolError"]);
    assertThrows(() => engine.start(t.square, [5]), BrokenPoolError);
    await engine.join(PATIENCE);
  });
}

Deno.test("TaskEngine counts a task as a thread: what it holds is abandoned when it fails", async () => {
  await withEngine({ workers: 1 }, async (engine) => {
    const lock = new Lock();
    await engine.run(t.keepLock, lock, true).catch(() => {});
    assert((await lock.acquire({ recover: true })).abandoned);
    lock.release();
    await engine.run(t.keepLock, lock, false);
    assert(lock.locked());
    lock.release();
  });
});

Deno.test("TaskEngine leaves no worker behind", async () => {
  const before = enumerate().length;
  await withEngine({ workers: 3 }, async (engine) => {
    await engine.run(t.die, "process.exit", makeWords(), 0).catch(() => {});
    await engine.run(t.square, 1);
  });
  await until(() => enumerate().length <= before);
});
