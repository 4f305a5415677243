/** What everything holds that one owner at a time can have: locks, semaphores of one permit, write locks. */

import { assert, assertEquals, assertFalse, assertRejects, assertThrows } from "@std/assert";
import { encode } from "../../_core/codec.ts";
import { DeadlockError, TimeoutError, UnshareableError } from "../../errors.ts";
import type { Guard } from "../../sync/mod.ts";
import {
  acquireAs,
  assertLeavesNothing,
  assertPending,
  BAD_TIMEOUTS,
  COLOURS,
  COMBINATIONS,
  duration,
  type Mutex,
  SCOPES,
  SHARED,
  type TestedScope,
  until,
} from "./support.ts";

/** A kind of mutex. */
export interface MutexKind {
  /** The name of the class. */
  name: string;
  /** Makes a free one. */
  make(options?: { scope: TestedScope }): Mutex;
  /** The object that travels. */
  object(mutex: Mutex): object;
  /** Runs something as another owner than the one before. */
  asOther?<T>(fn: () => T): T;
}

/** Runs the suite. */
export function mutexConformance(kind: MutexKind): void {
  const { name, make, object } = kind;
  const asOther = kind.asOther ?? (<T>(fn: () => T): T => fn());

  for (const [scope, colour] of COMBINATIONS) {
    const label = `[${scope}, ${colour}]`;

    Deno.test(`${name}.acquire() takes what is free, and gives it back ${label}`, async () => {
      const mutex = make({ scope });
      assertFalse(mutex.locked());
      const guard = await acquireAs(mutex, colour);
      assert(mutex.locked());
      assertFalse(guard.abandoned);
      assertEquals(asOther(() => mutex.tryAcquire()), null);
      guard.release();
      assertFalse(mutex.locked());
      const again = mutex.tryAcquire();
      assert(again !== null);
      again.release();
    });

    Deno.test(`${name}.acquire() with timeout 0 polls ${label}`, async () => {
      const mutex = make({ scope });
      const guard = await acquireAs(mutex, colour, { timeout: 0 });
      await assertLeavesNothing(scope, async () => {
        await assertRejects(
          () => asOther(() => acquireAs(mutex, colour, { timeout: 0 })),
          TimeoutError,
          "timed out after 0 ms",
        );
      });
      guard.release();
    });

    Deno.test(`${name}.acquire() rejects bad timeouts ${label}`, async () => {
      const mutex = make({ scope });
      for (const [timeout, error] of BAD_TIMEOUTS) {
        await assertRejects(
          () => acquireAs(mutex, colour, { timeout: timeout as number }),
          error,
          "'timeout' must be a number",
        );
      }
      assertFalse(mutex.locked());
    });

    Deno.test(`${name}.acquire() accepts huge timeouts ${label}`, async () => {
      const mutex = make({ scope });
      for (const timeout of [1e100, Number.MAX_VALUE, 2 ** 31, Infinity]) {
        (await acquireAs(mutex, colour, { timeout })).release();
      }
      assertFalse(mutex.locked());
    });
  }

  for (const colour of COLOURS) {
    Deno.test(`${name}.acquire() throws TimeoutError in time, and leaves no trace [${colour}]`, async () => {
      const mutex = make({ scope: SHARED });
      const guard = await acquireAs(mutex, colour);
      await assertLeavesNothing(SHARED, async () => {
        const took = await duration(() =>
          assertRejects(
            () => asOther(() => acquireAs(mutex, colour, { timeout: 40 })),
            TimeoutError,
            "timed out after 40 ms",
          )
        );
        assert(took >= 39 && took < 30_000, `it took ${took} ms`);
      });
      guard.release();
      assertFalse(mutex.locked());
      (await acquireAs(mutex, colour)).release();
    });
  }

  Deno.test(`${name}.acquireSync() throws DeadlockError instead of hanging`, async () => {
    const mutex = make();
    const guard = mutex.acquireSync();
    await assertLeavesNothing(SHARED, () => {
      assertThrows(() => asOther(() => mutex.acquireSync()), DeadlockError);
    });
    guard.release();
    const local = make({ scope: "local" });
    const held = local.acquireSync();
    await assertLeavesNothing("local", () => {
      assertThrows(() => asOther(() => local.acquireSync()), DeadlockError, "local");
      assertThrows(() => asOther(() => local.acquireSync({ timeout: 5 })), DeadlockError, "local");
    });
    held.release();
  });

  Deno.test(`${name}.acquireSync() waits once other threads may know it`, () => {
    const mutex = make();
    encode(object(mutex), SHARED);
    const guard = mutex.acquireSync();
    assertThrows(() => asOther(() => mutex.acquireSync({ timeout: 5 })), TimeoutError);
    guard.release();
  });

  for (const scope of SCOPES) {
    Deno.test(`${name}.acquire() serves in the order of arrival [${scope}]`, async () => {
      const mutex = make({ scope });
      const held = await mutex.acquire();
      const order: number[] = [];
      await assertLeavesNothing(scope, async () => {
        const waiters = Array.from(
          { length: 20 },
          (_, i) =>
            asOther(() => mutex.acquire()).then((guard) => {
              order.push(i);
              guard.release();
            }),
        );
        await assertPending(Promise.race(waiters));
        held.release();
        await Promise.all(waiters);
      });
      assertEquals(order, Array.from({ length: 20 }, (_, i) => i));
      assertFalse(mutex.locked());
    });

    Deno.test(`${name}.acquire() lets only one in at a time [${scope}]`, async () => {
      const mutex = make({ scope });
      let inside = 0;
      let total = 0;
      await Promise.all(Array.from({ length: 50 }, async () => {
        for (let round = 0; round < 20; round++) {
          const guard = await asOther(() => mutex.acquire());
          assertEquals(++inside, 1);
          if (round % 3 === 0) await undefined;
          total++;
          inside--;
          guard.release();
        }
      }));
      assertEquals(total, 1000);
      assertFalse(mutex.locked());
    });

    Deno.test(`${name}.acquire() rejects at once when it is aborted already [${scope}]`, async () => {
      const mutex = make({ scope });
      const reason = new Error("too late");
      const signal = AbortSignal.abort(reason);
      await assertLeavesNothing(scope, async () => {
        const error = await mutex.acquire({ signal }).catch((error) => error);
        assertEquals(error === reason, true);
        assertFalse(mutex.locked());
      });
      const plain = await mutex.acquire({ signal: AbortSignal.abort() }).catch((error) => error);
      assertEquals(plain.name, "AbortError");
    });

    Deno.test(`${name}.acquire() rejects with the reason when it is aborted [${scope}]`, async () => {
      const mutex = make({ scope });
      const guard = await mutex.acquire();
      await assertLeavesNothing(scope, async () => {
        for (const reason of ["a string", new Error("enough"), 0]) {
          const controller = new AbortController();
          const waiting = asOther(() => mutex.acquire({ signal: controller.signal }));
          await assertPending(waiting);
          controller.abort(reason);
          const seen = await waiting.then(() => "acquired", (error) => error);
          assert(seen === reason);
        }
      });
      guard.release();
      assertFalse(mutex.locked());
    });

    Deno.test(`${name}.acquire() keeps what it got when the abort comes later [${scope}]`, async () => {
      const mutex = make({ scope });
      const controller = new AbortController();
      const held = await mutex.acquire();
      const waiting = asOther(() => mutex.acquire({ signal: controller.signal }));
      held.release();
      const guard = await waiting;
      controller.abort();
      assert(mutex.locked());
      guard.release();
      assertFalse(mutex.locked());
    });

    Deno.test(`${name}.acquire() loses nothing when abort and release meet [${scope}]`, async () => {
      const mutex = make({ scope });
      await assertLeavesNothing(scope, async () => {
        for (const abortFirst of [true, false]) {
          const held = await mutex.acquire();
          const controller = new AbortController();
          const first = asOther(() => mutex.acquire({ signal: controller.signal }));
          const second = asOther(() => mutex.acquire());
          if (abortFirst) controller.abort("gone");
          held.release();
          if (!abortFirst) controller.abort("gone");
          const got = await first.then((guard) => guard, (error) => error);
          if (got !== "gone") (got as Guard).release();
          (await second).release();
          assertFalse(mutex.locked());
        }
      });
    });

    Deno.test(`${name}.acquire() passes over those that gave up [${scope}]`, async () => {
      const mutex = make({ scope });
      const held = await mutex.acquire();
      const controller = new AbortController();
      const order: string[] = [];
      const note = (what: string) => (guard: Guard): void => {
        order.push(what);
        guard.release();
      };
      await assertLeavesNothing(scope, async () => {
        const late = asOther(() => mutex.acquire({ timeout: 1 }));
        const one = asOther(() => mutex.acquire()).then(note("one"));
        const aborted = asOther(() => mutex.acquire({ signal: controller.signal }));
        const two = asOther(() => mutex.acquire()).then(note("two"));
        await assertRejects(() => late, TimeoutError);
        controller.abort(new RangeError("no more"));
        await assertRejects(() => aborted, RangeError);
        held.release();
        await Promise.all([one, two]);
      });
      assertEquals(order, ["one", "two"]);
      assertFalse(mutex.locked());
    });

    Deno.test(`${name}.acquire() accepts a huge timeout while it waits [${scope}]`, async () => {
      const mutex = make({ scope });
      const held = await mutex.acquire();
      const waiting = [1e100, 2 ** 31, Infinity].map((timeout) =>
        asOther(() => mutex.acquire({ timeout })).then((guard) => guard.release())
      );
      await assertPending(Promise.race(waiting));
      held.release();
      await Promise.all(waiting);
      assertFalse(mutex.locked());
    });

    Deno.test(`${name}.acquire() rejects what is no AbortSignal [${scope}]`, async () => {
      const mutex = make({ scope });
      for (const signal of [{}, "signal", null, new AbortController()]) {
        await assertRejects(
          () => mutex.acquire({ signal: signal as AbortSignal }),
          TypeError,
          "'signal' must be an AbortSignal",
        );
      }
      assertFalse(mutex.locked());
    });

    Deno.test(`${name} guards release once [${scope}]`, async () => {
      const mutex = make({ scope });
      const first = await mutex.acquire();
      first.release();
      first.release();
      const second = mutex.acquireSync();
      first.release();
      first[Symbol.dispose]();
      assert(mutex.locked());
      second[Symbol.dispose]();
      assertFalse(mutex.locked());
      second.release();
      assertFalse(mutex.locked());
    });

    Deno.test(`${name} guards do not release for a waiter that came after [${scope}]`, async () => {
      const mutex = make({ scope });
      const first = await mutex.acquire();
      const waiting = asOther(() => mutex.acquire());
      first.release();
      const second = await waiting;
      first.release();
      assert(mutex.locked());
      second.release();
      assertFalse(mutex.locked());
    });

    Deno.test(`${name} can be dropped while it is held [${scope}]`, () => {
      for (let i = 0; i < 1000; i++) {
        const mutex = make({ scope });
        mutex.acquireSync();
        assert(new WeakRef(object(mutex)).deref() !== undefined);
      }
    });
  }

  Deno.test(`${name} rejects unknown scopes`, () => {
    for (const scope of ["galaxy", "", 3, {}]) {
      assertThrows(() => make({ scope: scope as TestedScope }), TypeError, "'scope' must be");
    }
    for (const options of ["thread", 3]) {
      assertThrows(() => make(options as unknown as { scope: TestedScope }), TypeError);
    }
  });

  Deno.test(`${name} of local scope stays in its thread`, () => {
    const mutex = make({ scope: "local" });
    const error = assertThrows(() => encode([object(mutex)], SHARED), UnshareableError);
    assert(error.message.startsWith("Cannot send "));
    assert(error.message.includes(object(mutex).constructor.name));
    assert(error.message.includes('"local"'));
    assert(error.message.includes(`"${SHARED}"`));
  });

  Deno.test(`${name}.acquire() waits without keeping the event loop busy`, async () => {
    const mutex = make();
    encode(object(mutex), SHARED);
    const held = await mutex.acquire();
    let passed = false;
    const waiting = asOther(() => mutex.acquire()).then((guard) => {
      passed = true;
      guard.release();
    });
    await assertPending(waiting);
    held.release();
    await until(() => passed, "the release");
    await waiting;
  });
}
