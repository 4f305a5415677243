import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { decode, encode } from "../../_core/codec.ts";
import { InvalidStateError, UnshareableError } from "../../errors.ts";
import { type TypeCode, type TypeCodes, Value } from "../../process/mod.ts";
import { Barrier, Condition } from "../../sync/mod.ts";
import { Thread } from "../../thread/mod.ts";
import { addHalves, addLocked, addMany, makeShared, negate } from "./tasks.ts";
import { SharedArray } from "../../process/mod.ts";

const MAX_64 = 2n ** 63n - 1n;

/** Each integer code with its smallest and its largest value. */
const RANGES: readonly [TypeCode, number | bigint, number | bigint][] = [
  ["b", -128, 127],
  ["B", 0, 255],
  ["h", -32768, 32767],
  ["H", 0, 65535],
  ["i", -(2 ** 31), 2 ** 31 - 1],
  ["I", 0, 2 ** 32 - 1],
  ["l", -MAX_64 - 1n, MAX_64],
  ["L", 0n, 2n ** 64n - 1n],
  ["q", -MAX_64 - 1n, MAX_64],
  ["Q", 0n, 2n ** 64n - 1n],
];

function make(code: TypeCode, value?: unknown): Value<TypeCode> {
  return new Value(code, value as TypeCodes[TypeCode]);
}

function roundTrip<T>(value: T): T {
  return decode(encode(value, "thread").bytes) as T;
}

Deno.test("Value holds the range of each integer code and wraps around beyond it", () => {
  for (const [code, min, max] of RANGES) {
    const one = typeof min === "bigint" ? 1n : 1;
    const value = make(code, max);
    assertEquals(value.value, max, code);
    value.value = (max as number) + (one as number);
    assertEquals(value.value, min, code);
    assertEquals(make(code, (min as number) - (one as number)).value, max, code);
    value.value = max;
    assertEquals((value as Value<"i">).add(one as number) as unknown, max, code);
    assertEquals(value.value, min, code);
  }
});

Deno.test("Value holds floats of 32 and of 64 bits", () => {
  const single = new Value("f", 0.1);
  assertEquals(single.value, Math.fround(0.1));
  single.value = 1e300;
  assertEquals(single.value, Infinity);
  const double = new Value("d", 0.1);
  assertEquals(double.value, 0.1);
  for (const value of [-0, NaN, Infinity, 5e-324, 1e300]) {
    double.value = value;
    assert(Object.is(double.value, value));
  }
});

Deno.test("Value holds bytes, code points and booleans", () => {
  const byte = new Value("c", Uint8Array.of(200));
  assertEquals(byte.value, Uint8Array.of(200));
  byte.value[0] = 1; // a copy
  assertEquals(byte.value, Uint8Array.of(200));
  const character = new Value("u", "😀");
  assertEquals(character.value, "😀");
  character.value = "ñ";
  assertEquals(character.value, "ñ");
  const flag = new Value("?", true);
  assertEquals(flag.value, true);
  flag.value = false;
  assertEquals(flag.value, false);
});

Deno.test("Value is zero unless it is given", () => {
  for (const code of "bBhHiIfd") assertEquals(make(code as TypeCode).value, 0, code);
  for (const code of "lLqQ") assertEquals(make(code as TypeCode).value, 0n, code);
  assertEquals(make("c").value, Uint8Array.of(0));
  assertEquals(make("u").value, "\0");
  assertEquals(make("?").value, false);
});

Deno.test("Value refuses what is of the wrong type, and stays as it was", () => {
  const wrong: [TypeCode, unknown[]][] = [
    ["i", ["1", 1n, 1.5, NaN, Infinity, null, true, {}]],
    ["B", ["1", 1n, 0.5]],
    ["q", [1, "1", null]],
    ["d", ["1", 1n, null, true]],
    ["f", ["1", 1n]],
    ["c", [1, "a", new Uint8Array(2), new Uint8Array(0)]],
    ["u", ["", "ab", 97, null]],
    ["?", [0, 1, "true", null]],
  ];
  for (const [code, values] of wrong) {
    const shared = make(code);
    const before = shared.value;
    for (const value of values) {
      const error = assertThrows(() => make(code, value), TypeError);
      assert(error.message.includes(`type code "${code}" takes`), error.message);
      assertThrows(() => shared.value = value as number, TypeError, "Cannot set value");
      assertThrows(() => shared.exchange(value as number), TypeError);
      assertThrows(() => shared.compareExchange(before, value as number), TypeError);
    }
    assertEquals(shared.value, before);
  }
  assertThrows(
    () => make("i", "abc"),
    TypeError,
    'Cannot create Value: type code "i" takes an integer: received "abc"',
  );
});

Deno.test("Value refuses unknown type codes and options", () => {
  for (const code of ["x", "", "ii", 1, null, undefined, {}, "constructor"]) {
    assertThrows(
      () => make(code as TypeCode),
      TypeError,
      "it must be one of c u b B h H i I l L q Q f d ?",
    );
  }
  assertThrows(() => new Value("i", 0, { lock: 1 as unknown as boolean }), TypeError, "'lock'");
  assertThrows(() => new Value("i", 0, { scope: "x" as "local" }), TypeError);
});

