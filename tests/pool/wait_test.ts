import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { WAITABLE } from "../../_core/waitable.ts";
import { runtime } from "../../_runtime/runtime.ts";
import { InvalidStateError, TimeoutError } from "../../errors.ts";
import {
  ALL_COMPLETED,
  asCompleted,
  FIRST_COMPLETED,
  FIRST_EXCEPTION,
  Future,
  type ReturnWhen,
  wait,
  type WaitObject,
} from "../../pool/mod.ts";
import { createOwned, resolveOwned } from "../../pool/future.ts";
import { Event } from "../../sync/mod.ts";
import { type AnyThread, mainThread, setExcepthook, Thread } from "../../thread/mod.ts";
import {
  assertLeavesNothing,
  assertPending,
  BAD_TIMEOUTS,
  SCOPES,
  turn,
  until,
} from "../conformance/support.ts";
import { collectGarbage, watchRejections } from "./wait_support.ts";
import {
  flashWhenSet,
  returnWhenSet,
  setWhenSet,
  throwWhenSet,
  waitForThread,
  waitHere,
} from "./wait_tasks.ts";

function pending(count: number): Future<number>[] {
  return Array.from({ length: count }, () => new Future<number>());
}

function returned(value = 1): Future<number> {
  const future = new Future<number>();
  future.setResult(value);
  return future;
}

function raised(): Future<number> {
  const future = new Future<number>();
  future.setException(new RangeError("no"));
  return future;
}

function cancelled(): Future<number> {
  const future = new Future<number>();
  future.cancel();
  return future;
}

/** Asserts what a wait has found, by identity and in order. */
function assertFound<T>(
  found: { done: Set<T>; notDone: Set<T> },
  done: readonly T[],
  notDone: readonly T[],
): void {
  const same = (one: Set<T>, other: readonly T[]): boolean =>
    one.size === other.length && [...one].every((object, i) => object === other[i]);
  assert(same(found.done, done), "other objects are done, or in another order");
  assert(same(found.notDone, notDone), "other objects are not done, or in another order");
}

/** Takes all that an iteration gives; it is not awaited. */
async function takeAll<T>(objects: AsyncIterable<T>): Promise<T[]> {
  const iterator = objects[Symbol.asyncIterator]();
  const taken: T[] = [];
  for (;;) {
    const step = await iterator.next();
    if (step.done === true) return taken;
    taken.push(step.value);
  }
}

// -- when wait returns --

Deno.test("wait() returns at once what is done already, first what was given first [F34]", async () => {
  const [open] = pending(1) as [Future<number>];
  const objects = [open, cancelled(), raised(), returned()];
  const first = await wait(objects, { returnWhen: "FIRST_COMPLETED" });
  assertFound(first, objects.slice(1), [open]);
  assertFound(await wait(objects.slice(1)), objects.slice(1), []);
  assertFound(await wait([]), [], []);
  assertFound(await wait([], { returnWhen: FIRST_COMPLETED }), [], []);
});

Deno.test("wait() returns when the first is done: with a result, an error or a cancel [F34]", async () => {
  for (
    const end of [
      (future: Future<number>) => future.setResult(1),
      (future: Future<number>) => future.setException(new Error("no")),
      (future: Future<number>) => void future.cancel(),
    ]
  ) {
    const [one, two] = pending(2) as [Future<number>, Future<number>];
    const waiting = wait([one, two], { returnWhen: FIRST_COMPLETED });
    await assertPending(waiting);
    end(two);
    assertFound(await waiting, [two], [one]);
  }
});

Deno.test("wait() returns when all are done, in the order in which they were", async () => {
  for (
    const options of [undefined, {}, { returnWhen: ALL_COMPLETED } as const, { timeout: 60_000 }]
  ) {
    const [one, two, three] = pending(3) as [Future<number>, Future<number>, Future<number>];
    const waiting = wait([one, two, three], options);
    three.setResult(3);
    one.setException(new Error("no"));
    await assertPending(waiting);
    two.cancel();
    assertFound(await waiting, [three, one, two], []);
  }
});

