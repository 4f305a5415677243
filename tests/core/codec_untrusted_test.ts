import { deepStrictEqual } from "node:assert/strict";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { decode, encode } from "../../_core/codec.ts";
import { HANDLE, registerHandle } from "../../_core/handle.ts";
import { shareable } from "../../_core/shareable.ts";
import { task } from "../../_core/task.ts";

let ran = 0;

export const touch = task(import.meta, () => ran++);
export const Touched = shareable(
  import.meta,
  class Touched {
    n = 1;
    constructor() {
      ran++;
    }
    set trap(_value: number) {
      ran++;
    }
  },
);
registerHandle("test/Trap", () => {
  ran++;
  return {};
});

const untrusted = { untrusted: true };

Deno.test("decode() refuses all that is code from an untrusted sender", () => {
  const handle = { [HANDLE]: () => ({ type: "test/Trap", data: null }) };
  for (
    const value of [
      touch,
      Touched,
      new Touched(),
      (x: number) => x,
      handle,
      new SharedArrayBuffer(4),
    ]
  ) {
    const { bytes, buffers } = encode([value], "thread");
    const before = ran;
    assertThrows(() => decode(bytes, buffers, untrusted), TypeError, "untrusted");
    assertEquals(ran, before);
  }
});

Deno.test("decode() keeps its limits", () => {
  let deep: unknown = 1;
  for (let i = 0; i < 300; i++) deep = [deep];
  const { bytes } = encode(deep, "process");
  assertEquals(decode(bytes, [], untrusted), deep);
  assertEquals(decode(bytes, [], { maxDepth: 300 }), deep);
  assertThrows(() => decode(bytes, [], { maxDepth: 299 }), RangeError, "299 levels");
  for (let i = 0; i < 1000; i++) deep = [deep];
  assertThrows(
    () => decode(encode(deep, "process").bytes, [], untrusted),
    RangeError,
    "1000 levels",
  );
  assertThrows(() => decode(bytes, [], { maxBytes: 10 }), RangeError, "10 allowed");
});

Deno.test("decode() refuses what is no message", () => {
  for (const bytes of [[], [0], [255], [1], [2, 1], [1, 1, 1], [1, 0xff], [1, 0xaf, 0xff]]) {
    assertThrows(() => decode(new Uint8Array(bytes)), TypeError, "Cannot decode message");
  }
});

const SAMPLE = {
  list: [1, -5, 1.5, 10n, 2n ** 90n, "text", "é\ud800", null, undefined, , true],
  rows: [{ a: 1, b: 2 }, { a: 3, b: 4 }],
  map: new Map<unknown, unknown>([["k", new Set([1, 2])]]),
  error: new AggregateError([new TypeError("x")], "y", { cause: { z: 1 } }),
  views: [new Float64Array(2), new DataView(new ArrayBuffer(3)), Object("s"), new Date(5), /a/g],
  dom: new DOMException("a", "b"),
};

function decodesOrRefuses(bytes: Uint8Array): void {
  try {
    decode(bytes, [], untrusted);
  } catch (error) {
    assert(error instanceof TypeError || error instanceof RangeError, String(error));
    assert(error.message.startsWith("Cannot decode message: "), error.message);
  }
}

Deno.test("decode() of a truncated message is refused, always", () => {
  const { bytes } = encode(SAMPLE, "process");
  for (let end = 0; end < bytes.length; end++) {
    assertThrows(() => decode(bytes.slice(0, end), [], untrusted), TypeError, "Cannot decode");
  }
});

Deno.test("decode() of damaged messages gives a value or a clear error", () => {
  const { bytes } = encode(SAMPLE, "process");
  const before = ran;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      (changes) => {
        const damaged = bytes.slice();
        for (const [at, value] of changes) damaged[at] = value;
        decodesOrRefuses(damaged);
      },
    ),
    { numRuns: 5000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
      decodesOrRefuses(new Uint8Array([1, ...noise]));
    }),
    { numRuns: 5000 },
  );
  assertEquals(ran, before);
  assertEquals(({} as Record<string, unknown>)["polluted"], undefined);
});

Deno.test("encode() and decode() are inverse for any plain value", () => {
  const anything = fc.anything({
    withBigInt: true,
    withBoxedValues: true,
    withDate: false,
    withMap: true,
    withNullPrototype: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
    withUnicodeString: true,
  });
  fc.assert(
    fc.property(anything, (value) => {
      deepStrictEqual(decode(encode(value, "process").bytes, [], untrusted), value);
    }),
    { numRuns: 500 },
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 100 }), (text) => {
      assertEquals(decode(encode(text, "thread").bytes), text);
    }),
    { numRuns: 1000 },
  );
});
