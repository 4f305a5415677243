/**
 * Which kind of concurrency suits which work: the same waiting and the same computing as coroutines, in four threads and
 * in four processes, by the program C8 of the tutorial: `deno task bench:kinds`.
 *
 * @module
 */
import { kinds } from "../examples/coroutines/c8_kinds.ts";
import { benchmark, type Case, perOperation } from "./harness.ts";

/** Does the work in each way, once a round. */
function cases(most: number | null): Case[] {
  return Object.entries(kinds).map(([name, work]) => ({
    name,
    measure: () => perOperation(1, async () => void await work(most)),
  }));
}

await benchmark([
  { title: "Waiting: 200 pauses of 10 ms", cases: cases(null), rounds: 5 },
  { title: "Computing: the primes below 10 000 000", cases: cases(10_000_000), rounds: 5 },
]);
