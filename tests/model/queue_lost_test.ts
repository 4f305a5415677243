/**
 * Who counts what the dead had while somebody living is in the middle of a report.
 *
 * @module
 */

import { assertEquals, assertThrows } from "@std/assert";
import { BusyError } from "../../_core/busy_error.ts";
import { FLAGS, LATCH } from "../../_core/layout.ts";
import { DONE, FROZEN, LOSSES, S_REPORTS } from "../../_core/queue_layout.ts";
import { lostItems } from "../../_core/queue_tasks.ts";
import { QueueWorld } from "./queue_world.ts";
import { World } from "./world.ts";

/** Three agents have an item each; 3 is in the middle of a report, and 5 has died. */
function setUp(): { world: World; x: QueueWorld; report: (changes: number) => void } {
  const world = new World();
  const x = new QueueWorld(world);
  for (const n of [1, 2, 3]) x.tryPut(4, n);
  for (const id of [3, 4, 5]) x.tryGet(id);
  x.waitJoin(1);
  const slot = world.agent(3).q.holders.get(x.o) as number;
  const report = (changes: number): void => {
    world.words.poke(slot + S_REPORTS, world.words.peek(slot + S_REPORTS) + changes);
  };
  report(1);
  x.died(5);
  world.die(5);
  world.agent(1).q.patience = 0;
  return { world, x, report };
}

Deno.test("reap() of who had items does not count while somebody reports, and nobody waits for it", () => {
  const { world, x, report } = setUp();
  assertThrows(() => world.agent(1).reap(5), BusyError);
  const { words } = world;
  assertEquals([words.peek(x.o + LATCH), words.peek(x.o + DONE) & FROZEN], [0, FROZEN]);
  assertEquals(x.done(4), true);
  assertEquals(words.peek(x.o + DONE) & FROZEN, 0);
  assertThrows(() => world.agent(1).reap(5), BusyError);
  report(-1);
  world.agent(1).reap(5);
  assertEquals(lostItems(world.agent(1).q, x.o), 1);
  x.check();
  x.finish();
});

Deno.test("join() is not told that all is lost while somebody reports", () => {
  const { world, x, report } = setUp();
  report(-1);
  world.agent(1).reap(5);
  x.done(4);
  report(1);
  // His report of the last item but the lost one has not come through yet, or it has, and he looks at the joiners next.
  assertEquals(lostItems(world.agent(1).q, x.o), -1);
  world.agent(1).q.resettle(x.o, false);
  assertEquals(world.words.peek(x.o + FLAGS) & LOSSES, LOSSES);
  assertEquals(world.list(x.o, 2).map((s) => world.state(s)), [1]);
  report(-1);
  x.done(3);
  x.check();
  assertEquals(world.list(x.o, 2).map((s) => world.state(s)), [2]);
  x.finish();
});
