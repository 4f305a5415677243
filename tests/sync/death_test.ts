import { assert, assertEquals, assertFalse, assertRejects } from "@std/assert";
import { AbandonedError } from "../../errors.ts";
import {
  Barrier,
  BoundedSemaphore,
  Condition,
  detectDeadlocks,
  Event,
  type Guard,
  Lock,
  RLock,
  RWLock,
  Semaphore,
} from "../../sync/mod.ts";
import { type AnyThread, Thread } from "../../thread/mod.ts";
import { COLOURS, entries, until } from "../conformance/support.ts";
import {
  type AnyLock,
  arrive,
  awaitEvent,
  awaitNotify,
  type Colour,
  type Death,
  DIE,
  dieHolding,
  dieNotifying,
  dieReading,
  embrace,
  enter,
  enterSync,
  keep,
  makeWords,
  set,
  tryEnter,
  waitUntilSet,
} from "./tasks.ts";

const DEATHS: readonly Death[] = ["throw", "exit", "kill"];

/** Milliseconds after which something counts as hanging. */
const LIMIT = { timeout: 60_000 };

const LOCKS: readonly (readonly [string, () => AnyLock])[] = [
  ["Lock", () => new Lock()],
  ["RLock", () => new RLock()],
  ["RWLock", () => new RWLock()],
  ["Condition of a Lock", () => new Condition(new Lock())],
];

/** Lets a thread die that has set word 0, and waits for its end. */
async function bury(thread: AnyThread, words: Int32Array, how: Death): Promise<void> {
  waitUntilSet(words, 0);
  if (how === "kill") thread.kill();
  else set(words, DIE);
  await assertRejects(() => thread.join(LIMIT));
}

/** Acquires in a colour, for 20 seconds at most. */
async function enterInTime(lock: AnyLock, colour: Colour, recover: boolean): Promise<Guard> {
  const options = { ...LIMIT, recover };
  return colour === "promise" ? await enter(lock, options) : enterSync(lock, options);
}

for (const how of DEATHS) {
  for (const [name, make] of LOCKS) {
    Deno.test(`${name} is abandoned once when its holder dies [${how}]`, async () => {
      for (const colour of COLOURS) {
        const [lock, words] = [make(), makeWords()];
        const args: [AnyLock, Int32Array, Death, Colour, number] = [lock, words, how, colour, 1];
        await bury(new Thread({ target: dieHolding, args }).start(), words, how);
        await assertRejects(() => enterInTime(lock, colour, false), AbandonedError, "died");
        const guard = await enterInTime(lock, colour, false);
        assertFalse(guard.abandoned);
        guard.release();
      }
    });

    Deno.test(`${name} is had again with recover when its holder dies [${how}]`, async () => {
      for (const colour of COLOURS) {
        const [lock, words] = [make(), makeWords()];
        const args: [AnyLock, Int32Array, Death, Colour, number] = [lock, words, how, colour, 1];
        await bury(new Thread({ target: dieHolding, args }).start(), words, how);
        const guard = await enterInTime(lock, colour, true);
        assert(guard.abandoned);
        guard.release();
        const next = await enterInTime(lock, colour, true);
        assertFalse(next.abandoned);
        next.release();
      }
    });

    Deno.test(`${name} wakes those who wait when its holder dies [${how}]`, async () => {
      const [lock, words] = [make(), makeWords()];
      const args: [AnyLock, Int32Array, Death, Colour, number] = [lock, words, how, "blocking", 1];
      const holder = new Thread({ target: dieHolding, args }).start();
      waitUntilSet(words, 0);
      const waiters = COLOURS.map((colour) =>
        new Thread({ target: tryEnter, args: [lock, colour, false] }).start()
      );
      await until(() => entries("thread") === 2, "two waiters");
      await bury(holder, words, how);
      const results = await Promise.all(waiters.map((waiter) => waiter.join(LIMIT)));
      assertEquals(results.sort(), ["AbandonedError", "held"]);
      await until(() => entries("thread") === 0, "the end of all entries");
    });
  }

  for (const make of [() => new Semaphore(3), () => new BoundedSemaphore(3)]) {
    Deno.test(`${make().constructor.name} gets the permits of the dead back [${how}]`, async () => {
      for (const colour of COLOURS) {
        const [semaphore, words] = [make(), makeWords()];
        const mine = semaphore.acquireSync();
        const victim = new Thread({ target: dieHolding, args: [semaphore, words, how, colour, 2] });
        victim.start();
        waitUntilSet(words, 0);
        assertEquals(semaphore.value, 0);
        const waiter = new Thread({ target: tryEnter, args: [semaphore, colour, false] }).start();
        await bury(victim, words, how);
        assertEquals(await waiter.join(LIMIT), "held");
        await until(() => semaphore.value === 2, "the permits");
        mine.release();
        assertEquals(semaphore.value, 3);
      }
    });
  }

  Deno.test(`RWLock gets the read locks of the dead back [${how}]`, async () => {
    const [lock, words] = [new RWLock(), makeWords()];
    const mine = lock.acquireReadSync();
    await bury(
      new Thread({ target: dieReading, args: [lock, words, how, 3] }).start(),
      words,
      how,
    );
    await until(() => lock.readers === 1, "the reader that lives");
    mine.release();
    const guard = await lock.acquireWrite(LIMIT);
    assertFalse(guard.abandoned);
    guard.release();
  });

  Deno.test(`Condition.notify() counts although the notifier dies [${how}]`, async () => {
    const [condition, words] = [new Condition(new Lock()), makeWords()];
    const waiters = COLOURS.map((colour) =>
      new Thread({ target: awaitNotify, args: [condition, words, colour] }).start()
    );
    await until(() => Atomics.load(words, 1) === 2 && !condition.locked(), "two waiters");
    await bury(
      new Thread({ target: dieNotifying, args: [condition, words, how] }).start(),
      words,
      how,
    );
    const results = await Promise.all(waiters.map((waiter) => waiter.join(LIMIT)));
    assertEquals(results.sort(), ["AbandonedError", "notified"]);
    await until(() => entries("thread") === 0, "the end of all entries");
  });
}

