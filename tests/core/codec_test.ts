import { deepStrictEqual } from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { decode, decodeRange, encode, encodeInto, requiredModules } from "../../_core/codec.ts";
import { HANDLE, registerHandle } from "../../_core/handle.ts";
import { UnshareableError } from "../../errors.ts";

function roundTrip<T>(value: T): T {
  const { bytes, buffers } = encode(value, "thread");
  return decode(bytes, buffers) as T;
}

function assertRefused(value: unknown, path: string, reason: RegExp): void {
  const error = assertThrows(() => encode(value, "thread", "args"), UnshareableError);
  assertEquals(error.path, path);
  assert(error.message.startsWith(`Cannot send ${path}: `), error.message);
  assert(reason.test(error.message), error.message);
}

const TABLE: unknown[] = [
  undefined,
  null,
  true,
  false,
  ...[0, 1, 127, 128, -1, -64, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 2 ** 53, 1.5, -0, NaN, Infinity],
  ...[0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 63n, -(2n ** 200n)],
  ...["", "abc", "x".repeat(31), "x".repeat(32), "x".repeat(200000), "é", "é".repeat(40000)],
  ...["日本語", "😀", "\ud800", "a\udc00b", "\ufeffbom", "\0", "é\ud800".repeat(70000)],
  new Date(0),
  new Date(1e12),
  /a(b)?/giu,
  new Map<unknown, unknown>([[1, "one"], [{ key: 1 }, new Map()], [NaN, undefined]]),
  new Set<unknown>([1, "1", null, new Set()]),
  {},
  { a: 1, "b c": { d: [] }, "": undefined },
  Object.assign(Object.create(null), { x: 1 }),
  [],
  [1, "a", [null], undefined],
  [{ a: 1, b: 2 }, { a: 3, b: 4 }, { b: 5, a: 6 }],
  new Uint8Array([1, 2, 3]).buffer,
  new Int8Array([-1]),
  new Uint8ClampedArray([255]),
  new Int16Array([-300]),
  new Uint16Array([60000]),
  new Int32Array([-5]),
  new Uint32Array([4e9]),
  new Float32Array([0.5]),
  new Float64Array([0.1, NaN, -0]),
  new BigInt64Array([-1n]),
  new BigUint64Array([2n ** 64n - 1n]),
  new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2),
  Object(1),
  Object("text"),
  Object(false),
  Object(5n),
];

Deno.test("encode() and decode() carry every kind of plain value", () => {
  for (const value of TABLE) {
    deepStrictEqual(roundTrip(value), value);
    deepStrictEqual(roundTrip([value, { value }]), [value, { value }]);
  }
  assert(Object.is(roundTrip(-0), -0));
  assertEquals(roundTrip(new Date(NaN)).getTime(), NaN);
  deepStrictEqual(roundTrip(TABLE), TABLE);
});

Deno.test("decode() restores the class of what it decodes", () => {
  for (const value of TABLE) {
    if (typeof value !== "object" || value === null) continue;
    assertStrictEquals(
      Object.getPrototypeOf(roundTrip(value)),
      Object.getPrototypeOf(value),
    );
  }
});

Deno.test("encode() keeps the holes and the names of an array", () => {
  const holes = roundTrip([, 1, , , 2, ,]);
  assertEquals(holes.length, 6);
  assertEquals(Object.keys(holes), ["1", "4"]);
  const huge = new Array(4_000_000_000);
  huge[3_000_000_000] = "x";
  assertEquals(Object.keys(roundTrip(huge)), ["3000000000"]);
  assertEquals(roundTrip(huge).length, 4_000_000_000);
  const match = roundTrip(/b(?<c>c)/.exec("abc"));
  assertEquals(match?.index, 1);
  assertEquals(match?.groups?.["c"], "c");
});

Deno.test("encode() keeps cycles and shared references", () => {
  const shared = { n: 1 };
  const value: Record<string, unknown> = { a: shared, b: [shared, shared] };
  value["self"] = value;
  value["map"] = new Map<unknown, unknown>([[value, shared]]);
  const many = Array.from({ length: 50 }, (_, n) => ({ n }));
  value["many"] = [...many, ...many];
  const copy = roundTrip(value) as typeof value & { b: unknown[]; many: unknown[] };
  assertStrictEquals(copy["self"], copy);
  assertStrictEquals(copy["a"], copy.b[0]);
  assertStrictEquals(copy["a"], copy.b[1]);
  assertStrictEquals((copy["map"] as Map<unknown, unknown>).get(copy), copy["a"]);
  for (let i = 0; i < 50; i++) assertStrictEquals(copy.many[i], copy.many[i + 50]);
  assert(copy["a"] !== shared);
});

