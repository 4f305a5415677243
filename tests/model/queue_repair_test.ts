/**
 * What the repair of a queue leaves alone: pages that are another's by now.
 *
 * @module
 */

import { assertEquals, assertNotEquals } from "@std/assert";
import { PAGE_BASE, TYPE_QUEUE } from "../../_core/layout.ts";
import { BIAS, C_QUEUE, wordOf } from "../../_core/queue_layout.ts";
import { recount } from "../../_core/queue_repair.ts";
import { initializeQueue } from "../../_core/queue_ring.ts";
import { World } from "./world.ts";

/** A page that agent 3 has claimed a moment ago; what stands in it is still that of queue `o`. */
function claim(world: World, o: number): number {
  const { heap } = world.agent(3).q;
  const address = heap.allocateCounted(1, 3, BIAS);
  if (wordOf(address) + 1 >= heap.limit) heap.cover();
  world.words.store(wordOf(address) + C_QUEUE, o);
  return address;
}

Deno.test("reap() of who made a queue does not free a page that the living claim", () => {
  const world = new World();
  const o = world.arena.allocateObject(TYPE_QUEUE);
  initializeQueue(world.agent(2).q, o, 0, 0);
  const address = claim(world, o);
  const word = world.words.peek(PAGE_BASE + address - 1);
  world.die(2);
  world.agent(1).reap(2);
  assertEquals(world.words.peek(PAGE_BASE + address - 1), word);
});

Deno.test("recount() writes nothing to a page that the living claim", () => {
  const world = new World();
  const o = world.arena.allocateObject(TYPE_QUEUE);
  initializeQueue(world.agent(2).q, o, 0, 0);
  const address = claim(world, o);
  const { q } = world.agent(1);
  q.heap.cover();
  const start = wordOf(address);
  for (let i = start + 1; i < start + 8; i++) world.words.store(i, i);
  q.latch(o);
  recount(q, o);
  q.unlatch(o);
  for (let i = start + 1; i < start + 8; i++) assertEquals(world.words.peek(i), i);
  assertNotEquals(world.words.peek(PAGE_BASE + address - 1), 0);
});
