import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { agentOf } from "../../_core/agent.ts";
import { decode, encode } from "../../_core/codec.ts";
import { InvalidStateError, UnshareableError } from "../../errors.ts";
import { SharedArray, type TypeCode } from "../../process/mod.ts";
import { Thread } from "../../thread/mod.ts";
import { fillLocked } from "./tasks.ts";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

// deno-lint-ignore no-explicit-any -- typed arrays of any kind
type AnyValues = any;

/** Each code: its class, values to store, and what they become. */
const CODES: readonly [TypeCode, { new (length: number): object }, unknown[], unknown[]][] = [
  ["c", Uint8Array, [1, 255, 256], [1, 255, 0]],
  ["u", Uint32Array, ["a", 0x1f600, "ñ"], [97, 0x1f600, 241]],
  ["b", Int8Array, [127, 128, -129], [127, -128, 127]],
  ["B", Uint8Array, [255, 256, -1], [255, 0, 255]],
  ["h", Int16Array, [32767, 32768], [32767, -32768]],
  ["H", Uint16Array, [65535, 65536, -1], [65535, 0, 65535]],
  ["i", Int32Array, [2 ** 31 - 1, 2 ** 31], [2 ** 31 - 1, -(2 ** 31)]],
  ["I", Uint32Array, [2 ** 32 - 1, 2 ** 32, -1], [2 ** 32 - 1, 0, 2 ** 32 - 1]],
  ["l", BigInt64Array, [1n, 2n ** 63n], [1n, -(2n ** 63n)]],
  ["L", BigUint64Array, [1n, -1n], [1n, 2n ** 64n - 1n]],
  ["q", BigInt64Array, [1n, 2n ** 63n], [1n, -(2n ** 63n)]],
  ["Q", BigUint64Array, [1n, 2n ** 64n], [1n, 0n]],
  ["f", Float32Array, [0.1, 1e300, NaN], [Math.fround(0.1), Infinity, NaN]],
  ["d", Float64Array, [0.1, 1e300, NaN], [0.1, 1e300, NaN]],
  ["?", Uint8Array, [true, false, 7], [1, 0, 1]],
];

function roundTrip<T>(value: T): T {
  return decode(encode(value, "thread").bytes) as T;
}

Deno.test("SharedArray() is a typed array of the class of its code", () => {
  for (const [code, Class, values, expected] of CODES) {
    const array = SharedArray(code, values as AnyValues);
    assertInstanceOf(array, Class, code);
    assertEquals([...array] as unknown[], expected, code);
    const zeros = new SharedArray(code, 3);
    assertInstanceOf(zeros, Class, code);
    assertEquals([...zeros].map(Number), [0, 0, 0], code);
  }
});

Deno.test("SharedArray() takes any iterable, and a string of code points", () => {
  assertEquals([...SharedArray("i", new Set([1, 2]))], [1, 2]);
  assertEquals([...SharedArray("d", Float32Array.of(0.5))], [0.5]);
  assertEquals([...SharedArray("u", "añ😀")], [97, 241, 0x1f600]);
  assertEquals([...SharedArray("i", SharedArray("i", [4, 5]))], [4, 5]);
  assertEquals(SharedArray("i", 0).length, 0);
  assertEquals(SharedArray("d", []).length, 0);
});

Deno.test("SharedArray() refuses bad sizes, values, codes and options", () => {
  for (const size of [-1, 1.5, NaN, Infinity]) {
    assertThrows(() => SharedArray("i", size), RangeError, "Cannot create SharedArray: its size");
  }
  assertThrows(() => SharedArray("d", 2 ** 40), RangeError, "bytes of shared memory at once");
  for (const values of [null, undefined, {}, true, 5n, () => {}]) {
    assertThrows(() => SharedArray("i", values as AnyValues), TypeError, "an iterable of values");
  }
  const wrong: [TypeCode, unknown][] = [
    ["i", "1"],
    ["i", 1.5],
    ["i", 1n],
    ["q", 1],
    ["d", null],
    [
      "u",
      "ab",
    ],
    ["?", "x"],
    ["c", "x"],
  ];
  for (const [code, value] of wrong) {
    assertThrows(
      () => SharedArray(code, [value] as AnyValues),
      TypeError,
      `type code "${code}" takes`,
    );
  }
  assertThrows(() => SharedArray("x" as "i", 1), TypeError, "it must be one of c u b");
  assertThrows(() => SharedArray("i", 1, { lock: 1 as AnyValues }), TypeError, "'lock'");
});

Deno.test("SharedArray.subarray() is a plain view, slice() and map() are plain copies", () => {
  const array = SharedArray("i", [1, 2, 3]);
  const view = array.subarray(1);
  const copy = array.slice(1);
  view[0] = 9;
  assertEquals([...array], [1, 9, 3]);
  assertEquals([...copy], [2, 3]);
  assertEquals(array.map((n) => n * 2), Int32Array.of(2, 18, 6));
  for (const plain of [view, copy, array.map(Number)]) {
    assertStrictEquals(Object.getPrototypeOf(plain), Int32Array.prototype);
  }
  array.set([7, 8], 1);
  assertEquals([...view], [7, 8]);
  assertStrictEquals(array.constructor, Int32Array);
});

Deno.test("SharedArray.getLock() is one lock of its own", () => {
  const array = SharedArray("i", 3);
  const lock = array.getLock();
  assertStrictEquals(array.getLock(), lock);
  const guard = lock.acquireSync();
  assertEquals([lock.locked(), ...array], [true, 0, 0, 0]);
  guard.release();
  assertThrows(
    () => SharedArray("i", 3, { lock: false }).getLock(),
    InvalidStateError,
    "Cannot get lock",
  );
  assertThrows(() => array.getLock.call(new Int32Array(1) as AnyValues), TypeError, "Cannot use");
});

Deno.test("SharedArray and its lock travel as themselves", () => {
  const array = SharedArray("f", [0.5]);
  assertStrictEquals(roundTrip([array])[0], array);
  assertStrictEquals(roundTrip(array.getLock()), array.getLock());
  const local = SharedArray("i", [1], { scope: "local" });
  assertEquals([...local], [1]);
  assertThrows(() => encode(local, "thread"), UnshareableError, "Cannot send SharedArray");
  assertThrows(() => encode(array, "process"), UnshareableError);
});

Deno.test("SharedArray under its lock is consistent in eight threads", async () => {
  const row = SharedArray("i", 2000);
  const threads = Array.from(
    { length: 8 },
    (_, id) => new Thread({ target: fillLocked, args: [row, id + 1, 50] }).start(),
  );
  for (const thread of threads) assertEquals(await thread.join(), true);
  assert(row.every((item) => item === row[0]));
});

Deno.test("SharedArray memory is used again, zeroed, and not before its views are gone", async () => {
  const kept = SharedArray("i", 256 * 1024).fill(77).subarray(5);
  const { buffer } = agentOf("thread").arena;
  const before = buffer?.byteLength ?? 0;
  for (let i = 0; i < 200; i++) {
    const array = SharedArray("i", 256 * 1024); // 1 MiB
    if (array.some((item) => item !== 0)) throw new Error("it is not zeroed");
    array.fill(i + 1);
    if (i % 10 === 0) {
      collectGarbage();
      await new Promise((resolve) => setTimeout(resolve));
    }
  }
  const grown = ((buffer?.byteLength ?? 0) - before) / 2 ** 20;
  assert(grown < 100, `${grown} MiB`);
  assert(kept.every((item) => item === 77));
});
