import { assert, assertEquals, assertThrows } from "@std/assert";
import { TYPE_QUEUE } from "../../_core/layout.ts";
import { createPlace } from "../../_core/place.ts";
import { QueueCore } from "../../_core/queue_core.ts";
import { compareKeys, type Key, keyBytes, makeKey, wereUnordered } from "../../_core/queue_keys.ts";

function bytes(key: Key): Uint8Array {
  return typeof key === "number" ? keyBytes(key) : key;
}

/** How two values compare: -1, 0 or 1; `null` if they have no order. */
function compare(a: unknown, b: unknown): number | null {
  const order = Math.sign(compareKeys(bytes(makeKey(a)), 0, bytes(makeKey(b)), 0));
  return wereUnordered() ? null : order;
}

/** Values of one kind, smallest first. */
const ASCENDING: Readonly<Record<string, readonly unknown[]>> = {
  numbers: [
    -Infinity,
    -(10n ** 400n) - 1n,
    -(10n ** 400n),
    -(10n ** 320n),
    -Number.MAX_VALUE,
    -(2n ** 64n) - 1n,
    -(2n ** 64n),
    -1.5,
    -1,
    -Number.MIN_VALUE,
    0,
    Number.MIN_VALUE,
    0.1,
    true,
    1.5,
    2n,
    2 ** 53,
    2n ** 53n + 1n,
    2 ** 53 + 2,
    2n ** 64n,
    2n ** 64n + 1n,
    2n ** 64n + 256n,
    2 ** 64 + 4096,
    Number.MAX_VALUE,
    BigInt(Number.MAX_VALUE) + 1n,
    10n ** 400n,
    10n ** 400n + 1n,
    Infinity,
  ],
  strings: ["", "\0", "\0a", "\u0001", "A", "a", "a\0", "a\0\0", "a\0b", "a\u0001", "aa", "b", "z"]
    .concat(["ß", "\u07ff", "\u0800", "\ud800", "\uffff", "\u{10000}", "\u{10ffff}"]),
  arrays: [
    [],
    [0],
    [0, "a"],
    [0, "a", 5],
    [0, "b"],
    [1],
    [1, [1]],
    [1, [1, 2]],
    [1, [2]],
    [2],
    [2n ** 70n],
    [2n ** 70n, 1],
    [2n ** 70n + 1n],
  ],
};

for (const [name, values] of Object.entries(ASCENDING)) {
  Deno.test(`makeKey() keeps the order of ${name}`, () => {
    for (const [i, a] of values.entries()) {
      for (const [j, b] of values.entries()) {
        assertEquals(compare(a, b), Math.sign(i - j), `${String(a)}, ${String(b)}`);
      }
    }
  });
}

Deno.test("makeKey() takes what is equal for equal", () => {
  assertEquals(compare(0, -0), 0);
  assertEquals(compare(1, true), 0);
  assertEquals(compare(0n, false), 0);
  assertEquals(compare(2 ** 60, 2n ** 60n), 0);
  assertEquals(compare([1, ["x"]], [1n, ["x"]]), 0);
});

Deno.test("compareKeys() finds what has no order, but only where it decides", () => {
  assertEquals(compare(1, "1"), null);
  assertEquals(compare([1], "1"), null);
  assertEquals(compare([1, {}], [2, "x"]), -1);
  assertEquals(compare([1, {}], [1, {}]), null);
  assertEquals(compare([1, null], [1]), 1);
  assertEquals(compare([1, 2], [1, "2"]), null);
});

Deno.test("makeKey() refuses what has no order at all", () => {
  for (const value of [NaN, {}, null, undefined, Symbol("s"), () => 1, new Date()]) {
    const error = assertThrows(() => makeKey(value), TypeError) as Error;
    assert(error.message.includes("has no order"), error.message);
  }
  const endless: unknown[] = [];
  endless.push(endless);
  assertThrows(() => makeKey(endless), RangeError);
});

function makeQueue(options: {
  key?: (item: unknown) => unknown;
  compare?: (a: unknown, b: unknown) => number;
} = {}): QueueCore {
  const scope = "thread";
  const settings = { order: "priority", maxsize: 0, scope, counted: true } as const;
  return new QueueCore(createPlace(TYPE_QUEUE, scope), { ...settings, ...options });
}

function drain(queue: QueueCore): unknown[] {
  const items: unknown[] = [];
  for (let found; (found = queue.tryGet()) !== null;) items.push(found.value);
  return items;
}

Deno.test("QueueCore gives items of equal keys in the order in which they came", () => {
  for (
    const options of [
      { key: (item: unknown) => (item as number[])[0] },
      {
        compare: (a: unknown, b: unknown) =>
          ((a as number[])[0] as number) - ((b as number[])[0] as number),
      },
    ]
  ) {
    const queue = makeQueue(options);
    const items = Array.from({ length: 300 }, (_, i) => [i * 7 % 5, i]);
    for (const item of items) queue.tryPut(item);
    const wanted = [...items].sort(([a, i], [b, j]) =>
      (a as number) - (b as number) || (i as number) - (j as number)
    );
    assertEquals(drain(queue), wanted);
    queue.dispose();
  }
});

Deno.test("QueueCore.tryPut() inserts nothing when the key has no order, or its function throws", () => {
  const queue = makeQueue();
  queue.tryPut(1);
  assertThrows(() => queue.tryPut("1"), TypeError);
  assertThrows(() => queue.tryPut({}), TypeError);
  assertEquals(drain(queue), [1]);
  const failing = makeQueue({
    key: () => {
      throw new SyntaxError("no key");
    },
  });
  assertThrows(() => failing.tryPut(1), SyntaxError);
  assertEquals(failing.qsize(), 0);
});

Deno.test("QueueCore.tryPut() inserts nothing when compare() throws, and goes on", () => {
  let fails = false;
  const queue = makeQueue({
    compare(a, b) {
      if (fails) throw new SyntaxError("no order");
      return (a as number) - (b as number);
    },
  });
  queue.tryPut(2);
  fails = true;
  assertThrows(() => queue.tryPut(1), SyntaxError);
  fails = false;
  queue.tryPut(3);
  queue.tryPut(0);
  fails = true;
  assertThrows(() => queue.tryGet(), SyntaxError);
  fails = false;
  assertEquals(drain(queue), [0, 2, 3]);
});

Deno.test("QueueCore may be used by its own compare()", () => {
  let calls = 0;
  const queue: QueueCore = makeQueue({
    compare(a, b) {
      if (calls++ === 0) queue.tryPut(5);
      return (a as number) - (b as number);
    },
  });
  for (const item of [3, 9, 1]) queue.tryPut(item);
  assertEquals(drain(queue), [1, 3, 5, 9]);
});
