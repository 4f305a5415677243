import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { CancelledError, DeadlockError, InvalidStateError, TimeoutError } from "../../errors.ts";
import { Future } from "../../pool/mod.ts";
import {
  beginOwned,
  cancelOwned,
  createOwned,
  rejectOwned,
  resolveOwned,
} from "../../pool/future.ts";
import type { FutureOwner } from "../../pool/future_owner.ts";
import { assertPending, BAD_TIMEOUTS, duration, turn } from "../conformance/support.ts";
import { capturePrinted, collectGarbage, watchRejections } from "./wait_support.ts";

type Ending = "result" | "exception" | "cancel";
const ENDINGS: readonly Ending[] = ["result", "exception", "cancel"];

/** Ends a future in one of its ways. */
function end(future: Future<number>, ending: Ending): void {
  if (ending === "result") future.setResult(42);
  else if (ending === "exception") future.setException(new RangeError("no"));
  else assert(future.cancel());
}

/** An owner that does what it is told, and writes down what it is asked. */
class TestOwner implements FutureOwner {
  readonly asked: string[] = [];
  isBegun = false;
  onPoll: () => void = () => {};
  onCancel: () => boolean = () => true;
  onBlock: () => void = () => {};

  poll(): void {
    this.asked.push("poll");
    this.onPoll();
  }

  begun(): boolean {
    return this.isBegun;
  }

  cancel(): boolean {
    this.asked.push("cancel");
    return this.onCancel();
  }

  waitSync(isDone: () => boolean, timeout: number): boolean {
    this.asked.push(`waitSync ${timeout}`);
    this.onBlock();
    return isDone();
  }
}

// -- states --

Deno.test("Future.done(), running() and cancelled() tell the states of a hand-made future [F07]", () => {
  const states = (future: Future<number>): boolean[] => [
    future.done(),
    future.running(),
    future.cancelled(),
  ];
  const future = new Future<number>();
  assertEquals(states(future), [false, false, false]);
  assertEquals(future.setRunningOrNotifyCancel(), true);
  assertEquals(states(future), [false, true, false]);
  future.setResult(1);
  assertEquals(states(future), [true, false, false]);
  const failed = new Future<number>();
  failed.setException(new Error("no"));
  assertEquals(states(failed), [true, false, false]);
  const cancelled = new Future<number>();
  assertEquals(cancelled.cancel(), true);
  assertEquals(states(cancelled), [true, false, true]);
  assertEquals(cancelled.setRunningOrNotifyCancel(), false);
  assertEquals(states(cancelled), [true, false, true]);
});

Deno.test("Future.cancel() cancels what has not begun, any number of times", () => {
  const future = new Future<number>();
  assertEquals([future.cancel(), future.cancel()], [true, true]);
  const running = new Future<number>();
  running.setRunningOrNotifyCancel();
  assertEquals([running.cancel(), running.cancelled()], [false, false]);
  running.setResult(1);
  assertEquals([running.cancel(), running.cancelled(), running.resultSync()], [false, false, 1]);
});

Deno.test("Future.setResult() and setException() throw InvalidStateError when done [F11]", () => {
  for (const ending of ENDINGS) {
    const future = new Future<number>();
    end(future, ending);
    const before = String(future);
    assertThrows(
      () => future.setResult(1),
      InvalidStateError,
      `Cannot set result of future: it is ${ending === "cancel" ? "cancelled" : "finished"}`,
    );
    assertThrows(() => future.setException(new Error("x")), InvalidStateError, "set exception");
    assertEquals(String(future), before);
  }
});

Deno.test("Future.setRunningOrNotifyCancel() throws InvalidStateError the second time", () => {
  for (
    const prepare of [
      (future: Future<number>) => void future.setRunningOrNotifyCancel(),
      (future: Future<number>) => future.setResult(1),
      (future: Future<number>) => future.setException(new Error("no")),
      (future: Future<number>) => {
        future.cancel();
        future.setRunningOrNotifyCancel();
      },
    ]
  ) {
    const future = new Future<number>();
    prepare(future);
    assertThrows(() => future.setRunningOrNotifyCancel(), InvalidStateError, "Cannot run future");
  }
});