Deno.test("wait() returns when the first has failed; a cancel is no failure", async () => {
  const [one, two, three] = pending(3) as [Future<number>, Future<number>, Future<number>];
  const options = { returnWhen: FIRST_EXCEPTION } as const;
  const waiting = wait([one, two, three], options);
  one.setResult(1);
  two.cancel();
  await assertPending(waiting);
  three.setException(new Error("no"));
  assertFound(await waiting, [one, two, three], []);

  const open = pending(1)[0] as Future<number>;
  assertFound(await wait([open, three], options), [three], [open]);
  assertFound(await wait([one, two], options), [one, two], []);
  const more = wait([open, one, two], options);
  await assertPending(more);
  open.setResult(1);
  assertFound(await more, [one, two, open], []);
});

Deno.test("wait() with a count returns when so many are done", async () => {
  const [one, two, three] = pending(3) as [Future<number>, Future<number>, Future<number>];
  const waiting = wait([one, two, three], { count: 2 });
  three.setException(new Error("no"));
  await assertPending(waiting);
  one.setResult(1);
  assertFound(await waiting, [three, one], [two]);
  assertFound(await wait([one, two, three], { count: 0 }), [one, three], [two]);
  assertFound(await wait([one, three], { count: 9 }), [one, three], []);
  assertFound(await wait([two, one], { count: 2, returnWhen: FIRST_COMPLETED }), [one], [two]);
  assertFound(await wait([two, three], { count: 2, returnWhen: FIRST_EXCEPTION }), [three], [two]);
});

Deno.test("wait() counts an object once that is given twice, in any iterable", async () => {
  const [one, two] = pending(2) as [Future<number>, Future<number>];
  const waiting = wait(
    (function* (): Generator<Future<number>> {
      yield* [one, two, one, two];
    })(),
    { count: 2 },
  );
  one.setResult(1);
  await assertPending(waiting);
  two.setResult(1);
  assertFound(await waiting, [one, two], []);
  assertFound(await wait(new Set([two, one])), [two, one], []);
});

Deno.test("wait() returns what is done when time is up [F37]", async () => {
  const [one, two, three] = pending(3) as [Future<number>, Future<number>, Future<number>];
  assertFound(await wait([one, two], { timeout: 0 }), [], [one, two]);
  const waiting = wait([one, two, three], { timeout: 30 });
  two.setResult(2);
  assertFound(await waiting, [two], [one, three]);
  assertFound(await wait([one, two], { timeout: 0 }), [two], [one]);
});

Deno.test("wait() and asCompleted() with timeout 0 only look, without a turn of the event loop", async () => {
  let turned = false;
  setTimeout(() => turned = true, 0);
  const [one] = pending(1) as [Future<number>];
  await wait([one, Promise.race([])], { timeout: 0 });
  await takeAll(asCompleted([one], { timeout: 0 })).catch(() => {});
  assertEquals(turned, false);
  await turn();
});

Deno.test("wait() and asCompleted() miss nothing that is settled while they look", async () => {
  for (
    const found of [
      (futures: Future<unknown>[]) => wait(futures, { returnWhen: FIRST_COMPLETED }),
      (futures: Future<unknown>[]) => asCompleted(futures).next(),
    ]
  ) {
    let first: Future<unknown> | null = null;
    const owner = {
      poll: () => {
        if (first !== null) resolveOwned(first, 1);
      },
      begun: () => false,
      cancel: () => false,
      waitSync: () => false,
    };
    const futures = [new Future<unknown>(), createOwned(owner)];
    first = futures[0] as Future<unknown>;
    await found(futures);
  }
});

Deno.test("wait() and asCompleted() look again when time is up", async () => {
  // Before and after it has subscribed, and when time is up.
  let looks = 0;
  const state = {
    get done(): boolean {
      return ++looks % 3 === 0;
    },
    failed: false,
    subscribe: () => () => {},
  };
  const object = { [WAITABLE]: () => state };
  assertFound(await wait([object], { timeout: 5 }), [object], []);
  assertEquals(await takeAll(asCompleted([object], { timeout: 5 })), [object]);
});

