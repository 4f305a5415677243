import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { InvalidStateError, TimeoutError, UnshareableError } from "../../errors.ts";
import { type AnyThread, currentThread, Thread } from "../../thread/mod.ts";
import {
  add,
  addLater,
  CustomError,
  fail,
  failCustom,
  joinOther,
  joinOtherLater,
  joinSelf,
  makeWords,
  meet,
  meetThenFail,
  mirror,
  Point,
  rename,
  returnClosure,
  returnFunction,
  set,
  Summer,
  throwValue,
  waitUntilSet,
  writeWord,
} from "./tasks.ts";

// -- results --

Deno.test("Thread.join() resolves to the result of a task", async () => {
  const thread = new Thread({ target: add, args: [1, 2] }).start();
  assertEquals(await thread.join(), 3);
});

Deno.test("Thread.joinSync() returns the result of a task", () => {
  const thread = new Thread({ target: add, args: [1, 2] }).start();
  assertEquals(thread.joinSync(), 3);
});

Deno.test("Thread runs a self-contained function", async () => {
  const thread = new Thread({ target: (x: number) => x ** 2, args: [7] }).start();
  assertEquals(await thread.join(), 49);
});

Deno.test("Thread is over when the promise of its target has settled", async () => {
  const thread = new Thread({ target: addLater, args: [1, 2] }).start();
  assertEquals(await thread.join(), 3);
  const failing = new Thread({
    target: async () => {
      await null;
      throw new RangeError("later");
    },
  }).start();
  await assertRejects(() => failing.join(), RangeError, "later");
});

Deno.test("Thread.joinSync() waits for an async target", () => {
  assertEquals(new Thread({ target: addLater, args: [2, 3] }).start().joinSync(), 5);
});

Deno.test("Thread without a target and without run() does nothing", async () => {
  assertEquals(await new Thread().start().join(), undefined);
});

Deno.test("Thread.join() gives the same result any number of times, to any number of joiners", async () => {
  const words = makeWords();
  const thread = new Thread({ target: meet, args: [words] }).start();
  const joins = Promise.all([thread.join(), thread.join(), thread.join()]);
  waitUntilSet(words, 0);
  set(words, 1, 9);
  assertEquals(await joins, [9, 9, 9]);
  assertEquals(await thread.join(), 9);
  assertEquals(thread.joinSync(), 9);
});

Deno.test("Thread.join() works in other threads, before and after the end", async () => {
  const words = makeWords();
  const thread = new Thread({ target: meet, args: [words] }).start();
  const joiners = [
    new Thread({ target: joinOther, args: [thread as AnyThread] }).start(),
    new Thread({ target: joinOtherLater, args: [thread as AnyThread] }).start(),
  ];
  waitUntilSet(words, 0);
  set(words, 1, 5);
  assertEquals(await Promise.all(joiners.map((joiner) => joiner.join())), [5, 5]);
  const late = new Thread({ target: joinOther, args: [thread as AnyThread] }).start();
  assertEquals(await late.join(), 5);
  assertEquals(await thread.join(), 5);
});

Deno.test("Thread.join() brings tasks, functions and instances back", async () => {
  assertEquals((await new Thread({ target: returnFunction }).start().join())(), 42);
  const point = await new Thread({ target: mirror, args: [new Point(3, 4)] }).start().join();
  assert(point instanceof Point);
  assertEquals([point.x, point.y, point.norm()], [4, 3, 5]);
});

Deno.test("Thread passes raw shared buffers in both directions", async () => {
  const words = makeWords();
  const thread = new Thread({ target: writeWord, args: [words, 2, 77] }).start();
  const back = await thread.join();
  assertEquals(words[2], 77);
  back[3] = 5;
  assertEquals(words[3], 5);
  const again = new Thread({ target: writeWord, args: [words, 2, 78] }).start().joinSync();
  again[4] = 6;
  assertEquals(words[4], 6);
});

Deno.test("Thread takes any iterable as args", async () => {
  const set = new Thread({ target: add, args: new Set([1, 2]) }).start();
  const generated = new Thread({
    target: add,
    args: (function* () {
      yield 3;
      yield 4;
    })(),
  }).start();
  assertEquals([await set.join(), await generated.join()], [3, 7]);
});

Deno.test("Thread survives many starts, one after the other and at once", async () => {
  for (let i = 0; i < 300; i++) {
    assertEquals(new Thread({ target: add, args: [i, 1] }).start().joinSync(), i + 1);
  }
  for (let round = 0; round < 20; round++) {
    const threads = [1, 2, 3, 4].map((n) => new Thread({ target: add, args: [n, round] }).start());
    assertEquals(
      await Promise.all(threads.map((thread) => thread.join())),
      [1, 2, 3, 4].map((n) => n + round),
    );
  }
});

// -- errors --

