import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { PriorityQueue, Queue } from "../../queue/mod.ts";
import { fullQueueConformance } from "../conformance/full_queue_conformance.ts";
import { queueConformance } from "../conformance/queue_conformance.ts";
import { assertSize, drain, type FullKind } from "../conformance/queue_support.ts";
import { SCOPES } from "../conformance/support.ts";
import { byJson } from "./tasks.ts";

const KINDS: readonly FullKind[] = [
  {
    name: "PriorityQueue",
    make: (maxsize, options) => new PriorityQueue(maxsize, options),
    order: (put) => put.toSorted((a, b) => a - b),
  },
  {
    name: "PriorityQueue",
    title: "PriorityQueue with compare",
    make: (maxsize, options) =>
      new PriorityQueue(
        maxsize,
        options === undefined || Object(options) === options
          ? { compare: byJson, ...options }
          : options,
      ),
    order: (put) => put.toSorted(byJson),
  },
];

for (const kind of KINDS) {
  queueConformance(kind);
  fullQueueConformance(kind);
}

/** Puts items and gives them as they come out. */
function sorted<T>(queue: PriorityQueue<T>, items: readonly T[]): unknown[] {
  for (const item of items) queue.putNowait(item);
  return drain(queue as PriorityQueue<unknown>);
}

/** Items in the order in which they come out. */
const ORDERS: Record<string, readonly unknown[]> = {
  "numbers": [
    -Infinity,
    -(2 ** 53),
    -1.5,
    -1,
    -Number.MIN_VALUE,
    0,
    5e-324,
    0.1,
    1,
    2 ** 40,
    Infinity,
  ],
  "numbers, bigints and booleans": [
    -(2n ** 70n),
    -1,
    0n,
    0.5,
    true,
    1.5,
    2n,
    2 ** 60,
    2n ** 60n + 1n,
  ],
  "strings": ["", "\0", "A", "B", "a", "aa", "b", "é", "\ufffd", "\u{10000}", "\u{1f600}"],
  "arrays": [[], [0], [0, "a"], [0, "b"], [0, "b", 1], [1, "a"], [2]],
  "nested arrays": [[[1], 2], [[1, 0], 1], [[2], 0]],
};

