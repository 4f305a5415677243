import { assertEquals } from "@std/assert";
import * as t from "./engine_tasks.ts";
import { withEngine } from "./engine_support.ts";

/** Nobody looks again by himself: a wake-up that is lost is a test that hangs. */
const tuning = { slice: 3_600_000 };

for (const [workers, spin] of [[1, 20], [2, 20], [2, 0], [3, 0]] as const) {
  Deno.test(`TaskEngine loses no wake-up with ${workers} workers that look for ${spin} us`, async () => {
    for (let round = 0; round < 3; round++) {
      await withEngine({ workers, tuning: { ...tuning, spin } }, async (engine) => {
        for (let k = 0; k < 300; k++) assertEquals(await engine.run(t.square, k), k * k);
        for (let burst = 0; burst < 3; burst++) {
          const all = Array.from({ length: 3000 }, (_, k) => engine.run(t.square, k));
          assertEquals((await Promise.all(all))[2999], 2999 ** 2);
        }
        for (let pause = 0; pause < 40; pause++) {
          await new Promise((resolve) => setTimeout(resolve, pause % 4));
          const pair = [engine.run(t.square, 1), engine.run(t.later, pause % 3)];
          assertEquals(await Promise.all(pair), [1, pause % 3]);
        }
        let left = 2000;
        const sink = { resolve: () => void left--, reject() {} };
        for (let k = 0; k < 2000; k++) engine.submit(t.square, [k], undefined, sink);
        engine.waitSync(() => left === 0, Infinity);
        for (let k = 0; k < 200; k++) {
          let done = false;
          engine.submit(t.square, [k], undefined, { resolve: () => done = true, reject() {} });
          engine.waitSync(() => done, Infinity);
        }
        for (let k = 0; k < 100; k++) assertEquals(await engine.run(t.square, k), k * k);
      });
    }
  });
}

Deno.test("TaskEngine loses no wake-up while its rings are full", async () => {
  const small = { ...tuning, mainBytes: 512, resultBytes: 512 };
  for (const concurrency of [1, 4]) {
    await withEngine({ workers: 2, concurrency, tuning: small }, async (engine) => {
      for (let burst = 0; burst < 5; burst++) {
        const all = Array.from(
          { length: 1000 },
          (_, k) => engine.run(k % 5 === 0 ? t.later : t.square, k % 5),
        );
        assertEquals((await Promise.all(all)).length, 1000);
      }
    });
  }
});

Deno.test("TaskEngine hears of room for tasks that come while it sleeps, though no task ends", async () => {
  const small = { ...tuning, mainBytes: 512 };
  await withEngine({ workers: 1, concurrency: 50, tuning: small }, async (engine) => {
    for (let round = 0; round < 3; round++) {
      const words = new Int32Array(new SharedArrayBuffer(4));
      const all = [engine.run(t.meetAll, words, 50)];
      await new Promise((resolve) => setTimeout(resolve, 20));
      for (let k = 1; k < 50; k++) all.push(engine.run(t.meetAll, words, 50));
      assertEquals(await Promise.all(all), new Array(50).fill(50));
    }
  });
});
