/** What asyncio's tests demand of runners. */

import { assertEquals, assertRejects } from "@std/assert";
import { AsyncLocalStorage } from "node:async_hooks";
import process from "node:process";
import { type AsyncTask, createTask, hub, Runner, sleep } from "../../coroutine/mod.ts";
import { CancelledError, InvalidStateError } from "../../errors.ts";
import { Event } from "../../sync/mod.ts";
import { FOREVER, type Form, settle } from "./asyncio_support.ts";

/** Registers the tests for one form of coroutines. */
export function runnerConformance({ name: form, make }: Form): void {
  const test = (name: string, fn: () => Promise<void>): void => Deno.test(`${name} [${form}]`, fn);
  const give = make(function* (value: number) {
    yield sleep(1);
    return value;
  });
  const fail = make(function* () {
    yield sleep(0);
    throw new Error("main");
  });

  test("A76 Runner.run() gives results and errors, as often as one likes", async () => {
    const runner = new Runner();
    assertEquals(await runner.run(give, 1), 1);
    await assertRejects(() => runner.run(fail), Error, "main");
    assertEquals(await runner.run(give, 2), 2);
    await runner.close();
  });

  test("A76 Runner keeps the tasks of its functions until it is closed", async () => {
    const log: string[] = [];
    const mayEnd = new Event({ scope: "local" });
    const child = make(function* (name: string) {
      try {
        yield mayEnd.wait();
        log.push(`${name} ends`);
        yield sleep(FOREVER);
      } finally {
        log.push(`${name} is cancelled`);
        yield sleep(1);
        log.push(`${name} has cleaned up`);
      }
    });
    const first = make(function* () {
      createTask(child, "task");
      yield sleep(0);
    });
    const second = make(function* () {
      mayEnd.set();
      yield sleep(1);
    });
    const outside = createTask(() => sleep(FOREVER));
    {
      await using runner = new Runner();
      await runner.run(first);
      assertEquals([log, String(runner)], [[], "<Runner tasks=1>"]);
      await runner.run(second);
      assertEquals(log, ["task ends"]);
    }
    assertEquals(log, ["task ends", "task is cancelled", "task has cleaned up"]);
    assertEquals(outside.done(), false);
    outside.cancel();
    await outside.join();
  });

  test("A76 Runner runs everything in the context in which it was made", async () => {
    const user = new AsyncLocalStorage<string>();
    const runner = user.run("Ada", () => new Runner());
    const look = make(function* () {
      yield sleep(0);
      const inTask: string | undefined = yield createTask(() => user.getStore());
      return [user.getStore(), inTask];
    });
    for (const somebody of ["Bob", "Eve"]) {
      assertEquals(await user.run(somebody, () => runner.run(look)), ["Ada", "Ada"]);
    }
    await runner.close();
    assertEquals(user.getStore(), undefined);
  });

  test("A76 Runner runs nothing in greenlets, when it is closed, and while it runs", async () => {
    const runner = new Runner();
    const nested = make(function* () {
      yield runner.run(give, 1);
    });
    await assertRejects(() => runner.run(nested), InvalidStateError, "a greenlet already");
    const running = runner.run(give, 1);
    await assertRejects(() => runner.run(give, 2), InvalidStateError, "runs another function");
    assertEquals(await running, 1);
    await assertRejects(() => runner.run(1 as never), TypeError, "'fn' must be a function");
    await runner.close();
    await runner.close();
    await assertRejects(() => runner.run(give, 1), InvalidStateError, "the runner is closed");
    assertEquals(String(runner), "<Runner tasks=0 closed>");
    await new Runner().close();
  });

  test("Runner.close() ends what runs, and does not wait for itself", async () => {
    const runner = new Runner();
    const main = make(function* () {
      yield runner.close();
    });
    await assertRejects(() => runner.run(main), InvalidStateError, "would wait for itself");
    let task: AsyncTask<void> | null = null;
    const running = runner.run(make(function* () {
      task = createTask(() => sleep(FOREVER));
      yield sleep(FOREVER);
    }));
    const ended = assertRejects(() => running, CancelledError, "the runner was closed");
    await settle();
    await Promise.all([runner.close(), runner.close()]);
    assertEquals((task as AsyncTask<void> | null)?.cancelled(), true);
    await ended;
  });

  test("Runner.close() at once keeps the function from running", async () => {
    const { started } = hub.statistics();
    const runner = new Runner();
    const listeners = process.listenerCount("SIGINT");
    const running = runner.run(give, 1);
    const ended = assertRejects(() => running, CancelledError);
    await runner.close();
    await ended;
    assertEquals([hub.statistics().started, process.listenerCount("SIGINT")], [started, listeners]);
  });
}
