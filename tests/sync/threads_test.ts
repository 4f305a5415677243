import { assert, assertEquals, assertFalse, assertRejects, assertThrows } from "@std/assert";
import {
  Barrier,
  BoundedSemaphore,
  Condition,
  Event,
  Lock,
  RLock,
  RWLock,
  Semaphore,
} from "../../sync/mod.ts";
import { Thread } from "../../thread/mod.ts";
import { TimeoutError } from "../../errors.ts";
import { assertLeavesNothing, COLOURS, entries, turn, until } from "../conformance/support.ts";
import {
  type AnyLock,
  arrive,
  awaitEvent,
  enterSync,
  hammer,
  holdUntil,
  lockOneselfOut,
  look,
  makeWords,
  notified,
  readPairs,
  releaseOther,
  sameObject,
  set,
  setEvent,
  step,
  tryEnter,
  waitUntilSet,
  writePairs,
} from "./tasks.ts";

/** Increments a thread makes under each lock. */
const ROUNDS = 1_000;

const LOCKS: readonly (readonly [string, () => AnyLock])[] = [
  ["Lock", () => new Lock()],
  ["RLock", () => new RLock()],
  ["Semaphore(1)", () => new Semaphore(1)],
  ["BoundedSemaphore(1)", () => new BoundedSemaphore(1)],
  ["RWLock", () => new RWLock()],
  ["Condition of a Lock", () => new Condition(new Lock())],
  ["Condition", () => new Condition()],
];

for (const [name, make] of LOCKS) {
  Deno.test(`${name}: 8 threads lose no increment, whatever gives up in between`, async () => {
    await assertLeavesNothing("thread", async () => {
      const lock = make();
      const words = makeWords();
      const threads = Array.from(
        { length: 8 },
        (_, i) => new Thread({ target: hammer, args: [lock, words, ROUNDS, i + 1] }).start(),
      );
      await Promise.all(threads.map((thread) => thread.join({ timeout: 60_000 })));
      assertEquals(words[0], 8 * ROUNDS);
      enterSync(lock, { timeout: 0 }).release();
    });
  });

  Deno.test(`${name}.acquireSync() blocks until another thread releases`, async () => {
    const [lock, event, words] = [make(), new Event(), makeWords()];
    const holder = new Thread({ target: holdUntil, args: [lock, words, event] }).start();
    waitUntilSet(words, 0);
    assertThrows(() => enterSync(lock, { timeout: 0 }), TimeoutError);
    assertThrows(() => enterSync(lock, { timeout: 10 }), TimeoutError);
    const waiters = COLOURS.map((colour) =>
      new Thread({ target: tryEnter, args: [lock, colour, false] }).start()
    );
    await until(() => entries("thread") >= 3, "two waiters and the holder's wait");
    event.set();
    enterSync(lock).release();
    assertEquals(await Promise.all(waiters.map((waiter) => waiter.join())), ["held", "held"]);
    await holder.join();
    assertEquals(entries("thread"), 0);
  });

  Deno.test(`${name} arrives in a thread, twice as the same object`, async () => {
    const lock = make();
    assertEquals(await new Thread({ target: sameObject, args: [lock, lock] }).start().join(), true);
  });
}

Deno.test("Lock.release() works from another thread, RLock.release() throws there", async () => {
  const [lock, rlock] = [new Lock(), new RLock()];
  const guard = lock.acquireSync();
  const release = (of: Lock | RLock): Promise<string> =>
    new Thread({ target: releaseOther, args: [of] }).start().join();
  assertEquals(await release(lock), "released");
  assertFalse(lock.locked());
  const other = lock.acquireSync();
  guard.release();
  assert(lock.locked());
  other.release();
  assertEquals(
    await release(lock),
    "InvalidStateError: Cannot release lock: it is not held",
  );
  rlock.acquireSync();
  rlock.acquireSync();
  assertEquals(
    await release(rlock),
    "InvalidStateError: Cannot release re-entrant lock: it is held by another owner",
  );
  assertEquals(await new Thread({ target: look, args: [rlock] }).start().join(), [true, 0]);
  rlock.release();
  assert(rlock.locked());
  assertEquals(await new Thread({ target: look, args: [rlock] }).start().join(), [true, 0]);
  rlock.release();
  assertEquals(await new Thread({ target: look, args: [rlock] }).start().join(), [false, 0]);
});

Deno.test("Lock guards are stale after release(), also while another thread holds the lock", async () => {
  const [lock, event, words] = [new Lock(), new Event(), makeWords()];
  const stale = lock.acquireSync();
  lock.release();
  const holder = new Thread({ target: holdUntil, args: [lock, words, event] }).start();
  waitUntilSet(words, 0);
  stale.release();
  assert(lock.locked());
  event.set();
  await holder.join();
  assertFalse(lock.locked());
});

Deno.test("RWLock shows readers in other threads whole writes", async () => {
  await assertLeavesNothing("thread", async () => {
    const [lock, words] = [new RWLock(), makeWords()];
    const writers = COLOURS.map((colour) =>
      new Thread({ target: writePairs, args: [lock, words, 500, colour] }).start()
    );
    const readers = [...COLOURS, ...COLOURS].map((colour) =>
      new Thread({ target: readPairs, args: [lock, words, 500, colour] }).start()
    );
    assertEquals(await Promise.all(readers.map((reader) => reader.join())), [0, 0, 0, 0]);
    await Promise.all(writers.map((writer) => writer.join()));
    assertEquals([words[0], words[1]], [1000, 1000]);
    assertFalse(lock.locked());
  });
});

