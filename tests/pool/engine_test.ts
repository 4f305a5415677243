import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { UnshareableError } from "../../errors.ts";
import { until } from "../support.ts";
import * as t from "./engine_tasks.ts";
import { makeWords, PATIENCE, TestEngine, withEngine } from "./engine_support.ts";
import { threadHost } from "../../pool/thread_host.ts";

Deno.test("TaskEngine.submit() brings arguments and results of all kinds", async () => {
  await withEngine({}, async (engine) => {
    assertEquals(await engine.run(t.square, 7), 49);
    assertEquals(await engine.run(t.add, 7, 8), 15);
    assertEquals(await engine.run(t.nothing), undefined);
    assertEquals(await engine.run(t.truth, 1), true);
    assertEquals(await engine.run(t.truth, -1), false);
    assertEquals(await engine.run(t.sum, 1, 2, 3, 4.5), 10.5);
    assertEquals(await engine.run(t.echo, -0), -0);
    assertEquals(await engine.run(t.echo, NaN), NaN);
    for (
      const value of ["ünïcödé 🦕", null, 12n, [1, "a", , 3], { a: new Map([[1, [2]]]) }]
    ) {
      assertEquals(await engine.run(t.echo, value), value);
    }
    const text = "ä🦕".repeat(50_000);
    assertEquals(await engine.run(t.echo, text), text);
    assertEquals(await engine.run(t.later, 3), 3);
    assertEquals(await engine.run((x: number) => x + 1, 5), 6);
  });
});

Deno.test("TaskEngine.submit() encodes the arguments at the call", async () => {
  await withEngine({ workers: 1 }, async (engine) => {
    const words = makeWords();
    const first = engine.run(t.meet, words, 0);
    const argument = { value: 1 };
    const second = engine.run(t.echo, argument);
    argument.value = 2;
    t.set(words, 1);
    assertEquals(await second, { value: 1 });
    await first;
  });
});

Deno.test("TaskEngine.submit() rejects with the error of the task", async () => {
  await withEngine({}, async (engine) => {
    await assertRejects(() => engine.run(t.fail, "now"), RangeError, "now");
    await assertRejects(() => engine.run(t.failLater, "later"), RangeError, "later");
    await assertRejects(() => engine.run(t.giveSymbol), UnshareableError, "result");
    assertThrows(() => engine.start(t.echo, [Symbol("x")]), UnshareableError, "args[0]");
    const outside = 5;
    assertThrows(() => engine.start(() => outside, []), UnshareableError, "outside");
    assertEquals(engine.statistics().queued, 0);
  });
});

Deno.test("TaskEngine.submit() takes more functions than its table holds", async () => {
  await withEngine({}, async (engine) => {
    const padding = "x".repeat(4000);
    const results = [];
    for (let k = 0; k < 120; k++) {
      const source = `(x) => { const text = "${padding}"; return x + ${k} + text.length; }`;
      // deno-lint-ignore no-eval -- many functions with different texts
      const make = eval;
      results.push(engine.run(make(source), 1000));
    }
    assertEquals(await Promise.all(results), Array.from({ length: 120 }, (_, k) => 5000 + k));
  });
});

Deno.test("TaskEngine.submit() brings many tasks through small rings in any mixture", async () => {
  const tuning = { mainBytes: 4096, urgentBytes: 1024, resultBytes: 4096 };
  await withEngine({ tuning }, async (engine) => {
    const results: Promise<unknown>[] = [];
    const expected: unknown[] = [];
    for (let k = 0; k < 5000; k++) {
      const value = k % 3 === 0
        ? k
        : k % 3 === 1
        ? `text ${k} ${"é".repeat(k % 50)}`
        : { k, list: [k] };
      results.push(engine.run(t.echo, value));
      expected.push(value);
    }
    assertEquals(await Promise.all(results), expected);
  });
});

Deno.test("TaskEngine.submitBatch() runs items in order and tells of each", async () => {
  await withEngine({}, async (engine) => {
    const items = Array.from({ length: 3000 }, (_, k) => k);
    const numbers = engine.batch(t.square, items);
    await numbers.end;
    assertEquals(numbers.values, items.map((k) => k * k));
    const pairs = engine.batch(t.add, [[1, 2], [3, 4]], { star: true });
    await pairs.end;
    assertEquals(pairs.values, [3, 7]);
    const objects = engine.batch(t.echo, [{ a: 1 }, "b", null]);
    await objects.end;
    assertEquals(objects.values, [{ a: 1 }, "b", null]);
    const promises = engine.batch(t.later, [3, 2, 1]);
    await promises.end;
    assertEquals(promises.heard, ["0 ok", "1 ok", "2 ok"]);
    assertEquals(promises.values, [3, 2, 1]);
    const empty = engine.batch(t.later, []);
    await empty.end;
    assertEquals(empty.heard, []);
    const many = engine.batch(t.square, Array.from({ length: 40_000 }, (_, k) => k));
    await many.end;
    assertEquals(many.values[39_999], 39_999 ** 2);
    assertEquals(many.heard.length, 40_000);
  });
});

