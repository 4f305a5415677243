/** Tasks and what is not a task: futures, threads, raw greenlets, the collector of garbage. */

import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import {
  allTasks,
  createTask,
  gather,
  type Greenlet,
  GreenletLocal,
  hub,
  killAll,
  RawGreenlet,
  run,
  sleep,
  spawn,
  toThread,
  waitFor,
} from "../../coroutine/mod.ts";
import { CancelledError, TimeoutError } from "../../errors.ts";
import { Future } from "../../pool/mod.ts";
import { Queue } from "../../queue/mod.ts";
import { collectGarbage } from "../pool/wait_support.ts";
import { askGreenlets } from "./thread_tasks.ts";

Deno.test("A38 a task that nobody holds, and that waits for what nobody holds, is not lost", async () => {
  let resolve: ((value: string) => void) | null = null;
  const start = (): WeakRef<object> =>
    new WeakRef(createTask(async () => {
      await new Promise<string>((settle) => resolve = settle);
      return "the end";
    }));
  const reference = start();
  await sleep(0);
  const settle = resolve as unknown as (value: string) => void;
  resolve = null;
  await collectGarbage();
  const task = reference.deref() as Greenlet<string> | undefined;
  assert(task !== undefined && allTasks().has(task as never));
  settle("");
  assertEquals(await task, "the end");
});

Deno.test("A79 a thread asks the greenlets of another one by queues", async () => {
  const requests = new Queue<number | null>();
  const answers = new Queue<number>();
  const sum = await run(async () => {
    const server = createTask(async () => {
      let served = 0;
      for await (const request of requests) {
        if (request === null) break;
        served++;
        await sleep(1);
        await answers.put(request * request);
      }
      return served;
    });
    const result = await toThread(askGreenlets, requests, answers, 3);
    assertEquals(await server, 3);
    return result;
  });
  assertEquals(sum, 0 + 1 + 4);
});

for (
  const [form, wrap] of [["gather", (f: Future<unknown>) => gather(f)], [
    "waitFor",
    (f: Future<unknown>) => waitFor(f, null),
  ]] as const
) {
  Deno.test(`A80 a future behind ${form}(): results, errors and cancellations pass both ways`, async () => {
    const given = new Future<unknown>();
    const waiting = createTask(() => wrap(given));
    await sleep(0);
    given.setResult("result");
    assertEquals(await waiting, form === "gather" ? ["result"] : "result");

    const error = new RangeError("no");
    const failed = new Future<unknown>();
    const failing = createTask(() => wrap(failed));
    await sleep(0);
    failed.setException(error);
    assertStrictEquals(await failing.get().catch((error) => error), error);

    const outer = new Future<unknown>();
    const cancelled = createTask(() => wrap(outer));
    await sleep(1);
    cancelled.cancel();
    await assertRejects(() => cancelled.get(), CancelledError);
    assertEquals(outer.cancelled(), true);

    const inner = new Future<unknown>();
    const told = createTask(() => wrap(inner));
    await sleep(0);
    assertEquals(inner.cancel(), true);
    await assertRejects(() => told.get(), CancelledError);
    assertEquals(told.cancelled(), true);
  });
}

Deno.test("V43 V58 V59 a future stands for Waiter and AsyncResult: before and after, value and error", async () => {
  const error = new Error("no");
  const before = new Future<number>();
  before.setResult(1);
  assertEquals(await spawn(() => before.result()), 1);
  const after = new Future<number>();
  const readers = [1, 2, 3].map(() => spawn(() => after.result()));
  const limited = spawn(() => after.result({ timeout: 0 }));
  await assertRejects(() => limited.get(), TimeoutError);
  const [killed] = readers as [Greenlet<number>];
  await sleep(0);
  await killed.kill();
  after.setException(error);
  for (const reader of readers.slice(1)) {
    assertStrictEquals(await reader.get().catch((error) => error), error);
  }
  assertEquals([killed.successful(), after.cancelled()], [true, false]);
});

Deno.test("V77 what a GreenletLocal holds goes with the greenlet, also if somebody has that", async () => {
  const local = new GreenletLocal<{ big?: object }>();
  let held: WeakRef<object> | null = null;
  const greenlet = spawn(async () => {
    const big = { big: true };
    local.big = big;
    held = new WeakRef(big);
    await sleep(0);
    return Object.keys(local);
  });
  assertEquals(await greenlet, ["big"]);
  await collectGarbage();
  assertEquals([(held as WeakRef<object> | null)?.deref(), greenlet.dead], [undefined, true]);
  assertEquals(Object.keys(local), []);
});

Deno.test("V05 V25 greenlets of the hub and raw ones are told apart", async () => {
  const raw = new RawGreenlet(function* () {
    yield;
  });
  await assertRejects(() => killAll([raw as never]), TypeError, "as spawn() gives them");
  const passed: unknown[] = [];
  await spawn((...args: unknown[]) => passed.push(args), 1, "two", { three: 3 });
  assertEquals(passed, [[1, "two", { three: 3 }]]);
  await hub.join();
});
