import { assertEquals } from "@std/assert";
import { runSchedule } from "../stress/coroutine_run.ts";

Deno.test("greenlets that spawn, link, kill, join and time out do what a simple model says", async () => {
  for (let seed = 1; seed <= 200; seed++) {
    assertEquals(await runSchedule(seed), [], `seed ${seed}`);
  }
});
