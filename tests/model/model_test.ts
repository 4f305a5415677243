/**
 * Nothing is lost and nobody waits for ever, wherever a thread dies.
 *
 * @module
 */

import { assertEquals, assertGreater } from "@std/assert";
import { LOCK } from "./lock_scenarios.ts";
import { QUEUE } from "./queue_scenarios.ts";
import { RWLOCK } from "./rwlock_scenarios.ts";
import { explore } from "./scenario.ts";
import { SEMAPHORE } from "./semaphore_scenarios.ts";
import { BARRIER, CONDITION, EVENT } from "./signal_scenarios.ts";

const SCENARIOS = [...LOCK, ...CONDITION, ...EVENT, ...BARRIER, ...SEMAPHORE, ...RWLOCK, ...QUEUE];
let points = 0;

for (const scenario of SCENARIOS) {
  Deno.test(`Death while it ${scenario.name}`, () => {
    const found = explore(scenario);
    points += found.points;
    assertEquals(found.failures, []);
  });
}

Deno.test("The model has killed at thousands of points", () => {
  assertGreater(points, 5000);
});
