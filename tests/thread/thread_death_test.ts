import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { InvalidStateError, WorkerLostError } from "../../errors.ts";
import { type AnyThread, enumerate, mainThread, Thread } from "../../thread/mod.ts";
import {
  add,
  countChanges,
  exit,
  failInTimer,
  hoard,
  hoardLater,
  joinOther,
  killOther,
  leaveTimer,
  makeWords,
  park,
  rejectUnseen,
  spin,
  waitUntilSet,
} from "./tasks.ts";

/** Asserts that a joiner in another thread, and one here that blocks, get the same kind of error. */
async function assertLost(thread: Thread<never[], unknown>): Promise<WorkerLostError> {
  const other = new Thread({ target: joinOther, args: [thread as AnyThread] }).start();
  const error = assertThrows(() => thread.joinSync(), WorkerLostError);
  await assertRejects(() => other.join(), WorkerLostError);
  assert(!thread.isAlive());
  assert(!enumerate().includes(thread));
  return error;
}

for (const how of ["process.exit", "Deno.exit"]) {
  Deno.test(`Thread.join() rejects when the thread calls ${how}(3)`, async () => {
    const thread = new Thread({ target: exit, args: [how, 3], name: "leaver" }).start();
    const error = await assertLost(thread);
    assertEquals(error.exitcode, 3);
    assertEquals(error.kind, "thread");
    assertEquals(error.message, "Cannot finish thread leaver: its worker exited with code 3");
  });

  Deno.test(`Thread.join() resolves to undefined when the thread calls ${how}(0)`, async () => {
    const thread = new Thread({ target: exit, args: [how, 0] }).start();
    assertEquals(await thread.join(), undefined as unknown as number);
  });
}

for (
  const [name, target, message] of [
    ["throws in a timer", failInTimer, "in a timer"],
    ["leaves a rejection unseen", rejectUnseen, "unseen"],
  ] as const
) {
  Deno.test(`Thread.join() rejects when the thread ${name}`, async () => {
    await assertRejects(() => new Thread({ target }).start().join(), RangeError, message);
    assertEquals(await new Thread({ target: add, args: [1, 2] }).start().join(), 3);
  });
}

for (const [when, target] of [["", hoard], [" after it has awaited", hoardLater]] as const) {
  Deno.test(`Thread.join() rejects when the thread exceeds its memory limit${when}`, async () => {
    const thread = new Thread<[], unknown>({ target, memoryLimit: 20, name: "hoarder" }).start();
    const error = await assertLost(thread);
    assertEquals(error.message, "Cannot finish thread hoarder: it ran out of memory");
  });
}

for (const [name, target] of [["spins", spin], ["is parked", park]] as const) {
  Deno.test(`Thread.kill() ends a thread that ${name}`, async () => {
    const words = makeWords();
    const thread = new Thread({ target, args: [words], name: "victim" }).start();
    waitUntilSet(words, 0);
    thread.kill();
    const error = await assertLost(thread);
    assertEquals(error.message, "Cannot finish thread victim: it was killed");
    assertEquals(error.exitcode, null);
    const rounds = Atomics.load(words, 2);
    assertEquals(new Thread({ target: add, args: [1, 2] }).start().joinSync(), 3);
    assertEquals(Atomics.load(words, 2), rounds);
    thread.kill();
  });
}

Deno.test("Thread.kill() works from another thread, while main blocks in a join", async () => {
  const words = makeWords();
  const thread = new Thread({ target: spin, args: [words] }).start();
  waitUntilSet(words, 0);
  const killer = new Thread({ target: killOther, args: [thread as AnyThread] }).start();
  assertThrows(() => thread.joinSync(), WorkerLostError);
  await killer.join();
});

Deno.test("Thread.kill() right after the start keeps the thread from running on", async () => {
  const words = makeWords();
  const thread = new Thread({ target: park, args: [words] }).start();
  thread.kill();
  await assertRejects(() => thread.join(), WorkerLostError);
});

Deno.test("Thread.kill() after the end does nothing", async () => {
  const thread = new Thread({ target: add, args: [1, 2] }).start();
  await thread.join();
  thread.kill();
  assertEquals(await thread.join(), 3);
  const unjoined = new Thread({ target: add, args: [1, 2] }).start();
  while (unjoined.isAlive());
  unjoined.kill();
  assertEquals(await unjoined.join(), 3);
});

Deno.test("Thread.kill() hits no thread that runs in the same worker later", async () => {
  for (let i = 0; i < 50; i++) {
    const first = new Thread({ target: add, args: [i, 1] }).start();
    first.kill();
    const second = new Thread({ target: add, args: [i, 2] }).start();
    assertEquals(await second.join(), i + 2);
    await first.join().then(
      (sum) => assertEquals(sum, i + 1),
      (error) => assert(error instanceof WorkerLostError),
    );
  }
});

Deno.test("Thread.kill() and stop() throw InvalidStateError before the start and for main", () => {
  const thread = new Thread();
  assertThrows(() => thread.kill(), InvalidStateError);
  assertThrows(() => thread.stop(), InvalidStateError);
  assertThrows(() => mainThread().kill(), InvalidStateError);
  assertThrows(() => mainThread().stop(), InvalidStateError);
});

Deno.test("Thread leaves no timers to the thread that comes next", async () => {
  const words = makeWords();
  assertEquals(await new Thread({ target: leaveTimer, args: [words] }).start().join(), "done");
  assertEquals(await new Thread({ target: countChanges, args: [words] }).start().join(), 0);
});

Deno.test("Thread deaths do not stop others from starting", async () => {
  for (let i = 0; i < 5; i++) {
    const words = makeWords();
    const victim = new Thread({ target: park, args: [words] }).start();
    waitUntilSet(words, 0);
    victim.kill();
    assertEquals(new Thread({ target: add, args: [i, 1] }).start().joinSync(), i + 1);
    await assertRejects(() => victim.join(), WorkerLostError);
  }
});