Deno.test("Value.add() returns what it was, and refuses what is no number", () => {
  const count = new Value("i", 5);
  assertEquals([count.add(3), count.add(-10), count.value], [5, 8, -2]);
  const big = new Value("Q", 5n);
  assertEquals([big.add(-6n), big.value], [5n, 2n ** 64n - 1n]);
  const single = new Value("f", 1);
  assertEquals([single.add(0.1), single.value], [1, Math.fround(1.1)]);
  const double = new Value("d", -0);
  assert(Object.is(double.add(0.5), -0));
  assertEquals(double.value, 0.5);
  assertThrows(() => count.add(0.5), TypeError, "Cannot add to value");
  assertThrows(() => double.add(1n as unknown as number), TypeError);
  for (const code of ["c", "u", "?"] as const) {
    assertThrows(() => new Value(code).add(1 as never), TypeError, "is not a number");
  }
});

Deno.test("Value.exchange() and Value.compareExchange() return what it held", () => {
  const count = new Value("h", 1);
  assertEquals([count.exchange(2), count.value], [1, 2]);
  assertEquals([count.compareExchange(1, 9), count.value], [2, 2]);
  assertEquals([count.compareExchange(2, 9), count.value], [2, 9]);
  const flag = new Value("?");
  assertEquals([flag.exchange(true), flag.value], [false, true]);
  const nan = new Value("d", NaN);
  assertEquals([nan.compareExchange(NaN, 1), nan.value], [NaN, 1]);
});

Deno.test("Value.getLock() is one lock of its own", async () => {
  const value = new Value("i", 1);
  const lock = value.getLock();
  assertStrictEquals(value.getLock(), lock);
  assert(new Value("i").getLock() !== lock);
  const outer = lock.acquireSync();
  const inner = await lock.acquire();
  value.value = -1; // no part of the lock
  assertEquals([lock.locked(), lock.recursionCount(), value.value], [true, 2, -1]);
  inner.release();
  outer.release();
  assertEquals([lock.locked(), value.value], [false, -1]);
  const condition = new Condition(lock);
  await condition.with(() => condition.notify());
});

Deno.test("Value.with() holds the lock", async () => {
  const value = new Value("i", 1);
  assertEquals(await value.with(() => value.getLock().locked()), true);
  await assertRejects(() => value.with(() => Promise.reject(new RangeError("no"))), RangeError);
  assertEquals(value.getLock().locked(), false);
});

Deno.test("Value has no lock with { lock: false }", async () => {
  const value = new Value("i", 1, { lock: false });
  assertThrows(() => value.getLock(), InvalidStateError, "Cannot get lock");
  await assertRejects(() => value.with(() => 1), InvalidStateError);
  assertEquals(value.add(1), 1);
});

Deno.test("Value.toString() shows code and value", () => {
  assertEquals(String(new Value("i", 12)), "<Value i 12>");
  assertEquals(String(new Value("q", 12n)), "<Value q 12>");
  assertEquals(String(new Value("u", "a")), '<Value u "a">');
  assertEquals(String(new Value("c", Uint8Array.of(7))), "<Value c 7>");
});

Deno.test("Value and its lock travel as themselves", () => {
  const value = new Value("i", 7);
  assertStrictEquals(roundTrip({ deep: [value] }).deep[0], value);
  const lock = value.getLock();
  assertStrictEquals(roundTrip(lock), lock);
  assertEquals(roundTrip([lock, value, lock]), [lock, value, lock]);
  const condition = new Condition(lock);
  assertStrictEquals(roundTrip(condition), condition);
});

Deno.test("Value of scope local works and does not travel", async () => {
  const value = new Value("i", 7, { scope: "local" });
  await value.with(() => value.value++);
  assertEquals(value.value, 8);
  assertThrows(() => encode(value, "thread"), UnshareableError, "Cannot send Value");
  assertThrows(() => encode(value.getLock(), "thread"), UnshareableError);
  assertThrows(() => encode(new Value("i"), "process"), UnshareableError);
});

Deno.test("Value.add() by eight threads loses nothing", async () => {
  const count = new Value("i");
  const sum = new Value("d");
  const start = new Barrier(8);
  const threads = Array.from(
    { length: 8 },
    (_, i) =>
      i % 2 === 0
        ? new Thread({ target: addMany, args: [count, 100_000, start] }).start()
        : new Thread({ target: addHalves, args: [sum, 100_000, start] }).start(),
  );
  for (const thread of threads) await thread.join();
  assertEquals([count.value, sum.value], [400_000, 200_000]);
});

Deno.test("Value under its lock loses nothing in eight threads", async () => {
  const count = new Value("q");
  const threads = Array.from(
    { length: 8 },
    () => new Thread({ target: addLocked, args: [count, count.getLock(), 5000] }).start(),
  );
  for (const thread of threads) assertEquals(await thread.join(), true);
  assertEquals(count.value, 40_000n);
});

Deno.test("Value and SharedArray changed by a thread are seen by its parent", async () => {
  const pi = new Value("d", 0);
  const numbers = SharedArray("i", [...Array(10).keys()]);
  await new Thread({ target: negate, args: [pi, numbers] }).start().join();
  assertEquals(pi.value, 3.1415927);
  assertEquals([...numbers], [0, -1, -2, -3, -4, -5, -6, -7, -8, -9].map((n) => n | 0));
});

Deno.test("Value and SharedArray come back from the thread that made them", async () => {
  const [value, array] = await new Thread({ target: makeShared }).start().join();
  assertEquals(value.value, "ñ");
  assertEquals([...array], [1.5, 2.5]);
  assertEquals(array.getLock().locked(), false);
});