Deno.test("Future.toString() has the state and what has come of it [F05]", () => {
  class Point {}
  const texts: [(future: Future<unknown>) => unknown, string][] = [
    [() => {}, "state=pending"],
    [(future) => future.setRunningOrNotifyCancel(), "state=running"],
    [(future) => future.cancel(), "state=cancelled"],
    [(future) => future.setResult(1), "state=finished returned number"],
    [(future) => future.setResult("a"), "state=finished returned string"],
    [(future) => future.setResult(null), "state=finished returned null"],
    [(future) => future.setResult(undefined), "state=finished returned undefined"],
    [(future) => future.setResult([1]), "state=finished returned Array"],
    [(future) => future.setResult(new Point()), "state=finished returned Point"],
    [(future) => future.setResult(Object.create(null)), "state=finished returned Object"],
    [(future) => future.setException(new RangeError("no")), "state=finished raised RangeError"],
    [(future) => future.setException(new TimeoutError()), "state=finished raised TimeoutError"],
    [(future) => future.setException(7), "state=finished raised number"],
  ];
  for (const [change, text] of texts) {
    const future = new Future<unknown>();
    change(future);
    assertEquals(String(future), `<Future ${text}>`);
  }
  assertEquals(Object.prototype.toString.call(new Future()), "[object Future]");
});

// -- results --

Deno.test("Future.result(), exception() and resultSync() with timeout 0 tell what there is [F08, F10]", async () => {
  for (const running of [false, true]) {
    const future = new Future<number>();
    if (running) future.setRunningOrNotifyCancel();
    await assertRejects(() => future.result({ timeout: 0 }), TimeoutError, "is not done");
    await assertRejects(() => future.exception({ timeout: 0 }), TimeoutError, "is not done");
    assertThrows(() => future.resultSync({ timeout: 0 }), TimeoutError, "is not done");
  }
  const [returned, raised, cancelled] = ENDINGS.map((ending) => {
    const future = new Future<number>();
    end(future, ending);
    return future;
  }) as [Future<number>, Future<number>, Future<number>];
  for (const options of [undefined, { timeout: 0 }, { timeout: 10 }]) {
    assertEquals(await returned.result(options), 42);
    assertEquals(returned.resultSync(options), 42);
    assertEquals(await returned.exception(options), null);
    await assertRejects(() => raised.result(options), RangeError, "no");
    assertThrows(() => raised.resultSync(options), RangeError, "no");
    assertInstanceOf(await raised.exception(options), RangeError);
    await assertRejects(() => cancelled.result(options), CancelledError);
    assertThrows(() => cancelled.resultSync(options), CancelledError);
    await assertRejects(() => cancelled.exception(options), CancelledError);
  }
});

Deno.test("Future.result() and exception() wait until the future is done", async () => {
  for (const options of [undefined, {}, { timeout: 60_000 }, { timeout: Infinity }]) {
    const future = new Future<string>();
    const waiting = Promise.all([future.result(options), future.exception(options), future]);
    await assertPending(waiting);
    future.setResult("there");
    assertEquals(await waiting, ["there", null, "there"]);
    const failing = new Future<string>();
    const error = new RangeError("no");
    const result = failing.result(options);
    const exception = failing.exception(options);
    setTimeout(() => failing.setException(error), 1);
    await assertRejects(() => result, RangeError);
    assertStrictEquals(await exception, error);
  }
});

Deno.test("Future rejects with the same object each time, whoever asks", async () => {
  for (const error of [new RangeError("no"), "a string", 0, undefined, null, { a: 1 }]) {
    const future = new Future<number>();
    future.setException(error);
    const seen: unknown[] = [];
    for (const ask of [() => future, () => future, () => future.result(), () => future.then()]) {
      await ask().then(() => seen.push("a result"), (thrown) => seen.push(thrown));
    }
    try {
      future.resultSync();
    } catch (thrown) {
      seen.push(thrown);
    }
    for (const thrown of seen) assertStrictEquals(thrown, error);
    assertEquals(seen.length, 5);
    assertEquals(await future.exception(), error as Error);
  }
});

Deno.test("Future.result() gives up at the end of time or at an abort, and the future goes on", async () => {
  const future = new Future<number>();
  const took = await duration(() =>
    assertRejects(() => future.result({ timeout: 20 }), TimeoutError)
  );
  assert(took >= 19, `${took} ms`);
  const controller = new AbortController();
  const reason = new Error("enough");
  const waiting = future.result({ signal: controller.signal });
  controller.abort(reason);
  assertStrictEquals(await waiting.catch((error) => error), reason);
  const late = future.exception({ signal: controller.signal });
  assertStrictEquals(await late.catch((error) => error), reason);
  future.setResult(3);
  assertEquals(await future.result({ timeout: 1000 }), 3);
  const aborted = future.result({ signal: controller.signal });
  assertStrictEquals(await aborted.catch((error) => error), reason);
});

