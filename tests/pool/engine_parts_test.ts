import { assert, assertEquals } from "@std/assert";
import { Alarms } from "../../pool/engine_alarms.ts";
import { OrderedHeap } from "../../pool/engine_heap.ts";
import { Histogram } from "../../pool/engine_histogram.ts";
import { until } from "../support.ts";

Deno.test("OrderedHeap gives the smallest first, and equals in the order of arrival", () => {
  const heap = new OrderedHeap<string>();
  const keys = [5, 1, 3, 1, 9, 5, 1, 0, 3, 7, 2, 2];
  keys.forEach((key, index) => heap.push(key, `${key} ${index}`));
  heap.keep((value) => !value.startsWith("9"));
  assertEquals(heap.firstKey, 0);
  const taken: string[] = [];
  for (let value; (value = heap.pop()) !== undefined;) taken.push(value);
  const expected = keys.map((key, index) => [key, index] as const)
    .filter(([key]) => key !== 9).sort(([a, i], [b, j]) => a - b || i - j)
    .map(([key, index]) => `${key} ${index}`);
  assertEquals(taken, expected);
  assertEquals([heap.size, heap.firstKey], [0, Infinity]);
});

Deno.test("Histogram.percentiles() is exact to 9 %", () => {
  const histogram = new Histogram();
  assertEquals(histogram.percentiles(), { p50: 0, p90: 0, p99: 0 });
  for (let k = 1; k <= 1000; k++) histogram.add(k / 10);
  const { p50, p90, p99 } = histogram.percentiles();
  for (const [measured, exact] of [[p50, 50], [p90, 90], [p99, 99]] as const) {
    assert(Math.abs(measured / exact - 1) < 0.09, `${measured} is not ${exact}`);
  }
});

Deno.test("Alarms ring in their order, unless they are prevented", async () => {
  const alarms = new Alarms();
  const rung: number[] = [];
  // The first is due long after the last was set, on a busy machine too.
  const prevent = [800, 20, 400, 10].map((time) => alarms.after(time, () => rung.push(time)));
  prevent[2]?.();
  for (let k = 0; k < 5000; k++) alarms.after(60_000, () => rung.push(k))();
  await until(() => rung.length === 3);
  assertEquals(rung, [10, 20, 800]);
  assertEquals(alarms.next, Infinity);
  alarms.after(60_000, () => {});
  alarms.clear();
});
