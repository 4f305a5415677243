import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { joinAll, sleep, spawn } from "../../coroutine/mod.ts";
import { AbandonedError, InvalidStateError } from "../../errors.ts";
import { Condition, Event, type Guard, Lock, RLock } from "../../sync/mod.ts";
import { Thread } from "../../thread/mod.ts";
import { BODY_KINDS } from "../conformance/gevent_support.ts";
import { until } from "../conformance/support.ts";
import { acquireAbandoned } from "./thread_tasks.ts";

const SCOPES = ["local", "thread"] as const;

for (const scope of SCOPES) {
  for (const { name, of } of BODY_KINDS) {
    const kind = `[${scope}] [${name}]`;

    Deno.test(`RLock is abandoned when the greenlet that holds it is killed ${kind}`, async () => {
      const lock = new RLock({ scope });
      const holder = spawn(of(function* () {
        yield lock.acquire();
        yield lock.acquire();
        yield sleep(60_000);
      }));
      const waiter = spawn(of(function* () {
        yield lock.acquire();
      }));
      await sleep(5);
      const outside = lock.acquire({ recover: true });
      await holder.kill();
      await assertRejects(() => waiter.get(), AbandonedError, "its holder died");
      const guard = await outside;
      assertEquals([guard.abandoned, lock.recursionCount()], [false, 1]);
      guard.release();
      assertEquals(lock.locked(), false);
    });

    Deno.test(`RLock is abandoned when the greenlet that holds it ends ${kind}`, async () => {
      const lock = new RLock({ scope });
      const ends = [
        of(function* () {
          yield lock.acquire();
        }),
        of(function* () {
          yield lock.acquire({ recover: true });
          throw new Error("over");
        }),
      ];
      for (const end of ends) await spawn(end).join();
      await assertRejects(() => lock.acquire(), AbandonedError);
      assertEquals(lock.locked(), false);
      await spawn(ends[0] as () => unknown).join();
      const guard = await lock.acquire({ recover: true });
      assertEquals([guard.abandoned, lock.recursionCount()], [true, 1]);
      guard.release();
      lock.tryAcquire()?.release();
    });
  }

  Deno.test(`RLock that a greenlet has released is not abandoned [${scope}]`, async () => {
    const lock = new RLock({ scope });
    const condition = new Condition(lock);
    const greenlet = spawn(async () => {
      for (let i = 0; i < 3; i++) await lock.with(() => lock.with(() => sleep(0)));
      const guard = await lock.acquire();
      await assertRejects(() => condition.wait({ timeout: 1 }));
      guard.release();
    });
    await greenlet.get();
    await spawn(() => lock.with(() => {})).get();
    lock.tryAcquire()?.release();
    assertEquals(lock.locked(), false);
  });

  Deno.test(`Condition leaves nothing to a greenlet that is killed as it waits [${scope}]`, async () => {
    const condition = new Condition(undefined, { scope });
    const waiter = spawn(async () => {
      await condition.acquire();
      await condition.wait();
    });
    await sleep(5);
    const guard = condition.tryAcquire();
    assertEquals(guard?.abandoned, false);
    const killed = waiter.kill();
    guard?.release();
    await killed;
    await assertRejects(() => condition.acquire(), AbandonedError);
    (await condition.acquire()).release();
  });

  Deno.test(`RLock is not released by the guard of a dead greenlet [${scope}]`, async () => {
    const lock = new RLock({ scope });
    let left: Guard | undefined;
    await spawn(async () => {
      left = await lock.acquire();
    }).join();
    const go = new Event({ scope: "local" });
    const holder = spawn(async () => {
      const guard = await lock.acquire({ recover: true });
      await go.wait();
      guard.release();
    });
    await until(() => lock.locked(), "the holder");
    left?.release();
    assertEquals(lock.locked(), true);
    go.set();
    await joinAll([holder], { raiseError: true });
    assertEquals(lock.locked(), false);
  });

  Deno.test(`Lock that a greenlet has left held can be released by others [${scope}]`, async () => {
    const lock = new Lock({ scope });
    const holder = spawn(async () => {
      await lock.acquire();
      await sleep(60_000);
    });
    const waiter = spawn(() => lock.acquire());
    await sleep(5);
    await holder.kill();
    assertEquals([lock.locked(), waiter.dead], [true, false]);
    lock.release();
    assertEquals((await waiter).abandoned, false);
    lock.release();
    assertThrows(() => lock.release(), InvalidStateError);
  });
}

Deno.test("RLock that a killed greenlet holds tells a thread that waits", async () => {
  const lock = new RLock();
  const ready = new Event();
  const greenlet = spawn(async () => {
    await lock.acquire();
    await sleep(60_000);
  });
  await sleep(5);
  const thread = new Thread({ target: acquireAbandoned, args: [lock, ready] }).start();
  await ready.wait();
  await greenlet.kill();
  assertEquals(await thread.join(), ["AbandonedError", false]);
});