Deno.test("wait() rejects with the reason of an aborted signal", async () => {
  const [one, two] = pending(2) as [Future<number>, Future<number>];
  const controller = new AbortController();
  const waiting = wait([one, two], { signal: controller.signal });
  await turn();
  controller.abort("enough");
  assertEquals(await waiting.catch((error) => error), "enough");
  const late = wait([returned()], { signal: controller.signal });
  assertEquals(await late.catch((error) => error), "enough");
  const soon = new AbortController();
  const between = wait([Promise.race([])], { signal: soon.signal });
  soon.abort("between");
  assertEquals(await between.catch((error) => error), "between");
});

// -- wrong input --

Deno.test("wait() and asCompleted() refuse what nobody can wait for", async () => {
  const wrong: [unknown, string][] = [
    [undefined, "expected an iterable, as [future, thread]: received undefined"],
    [null, "received null"],
    [5, "received number"],
    [returned(), "expected an iterable, as [future, thread]: received an object of class Future"],
    [{}, "received an object"],
    [[returned(), 5], "expected futures, threads, events or promises: received number"],
    [[null], "received null"],
    [["abc"], "received string"],
    ["abc", "received string"],
    [[[returned()]], "received an array"],
    [[{ then: 5 }], "received an object"],
    [[(): Promise<void> => Promise.resolve()], "received function"],
    [new Map([[1, returned()]]), "received an array"],
  ];
  for (const [objects, message] of wrong) {
    await assertRejects(() => wait(objects as never), TypeError, message);
    assertThrows(() => asCompleted(objects as never), TypeError, message);
  }
});

Deno.test("wait() and asCompleted() refuse bad options", async () => {
  const objects = [returned()];
  for (const [timeout, errorClass] of BAD_TIMEOUTS) {
    const options = { timeout: timeout as number };
    await assertRejects(() => wait(objects, options), errorClass, "timeout");
    assertThrows(() => asCompleted(objects, options), errorClass, "timeout");
  }
  const bad: [object, typeof RangeError | typeof TypeError, string][] = [
    [{ count: -1 }, RangeError, "'count' must be an integer >= 0: received -1"],
    [{ count: 1.5 }, RangeError, "received 1.5"],
    [{ count: NaN }, RangeError, "received NaN"],
    [{ count: "1" }, TypeError, "'count' must be a number: received string"],
    [{ signal: {} }, TypeError, "'signal' must be an AbortSignal"],
    [5 as never, TypeError, "options must be an object"],
  ];
  for (const [options, errorClass, message] of bad) {
    await assertRejects(() => wait(objects, options), errorClass, message);
    assertThrows(() => asCompleted(objects, options), errorClass, message);
  }
  for (const returnWhen of ["ANY", "", 1, null, {}]) {
    await assertRejects(
      () => wait(objects, { returnWhen: returnWhen as ReturnWhen }),
      TypeError,
      `'returnWhen' must be "ALL_COMPLETED", "FIRST_COMPLETED" or "FIRST_EXCEPTION"`,
    );
  }
});

// -- asCompleted --

Deno.test("asCompleted() gives each when it is done, what is done already first", async () => {
  const [one, two, three] = pending(3) as [Future<number>, Future<number>, Future<number>];
  const done = [raised(), returned(), cancelled()];
  const order: Future<number>[] = [];
  const objects = [one, ...done, two, three, one];
  for await (const future of asCompleted(objects)) {
    order.push(future);
    // While the loop is busy, the others are done in another order.
    if (order.length === 1) [two, one, three].forEach((future) => future.setResult(0));
  }
  const expected = [...done, two, one, three];
  assertEquals(order.length, expected.length);
  order.forEach((future, i) => assertStrictEquals(future, expected[i]));
  assertEquals(await takeAll(asCompleted([])), []);
});