Deno.test("TaskEngine.submitBatch() goes on after a failure, or stops at it", async () => {
  await withEngine({}, async (engine) => {
    const items = [["a"], ["b"], ["c"]];
    const all = engine.batch(t.fail, items, { star: true });
    await all.end;
    assertEquals(all.heard, ["0 RangeError", "1 RangeError", "2 RangeError"]);
    const stopped = engine.batch(t.fail, items, { star: true, stop: true });
    await stopped.end;
    assertEquals(stopped.heard, ["0 RangeError"]);
    const mixed = engine.batch(t.sum, [[1], "not iterable by star" as unknown, [2]].map((x) => x), {
      star: true,
    });
    await mixed.end;
    assertEquals(mixed.heard.length, 3);
    const unsendable = engine.batch(t.giveSymbol, [1, 2]);
    await unsendable.end;
    assertEquals(unsendable.heard, ["0 UnshareableError", "1 UnshareableError"]);
    assertEquals(engine.statistics().queued, 0);
  });
});

Deno.test("TaskEngine.submitBatch() tells of items while others still run", async () => {
  await withEngine({ workers: 1 }, async (engine) => {
    const words = makeWords();
    const items = [[words, 2], [words, 3], [words, 0]];
    const batch = engine.batch(
      (words: Int32Array, index: number) => {
        if (index > 0) {
          const end = performance.now() + 8;
          while (performance.now() < end);
          return index;
        }
        Atomics.wait(words, 0, 0, 60_000);
        return index;
      },
      items,
      { star: true },
    );
    await until(() => batch.heard.length === 2);
    t.set(words, 0);
    await batch.end;
    assertEquals(batch.values, [2, 3, 0]);
  });
});

Deno.test("TaskEngine.waitSync() takes results while this thread is blocked", async () => {
  await withEngine({}, async (engine) => {
    let sum = 0;
    let left = 3000;
    const sink = {
      resolve(value: unknown) {
        sum += value as number;
        left--;
      },
      reject() {},
    };
    for (let k = 0; k < 3000; k++) engine.submit(t.square, [k], undefined, sink);
    assert(engine.waitSync(() => left === 0, PATIENCE));
    assertEquals(sum, 2999 * 3000 * 5999 / 6);
    const words = makeWords();
    const meeting = engine.start(t.meet, [words, 0]);
    assertEquals(engine.waitSync(() => false, 20), false);
    t.set(words, 1);
    await meeting.result;
  });
});

Deno.test("TaskEngine.waitSync() feeds the rings from what waits for room", async () => {
  const tuning = { mainBytes: 1024, resultBytes: 1024 };
  await withEngine({ tuning }, (engine) => {
    let left = 2000;
    const sink = { resolve: () => void left--, reject() {} };
    for (let k = 0; k < 2000; k++) engine.submit(t.square, [k], undefined, sink);
    assert(engine.waitSync(() => left === 0, PATIENCE));
    return Promise.resolve();
  });
});

Deno.test("TaskEngine calls sinks that submit, wait, cancel and close", async () => {
  const engine = new TestEngine(threadHost, { workers: 2, lazy: false, name: (k) => `${k}` });
  const order: number[] = [];
  const end = new Promise<void>((resolve) => {
    const sink = {
      resolve(value: unknown) {
        order.push(value as number);
        let inner = false;
        const ticket = engine.submit(t.square, [1], undefined, {
          resolve: () => inner = true,
          reject() {},
        });
        if (order.length % 2 === 0) assert(engine.waitSync(() => inner, PATIENCE));
        else if (!engine.cancel(ticket)) engine.abort(ticket, new Error("not needed"));
        if (order.length === 50) {
          engine.close();
          resolve();
        }
      },
      reject() {},
    };
    for (let k = 0; k < 50; k++) engine.submit(t.square, [k], undefined, sink);
  });
  await end;
  await engine.join(PATIENCE);
  assertEquals(order.sort((a, b) => a - b), Array.from({ length: 50 }, (_, k) => k * k));
});