Deno.test("Event.set() in another thread wakes those who block and those who await", async () => {
  for (const colour of COLOURS) {
    const [event, words] = [new Event(), makeWords()];
    const setter = new Thread({ target: setEvent, args: [event, words] }).start();
    const waiters = [...COLOURS, ...COLOURS].map((colour) =>
      new Thread({ target: awaitEvent, args: [event, colour] }).start()
    );
    await until(() => entries("thread") === 4, "four waiters");
    set(words, 0);
    if (colour === "promise") await event.wait();
    else event.waitSync();
    assertEquals(await Promise.all(waiters.map((w) => w.join())), [true, true, true, true]);
    await setter.join();
    assertEquals(entries("thread"), 0);
  }
});

Deno.test("Event.set() and clear() release all who wait in other threads", async () => {
  for (let round = 0; round < 10; round++) {
    const event = new Event();
    const waiters = [...COLOURS, ...COLOURS].map((colour) =>
      new Thread({ target: awaitEvent, args: [event, colour] }).start()
    );
    await until(() => entries("thread") === 4, "four waiters");
    event.set();
    event.clear();
    await Promise.all(waiters.map((waiter) => waiter.join({ timeout: 60_000 })));
    assertFalse(event.isSet());
  }
});

Deno.test("Condition.notify(3) of five threads wakes exactly three, for 30 rounds", async () => {
  const rounds = 30;
  await assertLeavesNothing("thread", async () => {
    for (const make of [() => new Lock(), () => new RLock()]) {
      const [condition, barrier, words] = [new Condition(make()), new Barrier(6), makeWords()];
      const threads = ["promise", "blocking", "promise", "blocking", "blocking"].map((colour) =>
        new Thread({
          target: notified,
          args: [condition, barrier, words, rounds, colour as "promise" | "blocking"],
        }).start()
      );
      const seen = (index: number, count: number): Promise<void> =>
        until(() => Atomics.load(words, index) === count, `word ${index} to be ${count}`);
      for (let round = 0; round < rounds; round++) {
        await seen(0, 5);
        await condition.with(() => condition.notify(3));
        await seen(1, 3);
        await turn();
        assertEquals(Atomics.load(words, 1), 3);
        await condition.with(() => {
          condition.notify(1);
          condition.notify(1);
          condition.notify(1);
          words[0] = 0;
        });
        await seen(1, 5);
        Atomics.store(words, 1, 0);
        await barrier.wait();
      }
      await Promise.all(threads.map((thread) => thread.join({ timeout: 60_000 })));
    }
  });
});

Deno.test("Barrier.wait() keeps 4 threads in lock-step for 200 rounds", async () => {
  await assertLeavesNothing("thread", async () => {
    const [barrier, words] = [new Barrier(4), makeWords()];
    const threads = [...COLOURS, ...COLOURS].map((colour, party) =>
      new Thread({ target: step, args: [barrier, words, party, 200, colour] }).start()
    );
    const sums = await Promise.all(threads.map((thread) => thread.join({ timeout: 60_000 })));
    assert(sums.every((sum) => sum >= 0), sums.join(" "));
    assertEquals(sums.reduce((sum, one) => sum + one), 200 * (0 + 1 + 2 + 3));
    assertEquals([barrier.broken, barrier.nWaiting], [false, 0]);
  });
});

Deno.test("Barrier that breaks turns away the parties in other threads", async () => {
  const breaks: readonly ((barrier: Barrier) => unknown)[] = [
    (barrier) => barrier.abort(),
    (barrier) => barrier.reset(),
    (barrier) => assertThrows(() => barrier.waitSync({ timeout: 1 }), TimeoutError),
    (barrier) => assertRejects(() => barrier.wait({ signal: AbortSignal.timeout(1) })),
  ];
  for (const breakIt of breaks) {
    const barrier = new Barrier(4);
    const threads = COLOURS.map((colour) =>
      new Thread({ target: arrive, args: [barrier, colour] }).start()
    );
    await until(() => barrier.nWaiting === 2, "two parties");
    await breakIt(barrier);
    const names = await Promise.all(threads.map((thread) => thread.join({ timeout: 60_000 })));
    assertEquals(names, ["BrokenBarrierError", "BrokenBarrierError"]);
  }
  assertEquals(entries("thread"), 0);
});

Deno.test("Semaphore(0) serves threads that wait, one a release", async () => {
  const semaphore = new Semaphore(0);
  const threads = [...COLOURS, ...COLOURS].map((colour) =>
    new Thread({ target: tryEnter, args: [semaphore, colour, false] }).start()
  );
  await until(() => entries("thread") === 4, "four waiters");
  semaphore.release(4);
  const results = await Promise.all(threads.map((thread) => thread.join({ timeout: 60_000 })));
  assertEquals(results, ["held", "held", "held", "held"]);
  assertEquals(semaphore.value, 4);
});

Deno.test("Lock that a thread has made for itself cannot lock it out", async () => {
  assertEquals(
    await new Thread({ target: lockOneselfOut }).start().join(),
    ["DeadlockError", "DeadlockError", "DeadlockError"],
  );
});
