import { assert, assertEquals } from "@std/assert";
import { LocalPermits } from "../../_core/local_permits.ts";
import { joinAll, sleep, spawn } from "../../coroutine/mod.ts";
import { Condition, type Guard, RLock } from "../../sync/mod.ts";

// What is handed over belongs to who gets it from then on, and not only when his code goes on.

for (const scope of ["local", "thread"] as const) {
  Deno.test(`RLock is never held by two greenlets, whenever the last holder comes back [${scope}]`, async () => {
    const lock = new RLock({ scope });
    let holders = 0;
    let most = 0;
    const hold = async (guard: Guard): Promise<void> => {
      most = Math.max(most, ++holders);
      await sleep(0);
      holders--;
      guard.release();
    };
    for (let pause = 0; pause < 12; pause++) {
      const first = spawn(async () => {
        await hold(await lock.acquire());
        for (let i = 0; i < pause; i++) await undefined;
        await hold(await lock.acquire());
      });
      const second = spawn(async () => await hold(await lock.acquire()));
      const third = spawn(function* (): Generator<unknown, unknown, Guard> {
        return yield hold(yield lock.acquire());
      });
      await joinAll([first, second, third], { raiseError: true });
    }
    assertEquals(most, 1);
    assertEquals(lock.locked(), false);
  });

  Deno.test(`RLock of a condition is never held by two greenlets [${scope}]`, async () => {
    const lock = new RLock({ scope });
    const condition = new Condition(lock, { scope });
    let holders = 0;
    let most = 0;
    for (let pause = 0; pause < 12; pause++) {
      const waiter = spawn(async () => {
        const guard = await lock.acquire();
        await condition.wait();
        most = Math.max(most, ++holders);
        await sleep(0);
        holders--;
        guard.release();
      });
      await sleep(0);
      const notifier = spawn(async () => {
        const guard = await lock.acquire();
        condition.notify();
        await sleep(0);
        guard.release();
        for (let i = 0; i < pause; i++) await undefined;
        const again = await lock.acquire();
        most = Math.max(most, ++holders);
        await sleep(1);
        holders--;
        again.release();
      });
      await joinAll([waiter, notifier], { raiseError: true });
    }
    assertEquals(most, 1);
    assertEquals(lock.locked(), false);
  });
}

Deno.test("LocalPermits: who keeps a wait that is over does not keep those that came later", () => {
  const permits = new LocalPermits<number>(0, { granted: () => 1, late: () => new Error("late") });
  const waits = [1, 2, 3].map(() => permits.wait(Infinity, undefined));
  const { first } = permits;
  const second = first?.next;
  assert(first !== null && second);
  second.abort("given up");
  permits.give(1);
  assertEquals([first.next, second.previous, second.next], [null, null, null]);
  permits.give(2);
  assertEquals([permits.first, permits.last, permits.value], [null, null, 1]);
  waits[1]?.catch(() => {});
});
