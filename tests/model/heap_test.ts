/**
 * No page is lost and none is had twice, wherever a thread dies.
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { PAGE_BASE, PAGE_BYTES } from "../../_core/layout.ts";
import { Kill } from "./sim_words.ts";
import { createMemory, World } from "./world.ts";

/** The words of the first pages, as text: `.` free, else the agent. */
function pages(w: World): string {
  const text = Array.from({ length: 12 }, (_, i) => w.words.peek(PAGE_BASE + i) & 0xffff || ".");
  return text.join("");
}

/** Kills the victim at every write of `op`, reaps it and gives the pages that are left. */
function pagesAfterDeath(setup: (w: World) => () => void): Set<string> {
  const found = new Set<string>();
  for (let k = 0;; k++) {
    const w = new World({ buffer: createMemory() });
    const op = setup(w);
    w.words.arm(k);
    let killed = false;
    try {
      op();
    } catch (error) {
      if (!(error instanceof Kill)) throw error;
      killed = true;
    }
    w.words.disarm();
    if (!killed) return found;
    w.die(2);
    w.agent(1).reap(2);
    found.add(pages(w));
  }
}

Deno.test("Heap.allocate() by one who dies leaves nothing behind", () => {
  const found = pagesAfterDeath((w) => {
    w.arena.heap.allocate(2 * PAGE_BYTES, 3);
    return () => w.arena.heap.allocate(3 * PAGE_BYTES, 2);
  });
  assertEquals([...found], ["33.........."]);
});

Deno.test("Heap.allocate() by one who dies before the memory has grown leaves nothing behind", () => {
  const found = pagesAfterDeath((w) => () => w.arena.heap.allocate(3 * PAGE_BYTES, 2));
  assertEquals([...found], ["............"]);
});

Deno.test("Heap.allocate() gives up a gap that is too small, and dies", () => {
  const found = pagesAfterDeath((w) => {
    const { heap } = w.arena;
    heap.allocate(1, 3);
    const gap = heap.allocate(2 * PAGE_BYTES, 3);
    heap.allocate(1, 3);
    heap.free(gap);
    return () => heap.allocate(3 * PAGE_BYTES, 2);
  });
  assertEquals([...found], ["3..3........"]);
});

Deno.test("Heap.publish() is what makes a run outlive its claimer", () => {
  const found = pagesAfterDeath((w) => {
    const { heap } = w.arena;
    const run = heap.allocate(2 * PAGE_BYTES, 2);
    return () => {
      heap.publish(run);
      w.words.load(PAGE_BASE);
      w.words.store(PAGE_BASE + 11, 0);
    };
  });
  assertEquals([...found], ["............", "22.........."]);
});

Deno.test("Heap.free() of an unpublished run, and death, leaves nothing behind", () => {
  const found = pagesAfterDeath((w) => {
    const { heap } = w.arena;
    const run = heap.allocate(3 * PAGE_BYTES, 2);
    heap.allocate(1, 3);
    return () => heap.free(run);
  });
  assertEquals([...found], ["...3........"]);
});

Deno.test("Heap.allocate() finds what was given back, and says when it is full", () => {
  const w = new World({ buffer: createMemory() });
  const { heap } = w.arena;
  const runs = Array.from({ length: 16 }, () => heap.allocate(4 * PAGE_BYTES, 2));
  assertEquals(new Set(runs).size, 16);
  assertThrows(() => heap.allocate(1, 3), RangeError, "the heap is full");
  heap.publish(runs[3] as number);
  heap.free(runs[7] as number);
  assertEquals(heap.allocate(4 * PAGE_BYTES, 3), runs[7]);
  w.die(2);
  w.agent(1).reap(2);
  assert(heap.allocate(12 * PAGE_BYTES, 3) !== runs[3]);
  assertThrows(() => heap.allocate(60 * PAGE_BYTES, 3), RangeError, "the heap is full");
});