Deno.test("Future.result(), exception() and resultSync() refuse a bad timeout", async () => {
  const future = new Future<number>();
  for (const [timeout, errorClass] of BAD_TIMEOUTS) {
    const options = { timeout: timeout as number };
    await assertRejects(() => future.result(options), errorClass, "timeout");
    await assertRejects(() => future.exception(options), errorClass, "timeout");
    assertThrows(() => future.resultSync(options), errorClass, "timeout");
  }
  await assertRejects(() => future.result(5 as never), TypeError, "options must be an object");
  await assertRejects(() => future.result({ signal: {} as AbortSignal }), TypeError, "signal");
});

Deno.test("Future.resultSync() throws DeadlockError where only this thread could settle the future", () => {
  assertThrows(() => new Future().resultSync(), DeadlockError, "only this thread can settle");
  const began = performance.now();
  assertThrows(() => new Future().resultSync({ timeout: 20 }), TimeoutError);
  assert(performance.now() - began >= 19);
});

// -- as a promise --

Deno.test("Future.then(), catch() and finally() are those of a promise", async () => {
  const future = new Future<number>();
  assertInstanceOf(future, Promise);
  const chained = future.then((value) => value + 1).finally(() => {});
  assert(!(chained instanceof Future));
  future.setResult(1);
  assertEquals(await chained, 2);
  const failed = new Future<number>();
  failed.setException(new RangeError("no"));
  assertEquals(await failed.catch((error: Error) => error.message), "no");
  assertEquals(await failed.then(() => 1, () => 2), 2);
});

Deno.test("Future joins promises in Promise.all(), race(), any() and allSettled()", async () => {
  const [one, two, three] = [new Future<number>(), new Future<number>(), new Future<number>()];
  const all = Promise.all([one, Promise.resolve("x"), two]);
  const race = Promise.race([one, two]);
  const any = Promise.any([three, two]);
  const settled = Promise.allSettled([two, three]);
  two.setResult(2);
  three.setException("no");
  one.setResult(1);
  assertEquals(await all, [1, "x", 2]);
  assertEquals(await race, 2);
  assertEquals(await any, 2);
  assertEquals(await settled, [{ status: "fulfilled", value: 2 }, {
    status: "rejected",
    reason: "no",
  }]);
});

Deno.test("Future is awaited as it is: await makes no promise of its own of it", () => {
  const future = new Future<number>();
  assertStrictEquals(Promise.resolve(future), future as Promise<number>);
});

Deno.test("Future that fails unseen is no unhandled rejection; a promise derived from it is", async () => {
  const unhandled = await watchRejections(async () => {
    new Future().setException(new Error("unseen"));
    new Future().cancel();
    const waited = new Future();
    waited.setException(new Error("seen too late"));
    await turn();
    await waited.catch(() => {});
  });
  assertEquals(unhandled, []);
  const derived = await watchRejections(() => {
    const future = new Future();
    void future.result();
    future.setException("derived");
  });
  assertEquals(derived, ["derived"]);
});

// -- callbacks --

for (const ending of ENDINGS) {
  Deno.test(`Future.addDoneCallback() before the end calls once, with the future: ${ending} [F01]`, async () => {
    const future = new Future<number>();
    const seen: unknown[] = [];
    future.addDoneCallback((future) => seen.push(future));
    assertEquals(seen, []);
    end(future, ending);
    assertEquals(seen.length, 1);
    assertStrictEquals(seen[0], future);
    future.cancel();
    if (ending === "cancel") future.setRunningOrNotifyCancel();
    await turn();
    assertEquals(seen.length, 1);
  });

  Deno.test(`Future.addDoneCallback() after the end calls at once: ${ending} [F02]`, () => {
    const future = new Future<number>();
    end(future, ending);
    const seen: boolean[] = [];
    future.addDoneCallback((future) => seen.push(future.done()));
    assertEquals(seen, [true]);
  });
}