Deno.test("encode() keeps views over one buffer together", () => {
  const buffer = new ArrayBuffer(16);
  const [bytes, ints, rest] = roundTrip(
    [new Uint8Array(buffer), new Int32Array(buffer, 4, 2), buffer] as const,
  );
  assertStrictEquals(bytes.buffer, rest);
  assertStrictEquals(ints.buffer, rest);
  assertEquals([ints.byteOffset, ints.length], [4, 2]);
  const resizable = new ArrayBuffer(8, { maxByteLength: 32 });
  const tracking = roundTrip(new Uint8Array(resizable, 4));
  assertEquals([tracking.length, tracking.buffer.resizable], [4, true]);
  (tracking.buffer as ArrayBuffer).resize(16);
  assertEquals(tracking.length, 12);
});

Deno.test("encode() sends of a Buffer its window on the pool, not the pool", () => {
  const copy = roundTrip<Uint8Array>(Buffer.from("abc"));
  assertStrictEquals(Object.getPrototypeOf(copy), Uint8Array.prototype);
  assertEquals([...copy], [97, 98, 99]);
  assertEquals(copy.buffer.byteLength, 3);
});

Deno.test("encode() passes raw shared memory to threads only", () => {
  const shared = new SharedArrayBuffer(8);
  const value = { view: new Int32Array(shared, 4), shared };
  const { bytes, buffers } = encode(value, "thread");
  assertEquals(buffers.length, 1);
  const copy = decode(bytes, buffers) as typeof value;
  assertStrictEquals(copy.shared, shared);
  assertStrictEquals(copy.view.buffer, shared);
  assertThrows(() => encode(value, "process"), UnshareableError, "value.view");
  assertThrows(() => decode(bytes), TypeError, "shared buffer");
});

Deno.test("encode() goes to any depth", () => {
  let list: unknown[] = [];
  let links: { next: unknown } | null = null;
  let map = new Map<string, unknown>();
  for (let i = 0; i < 20000; i++) {
    list = [list];
    links = { next: links };
    map = new Map([["k", map]]);
  }
  const copy = roundTrip({ list, links, map });
  let depth = 0;
  for (let item: unknown = copy.links; item; item = (item as { next: unknown }).next) depth++;
  assertEquals(depth, 20000);
  depth = 0;
  for (let item = copy.list; item.length > 0; item = item[0] as unknown[]) depth++;
  assertEquals(depth, 20000);
  depth = 0;
  for (let item = copy.map; item.size > 0; item = item.get("k") as typeof map) depth++;
  assertEquals(depth, 20000);
});

Deno.test("encode() cuts off causes that are nested too deeply", () => {
  let error = new Error("deepest");
  for (let i = 0; i < 5000; i++) error = new Error("outer", { cause: error });
  let depth = 0;
  for (let cause: unknown = roundTrip(error); cause; cause = (cause as Error).cause) depth++;
  assert(depth > 100 && depth < 1000, `${depth}`);
});

class Nest {
  readonly inner: unknown;
  constructor(inner: unknown) {
    this.inner = inner;
  }
  [HANDLE](): { type: string; data: unknown } {
    return { type: "test/Nest", data: { inner: this.inner } };
  }
}
registerHandle("test/Nest", (data) => new Nest((data as { inner: unknown }).inner));

Deno.test("encode() keeps the data of handles whole, however deep they lie", () => {
  let value: unknown = new Nest({ a: [1] });
  for (let i = 0; i < 500; i++) value = i % 2 === 0 ? [value] : value;
  for (let copy = roundTrip(value);; copy = (copy as unknown[])[0]) {
    if (Array.isArray(copy)) continue;
    assertInstanceOf(copy, Nest);
    assertEquals(copy.inner, { a: [1] });
    break;
  }
  let nested = new Nest(null);
  for (let i = 0; i < 100000; i++) nested = new Nest(nested);
  assertThrows(() => encode(nested, "thread"), RangeError, "nested too deeply");
  assertEquals(roundTrip(1), 1);
});

