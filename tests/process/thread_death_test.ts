import { assertEquals, assertFalse, assertRejects } from "@std/assert";
import { AbandonedError } from "../../errors.ts";
import { Queue } from "../../queue/mod.ts";
import { Event, Lock, Semaphore } from "../../sync/mod.ts";
import { type AnyThread, Thread } from "../../thread/mod.ts";
import { COLOURS, entries, until } from "../conformance/support.ts";
import { call } from "../queue/tasks.ts";
import {
  awaitEvent,
  type Death,
  DIE,
  dieHolding,
  makeWords,
  set,
  tryEnter,
  waitUntilSet,
} from "../sync/tasks.ts";
import { withRelatives } from "./family_driver.ts";

const scope = "process";
const DEATHS: readonly Death[] = ["throw", "exit", "kill"];

/** Milliseconds after which something counts as hanging. */
const LIMIT = { timeout: 60_000 };

/** Lets a thread die that has set word 0, and waits for its end. */
async function bury(thread: AnyThread, words: Int32Array, how: Death): Promise<void> {
  waitUntilSet(words, 0);
  if (how === "kill") thread.kill();
  else set(words, DIE);
  await assertRejects(() => thread.join(LIMIT));
}

for (const how of DEATHS) {
  Deno.test(`Lock of process scope is abandoned when a thread dies that holds it [${how}]`, async () => {
    for (const colour of COLOURS) {
      const [lock, words] = [new Lock({ scope }), makeWords()];
      const victim = new Thread({ target: dieHolding, args: [lock, words, how, colour, 1] });
      await bury(victim.start(), words, how);
      // At once: the worker of a thread that throws lives on for ten seconds.
      await assertRejects(() => lock.acquire({ timeout: 8_000 }), AbandonedError);
      assertFalse(lock.locked());
    }
  });

  Deno.test(`Lock of process scope tells another process that a thread died [${how}]`, async () => {
    await withRelatives(async (start) => {
      const [lock, words] = [new Lock({ scope }), makeWords()];
      const victim = new Thread({ target: dieHolding, args: [lock, words, how, "blocking", 1] });
      victim.start();
      waitUntilSet(words, 0);
      const other = start("pass", [lock, "promise", false]);
      await until(() => entries(scope) === 1, "the other process");
      await bury(victim, words, how);
      assertEquals(await other.result(), "AbandonedError");
    });
  });

  Deno.test(`Semaphore of process scope gets the permits of a dead thread back [${how}]`, async () => {
    const [semaphore, words] = [new Semaphore(3, { scope }), makeWords()];
    const victim = new Thread({ target: dieHolding, args: [semaphore, words, how, "blocking", 2] });
    await bury(victim.start(), words, how);
    await until(() => semaphore.value === 3, "the permits");
  });
}

for (const colour of COLOURS) {
  Deno.test(`Queue of process scope skips a thread that died while it waited [${colour}]`, async () => {
    const queue = new Queue<unknown>(0, { scope });
    const method = colour === "promise" ? "get" : "getSync";
    const [victim, next] = [1, 2].map(() =>
      new Thread({ target: call, args: [queue, method, []] })
    );
    victim?.start();
    await until(() => entries(scope) === 1, "the victim");
    next?.start();
    await until(() => entries(scope) === 2, "the next one");
    victim?.kill();
    await assertRejects(() => (victim as AnyThread).join(LIMIT));
    queue.putNowait("for the living");
    assertEquals(await next?.join(LIMIT), "for the living");
    await until(() => entries(scope) === 0, "the end of all entries");
  });
}

Deno.test("Process scope reaches the threads of a process by promise and blocking", async () => {
  const [event, lock] = [new Event({ scope }), new Lock({ scope })];
  const guard = lock.acquireSync();
  const threads = COLOURS.flatMap((colour): AnyThread[] => [
    new Thread({ target: awaitEvent, args: [event, colour] }).start(),
    new Thread({ target: tryEnter, args: [lock, colour, false] }).start(),
  ]);
  await until(() => entries(scope) === 4, "four waiters");
  event.set();
  guard.release();
  const results = await Promise.all(threads.map((thread) => thread.join(LIMIT)));
  assertEquals(results, [true, "held", true, "held"]);
  await until(() => entries(scope) === 0, "the end of all entries");
});
