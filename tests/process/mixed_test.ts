import { assertEquals } from "@std/assert";
import process from "node:process";
import { Value } from "../../process/mod.ts";
import { Queue } from "../../queue/mod.ts";
import { Event, Lock } from "../../sync/mod.ts";
import { COLOURS, entries, until } from "../conformance/support.ts";
import { type RelativeOptions, withRelatives } from "./family_driver.ts";

const scope = "process";

/** How the other runtime runs a program: `scripts/test_node.ts` says where Deno is. Without it, this one. */
const deno = process.env["NOGIL_DENO"];
const OTHER: RelativeOptions = deno === undefined
  ? {}
  : { command: [deno, "run", "-A", "--quiet", "--no-lock"] };

for (const colour of COLOURS) {
  Deno.test(`A process of Deno and one of Node share queues and events [${colour}]`, async () => {
    const [there, back] = [new Queue<unknown>(2, { scope }), new Queue<unknown>(2, { scope })];
    const event = new Event({ scope });
    const items = [1, "two", { three: [3, new Map([["x", 4n]])] }, new Lock({ scope })];
    await withRelatives(async (start) => {
      const other = start("echo", [there, back, colour, items.length], OTHER);
      const waiter = start("awaitEvent", [event, colour], OTHER);
      for (const item of items) {
        await there.put(item, { timeout: 60_000 });
        assertEquals(await back.get({ timeout: 60_000 }), item);
      }
      await until(() => entries(scope) === 1, "the waiter");
      event.set();
      await other.result();
      assertEquals(await waiter.result(), true);
    });
  });
}

Deno.test("A process of Deno and one of Node count together under a lock, and find each other's death", async () => {
  const value = new Value("i", 0, { scope });
  const lock = new Lock({ scope });
  await withRelatives(async (start) => {
    const holder = start("hold", [lock, "blocking", 1], { ...OTHER, reported: false });
    const others = [start("increment", [value, 5_000], OTHER), start("increment", [value, 5_000])];
    for (const other of others) await other.result();
    assertEquals(value.value, 10_000);
    await holder.heard("held");
    const waiting = lock.acquire({ timeout: 60_000, recover: true });
    holder.strike();
    assertEquals((await waiting).abandoned, true);
  });
});
