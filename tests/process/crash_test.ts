import { assert, assertEquals, assertFalse, assertRejects } from "@std/assert";
import { AbandonedError, BrokenBarrierError } from "../../errors.ts";
import {
  Barrier,
  BoundedSemaphore,
  Condition,
  Event,
  type Guard,
  Lock,
  RLock,
  RWLock,
  Semaphore,
} from "../../sync/mod.ts";
import { type Colour, COLOURS, entries, until } from "../conformance/support.ts";
import { withRelatives } from "./family_driver.ts";
import type { AnyLock } from "./family_roles.ts";

const scope = "process";

/** Milliseconds after which something counts as hanging. */
const LIMIT = { timeout: 60_000 };

const LOCKS: readonly (readonly [string, () => AnyLock])[] = [
  ["Lock", () => new Lock({ scope })],
  ["RLock", () => new RLock({ scope })],
  ["RWLock", () => new RWLock({ scope })],
  ["Condition", () => new Condition(undefined, { scope })],
];

/** Who finds out that a process is dead: its parent, or who waits. */
const FINDERS = [["its parent", true], ["who waits", false]] as const;

async function enter(lock: AnyLock, colour: Colour, recover: boolean): Promise<Guard> {
  const options = { ...LIMIT, recover };
  if (lock instanceof RWLock) {
    return colour === "promise" ? await lock.acquireWrite(options) : lock.acquireWriteSync(options);
  }
  return colour === "promise" ? await lock.acquire(options) : lock.acquireSync(options);
}

for (const [finder, reported] of FINDERS) {
  for (const [name, make] of LOCKS) {
    Deno.test(`${name} is abandoned once when its process is killed, found by ${finder}`, async () => {
      await withRelatives(async (start) => {
        const [lock, other] = [make(), make()];
        const holders = [
          start("hold", [lock, "blocking", 1], { reported }),
          start("hold", [other, "promise", 1], { reported }),
        ];
        for (const holder of holders) await holder.heard("held");
        for (const holder of holders) await holder.kill();
        await assertRejects(() => enter(lock, "promise", false), AbandonedError, "died");
        const guard = await enter(lock, "blocking", true);
        assertFalse(guard.abandoned);
        guard.release();
        const next = await enter(other, "blocking", true);
        assert(next.abandoned);
        next.release();
        await until(() => entries(scope) === 0, "the end of all entries");
      });
    });
  }

  for (
    const make of [() => new Semaphore(3, { scope }), () => new BoundedSemaphore(3, { scope })]
  ) {
    Deno.test(`${make().constructor.name} gets its permits back from a killed process, found by ${finder}`, async () => {
      await withRelatives(async (start) => {
        const semaphore = make();
        const mine = semaphore.acquireSync();
        const holder = start("hold", [semaphore, "blocking", 2], { reported });
        await holder.heard("held");
        assertEquals(semaphore.value, 0);
        const waiting = semaphore.acquire(LIMIT);
        holder.strike();
        (await waiting).release();
        await until(() => semaphore.value === 2, "the permits");
        mine.release();
        assertEquals(semaphore.value, 3);
      });
    });
  }

  Deno.test(`RWLock gets its read locks back from a killed process, found by ${finder}`, async () => {
    await withRelatives(async (start) => {
      const lock = new RWLock({ scope });
      const reader = start("holdRead", [lock, 2], { reported });
      await reader.heard("held");
      const waiting = lock.acquireWrite(LIMIT);
      reader.strike();
      const guard = await waiting;
      assertFalse(guard.abandoned);
      guard.release();
    });
  });

  for (const colour of reported ? COLOURS : COLOURS.slice(0, 1)) {
    Deno.test(`Condition.notify() skips a killed process [${colour}], found by ${finder}`, async () => {
      await withRelatives(async (start) => {
        const condition = new Condition(undefined, { scope });
        const victim = start("awaitNotify", [condition, colour], { reported });
        await until(() => entries(scope) === 1, "the victim");
        const next = start("awaitNotify", [condition, colour]);
        await until(() => entries(scope) === 2, "the next one");
        await victim.kill();
        await condition.with(() => condition.notify());
        assertEquals(await next.result(), "notified");
        await until(() => entries(scope) === 0, "the end of all entries");
      });
    });

    Deno.test(`Event skips a killed process [${colour}], found by ${finder}`, async () => {
      await withRelatives(async (start) => {
        const event = new Event({ scope });
        const others = [1, 2].map(() => start("awaitEvent", [event, colour], { reported }));
        await until(() => entries(scope) === 2, "two waiters");
        const [victim, next] = others;
        await victim?.kill();
        event.set();
        assertEquals(await next?.result(), true);
      });
    });

    Deno.test(`Barrier breaks when a party is killed [${colour}], found by ${finder}`, async () => {
      await withRelatives(async (start) => {
        const barrier = new Barrier(4, { scope });
        const victim = start("arrive", [barrier, colour], { reported });
        await until(() => entries(scope) === 1, "the victim");
        const next = start("arrive", [barrier, colour]);
        const mine = assertRejects(() => barrier.wait(LIMIT), BrokenBarrierError);
        await until(() => entries(scope) === 3, "three of four");
        victim.strike();
        await mine;
        assertEquals(await next.result(), "BrokenBarrierError");
        barrier.reset();
        assertFalse(barrier.broken);
      });
    });
  }
}

for (const [name, make] of LOCKS) {
  Deno.test(`${name} wakes those who wait when its process is killed`, async () => {
    await withRelatives(async (start) => {
      const lock = make();
      const holder = start("hold", [lock, "blocking", 1], { reported: false });
      await holder.heard("held");
      const waiters = COLOURS.map((colour) => start("pass", [lock, colour, false]));
      await until(() => entries(scope) === 2, "two waiters");
      holder.strike();
      const outcomes = await Promise.all(waiters.map((waiter) => waiter.result()));
      assertEquals(outcomes.sort(), ["AbandonedError", "held"]);
      await until(() => entries(scope) === 0, "the end of all entries");
    });
  });
}