Deno.test("TaskEngine runs urgent tasks first and the least important last", async () => {
  await withEngine({ workers: 1 }, async (engine) => {
    const words = makeWords();
    const blocker = engine.run(t.meet, words, 0);
    await until(() => Atomics.load(words, 0) === 1);
    const order: number[] = [];
    const submit = (value: number, priority: number): Promise<void> =>
      engine.start(t.echo, [value], { priority }).result.then((x) => void order.push(x as number));
    const all = [
      submit(7, -1),
      submit(5, 0),
      submit(8, -2),
      submit(3, 1),
      submit(6, 0),
      submit(1, 9),
      submit(4, 1),
      submit(2, 5),
    ];
    t.set(words, 1);
    await Promise.all(all);
    await blocker;
    assertEquals(order, [1, 2, 3, 4, 5, 6, 7, 8]);
  });
});

Deno.test("TaskEngine lets an urgent task overtake 100 000 others", async () => {
  await withEngine({ workers: 1 }, async (engine) => {
    const words = makeWords();
    const blocker = engine.run(t.meet, words, 0);
    let before = 0;
    const sink = { resolve: () => void before++, reject() {} };
    for (let k = 0; k < 100_000; k++) engine.submit(t.square, [k], undefined, sink);
    let seen = -1;
    engine.submit(t.square, [1], { priority: 1 }, { resolve: () => seen = before, reject() {} });
    t.set(words, 1);
    await blocker;
    await until(() => before === 100_000);
    assertEquals(seen, 0);
  });
});

Deno.test("TaskEngine runs several asynchronous tasks at once in a worker", async () => {
  await withEngine({ workers: 1, concurrency: 8 }, async (engine) => {
    const words = makeWords();
    const all = Array.from({ length: 8 }, () => engine.run(t.meetLater, words, 0));
    await until(() => Atomics.load(words, 0) === 8);
    assertEquals(engine.statistics().running, 8);
    const ninth = engine.run(t.meetLater, words, 0);
    t.set(words, 1);
    await Promise.all([...all, ninth]);
    assertEquals(Atomics.load(words, 0), 9);
    assertEquals(await engine.run(t.square, 3), 9);
  });
  await withEngine({ workers: 1 }, async (engine) => {
    const words = makeWords();
    const all = [engine.run(t.meetLater, words, 0), engine.run(t.meetLater, words, 0)];
    await until(() => Atomics.load(words, 0) === 1);
    assertEquals(engine.statistics().running, 1);
    t.set(words, 1);
    await Promise.all(all);
  });
});

Deno.test("TaskEngine goes on with what tasks leave to the event loop", async () => {
  await withEngine({ workers: 1 }, async (engine) => {
    const words = makeWords();
    await engine.run(t.leaveTimer, words, 0);
    await until(() => Atomics.load(words, 0) === 1);
    await engine.run(t.leaveMicrotask, words, 1);
    await until(() => Atomics.load(words, 1) === 1);
    assertEquals(await engine.run(t.square, 3), 9);
  });
});

Deno.test("TaskEngine tells what it does and has done", async () => {
  await withEngine({ workers: 2 }, async (engine) => {
    const words = makeWords();
    const running = [engine.run(t.meet, words, 0), engine.run(t.meet, words, 0)];
    await until(() => Atomics.load(words, 0) === 2);
    const queued = [1, 2, 3].map((x) => engine.run(t.square, x));
    const before = engine.statistics();
    assertEquals([before.running, before.queued, before.done], [2, 3, 0]);
    t.set(words, 1);
    await Promise.all([...running, ...queued]);
    await engine.run(t.fail, "x").catch(() => {});
    const batch = engine.batch(t.square, [1, 2, 3, 4]);
    await batch.end;
    const after = engine.statistics();
    assertEquals([after.running, after.queued, after.done, after.failed], [0, 0, 9, 1]);
    assertEquals(after.workers.length, 2);
    assertEquals(after.workers.reduce((sum, { tasks }) => sum + tasks, 0), 7);
    for (const { utilisation } of after.workers) assert(utilisation > 0 && utilisation <= 1);
    assert(after.waitTime.p50 > 0 && after.waitTime.p50 <= after.waitTime.p99);
    assert(after.runTime.p50 > 0 && after.runTime.p50 <= after.runTime.p99);
  });
});
