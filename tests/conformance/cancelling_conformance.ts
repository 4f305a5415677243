/**
 * What asyncio's tests demand of requests to cancel that are counted and taken back, and of time limits and groups that meet
 * a cancellation from outside.
 *
 * @module
 */

import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import {
  allTasks,
  type AsyncTask,
  createTask,
  currentTask,
  type Greenlet,
  hub,
  sleep,
  spawn,
  TaskGroup,
  timeout,
  waitFor,
} from "../../coroutine/mod.ts";
import { CancelledError, GreenletExit, TimeoutError } from "../../errors.ts";
import { type BodyKind, thrown } from "./gevent_support.ts";

const LONG = 60_000;

/** Declares the tests, for tasks of one kind of function. */
export function testCancelling({ name, of }: BodyKind): void {
  const test = (title: string, fn: () => Promise<void>): void => Deno.test(`${name}: ${title}`, fn);

  test("A32 cancelling() counts the requests, and uncancel() takes them back", async () => {
    const task = createTask(of(function* () {
      const seen: unknown[] = [];
      try {
        yield sleep(LONG);
      } catch (error) {
        seen.push((error as Error).message);
      }
      const self = currentTask() as AsyncTask;
      seen.push(self.cancelling(), self.uncancel(), self.uncancel(), self.uncancel());
      yield sleep(1);
      return seen;
    }));
    assertEquals([task.cancelling(), task.uncancel()], [0, 0]);
    await sleep(1);
    task.cancel("one");
    task.cancel("two");
    assertEquals(task.cancelling(), 2);
    assertEquals(await task, ["one", 2, 1, 0, 0]);
    assertEquals([task.cancelled(), task.cancel(), task.cancelling()], [false, false, 0]);
  });

  test("A32 uncancel() to 0 clears a request that was not delivered yet", async () => {
    const task = createTask(of(function* () {
      const self = currentTask() as AsyncTask;
      self.cancel("never seen");
      assertEquals([self.signal.aborted, self.uncancel(), self.signal.aborted], [true, 0, false]);
      yield sleep(1);
      return "went on";
    }));
    assertEquals(await task, "went on");
  });

  test("A32 uncancel() that leaves a request keeps it", async () => {
    const task = createTask(of(function* () {
      const self = currentTask() as AsyncTask;
      self.cancel("one");
      self.cancel("two");
      assertEquals(self.uncancel(), 1);
      yield sleep(1);
    }));
    assertEquals(await thrown(task) instanceof CancelledError, true);
  });

  test("A32 uncancel() lets a task go on that would be given up, and that can be cancelled again", async () => {
    const task = createTask(of(function* () {
      try {
        yield sleep(LONG);
      } catch {
        currentTask()?.uncancel();
      }
      yield sleep(40);
      return yield sleep(LONG);
    }));
    await sleep(1);
    task.cancel("one", { grace: 5 });
    await sleep(20);
    assertEquals([task.done(), task.cancelling()], [false, 0]);
    task.cancel("two");
    await assertRejects(() => task.get(), CancelledError, "two");
  });

  test("A44 currentTask() is the task that runs, and nothing in other greenlets and outside", async () => {
    assertEquals(currentTask(), null);
    assertEquals(await spawn(() => currentTask()).get(), null);
    const seen = of(function* () {
      const before = currentTask();
      yield sleep(1);
      return [before, currentTask()];
    });
    const tasks = [createTask(seen), createTask(seen)];
    for (const task of tasks) {
      for (const one of await task as unknown[]) assertStrictEquals(one, task);
    }
    assertEquals(currentTask(), null);
  });

  test("allTasks() has the tasks that are not done, and no other greenlets", async () => {
    const before = allTasks().size;
    const body = of(function* () {
      yield sleep(5);
    });
    const tasks = [createTask(body), createTask(body)];
    const greenlet = spawn(body);
    assertEquals([...allTasks()].slice(before), tasks);
    for (const task of tasks) await task;
    await greenlet;
    assertEquals(allTasks().size, before);
    assertEquals(hub.greenlets.includes(greenlet), false);
  });

  test("A55 timeout() counts as a request while it ends its body", async () => {
    const counts: (number | undefined)[] = [];
    await createTask(of(function* () {
      const limited = timeout(
        1,
        of(function* () {
          try {
            yield sleep(LONG);
          } finally {
            counts.push(currentTask()?.cancelling());
          }
        }),
      );
      const error = yield thrown(limited);
      assertEquals(error instanceof TimeoutError, true);
      counts.push(currentTask()?.cancelling());
    }));
    assertEquals(counts, [1, 0]);
  });

  test("timeout() that fires while its task ends by a cancellation does not hide that", async () => {
    const task = createTask(of(function* () {
      yield timeout(
        20,
        of(function* () {
          try {
            yield sleep(LONG);
          } finally {
            yield sleep(LONG);
          }
        }),
      );
    }));
    await sleep(2);
    task.cancel("from outside");
    await assertRejects(() => task.get(), CancelledError, "from outside");
  });

  test("timeout() that ends its body when a cancellation comes is cancelled, once", async () => {
    const log: string[] = [];
    const task: AsyncTask<unknown> = createTask(of(function* () {
      try {
        yield timeout(
          1,
          of(function* () {
            try {
              yield sleep(LONG);
            } finally {
              task.cancel("from outside");
            }
          }),
        );
      } finally {
        yield sleep(1);
        log.push("cleaned up");
      }
    }));
    await assertRejects(() => task.get(), CancelledError, "from outside");
    assertEquals(log, ["cleaned up"]);
    const killed: Greenlet<unknown> = spawn(of(function* () {
      yield timeout(
        1,
        of(function* () {
          try {
            yield sleep(LONG);
          } finally {
            killed.kill();
          }
        }),
      );
    }));
    assertEquals(await killed.get() instanceof GreenletExit, true);
  });

  test("timeout() works as ever while a task ends that was cancelled before", async () => {
    const task = createTask(of(function* () {
      try {
        yield sleep(LONG);
      } finally {
        const error = yield thrown(timeout(1, () => sleep(LONG)));
        assertEquals(error instanceof TimeoutError, true);
        assertEquals((yield thrown(waitFor(() => sleep(LONG), 1))) instanceof TimeoutError, true);
      }
    }));
    await sleep(1);
    task.cancel("from outside");
    await assertRejects(() => task.get(), CancelledError, "from outside");
  });

  test("A70 a group leaves the count of requests as it was", async () => {
    const task = createTask(of(function* () {
      const counts: (number | undefined)[] = [];
      const failing = TaskGroup.run(of(function* (group: TaskGroup) {
        group.createTask(() => Promise.reject(new RangeError("a task")));
        try {
          yield sleep(LONG);
        } finally {
          counts.push(currentTask()?.cancelling());
        }
      }));
      assertEquals((yield thrown(failing)) instanceof AggregateError, true);
      counts.push(currentTask()?.cancelling());
      yield sleep(1);
      return counts;
    }));
    assertEquals(await task, [1, 0]);
  });

  test("A70 a group whose tasks fail as it is cancelled passes the cancellation to the next wait", async () => {
    const log: unknown[] = [];
    const task = createTask(of(function* () {
      const failing = TaskGroup.run(of(function* (group: TaskGroup) {
        group.createTask(async () => {
          await sleep(LONG).catch(() => {});
          throw new RangeError("at the end");
        });
        yield sleep(LONG);
      }));
      try {
        yield failing;
      } catch (error) {
        log.push(error instanceof AggregateError, currentTask()?.cancelling());
      }
      yield sleep(1);
    }));
    await sleep(1);
    task.cancel("from outside");
    await assertRejects(() => task.get(), CancelledError, "from outside");
    assertEquals(log, [true, 1]);
  });
}
