import { assert, assertEquals } from "@std/assert";
import { runFetches } from "../stress/coroutine_fetches.ts";

Deno.test("a thousand greenlets fetch, fifty at a time, and all are answered", async () => {
  const { answered, most } = await runFetches(1000, 50);
  assertEquals(answered, 1000);
  assert(most > 1 && most <= 50, `${most} at once`);
});
