import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  asCompleted,
  createTask,
  gather,
  monkey,
  run,
  sleep,
  TaskGroup,
  toThread,
} from "../../coroutine/mod.ts";
import { CancelledError } from "../../errors.ts";
import * as pool from "../../pool/mod.ts";
import { Event, Semaphore } from "../../sync/mod.ts";
import { until } from "../conformance/support.ts";
import { holdThread, runTasks } from "./thread_tasks.ts";

Deno.test("toThread() gives results and errors of functions on threads", async () => {
  assertEquals(await toThread((x: number, y: string) => x + y, 1, "a"), "1a");
  assertEquals(await toThread(() => Promise.resolve(2)), 2);
  await assertRejects(
    () =>
      toThread(() => {
        throw new RangeError("far");
      }),
    RangeError,
    "far",
  );
  await assertRejects(() => toThread(Promise.resolve() as never), TypeError, "'fn' must be");
});

Deno.test("toThread() lets the others run, and several functions at once", async () => {
  const inside = new Semaphore(0);
  const release = new Event();
  let ticks = 0;
  await run(async () => {
    const ticker = createTask(async () => {
      for (;; ticks++) await sleep(1);
    });
    const both = TaskGroup.run((group) => {
      group.createTask(toThread, holdThread, inside, release);
      group.createTask(toThread, holdThread, inside, release);
    });
    await inside.acquire();
    await inside.acquire();
    const before = ticks;
    await until(() => ticks > before + 3, "the ticks");
    release.set();
    await both;
    ticker.cancel();
  });
});

Deno.test("toThread() that is cancelled rejects at once, while the thread goes on", async () => {
  const inside = new Semaphore(0);
  const release = new Event();
  const task = createTask(() => toThread(holdThread, inside, release));
  await inside.acquire();
  task.cancel("enough");
  await assertRejects(() => task.get(), CancelledError, "enough");
  release.set();
});

Deno.test("each thread runs tasks of its own, and is patched for itself", async () => {
  monkey.patch({ fetch: true });
  try {
    const sums = await gather([10, 100].map((n) => () => toThread(runTasks, n)));
    assertEquals(sums, [[false, 55], [false, 5050]]);
    assertEquals([monkey.isPatched("fetch"), monkey.isPatched("timers")], [true, false]);
  } finally {
    monkey.unpatch();
  }
});

Deno.test("asCompleted() gives tasks as they end, and is the one of the pools", async () => {
  assert(asCompleted === pool.asCompleted);
  const slow = createTask(() => sleep(30).then(() => "slow"));
  const quick = createTask(() => sleep(1).then(() => "quick"));
  const results: string[] = [];
  for await (const task of asCompleted([slow, quick])) results.push(await task);
  assertEquals(results, ["quick", "slow"]);
});