Deno.test("asCompleted() gives the objects themselves, which nobody has awaited", async () => {
  const futures = [returned(7), raised()];
  for await (const future of asCompleted(futures)) {
    assert(future instanceof Future);
    assert(futures.includes(future));
  }
  const promise = Promise.resolve(1);
  assertStrictEquals((await takeAll(asCompleted([promise])))[0], promise);
});

Deno.test("asCompleted() throws TimeoutError after what is done, and says how many are left [F40]", async () => {
  const [one, two] = pending(2) as [Future<number>, Future<number>];
  const objects = [one, cancelled(), two, returned()];
  for (const timeout of [0, 20]) {
    const taken: Future<number>[] = [];
    const error = await assertRejects(async () => {
      for await (const future of asCompleted(objects, { timeout })) taken.push(future);
    }, TimeoutError);
    assertEquals(
      error.message,
      `Cannot wait for all: 2 (of 4) unfinished after ${timeout} ms`,
    );
    assertEquals(taken.length, 2);
  }
  // Time is counted from the call on, also while the loop is busy; what is done by then is given.
  const iterator = asCompleted([one, two], { timeout: 30 });
  const first = iterator.next();
  one.setResult(1);
  assertStrictEquals((await first).value, one);
  await new Promise((resolve) => setTimeout(resolve, 40));
  setTimeout(() => two.setResult(2), 1);
  await assertRejects(() => iterator.next(), TimeoutError, "1 (of 2)");
  assertEquals(await iterator.next(), { done: true, value: undefined });
});

Deno.test("asCompleted() rejects with the reason of an aborted signal, and has ended then", async () => {
  const [one, two] = pending(2) as [Future<number>, Future<number>];
  one.setResult(1);
  const controller = new AbortController();
  const iterator = asCompleted([one, two], { signal: controller.signal });
  assertStrictEquals((await iterator.next()).value, one);
  const next = iterator.next();
  controller.abort("enough");
  assertEquals(await next.catch((error) => error), "enough");
  assertEquals(await iterator.next(), { done: true, value: undefined });
  const late = asCompleted([one], { signal: controller.signal });
  assertEquals(await late.next().catch((error) => error), "enough");
});

Deno.test("asCompleted() with a count ends after so many", async () => {
  const [one] = pending(1) as [Future<number>];
  const objects = [one, returned(), returned(), returned()];
  assertEquals((await takeAll(asCompleted(objects, { count: 2 }))).length, 2);
  assertEquals((await takeAll(asCompleted(objects, { count: 0 }))).length, 0);
  assertEquals((await takeAll(asCompleted(objects.slice(1), { count: 9 }))).length, 3);
});

Deno.test("asCompleted() answers calls of next() and return() one after the other", async () => {
  const [one, two] = pending(2) as [Future<number>, Future<number>];
  const iterator = asCompleted([one, two]);
  const answers = Promise.all([
    iterator.next(),
    iterator.next(),
    iterator.next(),
    iterator.return(),
  ]);
  two.setResult(2);
  one.setResult(1);
  const [first, second, third, last] = await answers;
  assertStrictEquals(first.value, two);
  assertStrictEquals(second.value, one);
  assertEquals([third, last], Array(2).fill({ done: true, value: undefined }));
});

Deno.test("asCompleted() releases what it has given [F41]", async () => {
  const [last] = pending(1) as [Future<number>];
  const iterator = asCompleted([returned(), returned(), last]);
  const take = async (): Promise<WeakRef<object>> =>
    new WeakRef((await iterator.next()).value as object);
  const given = await take();
  for (let i = 0; i < 20 && given.deref() !== undefined; i++) await collectGarbage();
  assertEquals(given.deref(), undefined);
  await iterator.return();
});

// -- promises --

