/** What scenarios of queues share. */

import { TAKEN } from "../../_core/kind.ts";
import { type QueueOptions, QueueWorld } from "./queue_world.ts";
import { type Act, oneOf, type Scenario, VICTIM } from "./scenario.ts";
import type { World } from "./world.ts";

/** What happens at a queue. */
export interface QueuePlan {
  /** What agent 2 does. */
  op(): void;
  alreadyDead?: readonly number[];
  meanwhile?(): void;
  /** Whether what is left at the end must be in order. Default: true. */
  ordered?: boolean;
  then?(killed: boolean): void;
}

/** Options of every queue that scenarios make: where the model is mutated. */
let common: QueueOptions = {};

/** Runs `run` with other options for the queues of all scenarios. */
export function withQueueOptions<T>(options: QueueOptions, run: () => T): T {
  common = options;
  try {
    return run();
  } finally {
    common = {};
  }
}

/** Makes a scenario with one queue. */
export function queueScenario(
  name: string,
  options: QueueOptions,
  plan: (x: QueueWorld) => QueuePlan,
): Scenario {
  return {
    name: `${options.order ?? "fifo"} queue: ${name}`,
    act(world: World): Act {
      const x = new QueueWorld(world, { ...options, ...common });
      const { op, alreadyDead, meanwhile, then, ordered = true } = plan(x);
      return {
        o: x.o,
        op,
        ...alreadyDead === undefined ? {} : { alreadyDead },
        meanwhile: () => meanwhile?.(),
        died: () => x.died(VICTIM),
        then(killed) {
          x.check();
          then?.(killed);
        },
        serve: () => x.finish({ ordered }),
      };
    },
  };
}

/** Puts items into a queue. */
export function fill(
  x: QueueWorld,
  count: number,
  size: "small" | "half" | "large" = "small",
): void {
  for (let v = 1; v <= count; v++) oneOf(x.tryPut(4, v, size), TAKEN);
}

/** Kills agent 5 just before its write number `k` of an operation. */
export function dieAt(x: QueueWorld, k: number, op: () => void): void {
  const { words } = x.world;
  words.arm(k);
  try {
    op();
  } catch {
    x.died(5);
  }
  words.disarm();
  x.world.die(5);
}