Deno.test("Thread.join() rejects with the error of the target, of the same class", async () => {
  const thread = new Thread({ target: fail, args: ["no"] }).start();
  const error = await assertRejects(() => thread.join(), RangeError, "no");
  assertStrictEquals(await assertRejects(() => thread.join()), error);
  assertStrictEquals(assertThrows(() => thread.joinSync()), error);
});

Deno.test("Thread.join() keeps class, fields and cause of a shareable error", async () => {
  const error = await assertRejects(() => new Thread({ target: failCustom }).start().join());
  assert(error instanceof CustomError);
  assertEquals(error.code, 7);
  assert(error.cause instanceof TypeError);
});

Deno.test("Thread.join() rejects with whatever was thrown", async () => {
  const thread = new Thread({ target: throwValue, args: [{ code: 5 }] }).start();
  let thrown: unknown;
  await thread.join().catch((error) => thrown = error);
  assertEquals(thrown, { code: 5 });
  const nothing = new Thread({ target: throwValue, args: [undefined] }).start();
  let caught: unknown = "nothing";
  await nothing.join().catch((error) => caught = error);
  assertEquals(caught, undefined);
});

Deno.test("Thread.join() rejects when the result cannot travel", async () => {
  const thread = new Thread({ target: returnClosure }).start();
  const error = await assertRejects(() => thread.join(), UnshareableError);
  assert(error.message.includes("secret"), error.message);
});

Deno.test("Thread.start() throws for arguments that cannot travel, and starts nothing", () => {
  const local = 1;
  const key: unknown = Symbol("key");
  for (
    const thread of [
      new Thread({ target: (x: unknown) => x, args: [key] }),
      new Thread({ target: (x: unknown) => x, args: [new WeakMap()] }),
      new Thread({ target: () => local }),
    ]
  ) {
    assertThrows(() => thread.start(), UnshareableError);
    assertEquals(thread.ident, null);
    assert(!thread.isAlive());
    assertThrows(() => thread.joinSync(), InvalidStateError);
  }
});

// -- waiting --

Deno.test("Thread.join() and joinSync() throw TimeoutError, and the thread goes on", async () => {
  const words = makeWords();
  const thread = new Thread({ target: meet, args: [words] }).start();
  waitUntilSet(words, 0);
  await assertRejects(() => thread.join({ timeout: 1 }), TimeoutError);
  await assertRejects(() => thread.join({ timeout: 0 }), TimeoutError);
  assertThrows(() => thread.joinSync({ timeout: 1 }), TimeoutError);
  assertThrows(() => thread.joinSync({ timeout: 0 }), TimeoutError);
  assert(thread.isAlive());
  set(words, 1, 3);
  assertEquals(await thread.join({ timeout: 60_000 }), 3);
  assertEquals(await thread.join({ timeout: 0 }), 3);
  assertEquals(thread.joinSync({ timeout: 0 }), 3);
});

Deno.test("Thread.join() rejects with the reason of an aborted signal", async () => {
  const words = makeWords();
  const thread = new Thread({ target: meet, args: [words] }).start();
  const controller = new AbortController();
  const join = thread.join({ signal: controller.signal });
  const reason = new Error("enough");
  controller.abort(reason);
  assertStrictEquals(await assertRejects(() => join), reason);
  assertStrictEquals(
    await assertRejects(() => thread.join({ signal: controller.signal })),
    reason,
  );
  set(words, 1);
  assertEquals(await thread.join(), 1);
});

Deno.test("Thread.join() refuses a timeout that is negative or no number", async () => {
  const thread = new Thread({ target: add, args: [1, 2] }).start();
  for (const timeout of [-1, NaN]) {
    await assertRejects(() => thread.join({ timeout }), RangeError);
    assertThrows(() => thread.joinSync({ timeout }), RangeError);
  }
  await thread.join();
});

// -- states --

Deno.test("Thread.start() throws InvalidStateError the second time", async () => {
  const thread = new Thread({ target: add, args: [1, 2] }).start();
  assertThrows(() => thread.start(), InvalidStateError);
  await thread.join();
  assertThrows(() => thread.start(), InvalidStateError);
});

Deno.test("Thread.join() throws InvalidStateError before the start", async () => {
  const thread = new Thread({ target: add, args: [1, 2] });
  await assertRejects(() => thread.join(), InvalidStateError);
  assertThrows(() => thread.joinSync(), InvalidStateError);
});

Deno.test("Thread.join() throws InvalidStateError in the thread itself", async () => {
  const message = await new Thread({ target: joinSelf, name: "me" }).start().join();
  assertEquals(message, "InvalidStateError: Cannot join thread me: it is the current thread");
});

Deno.test("Thread.isAlive() is true from the start to the end", async () => {
  const words = makeWords();
  const thread = new Thread({ target: meet, args: [words] });
  assert(!thread.isAlive());
  thread.start();
  assert(thread.isAlive());
  waitUntilSet(words, 0);
  assert(thread.isAlive());
  set(words, 1);
  await thread.join();
  assert(!thread.isAlive());
});