Deno.test("wait() and asCompleted() take promises and other thenables, settled or not", async () => {
  const fulfilled = Promise.resolve(1);
  const rejected = Promise.reject(new Error("no"));
  const never = new Promise<never>(() => {});
  const thenable: PromiseLike<number> = {
    then: (onFulfilled) => Promise.resolve(onFulfilled?.(1)) as Promise<never>,
  };
  const broken: PromiseLike<number> = {
    then() {
      throw new Error("broken");
    },
  };
  const fickle: PromiseLike<number> = {
    then(onFulfilled, onRejected) {
      onFulfilled?.(1);
      onRejected?.(new Error("fickle"));
      return Promise.race([]);
    },
  };
  const objects = [never, fulfilled, rejected, thenable, broken];
  const done = [fulfilled, rejected, thenable, broken];
  for (let i = 0; i < 2; i++) {
    const found = await wait<WaitObject>(objects, { timeout: 0 });
    assertEquals([found.done.size, found.notDone.size], [4, 1]);
    assert(done.every((object) => found.done.has(object)) && found.notDone.has(never));
  }
  assertEquals((await wait([never, rejected], { returnWhen: FIRST_EXCEPTION })).done.size, 1);
  assertEquals((await wait([never, broken], { returnWhen: FIRST_EXCEPTION })).done.size, 1);
  const fickleIsDone = await wait([never, fickle], { returnWhen: FIRST_EXCEPTION, timeout: 1 });
  assertEquals([...fickleIsDone.done], [fickle]);
  await assertPending(wait([never, fickle], { returnWhen: FIRST_EXCEPTION }));
  const alsoFailed = wait([never, fickle, rejected], { returnWhen: FIRST_EXCEPTION });
  assertEquals((await alsoFailed).done.size, 2);
  assertEquals((await wait([never, fickle, never], { count: 1 })).done.size, 1);
  // What is settled already is found before a future that is done ends the wait.
  const settled = Promise.resolve();
  const found = await wait<WaitObject>([settled, returned()], { returnWhen: FIRST_COMPLETED });
  assertEquals(found.done.size, 2);
  const later = new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals((await takeAll(asCompleted<WaitObject>([later, fulfilled]))).length, 2);
});

Deno.test("wait() reacts to a promise once, however often it waits for it", async () => {
  let reactions = 0;
  const thenable: PromiseLike<never> = {
    then() {
      reactions++;
      return new Promise<never>(() => {});
    },
  };
  for (let i = 0; i < 10; i++) await wait([thenable], { timeout: 0 });
  assertEquals(reactions, 1);
});

Deno.test("wait() makes no unhandled rejection of a failure", async () => {
  const unhandled = await watchRejections(async () => {
    const rejected = Promise.reject(new Error("no"));
    await wait([rejected, raised()]);
    let fail: ((error: Error) => void) | undefined;
    const late = new Promise<never>((_, reject) => fail = reject);
    await wait([late], { timeout: 0 });
    fail?.(new Error("late"));
    await turn();
    await late.catch(() => {});
    for await (const one of asCompleted([Promise.reject(new Error("no"))])) {
      await one.catch(() => {});
    }
  });
  assertEquals(unhandled, []);
});

// -- events --

