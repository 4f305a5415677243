/** The suites of `queue/`, all of them, at the scope that is tested. */

import { LifoQueue, PriorityQueue, Queue, SimpleQueue } from "../../queue/mod.ts";
import { byJson } from "../queue/tasks.ts";
import { fullQueueConformance } from "./full_queue_conformance.ts";
import { queueConformance } from "./queue_conformance.ts";
import type { FullKind } from "./queue_support.ts";
import { scoped } from "./support.ts";

const KINDS: readonly FullKind[] = [
  {
    name: "Queue",
    make: (maxsize, options) => new Queue(maxsize, scoped(options)),
    order: (put) => [...put],
  },
  {
    name: "LifoQueue",
    make: (maxsize, options) => new LifoQueue(maxsize, scoped(options)),
    order: (put) => [...put].reverse(),
  },
  {
    name: "PriorityQueue",
    make: (maxsize, options) => new PriorityQueue(maxsize, scoped(options)),
    order: (put) => put.toSorted((a, b) => a - b),
  },
  {
    name: "PriorityQueue",
    title: "PriorityQueue with compare",
    make: (maxsize, options) => {
      const given = scoped(options);
      const isObject = Object(given) === given;
      return new PriorityQueue(maxsize, isObject ? { compare: byJson, ...given } : given);
    },
    order: (put) => put.toSorted(byJson),
  },
];

/** Runs all suites of `queue/`. */
export function everyQueue(): void {
  for (const kind of KINDS) {
    queueConformance(kind);
    fullQueueConformance(kind);
  }
  queueConformance({
    name: "SimpleQueue",
    make: (_, options) => new SimpleQueue(scoped(options)),
    order: (put) => [...put],
  });
}