Deno.test("Future.addDoneCallback() calls in the order of adding, whatever one throws [F04]", () => {
  const future = new Future<number>();
  const seen: string[] = [];
  const again = (): void => void seen.push("again");
  future.addDoneCallback(() => seen.push("first"));
  future.addDoneCallback(again);
  future.addDoneCallback((future) => {
    seen.push(`third of ${future.resultSync()}`);
    future.addDoneCallback(() => seen.push("inner"));
    throw new RangeError("a broken callback");
  });
  future.addDoneCallback(again);
  const printed = capturePrinted(() => future.setResult(42));
  assertEquals(seen, ["first", "again", "third of 42", "inner", "again"]);
  assertMatch(
    printed,
    /^Exception ignored in callback of <Future state=finished returned number>:/,
  );
  assertMatch(printed, /RangeError: a broken callback/);
  const late = capturePrinted(() =>
    future.addDoneCallback(() => {
      throw new Error("late");
    })
  );
  assertMatch(late, /Error: late/);
});

Deno.test("Future.addDoneCallback() refuses what is no function", () => {
  for (const wrong of [undefined, null, 1, {}]) {
    assertThrows(
      () => new Future().addDoneCallback(wrong as never),
      TypeError,
      "Cannot add callback",
    );
  }
});

// -- owners --

Deno.test("Future of an owner is polled before it tells its state", () => {
  const owner = new TestOwner();
  const future = createOwned(owner);
  assertEquals([future.done(), future.running(), future.cancelled()], [false, false, false]);
  assertEquals(owner.asked, ["poll", "poll", "poll"]);
  owner.isBegun = true;
  assertEquals([future.running(), String(future)], [true, "<Future state=running>"]);
  owner.onPoll = () => resolveOwned(future, 5);
  assertEquals([future.done(), future.resultSync()], [true, 5]);
  owner.asked.length = 0;
  assertEquals([future.done(), future.running(), future.cancel()], [true, false, false]);
  assertEquals(owner.asked, [], "an owner is asked after the end");
});

Deno.test("Future.addDoneCallback(): callbacks that take in results nest no deeper than one", () => {
  const COUNT = 30_000;
  const owner = new TestOwner();
  const pending = createOwned(owner);
  const futures = Array.from({ length: COUNT }, () => createOwned(owner));
  const order: number[] = [];
  let depth = 0;
  let deepest = 0;
  futures.forEach((future, i) =>
    future.addDoneCallback(() => {
      deepest = Math.max(deepest, ++depth);
      order.push(i);
      pending.done();
      depth--;
    })
  );
  let next = 0;
  owner.onPoll = () => {
    const future = futures[next++];
    if (future !== undefined) resolveOwned(future, next);
  };
  pending.done();
  assertEquals([order.length, deepest], [COUNT, 1]);
  assert(order.every((i, at) => i === at), "the callbacks came in another order than the results");
});

Deno.test("Future.addDoneCallback(): what a callback settles or cancels itself calls at once", () => {
  const owner = new TestOwner();
  const [first, cancelled] = [createOwned(owner), createOwned(owner)];
  const own = new Future<number>();
  const seen: string[] = [];
  cancelled.addDoneCallback(() => seen.push("cancelled"));
  own.addDoneCallback(() => seen.push("own"));
  first.addDoneCallback(() => {
    own.setResult(1);
    cancelled.cancel();
    seen.push("first");
  });
  resolveOwned(first, 1);
  assertEquals(seen, ["own", "cancelled", "first"]);
});

Deno.test("Future.cancel() asks the owner, and goes by its answer", async () => {
  const owner = new TestOwner();
  const refused = createOwned(owner);
  owner.onCancel = () => false;
  assertEquals([refused.cancel(), refused.cancelled(), refused.done()], [false, false, false]);
  resolveOwned(refused, 1);
  assertEquals(await refused, 1);

  owner.onCancel = () => true;
  const granted = createOwned(owner);
  assertEquals([granted.cancel(), granted.cancelled()], [true, true]);
  resolveOwned(granted, 1);
  await assertRejects(() => granted.result(), CancelledError);

  // The owner settles the future while it is asked.
  const told = createOwned(owner);
  const reason = new CancelledError("told");
  owner.onCancel = () => (rejectOwned(told, reason), true);
  assertEquals([told.cancel(), told.cancelled()], [true, true]);
  assertStrictEquals(await told.catch((error) => error), reason);
  const outrun = createOwned(owner);
  owner.onCancel = () => (resolveOwned(outrun, 7), false);
  assertEquals([outrun.cancel(), outrun.cancelled(), outrun.resultSync()], [false, false, 7]);

  // An owner that throws leaves the future as it was.
  const broken = createOwned(owner);
  owner.onCancel = () => {
    throw new Error("broken");
  };
  assertThrows(() => broken.cancel(), Error, "broken");
  assertEquals([broken.done(), String(broken)], [false, "<Future state=pending>"]);
  owner.onCancel = () => true;
  assertEquals(broken.cancel(), true);
});