for (const scope of SCOPES) {
  for (const [name, items] of Object.entries(ORDERS)) {
    Deno.test(`Q02 PriorityQueue orders ${name} as Python does [${scope}]`, () => {
      for (let seed = 1; seed <= 20; seed++) {
        const queue = new PriorityQueue<unknown>(0, { scope });
        const shuffled = items.map((item, i) => ({ item, at: (i * 7919 + seed * 104729) % 1009 }))
          .sort((a, b) => a.at - b.at).map(({ item }) => item);
        assertEquals(sorted(queue, shuffled), items);
      }
    });
  }

  Deno.test(`Q02 PriorityQueue compares the items of equal priority [${scope}]`, () => {
    const queue = new PriorityQueue<[number, string]>(0, { scope });
    const items: [number, string][] = [[2, "a"], [1, "c"], [1, "a"], [2, "0"], [1, "b"]];
    assertEquals(sorted(queue, items), [[1, "a"], [1, "b"], [1, "c"], [2, "0"], [2, "a"]]);
  });

  Deno.test(`Q13 PriorityQueue takes no item that cannot be compared [${scope}]`, async () => {
    const queue = new PriorityQueue<unknown>(0, { scope });
    queue.putNowait(1);
    const bad = ["a", [1], NaN, null, undefined, {}, new Date(), () => 1, ["a", {}]];
    for (const item of bad) {
      assertThrows(() => queue.putNowait(item), TypeError, "Cannot put");
      assertThrows(() => queue.tryPut(item), TypeError, "Cannot put");
      assertThrows(() => queue.putSync(item), TypeError, "Cannot put");
      await assertRejects(() => queue.put(item), TypeError, "Cannot put");
    }
    assertEquals([queue.qsize(), queue.unfinishedTasks], [1, 1]);
    assertEquals(drain(queue), [1]);
  });

  Deno.test(`PriorityQueue orders by a key [${scope}]`, () => {
    const byCost = { scope, key: (job: { cost: number; name: string }) => [job.cost, job.name] };
    const queue = new PriorityQueue(0, byCost);
    const jobs = [[3, "c"], [1, "z"], [1, "y"], [2, "a"]].map(([cost, name]) => ({ cost, name }));
    const names = sorted(queue as PriorityQueue<unknown>, jobs);
    assertEquals(names.map((job) => (job as { name: string }).name), ["y", "z", "a", "c"]);
  });

  Deno.test(`PriorityQueue orders by a compare function [${scope}]`, () => {
    const longest = (a: string, b: string): number => b.length - a.length;
    const queue = new PriorityQueue(0, { scope, compare: longest });
    assertEquals(sorted(queue, ["a", "ccc", "bb", "eeeee", "dddd"]), [
      "eeeee",
      "dddd",
      "ccc",
      "bb",
      "a",
    ]);
  });

  Deno.test(`PriorityQueue gives equal items in the order in which they were put [${scope}]`, () => {
    const items = Array.from({ length: 200 }, (_, i) => ({ rank: (i * 7) % 3, i }));
    const queues = [
      new PriorityQueue<{ rank: number; i: number }>(0, { scope, key: ({ rank }) => rank }),
      new PriorityQueue<{ rank: number; i: number }>(0, {
        scope,
        compare: (a, b) => a.rank - b.rank,
      }),
    ];
    for (const queue of queues) {
      assertEquals(
        sorted(queue as PriorityQueue<unknown>, items),
        items.toSorted((a, b) => a.rank - b.rank),
      );
    }
  });

  Deno.test(`PriorityQueue takes items that need not be compared [${scope}]`, () => {
    const queue = new PriorityQueue<[number, object]>(0, { scope });
    queue.putNowait([2, { b: 1 }]);
    queue.putNowait([1, { a: 1 }]);
    assertThrows(() => queue.putNowait([1, { c: 1 }]), TypeError, "Cannot put item");
    assertEquals(drain(queue as PriorityQueue<unknown>), [[1, { a: 1 }], [2, { b: 1 }]]);
  });

  Deno.test(`PriorityQueue refuses what 'compare' gives if it is no number [${scope}]`, async () => {
    for (const order of [NaN, "1", undefined, null, {}, true]) {
      const queue = new PriorityQueue<number>(0, { scope, compare: () => order as number });
      queue.putNowait(1);
      assertThrows(() => queue.putNowait(2), TypeError, "'compare' must give a number");
      await assertRejects(() => queue.put(2), TypeError, "'compare' must give a number");
      assertEquals(drain(queue as PriorityQueue<unknown>), [1]);
    }
  });

  Deno.test(`Q13 PriorityQueue takes no item at which its function throws [${scope}]`, async () => {
    const fail = (item: unknown): number => {
      if (item === "bad") throw new RangeError("bad item");
      return item as number;
    };
    const queues = [
      new PriorityQueue<unknown>(0, { scope, key: fail }),
      new PriorityQueue<unknown>(0, { scope, compare: (a, b) => fail(a) - fail(b) }),
    ];
    for (const queue of queues) {
      queue.putNowait(2);
      assertThrows(() => queue.putNowait("bad"), RangeError, "bad item");
      await assertRejects(() => queue.put("bad"), RangeError, "bad item");
      queue.putNowait(1);
      assertEquals([queue.qsize(), queue.unfinishedTasks], [2, 2]);
      assertEquals(drain(queue), [1, 2]);
    }
    const keyed = new PriorityQueue<unknown>(0, { scope, key: () => ({}) });
    assertThrows(() => keyed.putNowait(1), TypeError, "Cannot put");
    assertSize(keyed, 0);
  });

  Deno.test(`PriorityQueue keeps its order while items come and go [${scope}]`, () => {
    const queues = [
      new PriorityQueue<number>(0, { scope }),
      new PriorityQueue<number>(0, { scope, compare: (a, b) => a - b }),
    ];
    for (const queue of queues) {
      const model: number[] = [];
      let state = 12345;
      for (let i = 0; i < 3000; i++) {
        state = (state * 1103515245 + 12345) % 2 ** 31;
        if (state % 5 < 3) {
          queue.putNowait(state % 1000);
          model.push(state % 1000);
        } else if (model.length > 0) {
          model.sort((a, b) => a - b);
          assertEquals(queue.getNowait(), model.shift());
        }
      }
      assertEquals(drain(queue as PriorityQueue<unknown>), model.sort((a, b) => a - b));
    }
  });
}

Deno.test("PriorityQueue serves one who waits for room in the order of priority", async () => {
  for (const scope of SCOPES) {
    const queue = new PriorityQueue<number>(2, { scope });
    for (const n of [5, 6]) queue.putNowait(n);
    const putting = queue.put(1);
    assertEquals(await queue.get(), 5);
    await putting;
    assertEquals(drain(queue as PriorityQueue<unknown>), [1, 6]);
  }
});

Deno.test("PriorityQueue rejects bad options", () => {
  for (const name of ["key", "compare"]) {
    for (const bad of [5, "cost", {}, null]) {
      assertThrows(
        () => new PriorityQueue(0, { [name]: bad } as never),
        TypeError,
        `Cannot create PriorityQueue: '${name}' must be a function`,
      );
    }
  }
  assertThrows(
    () => new PriorityQueue<number>(0, { key: (n) => n, compare: (a, b) => a - b }),
    TypeError,
    "give 'key' or 'compare', not both",
  );
  assert(new PriorityQueue() instanceof Queue);
  // @ts-expect-error: a Queue has no key
  assertEquals(new Queue(0, { key: (n: number) => n }).qsize(), 0);
});
