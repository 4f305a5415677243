import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { BrokenPoolError, CancelledError, InvalidStateError } from "../../errors.ts";
import { ProcessPoolExecutor } from "../../pool/mod.ts";
import { Process, Value } from "../../process/mod.ts";
import { PATIENCE } from "../conformance/pool_support.ts";
import { until } from "../conformance/support.ts";
import { cleanUp, computeForEver, count } from "./end_workers_tasks.ts";

await Process.prewarm(2);

for (const end of ["terminateWorkers", "killWorkers"] as const) {
  Deno.test(`ProcessPoolExecutor.${end}() stops what runs, and never runs the rest [F73]`, async () => {
    const runs = new Value("i", 0, { scope: "process" });
    const executor = new ProcessPoolExecutor({ maxWorkers: 1, grace: PATIENCE });
    const running = executor.submit(computeForEver, runs);
    const waiting = [executor.submit(count, runs), executor.submit(count, runs)];
    const results = executor.map(count, Array(3).fill(runs));
    await until(() => runs.value === 1, "the first task");
    executor[end]();
    await assertRejects(
      () => running.result(),
      BrokenPoolError,
      "the workers of the executor were",
    );
    for (const future of waiting) {
      await assertRejects(() => future.result(), CancelledError);
      assert(future.cancelled());
    }
    await assertRejects(async () => {
      for await (const _ of results);
    });
    assertThrows(() => executor.submit(count, runs), InvalidStateError);
    executor[end]();
    await executor.shutdown();
    assertEquals(executor.statistics().workers, []);
    assertEquals(runs.value, 1);
  });

  Deno.test(`ProcessPoolExecutor.${end}() ends an executor that has not begun, or was shut down [F73]`, async () => {
    const executor = new ProcessPoolExecutor({ maxWorkers: 1 });
    executor[end]();
    assertThrows(() => executor.submit(() => 1), InvalidStateError);
    await executor.shutdown();
    executor[end]();
    const runs = new Value("i", 0, { scope: "process" });
    const other = new ProcessPoolExecutor({ maxWorkers: 1 });
    const running = other.submit(computeForEver, runs);
    await until(() => runs.value === 1, "the task");
    const over = other.shutdown();
    other[end]();
    await over;
    await assertRejects(() => running.result(), BrokenPoolError);
    const third = new ProcessPoolExecutor({ maxWorkers: 1 });
    assertEquals(await third.submit((x: number) => x, 1), 1);
    await third.shutdown();
    third[end]();
  });
}

Deno.test("ProcessPoolExecutor.terminateWorkers() lets a process that listens clean up", async () => {
  const runs = new Value("i", 0, { scope: "process" });
  const executor = new ProcessPoolExecutor({ maxWorkers: 1, grace: PATIENCE });
  const running = executor.submit(cleanUp, runs, false);
  await until(() => runs.value === 1, "the task");
  executor.terminateWorkers();
  await assertRejects(() => running.result(), BrokenPoolError);
  await executor.shutdown();
  assertEquals(runs.value, 101);
});

Deno.test("ProcessPoolExecutor.terminateWorkers() ends a process by force that does not end in time", async () => {
  const runs = new Value("i", 0, { scope: "process" });
  const executor = new ProcessPoolExecutor({ maxWorkers: 1, grace: 200 });
  const running = executor.submit(cleanUp, runs, true);
  await until(() => runs.value === 1, "the task");
  executor.terminateWorkers();
  await assertRejects(() => running.result(), BrokenPoolError);
  executor.shutdownSync();
  // On a busy machine it may not even have heard of it.
  assert(runs.value === 101 || runs.value === 1, `${runs.value}`);
});