Deno.test("Future of an owner has failed, not been cancelled, when its task throws CancelledError", async () => {
  const future = createOwned(new TestOwner());
  rejectOwned(future, new CancelledError("of the task"));
  assertEquals([future.cancelled(), String(future)], [
    false,
    "<Future state=finished raised CancelledError>",
  ]);
  assertInstanceOf(await future.exception(), CancelledError);
  const cancelled = createOwned(new TestOwner());
  cancelOwned(cancelled);
  assertEquals(cancelled.cancelled(), true);
});

Deno.test("Future of an owner keeps its first settlement", async () => {
  const future = createOwned(new TestOwner());
  beginOwned(future);
  assertEquals(future.running(), true);
  resolveOwned(future, 1);
  resolveOwned(future, 2);
  rejectOwned(future, new Error("no"));
  cancelOwned(future);
  beginOwned(future);
  assertEquals([await future, String(future)], [1, "<Future state=finished returned number>"]);
});

Deno.test("Future.resultSync() blocks in the owner", () => {
  const owner = new TestOwner();
  const future = createOwned(owner);
  owner.onBlock = () => resolveOwned(future, "there");
  assertEquals(future.resultSync({ timeout: 1000 }), "there");
  const other = createOwned(owner);
  owner.onBlock = () => {};
  assertThrows(() => other.resultSync({ timeout: 5 }), TimeoutError, "after 5 ms");
  owner.onBlock = () => rejectOwned(other, new RangeError("no"));
  assertThrows(() => other.resultSync(), RangeError, "no");
  assertEquals(
    owner.asked.filter((asked) => asked !== "poll"),
    ["waitSync 1000", "waitSync 5", "waitSync Infinity"],
  );
});

// -- many --

Deno.test("Future keeps nothing of a wait that gave up", async () => {
  const future = new Future<number>();
  const giveUp = async (): Promise<WeakRef<object>> => {
    const controller = new AbortController();
    const waiting = [future.result(controller), future.exception(controller)];
    controller.abort();
    for (const result of await Promise.allSettled(waiting)) assertEquals(result.status, "rejected");
    return new WeakRef(controller.signal);
  };
  const signals = [await giveUp(), await giveUp()];
  for (let i = 0; i < 20 && signals.some((ref) => ref.deref() !== undefined); i++) {
    await collectGarbage();
  }
  assertEquals(signals.map((ref) => ref.deref()), [undefined, undefined]);
  assertEquals(future.done(), false);
});

Deno.test("Future releases its owner when it is done", async () => {
  const make = (): [Future<unknown>, WeakRef<object>] => {
    const owner = new TestOwner();
    const future = createOwned(owner);
    resolveOwned(future, 1);
    return [future, new WeakRef(owner)];
  };
  const [future, owner] = make();
  for (let i = 0; i < 20 && owner.deref() !== undefined; i++) await collectGarbage();
  assertEquals([owner.deref(), future.done()], [undefined, true]);
});

Deno.test("Future is released when nobody refers to it, the last one, too", async () => {
  const make = (): WeakRef<object>[] =>
    [true, false].map((settle) => {
      const future = new Future<number>();
      if (settle) future.setResult(1);
      return new WeakRef(future);
    });
  const made = make();
  for (let i = 0; i < 20 && made.some((ref) => ref.deref() !== undefined); i++) {
    await collectGarbage();
  }
  assertEquals(made.map((ref) => ref.deref()), [undefined, undefined]);
});

Deno.test("Future serves 10 000 at a time, settled in any order", async () => {
  const futures = Array.from({ length: 10_000 }, () => new Future<number>());
  let called = 0;
  for (const future of futures) future.addDoneCallback(() => called++);
  const all = Promise.all(futures);
  for (let i = 0; i < futures.length; i++) {
    const j = (i * 7919) % futures.length;
    futures[j]?.setResult(j);
  }
  assertEquals(await all, futures.map((_, i) => i));
  assertEquals(called, 10_000);
});