Deno.test("Thread.isAlive() becomes false without a join", async () => {
  const words = makeWords();
  const thread = new Thread({ target: meetThenFail, args: [words] }).start();
  waitUntilSet(words, 0);
  const joined = thread.join().catch(() => {});
  set(words, 1);
  while (thread.isAlive());
  await joined;
});

Deno.test("Thread.ident is null before the start, then a number that is never used again", async () => {
  const first = new Thread({ target: add, args: [1, 2] });
  assertEquals(first.ident, null);
  const ident = first.start().ident;
  assert(Number.isInteger(ident) && (ident as number) > 1);
  await first.join();
  assertEquals(first.ident, ident);
  const second = new Thread({ target: add, args: [1, 2] }).start();
  await second.join();
  assert((second.ident as number) > (ident as number));
});

// -- names and daemons --

Deno.test("Thread.name is 'Thread-N (target)' unless one is given", () => {
  const named = new Thread({ target: add, args: [1, 2], name: "adder" });
  assertEquals(named.name, "adder");
  const standard = new Thread({
    target: function square(x: number) {
      return x * x;
    },
    args: [1],
  });
  assert(/^Thread-\d+ \(square\)$/.test(standard.name), standard.name);
  assert(/^Thread-\d+$/.test(new Thread().name));
});

Deno.test("Thread.name can be changed at any time, and all threads see it", async () => {
  const words = makeWords();
  const thread = new Thread({ target: meet, args: [words], name: "before" });
  thread.name = "then";
  thread.start();
  assertEquals(thread.name, "then");
  const renamer = new Thread({ target: rename, args: [thread as AnyThread, "größer 🧵"] });
  assertEquals(await renamer.start().join(), "größer 🧵");
  assertEquals(thread.name, "größer 🧵");
  thread.setName("x".repeat(500));
  assertEquals(thread.getName(), "x".repeat(500));
  set(words, 1);
  await thread.join();
  assertEquals(thread.name, "x".repeat(500));
  thread.name = "after";
  assertEquals(thread.name, "after");
});

Deno.test("Thread.daemon can be set before the start only", async () => {
  const thread = new Thread({ target: add, args: [1, 2] });
  assert(!thread.daemon);
  thread.daemon = true;
  assert(thread.isDaemon());
  thread.setDaemon(false);
  thread.start();
  assertThrows(() => thread.daemon = true, InvalidStateError);
  await thread.join();
  assertThrows(() => thread.daemon = true, InvalidStateError);
});

Deno.test("new Thread() refuses options of wrong types", () => {
  const wrong: unknown[] = [
    null,
    5,
    { target: 5 },
    { args: 5 },
    { args: null },
    { name: 5 },
    { daemon: "yes" },
  ];
  for (const options of wrong) {
    assertThrows(() => new Thread(options as { name: string }), TypeError);
  }
  assertThrows(() => new Thread({ memoryLimit: 0 }), RangeError);
  assertThrows(() => new Thread({ stackSize: NaN }), RangeError);
  assertThrows(() => new Thread({ stackSize: "4" as unknown as number }), TypeError, "'stackSize'");
  const thread = new Thread();
  assertThrows(() => thread.name = 5 as unknown as string, TypeError);
  assertThrows(() => thread.daemon = 1 as unknown as boolean, TypeError);
});

// -- subclasses --

Deno.test("Thread subclass runs a copy of the instance, with its fields", async () => {
  const thread = new Summer([1, 2, 3]).start();
  assertEquals(thread.name, "summer");
  assertEquals(await thread.join(), 6);
});

Deno.test("Thread.start() throws UnshareableError for a subclass that does not travel", () => {
  class Lost extends Thread<[], number> {
    override run(): number {
      return 1;
    }
  }
  const error = assertThrows(() => new Lost().start(), UnshareableError);
  assert(error.message.includes("shareable(import.meta, Lost)"), error.message);
});

Deno.test("Thread cannot be sent before its start", () => {
  const thread = new Thread({ target: add, args: [1, 2] });
  const sender = new Thread({ target: joinOther, args: [thread as AnyThread] });
  assertThrows(() => sender.start(), UnshareableError);
});

Deno.test("Thread.toString() says how it is", async () => {
  const thread = new Thread({ target: add, args: [1, 2], name: "adder", daemon: true });
  assertEquals(String(thread), "<Thread adder initial daemon>");
  thread.start();
  assertMatch(String(thread), /^<Thread adder ident=\d+ (started|stopped) daemon>$/);
  await thread.join();
  assertEquals(String(thread), `<Thread adder ident=${thread.ident} stopped daemon>`);
  assertMatch(String(currentThread()), /^<Thread \S+ ident=\d+ started>$/);
});