for (const scope of SCOPES) {
  Deno.test(`wait() and asCompleted() take events: done while they are set [${scope}]`, async () => {
    const [one, two] = [new Event({ scope }), new Event({ scope })];
    await assertLeavesNothing(scope, async () => {
      one.set();
      assertFound(await wait([one, two], { timeout: 0 }), [one], [two]);
      assertFound(await wait([two, one], { returnWhen: FIRST_COMPLETED }), [one], [two]);
      const waiting = wait([one, two], { returnWhen: FIRST_EXCEPTION });
      await assertPending(waiting);
      two.set();
      assertFound(await waiting, [one, two], []);
      one.clear();
      assertFound(await wait([one, two], { timeout: 5 }), [two], [one]);
      const iterator = asCompleted([one, two]);
      assertStrictEquals((await iterator.next()).value, two);
      const next = iterator.next();
      // Whoever waits is released, though the event is cleared at once.
      one.set();
      one.clear();
      assertStrictEquals((await next).value, one);
      assertEquals((await iterator.next()).done, true);
    });
  });

  Deno.test(`wait() and asCompleted() leave no waiter at an event [${scope}]`, async () => {
    const events = Array.from({ length: 20 }, () => new Event({ scope }));
    const controller = new AbortController();
    await assertLeavesNothing(scope, async () => {
      await wait(events, { timeout: 5 });
      const aborted = wait(events, { signal: controller.signal });
      await turn();
      controller.abort("enough");
      assertEquals(await aborted.catch((error) => error), "enough");
      await assertRejects(() => takeAll(asCompleted(events, { timeout: 5 })), TimeoutError);
      events[3]?.set();
      await wait(events, { returnWhen: FIRST_COMPLETED });
      for await (const event of asCompleted(events)) {
        assertStrictEquals(event, events[3]);
        break;
      }
      await assertRejects(async () => {
        for await (const _ of asCompleted(events)) throw new RangeError("out of the loop");
      }, RangeError);
      await assertRejects(() => wait<WaitObject>([...events, new Thread()]), InvalidStateError);
      asCompleted(events);
    });
  });
}

Deno.test("wait() sees an event that another thread sets, and one that is cleared at once", async () => {
  for (const target of [setWhenSet, flashWhenSet]) {
    const [go, event] = [new Event(), new Event()];
    const thread = new Thread({ target, args: [go, event] }).start();
    const waiting = wait([event]);
    await assertPending(waiting);
    go.set();
    assertFound(await waiting, [event], []);
    await thread.join();
  }
});

// -- threads --

Deno.test("wait() and asCompleted() take threads: done when they have ended", async () => {
  const gates = [new Event(), new Event(), new Event()] as [Event, Event, Event];
  const threads = gates.map((gate, i) =>
    new Thread({ target: returnWhenSet, args: [gate, i] }).start()
  ) as Thread<[Event, number], number>[];
  const [one, two, three] = threads as [AnyThread, AnyThread, AnyThread];
  assertFound(await wait<AnyThread>([one, two, three], { timeout: 0 }), [], [one, two, three]);
  const first = wait([one, two, three], { returnWhen: FIRST_COMPLETED });
  gates[1].set();
  assertFound(await first, [two], [one, three]);
  const order: unknown[] = [];
  const results: unknown[] = [];
  for await (const thread of asCompleted(threads)) {
    order.push(thread.name);
    results.push(await thread.join());
    gates[results.length === 1 ? 2 : 0].set();
  }
  assertEquals(results, [1, 2, 0]);
  assertEquals(order, [two.name, three.name, one.name]);
  assertFound(await wait([one, two, three]), [one, two, three], []);
});

Deno.test("wait() returns when the first thread has failed, or was killed", async () => {
  const gate = new Event();
  const slow = new Thread({ target: returnWhenSet, args: [gate, 1] }).start() as AnyThread;
  for (const end of ["throw", "kill", "joined"]) {
    const go = new Event();
    const thread = new Thread({ target: throwWhenSet, args: [go, "no"] }).start() as AnyThread;
    if (end === "joined") {
      go.set();
      await assertRejects(() => thread.join(), RangeError, "no");
    }
    const waiting = wait([slow, thread], { returnWhen: FIRST_EXCEPTION });
    if (end === "throw") go.set();
    else if (end === "kill") thread.kill();
    assertFound(await waiting, [thread], [slow]);
    await assertRejects(() => thread.join());
  }
  gate.set();
  const found = await wait([slow], { returnWhen: FIRST_EXCEPTION });
  assertFound(found, [slow], []);
  await slow.join();
});

Deno.test("wait() and asCompleted() refuse threads that will never end", async () => {
  const started = new Thread();
  const wrong: [AnyThread, string][] = [
    [started, "it was not started"],
    [mainThread(), "Cannot wait for the main thread"],
  ];
  for (const [thread, message] of wrong) {
    await assertRejects(() => wait([thread]), InvalidStateError, message);
    assertThrows(() => asCompleted([thread]), InvalidStateError, message);
  }
  const passed = new Event();
  passed.set();
  const own = new Thread({ target: waitForThread, args: [{ thread: null }, passed] }).start();
  assertEquals(
    await own.join(),
    `InvalidStateError: Cannot wait for thread ${own.name}: it is the current thread`,
  );
});