for (const colour of COLOURS) {
  for (const [name, make] of [...LOCKS, ["Semaphore", () => new Semaphore(1)]] as typeof LOCKS) {
    Deno.test(`${name} skips a waiter that died [${colour}]`, async () => {
      const lock = make();
      const guard = enterSync(lock);
      const victim = new Thread({ target: tryEnter, args: [lock, colour, false] }).start();
      await until(() => entries("thread") === 1, "the victim");
      const next = new Thread({ target: tryEnter, args: [lock, colour, false] }).start();
      await until(() => entries("thread") === 2, "the next one");
      victim.kill();
      await assertRejects(() => victim.join(LIMIT));
      guard.release();
      assertEquals(await next.join(LIMIT), "held");
      await until(() => entries("thread") === 0, "the end of all entries");
    });
  }

  Deno.test(`Condition.notify() skips a waiter that died [${colour}]`, async () => {
    const [condition, words] = [new Condition(new Lock()), makeWords()];
    const start = (): Thread<[Condition, Int32Array, Colour], string> =>
      new Thread({ target: awaitNotify, args: [condition, words, colour] }).start();
    const victim = start();
    await until(() => entries("thread") === 1, "the victim");
    const next = start();
    await until(() => Atomics.load(words, 1) === 2 && !condition.locked(), "the next one");
    victim.kill();
    await assertRejects(() => victim.join(LIMIT));
    await condition.with(() => condition.notify());
    assertEquals(await next.join(LIMIT), "notified");
    await until(() => entries("thread") === 0, "the end of all entries");
  });

  Deno.test(`Event.set() skips a waiter that died [${colour}]`, async () => {
    const event = new Event();
    const [victim, next] = [1, 2].map(() =>
      new Thread({ target: awaitEvent, args: [event, colour] }).start()
    );
    assert(victim !== undefined && next !== undefined);
    await until(() => entries("thread") === 2, "two waiters");
    victim.kill();
    await assertRejects(() => victim.join(LIMIT));
    event.set();
    assertEquals(await next.join(LIMIT), true);
    await until(() => entries("thread") === 0, "the end of all entries");
  });

  Deno.test(`Barrier breaks when a party dies [${colour}]`, async () => {
    const barrier = new Barrier(4);
    const victim = new Thread({ target: arrive, args: [barrier, colour] }).start();
    await until(() => barrier.nWaiting === 1, "the victim");
    const others = COLOURS.map((colour) =>
      new Thread({ target: arrive, args: [barrier, colour] }).start()
    );
    await until(() => barrier.nWaiting === 3, "the others");
    victim.kill();
    await assertRejects(() => victim.join(LIMIT));
    const names = await Promise.all(others.map((other) => other.join(LIMIT)));
    assertEquals(names, ["BrokenBarrierError", "BrokenBarrierError"]);
    assert(barrier.broken);
    barrier.reset();
    assertEquals([barrier.broken, barrier.nWaiting], [false, 0]);
    await until(() => entries("thread") === 0, "the end of all entries");
  });
}

