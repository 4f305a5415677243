/**
 * Queues under fire: `deno task stress:queue [--items=1000000] [--seed=1] [--runs=1] [--maxsize=16] [--kill-every=50]
 * [--queues=PART OF A NAME] [--ends=PART OF A NAME]`; on Node `deno task node tests/stress/queue_stress.ts …`.
 *
 * 8 producers and 8 consumers, each a thread that now blocks and now awaits, with timeouts and aborts among them, pass
 * items through one small queue: to the end, with a shutdown in the midst of it, with kills at random moments, and with
 * both. Every item must be received exactly once, in the order of its producer; after kills and shutdowns nothing twice,
 * nothing lost whose `put` had returned, and nobody may hang.
 *
 * @module
 */

import process from "node:process";
import { LifoQueue, PriorityQueue, Queue, SimpleQueue } from "../../queue/mod.ts";
import { type AnyQueue, SIDE } from "./queue_ledger.ts";
import { type Report, type RunOptions, runQueue } from "./queue_run.ts";
import type { Shape } from "./queue_tasks.ts";

type Numbered = { producer: number; number: number };

function argument(name: string, standard: number): number {
  return Number(text(name) ?? standard);
}

function text(name: string): string | undefined {
  return process.argv.find((one) => one.startsWith(`--${name}=`))?.slice(name.length + 3);
}

const maxsize = argument("maxsize", 16);
const killEvery = argument("kill-every", 50);
const items = Math.ceil(argument("items", 1_000_000) / SIDE);

/** A kind of queue. */
interface Kind {
  name: string;
  make: () => AnyQueue;
  shape: Shape;
  isOrdered: boolean;
  /** What part of the items is enough. */
  part?: number;
}

const KINDS: readonly Kind[] = [
  { name: "Queue", make: () => new Queue(maxsize), shape: "any", isOrdered: true },
  { name: "LifoQueue", make: () => new LifoQueue(maxsize), shape: "any", isOrdered: false },
  {
    name: "PriorityQueue",
    make: () => new PriorityQueue(maxsize),
    shape: "array",
    isOrdered: true,
  },
  {
    name: "PriorityQueue by key",
    make: () => new PriorityQueue<Numbered>(maxsize, { key: ({ number }) => number }) as AnyQueue,
    shape: "object",
    isOrdered: true,
    part: 0.2,
  },
  {
    name: "PriorityQueue by compare",
    make: () =>
      new PriorityQueue<Numbered>(maxsize, {
        compare: (a, b) => a.number - b.number,
      }) as AnyQueue,
    shape: "object",
    isOrdered: true,
    part: 0.1,
  },
  { name: "SimpleQueue", make: () => new SimpleQueue(), shape: "any", isOrdered: true, part: 0.2 },
];

const ENDS: Readonly<Record<string, Pick<RunOptions, "killEvery" | "shutdown">>> = {
  "to the end": { killEvery: 0, shutdown: "late" },
  "shutdown": { killEvery: 0, shutdown: "early" },
  "immediate shutdown": { killEvery: 0, shutdown: "immediate" },
  "kills": { killEvery, shutdown: "late" },
  "kills, shutdown": { killEvery, shutdown: "early" },
  "kills, immediate shutdown": { killEvery, shutdown: "immediate" },
};

function row(name: string, end: string, report: Report): string {
  const { received, seconds, kills, doubts, doubtsReceived, gap, dropped, inverted } = report;
  const { violations } = report;
  return [
    name.padEnd(24),
    end.padEnd(25),
    String(received).padStart(8),
    `${seconds.toFixed(1)} s`.padStart(8),
    `${kills.producers} + ${kills.consumers}`.padStart(11),
    `${doubtsReceived} of ${doubts}`.padStart(10),
    `${gap} of ${kills.inside}`.padStart(10),
    String(dropped).padStart(7),
    String(inverted).padStart(8),
    `  ${violations.length === 0 ? "ok" : `WRONG: ${violations.slice(0, 3).join("; ")}`}`,
  ].join(" ");
}

console.log(
  "queue".padEnd(24),
  "end".padEnd(25),
  "received     time  killed p+c   in doubt    in gap dropped inverted",
);
let wrong = 0;
const first = argument("seed", 1);
for (let seed = first; seed < first + argument("runs", 1); seed++) {
  for (const { name, make, shape, isOrdered, part = 1 } of KINDS) {
    if (!name.includes(text("queues") ?? "")) continue;
    for (const [end, how] of Object.entries(ENDS)) {
      if (!end.includes(text("ends") ?? "")) continue;
      const report = await runQueue({
        queue: make(),
        shape,
        isOrdered,
        items: Math.ceil(items * part),
        seed,
        ...how,
      });
      wrong += report.violations.length;
      console.log(row(name, end, report));
    }
  }
}
console.log(wrong === 0 ? "Nothing wrong" : `${wrong} violations`);
process.exitCode = wrong === 0 ? 0 : 1;