Deno.test("encode() names the path to what cannot travel", () => {
  assertRefused([{ options: { onDone: Symbol("s") } }], "args[0].options.onDone", /symbol/);
  assertRefused([1, new Map([["key", [Promise.resolve()]]])], 'args[1].get("key")[0]', /await/);
  assertRefused(new Set([new WeakMap()]), "args.values()", /WeakMap/);
  assertRefused({ "a b": new WeakSet() }, 'args["a b"]', /WeakSet/);
  assertRefused([new WeakRef({})], "args[0]", /WeakRef/);
  assertRefused([(function* () {})()], "args[0]", /\[\.\.\.values\]/);
  assertRefused([[][Symbol.iterator]()], "args[0]", /\[\.\.\.values\]/);
  assertRefused([new AbortController().signal], "args[0]", /signal/);
  assertRefused([new URL("http://localhost")], "args[0]", /href/);
  assertRefused([Object(Symbol("x"))], "args[0]", /symbol/);
  assertRefused([Math.max], "args[0]", /native/);
  assertRefused([class A {}], "args[0]", /shareable/);
  assertRefused([new (class Point {})()], "args[0]", /class Point .* shareable/);
  assertRefused([new (class extends Array {})()], "args[0]", /shareable/);
  assertRefused([new (class Bytes extends Uint8Array {})(1)], "args[0]", /class Bytes/);
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  assertRefused([proxy], "args[0]", /revoked/);
  const detached = new Uint8Array(8);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  assertRefused({ detached }, "args.detached", /detached/);
  let deep: unknown = Symbol("deep");
  for (let i = 0; i < 300; i++) deep = [deep];
  assertRefused(deep, `args${"[0]".repeat(300)}`, /symbol/);
});

Deno.test("encode() calls a getter once and lets its error through", () => {
  let calls = 0;
  const copy = roundTrip({
    get value() {
      return ++calls;
    },
  });
  assertEquals([copy.value, calls], [1, 1]);
  const failing = {
    get value(): number {
      throw new SyntaxError("mine");
    },
  };
  assertThrows(() => encode(failing, "thread"), SyntaxError, "mine");
});

Deno.test("encode() may be called while it is at work", () => {
  const inner = { deep: ["inner"] };
  const value = {
    before: "x".repeat(100),
    get nested() {
      return decode(encode(inner, "thread").bytes);
    },
    after: [1, 2, 3],
  };
  assertEquals(roundTrip(value), { before: "x".repeat(100), nested: inner, after: [1, 2, 3] });
  const lengths = encodeInto([1, 2], "thread", (bytes, length) => {
    const other = encode("other", "thread").bytes.length;
    return [length, other, decode(bytes.slice(0, length))];
  });
  assertEquals(lengths[2], [1, 2]);
});

Deno.test("decodeRange() reads a message within others, and nothing beyond its end", () => {
  const one = encode({ a: ["first", 1.5] }, "thread").bytes;
  const two = encode({ b: "x".repeat(40), c: 1.5 }, "thread").bytes;
  const both = new Uint8Array([...one, ...two, 0, 0, 0]);
  const end = one.length + two.length;
  assertEquals(decodeRange(both, 0, one.length), { a: ["first", 1.5] });
  assertEquals(decodeRange(both, one.length, end), { b: "x".repeat(40), c: 1.5 });
  for (let cut = one.length; cut < end; cut++) {
    assertThrows(() => decodeRange(both, one.length, cut), TypeError, "it ends too early");
  }
});

Deno.test("decode() never touches a prototype", () => {
  const evil = JSON.parse(
    '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
  );
  const copy = roundTrip(evil);
  assertStrictEquals(Object.getPrototypeOf(copy), Object.prototype);
  assertEquals(Object.keys(copy), ["__proto__", "constructor"]);
  assertEquals((copy as { polluted?: number }).polluted, undefined);
  assertEquals(({} as { polluted?: number }).polluted, undefined);
});

class Box {
  readonly id: number;
  constructor(id: number) {
    this.id = id;
  }
  [HANDLE](target: "thread" | "process"): { type: string; data: unknown } {
    if (target === "process") throw new UnshareableError("Cannot send Box: its scope is thread");
    encode("re-entrant", "thread");
    return { type: "test/Box", data: { id: this.id, memory: new SharedArrayBuffer(4) } };
  }
}
registerHandle("test/Box", (data) => new Box((data as { id: number }).id), "file:///box.ts");

Deno.test("encode() finds handles at any depth", () => {
  const box = new Box(7);
  const value = { a: [new Map([["box", box]])], b: box, plain: true };
  const { bytes, buffers } = encode(value, "thread");
  assertEquals(buffers.length, 1);
  assertEquals(requiredModules(bytes), []);
  const copy = decode(bytes, buffers) as typeof value;
  assertInstanceOf(copy.b, Box);
  assertEquals(copy.b.id, 7);
  assertStrictEquals(copy.a[0]?.get("box"), copy.b);
  assertThrows(() => encode(value, "process"), UnshareableError, "its scope is thread");
});

Deno.test("decode() names the module of a handle that is not known", () => {
  const unknown = { [HANDLE]: () => ({ type: "sync/Unknown", data: null }) };
  const { bytes } = encode(unknown, "thread");
  assertThrows(() => decode(bytes), TypeError, "@nogil/std/sync");
  assertThrows(() => registerHandle("test/Box", () => ({})), TypeError, "registered already");
});
