import { assertEquals } from "@std/assert";
import { runFetches } from "../stress/coroutine_fetches.ts";

Deno.test("a thousand greenlets fetch, fifty at a time, and all are answered", async () => {
  const { answered, most, waiting } = await runFetches(1000, 50);
  assertEquals([answered, most], [1000, 50]);
  assertEquals(waiting > 500, true);
});
