/**
 * Two processes make a million increments each of a value under its lock, and four send a million items to four others:
 * `deno task stress:family [COUNT]`. The sum must be exact, and every item come exactly once.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import process from "node:process";
import { SharedArray, Value } from "../../process/mod.ts";
import { Queue } from "../../queue/mod.ts";
import { COLOURS, entries } from "../conformance/support.ts";
import { type Relative, withRelatives } from "../process/family_driver.ts";

const scope = "process";
const count = Number(process.argv[2] ?? 1_000_000);

function seconds(began: number): string {
  return ((performance.now() - began) / 1000).toFixed(1);
}

/** Waits for the end of a process, however long that takes, and for its result. */
async function finish(relative: Relative): Promise<void> {
  await relative.ended();
  await relative.result();
}

await withRelatives(async (start) => {
  const began = performance.now();
  const value = new Value("i", 0, { scope });
  const others = [1, 2].map(() => start("increment", [value, count]));
  for (const other of others) await finish(other);
  assertEquals(value.value, 2 * count);
  console.log(`${value.value} increments, ${seconds(began)} s`);
});

await withRelatives(async (start) => {
  const began = performance.now();
  const queue = new Queue<number | null>(1000, { scope });
  const seen = SharedArray("B", count, { scope });
  const colours = [...COLOURS, ...COLOURS];
  const each = Math.floor(count / colours.length);
  const producers = colours.map((colour, i) => start("produce", [queue, colour, i * each, each]));
  const consumers = colours.map((colour) => start("tally", [queue, colour, seen]));
  for (const producer of producers) await finish(producer);
  for (const _ of consumers) await queue.put(null);
  for (const consumer of consumers) await finish(consumer);
  for (let n = 0; n < each * colours.length; n++) {
    if (seen[n] !== 1) throw new Error(`Item ${n} came ${seen[n]} times`);
  }
  assertEquals([queue.qsize(), entries(scope)], [0, 0]);
  console.log(`${each * colours.length} items, each once, ${seconds(began)} s`);
});
