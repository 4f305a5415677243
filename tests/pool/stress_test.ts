import { assertEquals } from "@std/assert";
import { stressPools } from "../stress/pool_run.ts";

Deno.test("ThreadPool and ThreadPoolExecutor settle all of 240 tasks, of which a twentieth ends its worker", async () => {
  const { rows, violations } = await stressPools({
    tasks: 240,
    workers: 2,
    seed: 7,
    deadly: 20,
    memory: 20,
    blows: 4,
    concurrency: 1,
  });
  assertEquals(violations, []);
  assertEquals(rows.reduce((sum, { tasks }) => sum + tasks, 0), 240);
});

Deno.test("ThreadPool and ThreadPoolExecutor settle all tasks, several at once in a worker", async () => {
  const { violations } = await stressPools({
    tasks: 120,
    workers: 2,
    seed: 8,
    deadly: 20,
    memory: 20,
    blows: 2,
    concurrency: 4,
  });
  assertEquals(violations, []);
});
