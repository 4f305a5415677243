/** Waits of greenlets for pools, futures and connections. */

import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { type Greenlet, hub, sleep, spawn, Timeout } from "../../coroutine/mod.ts";
import { GreenletExit, TimeoutError } from "../../errors.ts";
import { Future, ThreadPool } from "../../pool/mod.ts";
import { Pipe } from "../../process/mod.ts";
import { Condition, Event, Lock, Semaphore } from "../../sync/mod.ts";
import { until } from "../conformance/support.ts";
import { holdThread } from "./thread_tasks.ts";

/** Longer than any test, and a limit nevertheless. */
const LONG = 1_000_000;

/** Waits until a greenlet waits, and kills it; it has all the time it likes to end. */
async function killWhereItWaits(greenlet: Greenlet<unknown>, wanted: string): Promise<void> {
  const what = (): string => Object.keys(hub.statistics().waits).join();
  await until(() => what() === wanted, `a wait for ${wanted}`);
  await greenlet.kill(null, { grace: Infinity, timeout: 60_000 });
  assertEquals([greenlet.successful(), greenlet.value instanceof GreenletExit], [true, true]);
}

Deno.test("Greenlet.kill() reaches waits for pools and futures", async () => {
  const future = new Future<number>();
  await killWhereItWaits(spawn(() => future.result()), "Future.result()");
  assertEquals(future.cancelled(), false);

  const pool = new ThreadPool(1);
  const inside = new Semaphore(0);
  const release = new Event();
  const held = pool.applyAsync(holdThread, [inside, release]);
  await inside.acquire();
  await killWhereItWaits(spawn(() => held.get()), "AsyncResult.get()");
  await killWhereItWaits(spawn(() => pool.apply((x: number) => x, [1])), "pool.apply()");
  await killWhereItWaits(spawn(() => pool.map((x: number) => x, [1])), "pool.map()");
  const results = pool.imap((x: number) => 10 * x, [1, 2]);
  await killWhereItWaits(spawn(() => results.next()), "imap");
  await killWhereItWaits(spawn(() => Timeout.run(LONG, () => results.next())), "imap");
  pool.close();
  await killWhereItWaits(spawn(() => pool.join()), "pool.join()");
  assertEquals(
    await Timeout.run(1, () => pool.join({ timeout: LONG }), { silent: true }),
    undefined,
  );
  release.set();
  const rest: number[] = [];
  for await (const result of results) rest.push(result);
  assertEquals(rest, [10, 20]);
  await pool.join();
});

Deno.test("Greenlet waits for pools and futures as ever if nobody kills it", async () => {
  const error = new RangeError("no");
  const [good, bad] = [new Future<number>(), new Future<number>()];
  const reader = spawn(async () => [
    await good.result(),
    await bad.result().catch((error) => error),
  ]);
  await sleep(0);
  good.setResult(1);
  bad.setException(error);
  assertEquals(await reader, [1, error]);
  assertStrictEquals((await reader)[1], error);
});

Deno.test("Timeout is what is thrown by waits that have limits of their own", async () => {
  const condition = new Condition(new Lock());
  const predicate = (): boolean => false;
  const [connection] = Pipe();
  for (const timeout of [undefined, LONG]) {
    const options = timeout === undefined ? {} : { timeout };
    const waits = [
      async () => {
        await condition.acquire();
        try {
          await condition.waitFor(predicate, options);
        } finally {
          condition.release();
        }
      },
      () => connection.recv(options),
      () => connection.poll({ timeout: LONG }),
      () => new Future().result(options),
    ];
    for (const wait of waits) {
      const greenlet = spawn(async () => {
        assertEquals(await Timeout.run(5, wait, { silent: true }), undefined);
        const limit = new Timeout(5).start();
        const thrown = await Promise.resolve(wait()).catch((error: unknown) => error);
        assertStrictEquals(thrown, limit);
      });
      await greenlet;
    }
  }
  connection.close();
  await condition.acquire();
  await assertRejects(() => condition.waitFor(predicate, { timeout: 1 }), TimeoutError, "within 1");
  const mine = new TimeoutError("mine");
  await assertRejects(
    () => condition.waitFor(predicate, { signal: AbortSignal.abort(mine) }),
    TimeoutError,
    "mine",
  );
  condition.release();
});
