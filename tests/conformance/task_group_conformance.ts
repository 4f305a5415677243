/** What `TaskGroup` and `run` do, and what cancelled tasks leave behind, in whatever form coroutines are written. */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import process from "node:process";
import {
  type AsyncTask,
  createTask,
  gather,
  run,
  sleep,
  TaskGroup,
  timeout,
} from "../../coroutine/mod.ts";
import { CancelledError, InvalidStateError, TimeoutError } from "../../errors.ts";
import { Queue } from "../../queue/mod.ts";
import { Condition, Event, Lock, Semaphore } from "../../sync/mod.ts";
import { FOREVER, type Form, settle } from "./asyncio_support.ts";

/** How many listen to Ctrl-C when nothing has run. */
const listeners = process.listenerCount("SIGINT");

/** Runs the suite. */
export function taskGroupConformance({ name, make }: Form): void {
  const test = (title: string, fn: () => Promise<void>): void => Deno.test(`${name}: ${title}`, fn);

  const forever = make(function* () {
    yield sleep(FOREVER);
  });
  const give = make(function* (value: number, delay: number) {
    yield sleep(delay);
    return value;
  });
  const fail = make(function* (message: string, delay: number) {
    yield sleep(delay);
    throw new Error(message);
  });
  /** Fails while it is cancelled. */
  const failLate = make(function* (message: string) {
    try {
      yield sleep(FOREVER);
    } catch {
      throw new Error(message);
    }
  });

  /** The messages of the errors that a group throws. */
  const errorsOf = async (group: () => Promise<unknown>): Promise<string[]> => {
    const error = await assertRejects(group, AggregateError, "Cannot finish group of tasks");
    return error.errors.map((one) => (one as Error).message);
  };

  test("TaskGroup.run() waits for all, and gives the result of its function", async () => {
    const tasks: AsyncTask<number>[] = [];
    const body = make(function* (group: TaskGroup) {
      tasks.push(group.createTask(give, 1, 5), group.createTask(give, 2, 1));
      yield sleep(0);
      return "result";
    });
    assertEquals(await TaskGroup.run(body), "result");
    assertEquals(tasks.map((task) => task.result()), [1, 2]);
    assertEquals(await TaskGroup.run(() => 5), 5);
    assertEquals(await createTask(() => TaskGroup.run(body)), "result");
  });

  test("A67 a task that fails: the others and the body are cancelled, and are not listed", async () => {
    let other: AsyncTask<void> | null = null;
    const seen: unknown[] = [];
    const body = make(function* (group: TaskGroup) {
      other = group.createTask(forever);
      group.createTask(fail, "no", 1);
      try {
        yield sleep(FOREVER);
      } catch (error) {
        seen.push(error);
        throw error;
      }
    });
    assertEquals(await errorsOf(() => TaskGroup.run(body)), ["no"]);
    assertEquals((other as AsyncTask<void> | null)?.cancelled(), true);
    assertInstanceOf(seen[0], CancelledError);
    assertEquals(String((seen[0] as Error).cause), "Error: no");
  });

  test("A67 all errors are thrown together, also those of the end", async () => {
    const body = make(function* (group: TaskGroup) {
      group.createTask(failLate, "one");
      group.createTask(fail, "two", 1);
      group.createTask(failLate, "three");
      group.createTask(forever);
      yield sleep(0);
    });
    assertEquals((await errorsOf(() => TaskGroup.run(body))).sort(), ["one", "three", "two"]);
  });

  test("A67 a task that is cancelled by itself does not end the group", async () => {
    const body = make(function* (group: TaskGroup) {
      const lost = group.createTask(forever);
      const kept = group.createTask(give, 1, 5);
      yield sleep(0);
      lost.cancel();
      return (yield kept) as number;
    });
    assertEquals(await TaskGroup.run(body), 1);
  });

  test("A68 an error of the body cancels the tasks, and is among the errors", async () => {
    const body = make(function* (group: TaskGroup) {
      group.createTask(failLate, "late");
      group.createTask(forever);
      yield sleep(0);
      throw new Error("body");
    });
    assertEquals(await errorsOf(() => TaskGroup.run(body)), ["body", "late"]);
  });

  test("a body that swallows the cancellation does not hide the error", async () => {
    const body = make(function* (group: TaskGroup) {
      group.createTask(fail, "no", 1);
      try {
        yield sleep(FOREVER);
      } catch {
        return "went on";
      }
    });
    assertEquals(await errorsOf(() => TaskGroup.run(body)), ["no"]);
  });

  test("A70 a group that is cancelled from outside cancels its tasks, and throws that", async () => {
    const tasks: AsyncTask<void>[] = [];
    const body = make(function* (group: TaskGroup) {
      tasks.push(group.createTask(forever), group.createTask(forever));
      yield sleep(FOREVER);
    });
    for (
      const whole of [
        body,
        make(function* (group: TaskGroup) {
          tasks.push(group.createTask(forever));
          yield sleep(0);
        }),
      ]
    ) {
      const outer = createTask(() => TaskGroup.run(whole));
      await settle();
      outer.cancel("outside");
      await assertRejects(() => outer.get(), CancelledError, "outside");
    }
    assertEquals(tasks.map((task) => task.cancelled()), [true, true, true]);
  });

  test("A70 a group that is cancelled, and whose tasks fail at that, throws their errors", async () => {
    const outer = createTask(() =>
      TaskGroup.run((group) => {
        group.createTask(failLate, "late");
      })
    );
    await settle();
    outer.cancel();
    assertEquals(await errorsOf(() => outer.get()), ["late"]);
  });

  test("a group inside a timeout ends with its tasks", async () => {
    const tasks: AsyncTask<void>[] = [];
    const body = make(function* (group: TaskGroup) {
      tasks.push(group.createTask(forever));
      yield sleep(FOREVER);
    });
    await assertRejects(() => timeout(5, () => TaskGroup.run(body)), TimeoutError);
    assertEquals(tasks.map((task) => task.cancelled()), [true]);
  });

  test("A71 tasks may create tasks until the group has failed or ended", async () => {
    const groups: TaskGroup[] = [];
    const sizes: number[] = [];
    const deep = make(function* (group: TaskGroup, left: number) {
      yield sleep(0);
      sizes.push(group.size);
      if (left > 0) group.createTask(deep, group, left - 1);
    }) as (group: TaskGroup, left: number) => Promise<void>;
    await TaskGroup.run((group) => {
      groups.push(group);
      group.createTask(deep, group, 10);
    });
    assertEquals([sizes.length, Math.max(...sizes) <= 2], [11, true]);
    const [group] = groups as [TaskGroup];
    assertThrows(() => group.createTask(forever), InvalidStateError, "the group has ended");
    assertEquals([group.size, `${group}`], [0, "<TaskGroup tasks=0 ended>"]);
    const body = make(function* (group: TaskGroup) {
      group.createTask(fail, "no", 0);
      try {
        yield sleep(FOREVER);
      } finally {
        assertThrows(() => group.createTask(forever), InvalidStateError, "as a task has failed");
      }
    });
    assertEquals(await errorsOf(() => TaskGroup.run(body)), ["no"]);
  });

  test("A73 nested groups end from inside to outside, and from outside to inside", async () => {
    const log: string[] = [];
    const noted = make(function* (name: string) {
      try {
        yield sleep(FOREVER);
      } finally {
        log.push(name);
      }
    });
    const inner = (failing: boolean) =>
      make(function* (group: TaskGroup) {
        group.createTask(noted, "inner");
        if (failing) group.createTask(fail, "inner fails", 1);
        yield sleep(FOREVER);
      });
    const outer = (failing: boolean) =>
      make(function* (group: TaskGroup) {
        group.createTask(noted, "outer");
        if (failing) group.createTask(fail, "outer fails", 1);
        yield TaskGroup.run(inner(!failing));
      });
    const error = await assertRejects(() => TaskGroup.run(outer(false)), AggregateError);
    const [nested] = error.errors as [AggregateError];
    assertEquals([error.errors.length, nested.errors.map(String)], [1, ["Error: inner fails"]]);
    assertEquals(log.splice(0).sort(), ["inner", "outer"]);
    assertEquals(await errorsOf(() => TaskGroup.run(outer(true))), ["outer fails"]);
    assertEquals(log.sort(), ["inner", "outer"]);
  });

  test("TaskGroup as a block waits for its tasks, and throws their errors", async () => {
    const block = make(function* (failing: boolean, wait: number) {
      const group = new TaskGroup();
      const log: string[] = [];
      const task = group.createTask(give, 1, failing ? FOREVER : 1);
      if (failing) group.createTask(fail, "no", 1);
      try {
        if (wait > 0) yield sleep(wait);
      } catch (error) {
        log.push((error as Error).name);
      }
      try {
        yield group[Symbol.asyncDispose]();
      } catch (error) {
        log.push((error as Error).name);
      }
      return [...log, task.cancelled() ? "cancelled" : String(task.result())];
    });
    assertEquals(await createTask(block, false, 0), ["1"]);
    assertEquals(await createTask(block, true, 0), ["AggregateError", "cancelled"]);
    assertEquals(await createTask(block, true, FOREVER), [
      "CancelledError",
      "AggregateError",
      "cancelled",
    ]);
  });

  test("TaskGroup as a block that has ended interrupts nothing that follows", async () => {
    const block = make(function* () {
      const group = new TaskGroup();
      group.createTask(fail, "no", 0);
      try {
        // An asynchronous function cannot be interrupted here, a generator can.
        yield new Promise((resolve) => setTimeout(resolve, 20));
      } catch (error) {
        assertInstanceOf(error, CancelledError);
      }
      const error = yield assertRejects(() => group[Symbol.asyncDispose](), AggregateError);
      yield sleep(1);
      return error.errors.length as number;
    });
    assertEquals(await createTask(block), 1);
  });

  test("TaskGroup as a block works outside of greenlets", async () => {
    const group = new TaskGroup();
    const task = group.createTask(give, 1, 1);
    await group[Symbol.asyncDispose]();
    assertEquals(task.result(), 1);
    const failing = new TaskGroup();
    failing.createTask(fail, "no", 0);
    assertEquals(await errorsOf(() => failing[Symbol.asyncDispose]()), ["no"]);
  });

  test("TaskGroup that one of its tasks would wait for says so", async () => {
    const body = make(function* (group: TaskGroup) {
      const task = group.createTask(make(function* () {
        yield group[Symbol.asyncDispose]();
      }));
      yield task.join();
    });
    const error = await assertRejects(() => TaskGroup.run(body), AggregateError);
    assertEquals(error.errors.map((one) => one instanceof InvalidStateError), [true]);
  });

  test("TaskGroup does not hang on a task that swallows its cancellation", async () => {
    let isWanted = true;
    const stubborn = make(function* () {
      while (isWanted) {
        try {
          yield sleep(1);
        } catch {
          // It goes on.
        }
      }
    });
    const body = make(function* (group: TaskGroup) {
      group.createTask(stubborn);
      group.createTask(fail, "no", 0);
      yield sleep(FOREVER);
    });
    assertEquals(await errorsOf(() => TaskGroup.run(body, { grace: 20 })), ["no"]);
    isWanted = false;
  });

  test("TaskGroup.run() does not hang on a body that waits for what never comes", async () => {
    const body = make(function* (group: TaskGroup) {
      group.createTask(fail, "no", 0);
      yield new Promise(() => {});
    });
    assertEquals(await errorsOf(() => TaskGroup.run(body, { grace: Infinity })), ["no"]);
  });

  test("TaskGroup.cancel() cancels all and leaves the group open", async () => {
    const body = make(function* (group: TaskGroup) {
      const tasks = [group.createTask(forever), group.createTask(forever)];
      yield sleep(0);
      group.cancel("enough");
      for (const task of tasks) yield task.join();
      return [...tasks.map((task) => task.cancelled()), (yield group.createTask(give, 1, 0)) === 1];
    });
    assertEquals(await TaskGroup.run(body), [true, true, true]);
  });

  test("TaskGroup checks its arguments", async () => {
    await assertRejects(() => TaskGroup.run(5 as never), TypeError, "'fn' must be a function");
    assertThrows(() => new TaskGroup({ grace: -1 }), RangeError, "'grace'");
    assertThrows(() => new TaskGroup({ grace: "1" as never }), TypeError, "'grace'");
    const group = new TaskGroup();
    assertThrows(() => group.createTask(Promise.resolve() as never), TypeError, "a promise");
    await group[Symbol.asyncDispose]();
  });

  test("A74 run() is for code outside of greenlets, and takes functions alone", async () => {
    const body = make(function* () {
      yield run(forever);
    });
    await assertRejects(() => run(body), InvalidStateError, "this is a greenlet already");
    assertEquals(process.listenerCount("SIGINT"), listeners);
    for (const wrong of [undefined, null, Promise.resolve(1)]) {
      await assertRejects(() => run(wrong as never), TypeError, "'fn' must be a function");
    }
  });

  test("run() cancels the tasks that are left, and those that these start", async () => {
    const log: string[] = [];
    const child = make(function* (name: string) {
      try {
        yield sleep(FOREVER);
      } finally {
        log.push(name);
        if (name === "left") createTask(child, "left by it");
        yield sleep(1);
      }
    }) as (name: string) => Promise<void>;
    const main = make(function* () {
      createTask(child, "left");
      yield gather(() => sleep(1));
      yield sleep(0);
      return "result";
    });
    const outside = createTask(forever);
    assertEquals(await run(main), "result");
    assertEquals([log, outside.done()], [["left", "left by it"], false]);
    outside.cancel();
    await outside.join();
  });

  test("run() that fails cancels the tasks that are left", async () => {
    let left: AsyncTask<void> | null = null;
    const main = make(function* () {
      left = createTask(forever);
      yield sleep(0);
      throw new Error("main");
    });
    await assertRejects(() => run(main), Error, "main");
    assertEquals((left as AsyncTask<void> | null)?.cancelled(), true);
  });

  test("several runs at once, each with tasks of its own", async () => {
    const main = make(function* (n: number) {
      const other = createTask(give, n, 5);
      yield sleep(n);
      return (yield other) as number;
    });
    assertEquals(await Promise.all([run(main, 1), run(main, 2), run(main, 3)]), [1, 2, 3]);
  });

  test("A05 A13 a cancelled wait leaves nothing behind in a primitive", async () => {
    const event = new Event({ scope: "local" });
    const lock = new Lock({ scope: "local" });
    const semaphore = new Semaphore(0, { scope: "local" });
    const queue = new Queue<number>(1, { scope: "local" });
    const held = lock.tryAcquire();
    for (
      const begin of [
        () => event.wait(),
        () => lock.acquire(),
        () => semaphore.acquire(),
        () => queue.get(),
      ]
    ) {
      const task = createTask(make(function* () {
        yield begin();
      }));
      await settle();
      task.cancel("enough");
      await assertRejects(() => task.get(), CancelledError, "enough");
    }
    held?.release();
    semaphore.release();
    assertEquals([lock.locked(), semaphore.value], [false, 1]);
    queue.putNowait(1);
    assertEquals(await queue.get(), 1);
  });

  test("A07 Condition.wait() that is cancelled has its lock again when it throws", async () => {
    const condition = new Condition(new Lock({ scope: "local" }));
    const log: string[] = [];
    const task = createTask(make(function* () {
      yield condition.acquire();
      try {
        yield condition.wait();
      } catch (error) {
        log.push((error as Error).name, condition.locked() ? "locked" : "free");
        throw error;
      } finally {
        condition.release();
      }
    }));
    await settle();
    const guard = await condition.acquire();
    task.cancel();
    await settle();
    assertEquals([log, task.done()], [[], false]);
    guard.release();
    await task.join();
    assertEquals([log, task.cancelled()], [["CancelledError", "locked"], true]);
  });

  test("A08 A22 a wake-up or an item for a cancelled task goes to another", async () => {
    const queue = new Queue<number>(0, { scope: "local" });
    const semaphore = new Semaphore(0, { scope: "local" });
    for (let round = 0; round < 20; round++) {
      const get = make(function* () {
        return (yield queue.get()) as number;
      });
      const acquire = make(function* () {
        yield semaphore.acquire();
        return round;
      });
      for (
        const [work, wake] of [[get, () => queue.putNowait(round)], [
          acquire,
          () => semaphore.release(),
        ]] as const
      ) {
        const [first, second] = [createTask(work), createTask(work)];
        await settle();
        wake();
        first.cancel();
        await first.join();
        if (!first.cancelled()) wake();
        assertEquals(await timeout(FOREVER, () => second.get()), round);
      }
    }
    assertEquals([queue.qsize(), semaphore.value], [0, 0]);
  });

  test("ten tasks and a semaphore that lets three in", async () => {
    const semaphore = new Semaphore(3, { scope: "local" });
    let inside = 0;
    let most = 0;
    const work = make(function* (n: number) {
      const guard: Disposable = yield semaphore.acquire();
      try {
        most = Math.max(most, ++inside);
        yield sleep(1);
        inside--;
        return n;
      } finally {
        guard[Symbol.dispose]();
      }
    });
    const results = await run(async () =>
      await gather(Array.from({ length: 10 }, (_, n) => () => work(n)))
    );
    assertEquals([most, results.length], [3, 10]);
    assert(inside === 0);
  });

  test("many tasks in a group, of which one fails, end quickly", async () => {
    const tasks: AsyncTask<void>[] = [];
    const body = make(function* (group: TaskGroup) {
      for (let i = 0; i < 5000; i++) tasks.push(group.createTask(forever));
      yield sleep(0);
      group.createTask(fail, "no", 1);
    });
    const error = await assertRejects(() => TaskGroup.run(body), AggregateError);
    assertStrictEquals(error.errors.length, 1);
    assert(tasks.every((task) => task.cancelled()));
  });
}