Deno.test("wait() works in other threads", async () => {
  const gates = [new Event(), new Event()] as [Event, Event];
  const threads = gates.map((gate, i) =>
    new Thread({ target: returnWhenSet, args: [gate, i] }).start()
  ) as unknown as AnyThread[];
  const event = new Event();
  const seen = new Event();
  const waiter = new Thread({ target: waitHere, args: [threads, event, seen] }).start();
  gates[1].set();
  await seen.wait({ timeout: 60_000 });
  gates[0].set();
  event.set();
  assertEquals(await waiter.join(), [3, [1, 0]]);
});

Deno.test("wait() lets a failed thread be joined before it is reported; if nobody does, it is", async () => {
  const reported: unknown[] = [];
  const previous = setExcepthook(({ thread }) => void reported.push(thread.name));
  try {
    const [gate, slowGate] = [new Event(), new Event()];
    const make = (name: string): AnyThread =>
      new Thread({ target: throwWhenSet, args: [gate, name], name }).start() as AnyThread;
    const joined = [make("joined 1"), make("joined 2")];
    const slow = new Thread({ target: returnWhenSet, args: [slowGate, 1] }).start() as AnyThread;
    const waiting = wait([...joined, slow]);
    await turn();
    gate.set();
    await until(() => joined.every((thread) => !thread.isAlive()));
    for (let i = 0; i < 5; i++) await turn();
    slowGate.set();
    for (const thread of (await waiting).done) await thread.join().catch(() => {});

    const each = [make("each 1"), make("each 2")];
    for await (const thread of asCompleted(each)) {
      for (let i = 0; i < 5; i++) await turn();
      await thread.join().catch(() => {});
    }
    const unjoined: unknown[] = [];
    for (const giveUp of [false, true]) {
      const left = make(`nobody's ${giveUp}`);
      const controller = new AbortController();
      const waiting = wait([left], { signal: controller.signal });
      if (giveUp) controller.abort();
      await waiting.catch(() => {});
      unjoined.push(left.name);
      await until(() => reported.length === unjoined.length, "the report");
      assertEquals(reported, unjoined);
    }
  } finally {
    setExcepthook(previous);
  }
});

Deno.test("Thread.join() and wait() share one wait, however often they give up", async () => {
  const gate = new Event();
  const thread = new Thread({ target: returnWhenSet, args: [gate, 5] }).start();
  for (let i = 0; i < 100; i++) {
    await assertRejects(() => thread.join({ timeout: 0 }), TimeoutError);
    await wait([thread], { timeout: i === 50 ? 1 : 0 });
  }
  const all = Promise.all([thread.join(), wait([thread]), thread.join({ timeout: 60_000 })]);
  gate.set();
  const [one, { done }, two] = await all;
  assertEquals([one, done.size, two], [5, 1, 5]);
});

// -- mixed --

Deno.test("wait() and asCompleted() take any mix", async () => {
  const gate = new Event();
  const event = new Event({ scope: "local" });
  const future = new Future<number>();
  let resolve: (() => void) | undefined;
  const promise = new Promise<void>((done) => resolve = done);
  const thread = new Thread({ target: returnWhenSet, args: [gate, 1] }).start() as AnyThread;
  const objects: WaitObject[] = [thread, promise, event, future];
  const waiting = wait(objects);
  const order: WaitObject[] = [];
  const iterating = (async (): Promise<void> => {
    for await (const object of asCompleted(objects)) order.push(object);
  })();
  const steps: [WaitObject, () => void][] = [
    [future, () => future.setResult(1)],
    [thread, () => gate.set()],
    [event, () => event.set()],
    [promise, () => resolve?.()],
  ];
  for (const [i, [, step]] of steps.entries()) {
    step();
    await until(() => order.length === i + 1, `step ${i}`);
  }
  await iterating;
  const expected = steps.map(([object]) => object);
  assertFound({ done: new Set(order), notDone: new Set() }, expected, []);
  assertFound(await waiting, expected, []);
  await thread.join();
});

