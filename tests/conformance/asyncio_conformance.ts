/** What tasks, `gather`, `shield`, `waitFor` and `timeout` do, in whatever form their coroutines are written. */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { AsyncLocalStorage } from "node:async_hooks";
import {
  AsyncTask,
  createTask,
  gather,
  Greenlet,
  hub,
  run,
  shield,
  sleep,
  spawn,
  timeout,
  type TimeoutScope,
  waitFor,
} from "../../coroutine/mod.ts";
import { CancelledError, InvalidStateError, TimeoutError } from "../../errors.ts";
import { Future, wait } from "../../pool/mod.ts";
import { Event } from "../../sync/mod.ts";
import { FOREVER, type Form, settle } from "./asyncio_support.ts";
import { turn, until } from "./support.ts";

/** Runs the suite. */
export function asyncioConformance({ name, make }: Form): void {
  const test = (title: string, fn: () => Promise<void>): void => Deno.test(`${name}: ${title}`, fn);

  const forever = make(function* () {
    yield sleep(FOREVER);
  });
  const give = make(function* <T>(value: T, delay: number) {
    yield sleep(delay);
    return value;
  }) as <T>(value: T, delay: number) => Promise<T>;
  const fail = make(function* (message: string, delay: number) {
    yield sleep(delay);
    throw new Error(message);
  });
  /** Waits, and when it is cancelled, takes some time to end, and says so. */
  const slowly = make(function* (log: string[], name: string) {
    try {
      yield sleep(FOREVER);
    } finally {
      yield sleep(5);
      log.push(name);
    }
  });

  test("A26 createTask() takes functions alone", async () => {
    for (const wrong of [undefined, null, 1, "f", {}, Promise.resolve(1)]) {
      assertThrows(() => createTask(wrong as never), TypeError, "'fn' must be a function");
    }
    const task = createTask(give, 1, 0);
    assertInstanceOf(task, AsyncTask);
    assertInstanceOf(task, Greenlet);
    assertEquals(await task, 1);
  });

  test("createTask() begins when its turn has come, with its arguments", async () => {
    const log: unknown[] = [];
    const work = make(function* (a: number, b: string) {
      log.push(a, b);
      yield sleep(0);
      return a + b;
    });
    const task = createTask(work, 1, "b");
    assertEquals([log, task.done()], [[], false]);
    assertThrows(() => task.result(), InvalidStateError, "is not done");
    assertEquals(await task, "1b");
    assertEquals([task.done(), task.cancelled(), task.result()], [true, false, "1b"]);
    assertEquals([log, task.exception], [[1, "b"], null]);
  });

  test("AsyncTask.result() throws the error, always the same", async () => {
    const task = createTask(fail, "no", 0);
    const error = await assertRejects(() => task.get(), Error, "no");
    assertStrictEquals(await assertRejects(async () => await task), error);
    assertStrictEquals(assertThrows(() => task.result()), error);
    assertStrictEquals(task.exception, error);
  });

  test("A28 AsyncTask.cancel() before the start: the function is never called", async () => {
    let begun = false;
    const work = make(function* () {
      begun = true;
      yield sleep(0);
    });
    const task = createTask(work);
    assertEquals(task.cancel("too early"), true);
    await assertRejects(() => task.get(), CancelledError, "too early");
    assertEquals([begun, task.cancelled(), task.cancel()], [false, true, false]);
  });

  test("A29 A31 AsyncTask.cancel() throws where the task waits, with its message", async () => {
    const seen: unknown[] = [];
    const work = make(function* () {
      try {
        yield sleep(FOREVER);
      } catch (error) {
        seen.push(error);
        throw error;
      }
    });
    const task = createTask(work);
    await settle();
    assertEquals(task.cancel("enough"), true);
    const error = await assertRejects(() => task.get(), CancelledError, "enough");
    assertEquals([seen.length, seen[0] === error, task.cancelled()], [1, true, true]);
    assertThrows(() => task.result(), CancelledError, "enough");
  });

  test("AsyncTask.cancel() that is swallowed: the task has the result that it returns", async () => {
    const work = make(function* () {
      try {
        yield sleep(FOREVER);
      } catch {
        return "went on";
      }
    });
    const task = createTask(work);
    await settle();
    task.cancel();
    assertEquals([await task, task.cancelled()], ["went on", false]);
  });

  test("AsyncTask.cancel() of one that does not end gives it up after the time of grace", async () => {
    let isWanted = true;
    const work = make(function* () {
      while (isWanted) {
        try {
          yield sleep(1);
        } catch {
          // It goes on.
        }
      }
    });
    const task = createTask(work);
    await settle();
    task.cancel("end", { grace: 10 });
    await assertRejects(() => task.get(), CancelledError, "end");
    isWanted = false;
    const other = createTask(forever);
    assertThrows(() => other.cancel("", { grace: -1 }), RangeError, "'grace'");
    assertEquals([other.cancel(), other.cancelled()], [true, true]);
  });

  test("A34 a task that waits for itself is told so", async () => {
    const ways = [
      (task: AsyncTask<void>) => task.get(),
      (task: AsyncTask<void>) => gather(task),
      (task: AsyncTask<void>) => shield(task),
      (task: AsyncTask<void>) => waitFor(task, null),
    ];
    for (const way of ways) {
      const task: AsyncTask<void> = createTask(make(function* () {
        yield way(task);
      }));
      await assertRejects(() => task.get(), InvalidStateError, "it would wait for itself");
    }
  });

  test("A41 AsyncTask.addDoneCallback() calls in order, and takes back", async () => {
    const log: string[] = [];
    const task = createTask(give, 1, 1);
    const twice = (): void => void log.push("twice");
    task.addDoneCallback((task) => log.push(`first ${task.result()}`));
    task.addDoneCallback(twice);
    task.addDoneCallback(() => log.push("last"));
    task.addDoneCallback(twice);
    assertEquals([task.removeDoneCallback(twice), task.removeDoneCallback(twice)], [2, 0]);
    await task;
    await settle();
    task.addDoneCallback(() => log.push("late"));
    await settle();
    assertEquals(log, ["first 1", "last", "late"]);
  });

  test("A43 a task runs in the asynchronous context of who has created it", async () => {
    const store = new AsyncLocalStorage<string>();
    const look = make(function* () {
      const before = store.getStore();
      yield sleep(1);
      return [before, store.getStore()];
    });
    const tasks = ["one", "two"].map((name) => store.run(name, () => createTask(look)));
    assertEquals(await gather(tasks), [["one", "one"], ["two", "two"]]);
    const nested = make(function* () {
      const task = store.run("inner", () => createTask(look));
      return [store.getStore(), yield task];
    });
    assertEquals(await store.run("outer", () => createTask(nested)), ["outer", ["inner", "inner"]]);
  });

  test("A44 hub.current is the task that runs, also when they take turns", async () => {
    const look = make(function* (seen: unknown[]) {
      for (let i = 0; i < 3; i++) {
        seen.push(hub.current);
        yield sleep(0);
      }
    });
    const logs: unknown[][] = [[], [], []];
    const tasks = logs.map((log) => createTask(look, log));
    await gather(tasks);
    logs.forEach((log, i) => assert(log.every((one) => one === tasks[i])));
    assertEquals(hub.current, null);
  });

  test("AsyncTask has a name", async () => {
    const task = createTask(forever);
    assertEquals([task.getName(), /^AsyncTask-\d+$/.test(task.name)], [task.name, true]);
    task.setName("fetcher");
    assertEquals([task.getName(), `${task}`], ["fetcher", "<fetcher started>"]);
    task.cancel();
    await assertRejects(() => task.get(), CancelledError, "fetcher was cancelled");
  });

  test("gather() gives results in the order of what was given, in every form", async () => {
    const future = new Future<string>();
    future.setResult("future");
    const results = await gather(
      () => give("slow", 5),
      createTask(give, "task", 1),
      spawn(give, "greenlet", 0),
      future,
      Promise.resolve("promise"),
      () => "plain",
    );
    assertEquals(results, ["slow", "task", "greenlet", "future", "promise", "plain"]);
    assertEquals(await gather(new Set([() => give(1, 1), () => give(2, 0)])), [1, 2]);
  });

  test("gather() starts all at once", async () => {
    let most = 0;
    let inside = 0;
    const work = make(function* () {
      most = Math.max(most, ++inside);
      yield sleep(1);
      inside--;
    });
    await gather(Array.from({ length: 50 }, () => work));
    assertEquals(most, 50);
  });

  test("A46 gather() throws the first error at once, and the others go on", async () => {
    const gate = new Event({ scope: "local" });
    const other = createTask(make(function* () {
      yield gate.wait();
      return "other";
    }));
    await assertRejects(
      () => gather(other, () => fail("first", 1), () => fail("second", 2)),
      Error,
      "first",
    );
    assertEquals(other.done(), false);
    gate.set();
    assertEquals(await other, "other");
  });

  test("A46 gather() with returnExceptions gives errors in their places", async () => {
    const [one, two, three] = await gather(
      [() => give(1, 2), () => fail("no", 1), Promise.reject(new RangeError("far"))],
      { returnExceptions: true },
    );
    assertEquals([one, String(two), String(three)], [1, "Error: no", "RangeError: far"]);
  });

  test("A47 gather() of nothing is []; what nobody can wait for is refused, and nothing starts", async () => {
    assertEquals(await gather(), []);
    assertEquals(await gather([]), []);
    let begun = false;
    await assertRejects(
      () =>
        gather([() => {
          begun = true;
        }, 5 as never]),
      TypeError,
      "expected a function, a greenlet, a future or a promise",
    );
    await settle();
    assertEquals(begun, false);
  });

  test("A47 gather() whose greenlet is cancelled cancels all", async () => {
    const log: string[] = [];
    const given = createTask(slowly, log, "given");
    const future = new Future<number>();
    const outer = createTask(make(function* () {
      yield gather(given, future, () => slowly(log, "started"));
    }));
    await settle();
    outer.cancel("stop");
    await assertRejects(() => outer.get(), CancelledError, "stop");
    await given.join();
    await settle();
    assertEquals([given.cancelled(), future.cancelled()], [true, true]);
    await until(() => log.length === 2);
    assertEquals(log.sort(), ["given", "started"]);
  });

  test("A49 A50 wait() takes tasks, and does not end them", async () => {
    const quick = createTask(give, 1, 1);
    const gate = new Event({ scope: "local" });
    const bad = createTask(make(function* () {
      yield gate.wait();
      throw new Error("no");
    }));
    const slow = createTask(forever);
    const all = [quick, bad, slow];
    const first = await wait(all, { returnWhen: "FIRST_COMPLETED" });
    assertEquals([[...first.done], [...first.notDone]], [[quick], [bad, slow]]);
    gate.set();
    const failed = await wait(all, { returnWhen: "FIRST_EXCEPTION" });
    assertEquals([...failed.done], [quick, bad]);
    const late = await wait(all, { timeout: 1 });
    assertEquals([[...late.notDone], slow.done()], [[slow], false]);
    slow.cancel();
    await slow.join();
  });

  test("A52 shield() keeps what is inside when the outside is cancelled", async () => {
    const gate = new Event({ scope: "local" });
    const inner = createTask(make(function* () {
      yield gate.wait();
      return "kept";
    }));
    const outer = createTask(make(function* () {
      yield shield(inner);
    }));
    await settle();
    outer.cancel("outer");
    await assertRejects(() => outer.get(), CancelledError, "outer");
    assertEquals(inner.done(), false);
    gate.set();
    assertEquals(await inner, "kept");
  });

  test("A52 shield() gives results and errors, and throws when the inside is cancelled", async () => {
    assertEquals(await shield(() => give(1, 1)), 1);
    assertEquals(await shield(Promise.resolve(2)), 2);
    await assertRejects(() => shield(() => fail("no", 1)), Error, "no");
    const inner = createTask(forever);
    const outer = createTask(make(function* () {
      yield shield(inner);
    }));
    await settle();
    inner.cancel("inner");
    await assertRejects(() => outer.get(), CancelledError, "inner");
    assertEquals(outer.cancelled(), true);
    await assertRejects(() => shield(1 as never), TypeError);
  });

  test("A53 shield() tells the hook of an error of what nobody waits for any more, once", async () => {
    const told: string[] = [];
    const hook = hub.setExcepthook(({ error }) => void told.push(String(error)));
    try {
      await assertRejects(() => shield(() => fail("somebody waits", 1)), Error, "somebody waits");
      const inner = createTask(fail, "nobody waits", 20);
      const killed = createTask(forever);
      for (const one of [inner, killed]) {
        await assertRejects(() => waitFor(() => shield(one), 1), TimeoutError);
      }
      killed.cancel();
      await until(() => inner.done() && killed.done(), "the ends");
      await settle();
      await turn();
      assertEquals(told, ["Error: nobody waits"]);
    } finally {
      hub.setExcepthook(hook);
    }
  });

  test("A55 timeout() gives up when time is up, and tells so", async () => {
    let limit: TimeoutScope | null = null;
    const seen: unknown[] = [];
    const body = make(function* (given: TimeoutScope) {
      limit = given;
      try {
        yield sleep(FOREVER);
      } catch (error) {
        seen.push(error);
        throw error;
      }
    });
    const error = await assertRejects(() => timeout(5, body), TimeoutError, "longer than 5 ms");
    assertEquals([seen.length, seen[0] instanceof CancelledError], [1, true]);
    assertStrictEquals(error.cause, seen[0]);
    assertEquals((limit as TimeoutScope | null)?.expired(), true);
  });

  test("timeout() gives results and errors that come in time, in a greenlet and outside", async () => {
    const check = make(function* () {
      const value: number = yield timeout(FOREVER, () => give(1, 1));
      try {
        yield timeout(FOREVER, () => fail("no", 1));
      } catch (error) {
        return [value, String(error)];
      }
      return [];
    });
    assertEquals(await createTask(check), [1, "Error: no"]);
    assertEquals(await timeout(FOREVER, () => give(1, 1)), 1);
    await assertRejects(() => timeout(FOREVER, () => fail("no", 1)), Error, "no");
  });

  test("A56 timeout(null) never ends, timeout(0) gives up at the first wait", async () => {
    assertEquals(await timeout(null, () => give(1, 5)), 1);
    assertEquals(await timeout(Infinity, () => give(1, 5)), 1);
    const log: string[] = [];
    const body = make(function* () {
      log.push("begun");
      yield sleep(FOREVER);
      log.push("never");
    });
    await assertRejects(() => timeout(0, body), TimeoutError);
    assertEquals(log, ["begun"]);
    assertEquals(await timeout(0, () => "no wait"), "no wait");
  });

  test("timeout() checks its arguments", async () => {
    for (const wrong of ["1", undefined, {}]) {
      await assertRejects(() => timeout(wrong as never, forever), TypeError, "'delay'");
    }
    for (const wrong of [-1, NaN]) {
      await assertRejects(() => timeout(wrong, forever), RangeError, "'delay'");
      assertThrows(() => timeout(wrong), RangeError, "'delay'");
    }
    await assertRejects(() => timeout(1, 5 as never), TypeError, "'fn'");
    assertThrows(() => timeout(1), InvalidStateError, "this code runs in no greenlet");
  });

  test("A58 nested timeouts: the inner one ends alone", async () => {
    const log: string[] = [];
    const body = make(function* () {
      try {
        yield timeout(5, forever);
      } catch (error) {
        log.push((error as Error).name);
      }
      yield sleep(1);
      return "outer goes on";
    });
    assertEquals(await timeout(FOREVER, body), "outer goes on");
    assertEquals(log, ["TimeoutError"]);
  });

  test("A58 nested timeouts: the outer one ends both, and the inner one is not meant", async () => {
    const log: string[] = [];
    const body = make(function* () {
      try {
        yield timeout(FOREVER, forever);
      } catch (error) {
        log.push((error as Error).name);
        throw error;
      }
    });
    await assertRejects(() => timeout(5, body), TimeoutError);
    assertEquals(log, ["CancelledError"]);
  });

  test("A58 nested timeouts whose times pass while the thread is busy: the outer one wins", async () => {
    const log: string[] = [];
    const body = make(function* () {
      try {
        yield timeout(10, function () {
          const end = performance.now() + 30;
          while (performance.now() < end);
          return sleep(FOREVER);
        });
      } catch (error) {
        log.push((error as Error).name);
        throw error;
      }
    });
    await assertRejects(() => timeout(5, body), TimeoutError, "longer than 5 ms");
    assertEquals(log, ["CancelledError"]);
  });

  test("A59 TimeoutScope.reschedule() moves the end, until it is over", async () => {
    const scopes: TimeoutScope[] = [];
    const later = make(function* (limit: TimeoutScope) {
      scopes.push(limit);
      const when = performance.now() + FOREVER;
      limit.reschedule(when);
      yield sleep(20);
      return limit.when() === when;
    });
    assertEquals(await timeout(5, later), true);
    const sooner = make(function* (limit: TimeoutScope) {
      scopes.push(limit);
      limit.reschedule(performance.now() - 1);
      yield sleep(FOREVER);
    });
    await assertRejects(() => timeout(FOREVER, sooner), TimeoutError);
    const never = make(function* (limit: TimeoutScope) {
      limit.reschedule(null);
      yield sleep(20);
      return limit.when();
    });
    assertEquals(await timeout(5, never), null);
    const [finished, expired] = scopes as [TimeoutScope, TimeoutScope];
    assertThrows(() => finished.reschedule(1), InvalidStateError, "its block has ended");
    assertThrows(() => expired.reschedule(1), InvalidStateError, "time is up");
    assertEquals([finished.expired(), expired.expired()], [false, true]);
    assertEquals([`${finished}`, `${expired}`], [
      "<TimeoutScope finished>",
      "<TimeoutScope expired>",
    ]);
  });

  test("A61 an error during the end of a timeout is the one that is thrown", async () => {
    const body = make(function* () {
      try {
        yield sleep(FOREVER);
      } catch {
        throw new RangeError("while it ended");
      }
    });
    await assertRejects(() => timeout(5, body), RangeError, "while it ended");
  });

  test("timeout() whose body swallows the end gives its result", async () => {
    const body = make(function* () {
      try {
        yield sleep(FOREVER);
      } catch {
        return "swallowed";
      }
    });
    assertEquals(await timeout(5, body), "swallowed");
  });

  test("timeout() of what cannot be given up ends all the same, and tells by its signal", async () => {
    const signals: AbortSignal[] = [];
    const body = make(function* ({ signal }: TimeoutScope) {
      signals.push(signal);
      yield new Promise(() => {});
    });
    await assertRejects(() => timeout(5, body), TimeoutError);
    const heeding = make(function* ({ signal }: TimeoutScope) {
      yield new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason))
      );
    });
    await assertRejects(() => timeout(5, heeding), TimeoutError);
    assertEquals(signals.map(({ aborted }) => aborted), [true]);
  });

  test("timeout() in a task that is cancelled: the cancellation goes through", async () => {
    const task = createTask(make(function* () {
      yield timeout(FOREVER, forever);
    }));
    await settle();
    task.cancel("from outside");
    await assertRejects(() => task.get(), CancelledError, "from outside");
  });

  test("timeout() for the rest of a block throws where the greenlet waits, and is taken back", async () => {
    const block = make(function* (delay: number, work: number) {
      const limit = timeout(delay);
      try {
        yield sleep(work);
      } finally {
        limit[Symbol.dispose]();
      }
      yield sleep(10);
      return limit.expired();
    });
    await assertRejects(() => createTask(block, 5, FOREVER).get(), TimeoutError, "5 ms");
    assertEquals(await createTask(block, FOREVER, 0), false);
  });

  test("timeout() that is over, or was not needed, throws nothing later, and leaves no alarm", async () => {
    const { sleeping } = hub.statistics();
    const block = make(function* () {
      const limit = timeout(1);
      try {
        // An asynchronous function cannot be interrupted here, a generator can.
        yield until(() => limit.expired());
      } catch (error) {
        assertInstanceOf(error, TimeoutError);
      }
      limit[Symbol.dispose]();
      yield sleep(1);
      timeout(FOREVER)[Symbol.dispose]();
      yield timeout(FOREVER, () => give(1, 0));
      yield waitFor(createTask(give, 1, 0), FOREVER);
      return limit.expired();
    });
    assertEquals(await createTask(block), true);
    assertEquals(hub.statistics().sleeping, sleeping);
  });

  test("A62 waitFor() gives results in time, and waits for the end of what it cancels", async () => {
    assertEquals(await waitFor(() => give(1, 1), FOREVER), 1);
    assertEquals(await waitFor(createTask(give, 2, 1), null), 2);
    assertEquals(await waitFor(Promise.resolve(3), FOREVER), 3);
    await assertRejects(() => waitFor(createTask(fail, "no", 1), FOREVER), Error, "no");
    const log: string[] = [];
    const task = createTask(slowly, log, "ended");
    await assertRejects(() => waitFor(task, 5), TimeoutError, "longer than 5 ms");
    assertEquals([log, task.cancelled()], [["ended"], true]);
    await assertRejects(() => waitFor(() => slowly(log, "again"), 5), TimeoutError);
    assertEquals(log, ["ended", "again"]);
  });

  test("waitFor() cancels a future, and leaves a promise to itself", async () => {
    const future = new Future<number>();
    await assertRejects(() => waitFor(future, 1), TimeoutError);
    assertEquals(future.cancelled(), true);
    await assertRejects(() => waitFor(new Promise(() => {}), 1), TimeoutError);
    await assertRejects(() => waitFor(new Promise(() => {}), 0), TimeoutError);
    assertEquals(await waitFor(Promise.resolve("there"), 0), "there");
    await assertRejects(() => waitFor(5 as never, 1), TypeError);
    await assertRejects(() => waitFor(forever, -1), RangeError);
  });

  test("A64 waitFor() gives the result of a task that swallows the end", async () => {
    const stubborn = make(function* () {
      try {
        yield sleep(FOREVER);
      } catch {
        yield sleep(1);
        return "after all";
      }
    });
    assertEquals(await waitFor(createTask(stubborn), 5), "after all");
    assertEquals(await waitFor(stubborn, 5), "after all");
  });

  test("A65 waitFor() in a task that is cancelled: both are", async () => {
    const inner = createTask(forever);
    const outer = createTask(make(function* () {
      yield waitFor(inner, FOREVER);
    }));
    await settle();
    outer.cancel("outer");
    await assertRejects(() => outer.get(), CancelledError, "outer");
    await inner.join();
    assertEquals(inner.cancelled(), true);
  });

  test("A65 waitFor() of what ends in the very moment of a cancellation throws", async () => {
    const future = new Future<number>();
    const outer = createTask(make(function* () {
      yield waitFor(future, FOREVER);
      yield sleep(0);
    }));
    await settle();
    future.setResult(1);
    outer.cancel("outer");
    await assertRejects(() => outer.get(), CancelledError, "outer");
  });

  test("run() gives the result, and throws the error", async () => {
    assertEquals(await run(give, "result", 1), "result");
    await assertRejects(() => run(fail, "no", 1), Error, "no");
  });
}