Deno.test("Lock stays held when its thread returns, and anybody may release it", async () => {
  const lock = new Lock();
  await new Thread({ target: keep, args: [lock] }).start().join();
  assert(lock.locked());
  assertEquals(lock.tryAcquire(), null);
  // Another thread, in the same worker, is not its holder.
  await new Thread({ target: awaitEvent, args: [setNow(), "blocking"] }).start().join();
  assert(lock.locked());
  lock.release();
  assertFalse(lock.locked());
  const guard = lock.acquireSync();
  assertFalse(guard.abandoned);
  guard.release();
});

Deno.test("RLock is abandoned when its thread returns", async () => {
  const lock = new RLock();
  await new Thread({ target: keep, args: [lock] }).start().join();
  await assertRejects(() => enterInTime(lock, "promise", false), AbandonedError);
  const guard = await enterInTime(lock, "blocking", false);
  assertFalse(guard.abandoned);
  guard.release();
});

Deno.test("Semaphore keeps its permit when its thread returns, and anybody may release it", async () => {
  for (const semaphore of [new Semaphore(2), new BoundedSemaphore(2)]) {
    await new Thread({ target: keep, args: [semaphore] }).start().join();
    await new Thread({ target: awaitEvent, args: [setNow(), "blocking"] }).start().join();
    assertEquals(semaphore.value, 1);
    semaphore.release();
    assertEquals(semaphore.value, 2);
  }
});

Deno.test("detectDeadlocks() finds two threads that lock each other out, with their names", async () => {
  for (
    const [name, make] of [["Lock", () => new Lock()], ["RWLock", () => new RWLock()]] as const
  ) {
    const [one, two, words] = [make(), make(), makeWords()];
    const first = new Thread({
      target: embrace,
      args: [one, two, words, 0, "blocking"],
      name: "first",
    }).start();
    const second = new Thread({
      target: embrace,
      args: [two, one, words, 1, "blocking"],
      name: "second",
    }).start();
    await until(() => detectDeadlocks().length > 0, "a deadlock");
    const cycles = detectDeadlocks();
    assertEquals(cycles.length, 1);
    const cycle = (cycles[0] ?? []).toSorted((a, b) => a.waiter < b.waiter ? -1 : 1);
    assertEquals(
      cycle.map(({ waiter, type, holder, blocked }) => [waiter, type, holder, blocked]),
      [["first", name, "second", true], ["second", name, "first", true]],
    );
    assert(cycle[0]?.lock !== cycle[1]?.lock);
    first.kill();
    await assertRejects(() => first.join(LIMIT));
    assertEquals(await second.join(LIMIT), "AbandonedError");
    assertEquals(detectDeadlocks(), []);
  }
});

Deno.test("detectDeadlocks() finds nothing where somebody can still go on", async () => {
  const [lock, words] = [new Lock(), makeWords()];
  const guard = lock.acquireSync();
  const waiter = new Thread({ target: tryEnter, args: [lock, "blocking", false] }).start();
  await until(() => entries("thread") === 1, "the waiter");
  assertEquals(detectDeadlocks(), []);
  guard.release();
  assertEquals(await waiter.join(LIMIT), "held");
  assertEquals(words[0], 0);
});

/** An event that is set. */
function setNow(): Event {
  const event = new Event();
  event.set();
  return event;
}
