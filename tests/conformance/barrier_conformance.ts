/** What a `Barrier` does. */

import { assert, assertEquals, assertFalse, assertRejects, assertThrows } from "@std/assert";
import { decode, encode } from "../../_core/codec.ts";
import { BrokenBarrierError, DeadlockError, TimeoutError, UnshareableError } from "../../errors.ts";
import type { Barrier, BarrierOptions } from "../../sync/mod.ts";
import {
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
} from "./support.ts";

/** Makes a barrier. */
export type MakeBarrier = (parties: number, options?: BarrierOptions) => Barrier;

/** Waits in a colour. */
function waitAs(barrier: Barrier, colour: Colour, options?: { timeout?: number }): Promise<number> {
  return colour === "promise" ? barrier.wait(options) : blocking(() => barrier.waitSync(options));
}

/** Runs the suite. */
export function barrierConformance(make: MakeBarrier): void {
  for (const [scope, colour] of COMBINATIONS) {
    const label = `[${scope}, ${colour}]`;

    Deno.test(`Barrier.wait() of one party passes at once ${label}`, async () => {
      let acted = 0;
      const barrier = make(1, { scope, action: () => void acted++ });
      await assertLeavesNothing(scope, async () => {
        for (let i = 0; i < 5; i++) assertEquals(await waitAs(barrier, colour), 0);
        assertEquals(await waitAs(barrier, colour, { timeout: 0 }), 0);
      });
      assertEquals([acted, barrier.nWaiting, barrier.broken], [6, 0, false]);
    });

    Deno.test(`Barrier.wait() by the last party releases the others ${label}`, async () => {
      const barrier = make(3, { scope });
      await assertLeavesNothing(scope, async () => {
        for (let round = 0; round < 10; round++) {
          const others = [barrier.wait(), barrier.wait()];
          assertEquals(barrier.nWaiting, 2);
          assertEquals(await waitAs(barrier, colour), 2);
          assertEquals(await Promise.all(others), [0, 1]);
          assertEquals(barrier.nWaiting, 0);
        }
      });
    });

    Deno.test(`Barrier.wait() rejects bad timeouts and does not break ${label}`, async () => {
      const barrier = make(2, { scope });
      await assertLeavesNothing(scope, async () => {
        for (const [timeout, error] of BAD_TIMEOUTS) {
          await assertRejects(
            () => waitAs(barrier, colour, { timeout: timeout as number }),
            error,
          );
        }
      });
      assertEquals([barrier.broken, barrier.nWaiting], [false, 0]);
    });

    Deno.test(`Barrier.wait() throws what the action throws, and breaks ${label}`, async () => {
      let fail = true;
      const barrier = make(2, {
        scope,
        action: () => {
          if (fail) throw new URIError("in the action");
        },
      });
      await assertLeavesNothing(scope, async () => {
        const other = barrier.wait();
        const failed = assertRejects(() => other, BrokenBarrierError);
        await assertRejects(() => waitAs(barrier, colour), URIError, "in the action");
        await failed;
      });
      assert(barrier.broken);
      fail = false;
      barrier.reset();
      const other = barrier.wait();
      await waitAs(barrier, colour);
      await other;
    });

    Deno.test(`Barrier.abort() turns away everybody, reset() repairs ${label}`, async () => {
      const barrier = make(3, { scope });
      await assertLeavesNothing(scope, async () => {
        const waiting = [barrier.wait(), barrier.wait()];
        await turn();
        barrier.abort();
        for (const wait of waiting) {
          await assertRejects(
            () => wait,
            BrokenBarrierError,
            "Cannot pass barrier: it is broken, or was reset",
          );
        }
        assertEquals([barrier.broken, barrier.nWaiting], [true, 0]);
        await assertRejects(() => waitAs(barrier, colour), BrokenBarrierError);
        await assertRejects(() => waitAs(barrier, colour, { timeout: 0 }), BrokenBarrierError);
        barrier.abort();
        barrier.reset();
        assertFalse(barrier.broken);
        const others = [barrier.wait(), barrier.wait()];
        assertEquals(await waitAs(barrier, colour), 2);
        await Promise.all(others);
      });
    });
  }

  for (const colour of COLOURS) {
    Deno.test(`Barrier.wait() that times out breaks it for all [${colour}]`, async () => {
      for (const timeout of [0, 30]) {
        const barrier = make(3);
        await assertLeavesNothing(SHARED, async () => {
          const other = barrier.wait();
          const failed = assertRejects(() => other, BrokenBarrierError);
          const took = await duration(() =>
            assertRejects(
              () => waitAs(barrier, colour, { timeout }),
              TimeoutError,
              `the others did not arrive within ${timeout} ms, it is broken now`,
            )
          );
          assert(took >= timeout - 1 && took < 30_000, `it took ${took} ms`);
          await failed;
          assert(barrier.broken);
          await assertRejects(() => waitAs(barrier, colour), BrokenBarrierError);
        });
      }
    });

    Deno.test(`Barrier.wait() uses the timeout of the barrier [${colour}]`, async () => {
      const barrier = make(2, { timeout: 20 });
      await assertRejects(() => waitAs(barrier, colour), TimeoutError, "within 20 ms");
      assert(barrier.broken);
      barrier.reset();
      await assertRejects(
        () => waitAs(barrier, colour, { timeout: 5 }),
        TimeoutError,
        "within 5 ms",
      );
    });
  }

  for (const scope of SCOPES) {
    Deno.test(`Barrier.wait() lets nobody pass before all are there [${scope}]`, async () => {
      const barrier = make(4, { scope });
      let passed = 0;
      const note = (index: number): number => {
        passed++;
        return index;
      };
      const early = [barrier.wait(), barrier.wait(), barrier.wait()].map((wait) => wait.then(note));
      await assertPending(Promise.race(early));
      assertEquals([passed, barrier.nWaiting], [0, 3]);
      const indices = await Promise.all([...early, barrier.wait().then(note)]);
      assertEquals(indices.sort(), [0, 1, 2, 3]);
      assertEquals(passed, 4);
    });

    Deno.test(`Barrier.wait() keeps parties in lock-step for 100 rounds [${scope}]`, async () => {
      const barrier = make(5, { scope });
      const rounds = new Array<number>(5).fill(0);
      let acting = 0;
      await assertLeavesNothing(scope, async () => {
        await Promise.all(rounds.map(async (_, party) => {
          for (let round = 0; round < 100; round++) {
            rounds[party] = round;
            if (await barrier.wait() === 0) acting++;
            for (const other of rounds) assert(other === round || other === round + 1);
            await barrier.wait();
          }
        }));
      });
      assertEquals(acting, 100);
    });

    Deno.test(`Barrier runs its action once a round, before anybody passes [${scope}]`, async () => {
      const log: string[] = [];
      const barrier = make(3, { scope, action: () => void log.push("action") });
      for (let round = 0; round < 3; round++) {
        await Promise.all(
          [1, 2, 3].map(() => barrier.wait().then(() => void log.push("passed"))),
        );
      }
      const one = ["action", "passed", "passed", "passed"];
      assertEquals(log, [...one, ...one, ...one]);
    });

    Deno.test(`Barrier.reset() turns away those who wait, then it is whole [${scope}]`, async () => {
      const barrier = make(3, { scope });
      await assertLeavesNothing(scope, async () => {
        const waiting = [barrier.wait(), barrier.wait()];
        await turn();
        barrier.reset();
        for (const wait of waiting) await assertRejects(() => wait, BrokenBarrierError);
        assertEquals([barrier.broken, barrier.nWaiting], [false, 0]);
        assertEquals(
          await Promise.all([barrier.wait(), barrier.wait(), barrier.wait()]),
          [0, 1, 2],
        );
        barrier.reset();
        assertFalse(barrier.broken);
      });
    });

    Deno.test(`Barrier.wait() that is aborted breaks it for all [${scope}]`, async () => {
      const barrier = make(3, { scope });
      await assertLeavesNothing(scope, async () => {
        const controller = new AbortController();
        const other = barrier.wait();
        const failed = assertRejects(() => other, BrokenBarrierError);
        const aborted = barrier.wait({ signal: controller.signal });
        controller.abort("enough");
        assertEquals(await aborted.catch((error) => error), "enough");
        await failed;
        assert(barrier.broken);
      });
    });

    Deno.test(`Barrier.wait() that was aborted before does not arrive [${scope}]`, async () => {
      const barrier = make(2, { scope });
      const signal = AbortSignal.abort("before");
      assertEquals(await barrier.wait({ signal }).catch((error) => error), "before");
      assertEquals([barrier.broken, barrier.nWaiting], [false, 0]);
    });

    Deno.test(`Barrier.wait() keeps what it got when the abort comes later [${scope}]`, async () => {
      const barrier = make(2, { scope });
      const controller = new AbortController();
      const first = barrier.wait({ signal: controller.signal });
      const second = barrier.wait();
      controller.abort();
      assertEquals(await Promise.all([first, second]), [0, 1]);
      assertFalse(barrier.broken);
    });

    Deno.test(`Barrier may be reset and aborted by its action [${scope}]`, async () => {
      for (const how of ["abort", "reset"] as const) {
        const barrier: Barrier = make(2, { scope, action: () => barrier[how]() });
        await assertLeavesNothing(scope, async () => {
          const waits = await Promise.allSettled([barrier.wait(), barrier.wait()]);
          for (const wait of waits) {
            assert(wait.status === "rejected" && wait.reason instanceof BrokenBarrierError);
          }
        });
        assertEquals(barrier.broken, how === "abort");
      }
    });

    Deno.test(`Barrier.toString() tells its state [${scope}]`, async () => {
      const barrier = make(3, { scope });
      assertEquals(String(barrier), "<Barrier waiters=0/3>");
      assertEquals(barrier.parties, 3);
      const waiting = barrier.wait();
      assertEquals(String(barrier), "<Barrier waiters=1/3>");
      barrier.abort();
      await assertRejects(() => waiting, BrokenBarrierError);
      assertEquals(String(barrier), "<Barrier broken>");
    });
  }

  Deno.test("Barrier.waitSync() throws DeadlockError instead of hanging, and is not counted", async () => {
    for (const scope of SCOPES) {
      const barrier = make(2, { scope });
      await assertLeavesNothing(scope, () => {
        assertThrows(() => barrier.waitSync(), DeadlockError);
      });
      assertEquals([barrier.nWaiting, barrier.broken], [0, false]);
    }
  });

  Deno.test("Barrier rejects bad arguments", () => {
    for (const parties of [0, -1, 0.5, NaN, Infinity, 2 ** 40]) {
      assertThrows(() => make(parties), RangeError, "'parties' must be an integer from 1");
    }
    for (const parties of ["2", 2n, null, undefined, {}]) {
      assertThrows(
        () => make(parties as unknown as number),
        TypeError,
        "'parties' must be a number",
      );
    }
    for (const [timeout, error] of BAD_TIMEOUTS) {
      assertThrows(() => make(2, { timeout: timeout as number }), error);
    }
    assertThrows(
      () => make(2, { action: "action" as unknown as () => void }),
      TypeError,
      "'action' must be a function",
    );
    assertThrows(() => make(2, { scope: "galaxy" as TestedScope }), TypeError, "'scope' must be");
  });

  Deno.test("Barrier of local scope stays in its thread", () => {
    assertThrows(
      () => encode(make(2, { scope: "local" }), SHARED),
      UnshareableError,
      "Cannot send Barrier",
    );
  });

  Deno.test("Barrier decoded in its own thread is the same object", () => {
    const barrier = make(2, { timeout: 50 });
    const { bytes, buffers } = encode({ barrier }, SHARED);
    assert((decode(bytes, buffers) as { barrier: Barrier }).barrier === barrier);
  });
}
