/** What an `Event` does. */

import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { assert, assertEquals, assertFalse, assertRejects, assertThrows } from "@std/assert";
import { decode, encode } from "../../_core/codec.ts";
import { DeadlockError, TimeoutError, UnshareableError } from "../../errors.ts";
import type { Event } from "../../sync/mod.ts";
import {
  assertLeavesNothing,
  assertPending,
  BAD_TIMEOUTS,
  blocking,
  type Colour,
  COLOURS,
  COMBINATIONS,
  duration,
  entries,
  SCOPES,
  SHARED,
  type TestedScope,
  waitSlots,
} from "./support.ts";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;

/** Waits in a colour. */
function waitAs(event: Event, colour: Colour, options?: { timeout?: number }): Promise<void> {
  return colour === "promise" ? event.wait(options) : blocking(() => event.waitSync(options));
}

/** Runs the suite. */
export function eventConformance(make: (options?: { scope: TestedScope }) => Event): void {
  for (const [scope, colour] of COMBINATIONS) {
    const label = `[${scope}, ${colour}]`;

    Deno.test(`Event.wait() passes at once when it is set ${label}`, async () => {
      const event = make({ scope });
      event.set();
      await assertLeavesNothing(scope, async () => {
        await waitAs(event, colour);
        await waitAs(event, colour, { timeout: 0 });
        await waitAs(event, colour, { timeout: 1e100 });
      });
      assert(event.isSet());
    });

    Deno.test(`Event.wait() with timeout 0 polls ${label}`, async () => {
      const event = make({ scope });
      await assertLeavesNothing(scope, async () => {
        await assertRejects(
          () => waitAs(event, colour, { timeout: 0 }),
          TimeoutError,
          "Cannot wait for event: it was not set within 0 ms",
        );
      });
    });

    Deno.test(`Event.wait() rejects bad timeouts ${label}`, async () => {
      const event = make({ scope });
      event.set();
      for (const [timeout, error] of BAD_TIMEOUTS) {
        await assertRejects(() => waitAs(event, colour, { timeout: timeout as number }), error);
      }
    });
  }

  for (const colour of COLOURS) {
    Deno.test(`Event.wait() throws TimeoutError in time [${colour}]`, async () => {
      const event = make();
      await assertLeavesNothing(SHARED, async () => {
        const took = await duration(() =>
          assertRejects(() => waitAs(event, colour, { timeout: 40 }), TimeoutError)
        );
        assert(took >= 39 && took < 30_000, `it took ${took} ms`);
      });
    });
  }

  for (const scope of SCOPES) {
    Deno.test(`Event is clear at first, set() and clear() repeat without effect [${scope}]`, () => {
      const event = make({ scope });
      assertFalse(event.isSet());
      event.set();
      assert(event.isSet());
      event.set();
      assert(event.isSet());
      event.clear();
      assertFalse(event.isSet());
      event.clear();
      assertFalse(event.isSet());
    });

    Deno.test(`Event.set() wakes everybody [${scope}]`, async () => {
      const event = make({ scope });
      await assertLeavesNothing(scope, async () => {
        const order: number[] = [];
        const waiters = Array.from(
          { length: 30 },
          (_, i) => event.wait().then(() => order.push(i)),
        );
        await assertPending(Promise.race(waiters));
        event.set();
        await Promise.all(waiters);
        assertEquals(order, Array.from({ length: 30 }, (_, i) => i));
        await event.wait();
      });
    });

    Deno.test(`Event.set() and clear() release all who wait, nobody later [${scope}]`, async () => {
      const event = make({ scope });
      await assertLeavesNothing(scope, async () => {
        for (let round = 0; round < 20; round++) {
          const waiters = Array.from({ length: 5 }, () => event.wait());
          event.set();
          event.clear();
          const late = event.wait({ timeout: 1 });
          await Promise.all(waiters);
          await assertRejects(() => late, TimeoutError);
          assertFalse(event.isSet());
        }
      });
    });

    Deno.test(`Event.wait() rejects with the reason when it is aborted [${scope}]`, async () => {
      const event = make({ scope });
      await assertLeavesNothing(scope, async () => {
        const controller = new AbortController();
        const aborted = event.wait({ signal: controller.signal });
        const other = event.wait();
        controller.abort("enough");
        assertEquals(await aborted.catch((error) => error), "enough");
        await assertPending(other);
        event.set();
        await other;
        const signal = AbortSignal.abort("before");
        assertEquals(await event.wait({ signal }).catch((error) => error), "before");
      });
    });

    Deno.test(`Event.wait() keeps what it got when the abort comes later [${scope}]`, async () => {
      const event = make({ scope });
      const controller = new AbortController();
      const waiting = event.wait({ signal: controller.signal });
      event.set();
      controller.abort();
      await waiting;
    });

    Deno.test(`Event.wait() of 10 000 promises: woken in order, under 50 MB [${scope}]`, async () => {
      const event = make({ scope });
      const used = waitSlots(scope);
      const others = entries(scope);
      const before = memory();
      const order: number[] = [];
      const waiters = Array.from({ length: 10_000 }, (_, i) =>
        event.wait().then(() => {
          order.push(i);
        }));
      assertEquals(waitSlots(scope), used + 10_000);
      const grown = (memory() - before) / 2 ** 20;
      assert(grown < 50, `it took ${grown} MB`);
      event.set();
      await Promise.all(waiters);
      assert(order.every((i, at) => i === at));
      assertEquals(order.length, 10_000);
      assertEquals(waitSlots(scope), used);
      assertEquals(entries(scope), others);
    });

    Deno.test(`Event.toString() tells its state [${scope}]`, () => {
      const event = make({ scope });
      assertEquals(String(event), "<Event unset>");
      event.set();
      assertEquals(String(event), "<Event set>");
    });
  }

  Deno.test("Event.waitSync() throws DeadlockError instead of hanging", async () => {
    for (const scope of SCOPES) {
      const event = make({ scope });
      await assertLeavesNothing(scope, () => {
        assertThrows(() => event.waitSync(), DeadlockError);
      });
    }
    assertThrows(() => make({ scope: "local" }).waitSync({ timeout: 5 }), DeadlockError, "local");
  });

  Deno.test("Event rejects unknown scopes", () => {
    assertThrows(() => make({ scope: "galaxy" as TestedScope }), TypeError, "'scope' must be");
  });

  Deno.test("Event of local scope stays in its thread", () => {
    assertThrows(
      () => encode(make({ scope: "local" }), SHARED),
      UnshareableError,
      "Cannot send Event",
    );
  });

  Deno.test("Event decoded in its own thread is the same object", () => {
    const event = make();
    const { bytes, buffers } = encode({ event }, SHARED);
    assert((decode(bytes, buffers) as { event: Event }).event === event);
  });
}

/** Bytes that JavaScript needs: what the process has from the system depends on what ran before. */
function memory(): number {
  gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
