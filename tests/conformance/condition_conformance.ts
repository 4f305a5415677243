/** What a `Condition` does. */

import { assert, assertEquals, assertFalse, assertRejects, assertThrows } from "@std/assert";
import { decode, encode } from "../../_core/codec.ts";
import { DeadlockError, InvalidStateError, TimeoutError, UnshareableError } from "../../errors.ts";
import { type Condition, Event, Lock, RLock } from "../../sync/mod.ts";
import {
  acquireAs,
  assertLeavesNothing,
  assertPending,
  BAD_TIMEOUTS,
  blocking,
  type Colour,
  COLOURS,
  COMBINATIONS,
  duration,
  SCOPES,
  SHARED,
  type TestedScope,
  turn,
  until,
} from "./support.ts";

/** Makes a condition, with a lock or without. */
export type MakeCondition = (
  lock?: Lock | RLock,
  options?: { scope: TestedScope },
) => Condition;

/** Waits in a colour. */
function waitAs(
  condition: Condition,
  colour: Colour,
  options?: { timeout?: number },
): Promise<void> {
  return colour === "promise"
    ? condition.wait(options)
    : blocking(() => condition.waitSync(options));
}

/** Runs the suite. */
export function conditionConformance(make: MakeCondition): void {
  for (const [scope, colour] of COMBINATIONS) {
    const label = `[${scope}, ${colour}]`;

    Deno.test(`Condition is held exactly when its lock is ${label}`, async () => {
      for (const lock of [new Lock({ scope }), new RLock({ scope })]) {
        const condition = make(lock);
        assertFalse(condition.locked());
        const guard = await acquireAs(condition, colour);
        assert(lock.locked());
        guard.release();
        assertFalse(lock.locked());
        const inner = await acquireAs(lock, colour);
        assert(condition.locked());
        inner.release();
        assertFalse(condition.locked());
        condition.tryAcquire()?.release();
        assertFalse(condition.locked());
        await acquireAs(condition, colour);
        condition.release();
        assertFalse(condition.locked());
      }
    });

    Deno.test(`Condition makes a re-entrant lock of its own ${label}`, async () => {
      const condition = make(undefined, { scope });
      const [outer, inner] = [
        await acquireAs(condition, colour),
        await acquireAs(condition, colour),
      ];
      inner.release();
      assert(condition.locked());
      outer.release();
      assertFalse(condition.locked());
    });

    Deno.test(`Condition.wait() throws when the lock is not held ${label}`, async () => {
      for (const lock of [undefined, new Lock({ scope })]) {
        const condition = make(lock, { scope });
        await assertLeavesNothing(scope, async () => {
          const message = "Cannot wait on condition: its lock is not held";
          await assertRejects(() => waitAs(condition, colour), InvalidStateError, message);
          await assertRejects(
            () => waitAs(condition, colour, { timeout: 0 }),
            InvalidStateError,
            message,
          );
        });
      }
    });

    Deno.test(`Condition.wait() rejects bad timeouts, the lock held ${label}`, async () => {
      const condition = make(new Lock({ scope }));
      const guard = condition.acquireSync();
      await assertLeavesNothing(scope, async () => {
        for (const [timeout, error] of BAD_TIMEOUTS) {
          await assertRejects(
            () => waitAs(condition, colour, { timeout: timeout as number }),
            error,
            "'timeout' must be a number",
          );
        }
      });
      assert(condition.locked());
      guard.release();
    });
  }

  for (const colour of COLOURS) {
    Deno.test(`Condition.wait() throws TimeoutError with the lock held again [${colour}]`, async () => {
      for (const lock of [new Lock({ scope: SHARED }), new RLock({ scope: SHARED })]) {
        const condition = make(lock);
        const guard = condition.acquireSync();
        await assertLeavesNothing(SHARED, async () => {
          const took = await duration(() =>
            assertRejects(
              () => waitAs(condition, colour, { timeout: 30 }),
              TimeoutError,
              "Cannot wait on condition: not notified within 30 ms",
            )
          );
          assert(took >= 29 && took < 30_000, `it took ${took} ms`);
          await assertRejects(() => waitAs(condition, colour, { timeout: 0 }), TimeoutError);
        });
        assert(condition.locked());
        guard.release();
        assertFalse(condition.locked());
      }
    });

    Deno.test(`Condition.waitFor() gives the first truthy value, without a wait [${colour}]`, async () => {
      const condition = make();
      const guard = condition.acquireSync();
      const value = { some: "value" };
      const seen = colour === "promise"
        ? await condition.waitFor(() => value, { timeout: 0 })
        : condition.waitForSync(() => value, { timeout: 0 });
      assert(seen === value);
      guard.release();
    });

    Deno.test(`Condition.waitFor() throws TimeoutError when time is up [${colour}]`, async () => {
      const condition = make();
      const guard = condition.acquireSync();
      let looks = 0;
      const look = (): boolean => ++looks < 0;
      await assertLeavesNothing(SHARED, async () => {
        await assertRejects(
          () =>
            colour === "promise"
              ? condition.waitFor(look, { timeout: 20 })
              : blocking(() => condition.waitForSync(look, { timeout: 20 })),
          TimeoutError,
        );
      });
      assertEquals(looks, 2);
      assert(condition.locked());
      guard.release();
    });

    Deno.test(`Condition.waitFor() looks once more when time is up [${colour}]`, async () => {
      const condition = make();
      const guard = condition.acquireSync();
      let looks = 0;
      const look = (): boolean => ++looks === 2;
      const seen = colour === "promise"
        ? await condition.waitFor(look, { timeout: 5 })
        : condition.waitForSync(look, { timeout: 5 });
      assertEquals([seen, looks], [true, 2]);
      guard.release();
    });

    Deno.test(`Condition.waitFor() throws what its predicate throws, the lock held [${colour}]`, async () => {
      const condition = make();
      const guard = condition.acquireSync();
      const fail = (): boolean => {
        throw new URIError("predicate");
      };
      await assertRejects(
        () =>
          colour === "promise"
            ? condition.waitFor(fail)
            : blocking(() => condition.waitForSync(fail)),
        URIError,
      );
      assert(condition.locked());
      guard.release();
    });
  }

  for (const scope of SCOPES) {
    /** Starts promises that wait, in the order of their numbers. */
    const startWaiters = (condition: Condition, count: number, woken: number[]): Promise<void>[] =>
      Array.from({ length: count }, async (_, i) => {
        const guard = await condition.acquire();
        await condition.wait();
        assert(condition.locked());
        woken.push(i);
        guard.release();
      });

    Deno.test(`Condition.notify(3) wakes exactly the first three of five [${scope}]`, async () => {
      await assertLeavesNothing(scope, async () => {
        const condition = make(new Lock({ scope }));
        const woken: number[] = [];
        const waiters = startWaiters(condition, 5, woken);
        await turn();
        assertFalse(condition.locked());
        await condition.with(() => condition.notify(3));
        await Promise.all(waiters.slice(0, 3));
        await turn();
        assertEquals(woken, [0, 1, 2]);
        await condition.with(() => condition.notify());
        await waiters[3];
        assertEquals(woken, [0, 1, 2, 3]);
        await condition.with(() => condition.notify(5));
        await Promise.all(waiters);
        assertEquals(woken, [0, 1, 2, 3, 4]);
      });
    });

    Deno.test(`Condition.notify() is not remembered [${scope}]`, async () => {
      const condition = make(new Lock({ scope }));
      const woken: number[] = [];
      await condition.with(() => {
        condition.notify(10);
        condition.notifyAll();
      });
      const waiters = startWaiters(condition, 3, woken);
      await assertPending(Promise.race(waiters));
      await condition.with(() => condition.notify(10));
      await Promise.all(waiters);
      assertEquals(woken, [0, 1, 2]);
      const late = startWaiters(condition, 1, woken);
      await assertPending(Promise.race(late));
      await condition.with(() => condition.notifyAll());
      await Promise.all(late);
    });

    Deno.test(`Condition.notify() wakes nobody who comes after it [${scope}]`, async () => {
      const condition = make(new Lock({ scope }));
      const woken: number[] = [];
      const waiters = startWaiters(condition, 2, woken);
      await turn();
      const guard = await condition.acquire();
      condition.notify(2);
      const late = condition.wait({ timeout: 30 });
      await Promise.all(waiters);
      await assertRejects(() => late, TimeoutError);
      guard.release();
    });

    Deno.test(`Condition.notify(0) wakes nobody, notifyAll() everybody [${scope}]`, async () => {
      const condition = make(new Lock({ scope }));
      const woken: number[] = [];
      const waiters = startWaiters(condition, 40, woken);
      await turn();
      await condition.with(() => condition.notify(0));
      await assertPending(Promise.race(waiters));
      await condition.with(() => condition.notifyAll());
      await Promise.all(waiters);
      assertEquals(woken, Array.from({ length: 40 }, (_, i) => i));
    });

    Deno.test(`Condition.notify() skips those that gave up [${scope}]`, async () => {
      await assertLeavesNothing(scope, async () => {
        const condition = make(new Lock({ scope }));
        const controller = new AbortController();
        const guard = await condition.acquire();
        const late = condition.wait({ timeout: 1 });
        await condition.acquire();
        const aborted = condition.wait({ signal: controller.signal });
        await condition.acquire();
        const patient = condition.wait();
        controller.abort(new RangeError("no more"));
        await assertRejects(() => aborted, RangeError, "no more");
        assert(condition.locked());
        condition.release();
        await assertRejects(() => late, TimeoutError);
        condition.notify();
        condition.release();
        await patient;
        condition.release();
        guard.release();
        assertFalse(condition.locked());
      });
    });

    Deno.test(`Condition.wait() rejects at once when it is aborted already [${scope}]`, async () => {
      const condition = make(new Lock({ scope }));
      const guard = await condition.acquire();
      await assertLeavesNothing(scope, async () => {
        const signal = AbortSignal.abort("gone");
        assertEquals(await condition.wait({ signal }).catch((error) => error), "gone");
        assertEquals(
          await condition.waitFor(() => false, { signal }).catch((error) => error),
          "gone",
        );
      });
      assert(condition.locked());
      guard.release();
    });

    Deno.test(`Condition.wait() keeps its notify when the abort comes later [${scope}]`, async () => {
      const condition = make(new Lock({ scope }));
      const controller = new AbortController();
      const guard = await condition.acquire();
      const waiting = condition.wait({ signal: controller.signal });
      await condition.with(() => condition.notify());
      controller.abort();
      await waiting;
      guard.release();
    });

    Deno.test(`Condition.notify() throws when the lock is not held [${scope}]`, () => {
      const condition = make(undefined, { scope });
      const message = "Cannot notify condition: its lock is not held";
      assertThrows(() => condition.notify(), InvalidStateError, message);
      assertThrows(() => condition.notifyAll(), InvalidStateError, message);
    });

    Deno.test(`Condition.notify() rejects bad numbers [${scope}]`, () => {
      const condition = make(undefined, { scope });
      const guard = condition.acquireSync();
      for (const n of [-1, 0.5, NaN, -Infinity]) {
        assertThrows(() => condition.notify(n), RangeError, "'n' must be an integer >= 0");
      }
      for (const n of ["1", null, 1n]) {
        assertThrows(
          () => condition.notify(n as unknown as number),
          TypeError,
          "'n' must be a number",
        );
      }
      guard.release();
    });

    Deno.test(`Condition.waitFor() looks again after each notify [${scope}]`, async () => {
      const condition = make(new Lock({ scope }));
      let state = 0;
      let looks = 0;
      const done = condition.with(() =>
        condition.waitFor(() => {
          looks++;
          assert(condition.locked());
          return state === 3 && "three";
        })
      );
      for (let i = 1; i <= 3; i++) {
        await until(() => looks === i, "a look");
        await condition.with(() => {
          state = i;
          condition.notify();
        });
      }
      assertEquals(await done, "three");
      assertEquals(looks, 4);
      assertFalse(condition.locked());
    });

    Deno.test(`Condition.wait() lets go of all levels and takes them again [${scope}]`, async () => {
      const lock = new RLock({ scope });
      const condition = make(lock);
      const outer = await condition.acquire();
      const inner = await condition.acquire();
      assertEquals(lock.recursionCount(), 2);
      const waiting = condition.wait();
      assertFalse(lock.locked());
      await condition.with(() => condition.notify());
      await waiting;
      assertEquals(lock.recursionCount(), 2);
      inner.release();
      assertEquals(lock.recursionCount(), 1);
      outer.release();
      assertFalse(lock.locked());
    });

    Deno.test(`Condition.wait() takes the lock again before it throws [${scope}]`, async () => {
      const condition = make(new Lock({ scope }));
      const controller = new AbortController();
      const guard = await condition.acquire();
      const waiting = condition.wait({ signal: controller.signal });
      const other = await condition.acquire();
      controller.abort("gone");
      await assertPending(waiting);
      other.release();
      assertEquals(await waiting.catch((error) => error), "gone");
      assert(condition.locked());
      guard.release();
      assertFalse(condition.locked());
    });

    Deno.test(`Condition.toString() tells its lock [${scope}]`, () => {
      const condition = make(new Lock({ scope }));
      assertEquals(String(condition), "<Condition <Lock unlocked>>");
      const guard = condition.acquireSync();
      assertEquals(String(condition), "<Condition <Lock locked>>");
      guard.release();
      assertEquals(String(make(undefined, { scope })), "<Condition <RLock unlocked>>");
    });
  }

  Deno.test("Condition.waitSync() throws DeadlockError instead of hanging, the lock held", async () => {
    for (const scope of SCOPES) {
      const condition = make(new Lock({ scope }));
      const guard = condition.acquireSync();
      await assertLeavesNothing(scope, () => {
        assertThrows(() => condition.waitSync(), DeadlockError);
        assertThrows(() => condition.waitForSync(() => false), DeadlockError);
      });
      assert(condition.locked());
      guard.release();
    }
  });

  Deno.test("Condition rejects what is no lock, and other scopes than its lock's", () => {
    for (const lock of [{}, "lock", 3, null, new Event()]) {
      if (lock === null) continue;
      assertThrows(
        () => make(lock as unknown as Lock),
        TypeError,
        "'lock' must be a Lock or an RLock",
      );
    }
    assertThrows(
      () => make(new Lock({ scope: SHARED }), { scope: "local" }),
      TypeError,
      "scope of its lock",
    );
    assertThrows(
      () => make(new RLock({ scope: "local" }), { scope: "thread" }),
      TypeError,
      "scope of its lock",
    );
    assertThrows(() => make(undefined, { scope: "galaxy" as TestedScope }), TypeError);
  });

  Deno.test("Condition of local scope stays in its thread", () => {
    const error = assertThrows(
      () => encode(make(new Lock({ scope: "local" })), SHARED),
      UnshareableError,
    );
    assert(/Condition|Lock/.test(error.message));
  });

  Deno.test("Condition decoded in its own thread is the same object", () => {
    const lock = new Lock({ scope: SHARED });
    const condition = make(lock);
    const { bytes, buffers } = encode([condition, lock], SHARED);
    const copy = decode(bytes, buffers) as [Condition, Lock];
    assert(copy[0] === condition);
    assert(copy[1] === lock);
  });
}