Deno.test("wait(), asCompleted() and Future.result() leave no timer", async () => {
  const before = runtime().activeResources();
  const options = { timeout: 600_000, signal: new AbortController().signal };
  const futures = pending(4);
  const [one, two, three, four] = futures as [
    Future<number>,
    Future<number>,
    Future<number>,
    Future<number>,
  ];
  const waiting = Promise.all([
    wait([one], options),
    takeAll(asCompleted([one, two], options)),
    three.result(options),
    four.exception(options).catch(() => {}),
    wait([new Promise((resolve) => queueMicrotask(() => resolve(1)))], options),
  ]);
  assert(runtime().activeResources() > before);
  for (const future of futures) queueMicrotask(() => future.setResult(1));
  await waiting;
  await until(() => runtime().activeResources() <= before, "the end of the timers");
});

Deno.test("wait() for threads leaves no timer", async () => {
  const gate = new Event();
  const start = (): AnyThread =>
    new Thread({ target: returnWhenSet, args: [gate, 1] }).start() as AnyThread;
  const threads = [start(), start()];
  const before = runtime().activeResources();
  const waiting = wait(threads);
  await turn();
  assert(runtime().activeResources() > before);
  gate.set();
  await waiting;
  await until(() => runtime().activeResources() <= before, "the end of the timer");
  await Promise.all(threads.map((thread) => thread.join()));
});

Deno.test("wait() leaves no listener at a signal, and no callback at a future", async () => {
  let listeners = 0;
  const { signal } = new AbortController();
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners++;
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listeners--;
    removeEventListener.apply(signal, args);
  };
  const [one, two] = pending(2) as [Future<number>, Future<number>];
  for (let i = 0; i < 3; i++) await wait([one, two], { timeout: 1, signal });
  for (let i = 0; i < 3; i++) {
    await takeAll(asCompleted([one, two], { timeout: 1, signal })).catch(() => {});
  }
  one.setResult(1);
  await wait([one, two], { returnWhen: FIRST_COMPLETED, signal });
  for await (const _ of asCompleted([one, two], { signal })) break;
  assertEquals(listeners, 0);
  const unused = new WeakRef(one);
  const waits = Array.from({ length: 100 }, () => wait([two], { timeout: 1 }));
  assertEquals((await Promise.all(waits)).every(({ notDone }) => notDone.has(two)), true);
  assert(unused.deref() !== undefined);
});

// -- many --

Deno.test("wait() misses none of 100 futures that are done while it begins [F38]", async () => {
  for (let round = 0; round < 20; round++) {
    const futures = pending(100);
    for (const future of futures) {
      if (round % 2 === 0) queueMicrotask(() => future.setResult(1));
      else setTimeout(() => future.setResult(1), Math.random() * 2);
    }
    const objects: WaitObject[] = round % 3 === 0 ? [...futures, Promise.resolve()] : futures;
    const { done, notDone } = await wait(objects, { timeout: 60_000 });
    assertEquals([done.size, notDone.size], [objects.length, 0]);
  }
});

Deno.test("wait() and asCompleted() serve 10 000 futures", async () => {
  const futures = pending(10_000);
  const waiting = wait(futures);
  const iterating = takeAll(asCompleted(futures));
  setTimeout(
    () => futures.forEach((_, i) => futures[(i * 7919) % futures.length]?.setResult(i)),
    1,
  );
  assertEquals((await waiting).done.size, 10_000);
  const order = await iterating;
  assertEquals(order.length, 10_000);
  assertStrictEquals(order[1], futures[7919]);
  assertEquals((await wait(futures)).done.size, 10_000);
});
