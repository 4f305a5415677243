import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { InvalidStateError } from "../../errors.ts";
import {
  activeCount,
  type AnyThread,
  currentThread,
  enumerate,
  getIdent,
  mainThread,
  sleepSync,
  Thread,
} from "../../thread/mod.ts";
import {
  add,
  identify,
  makeWords,
  meet,
  set,
  sleepThenTime,
  startAnother,
  startDaemonChild,
  waitUntilSet,
} from "./tasks.ts";

Deno.test("currentThread() and mainThread() are one object on the main thread", () => {
  assertStrictEquals(currentThread(), mainThread());
  assertStrictEquals(mainThread(), mainThread());
  assertEquals(mainThread().name, "MainThread");
  assertEquals(mainThread().ident, getIdent());
  assert(mainThread().isAlive());
  assert(!mainThread().daemon);
  assert(!mainThread().signal.aborted);
});

Deno.test("currentThread() in a thread knows its name, ident and daemon", async () => {
  const thread = new Thread({ target: identify, name: "worker bee", daemon: true }).start();
  assertEquals(await thread.join(), {
    name: "worker bee",
    ident: thread.ident,
    same: true,
    identFunction: thread.ident as number,
    daemon: true,
    alive: true,
    main: "MainThread",
    mainIdent: getIdent(),
    mainAlive: true,
    mainSame: true,
  });
});

Deno.test("mainThread() cannot be joined", async () => {
  assertThrows(() => mainThread().joinSync(), InvalidStateError);
  await assertRejects(() => mainThread().join(), InvalidStateError);
});

Deno.test("mainThread() can be renamed", () => {
  mainThread().name = "boss";
  assertEquals(new Thread({ target: identify }).start().joinSync().main, "boss");
  mainThread().name = "MainThread";
});

Deno.test("enumerate() and activeCount() see the threads that are alive", async () => {
  const words = makeWords();
  assertEquals(activeCount(), 1);
  const thread = new Thread({ target: meet, args: [words] });
  assertEquals(activeCount(), 1);
  thread.start();
  assertEquals(activeCount(), 2);
  const all = enumerate();
  assertStrictEquals(all[0], mainThread());
  assertStrictEquals(all[1], thread as AnyThread);
  set(words, 1);
  await thread.join();
  assertEquals(activeCount(), 1);
  assertEquals(enumerate(), [mainThread()]);
});

Deno.test("enumerate() is right in a thread, for threads started by threads", async () => {
  const words = makeWords();
  const outer = new Thread({ target: startAnother, args: [words], name: "outer" }).start();
  waitUntilSet(words, 0);
  const { result, names, count, inner, daemon } = await outer.join();
  assertEquals(result, 1);
  assertEquals(count, 3);
  assertEquals(names.sort(), ["MainThread", inner, "outer"].sort());
  assert(!daemon);
});

Deno.test("Thread.daemon is inherited from the thread that creates it", async () => {
  const target = startDaemonChild;
  assertEquals(await new Thread({ target, daemon: true }).start().join(), [true, false]);
  assertEquals(await new Thread({ target, daemon: false }).start().join(), [false, false]);
});

Deno.test("sleepSync() blocks for the time given", () => {
  assert(new Thread({ target: sleepThenTime, args: [15] }).start().joinSync() >= 14);
  const began = performance.now();
  sleepSync(10);
  assert(performance.now() - began >= 9.5);
  sleepSync(0);
  for (const wrong of [-1, NaN]) {
    assertThrows(() => sleepSync(wrong), RangeError, `>= 0: received ${wrong}`);
  }
  for (const wrong of ["1", undefined, null]) {
    assertThrows(() => sleepSync(wrong as unknown as number), TypeError, "must be a number");
  }
});

Deno.test("Thread gives arguments and result back to the memory", async () => {
  const big = "x".repeat(1_000_000);
  for (let i = 0; i < 300; i++) {
    const thread = new Thread({ target: (text: string) => text + "y", args: [big] }).start();
    const text = i % 2 === 0 ? thread.joinSync() : await thread.join();
    assertEquals(text.length, 1_000_001);
  }
  assertEquals(await new Thread({ target: add, args: [1, 2] }).start().join(), 3);
});
