import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { decode, encode } from "../../_core/codec.ts";
import { findFreeNames } from "../../_core/free_variables.ts";
import { UnshareableError } from "../../errors.ts";

function roundTrip<T>(value: T): T {
  return decode(encode(value, "process").bytes) as T;
}

const outside = 5;

Deno.test("a plain function travels as its source", async () => {
  const add = roundTrip((a: number, b = 2) => a + b);
  assertEquals(add(1), 3);
  assertStrictEquals(roundTrip(add), add);
  const later = roundTrip(async function later(n: number): Promise<number> {
    await null;
    return n * 2;
  });
  assertEquals(await later(4), 8);
  const generate = roundTrip(function* (n: number) {
    while (n > 0) yield n--;
  });
  assertEquals([...generate(2)], [2, 1]);
  assertEquals(roundTrip([{ f: (x: string) => x.length }])[0]?.f("abc"), 3);
  const strict = roundTrip(function (this: unknown) {
    return this;
  });
  assertEquals(strict(), undefined);
});

Deno.test("a function with free variables is refused by their names", () => {
  const inside = 7;
  const uses = (x: number) => x + outside + inside;
  const error = assertThrows(
    () => encode([{ uses }], "thread", "args"),
    UnshareableError,
    "uses 'outside', 'inside'",
  );
  assert(error.message.startsWith("Cannot send args[0].uses: function uses "), error.message);
  assert(error.message.includes("task(import.meta, …)"));
});

Deno.test("methods, native, bound functions and classes are refused with advice", () => {
  const object = {
    method() {
      return 1;
    },
    get value() {
      return 1;
    },
  };
  const refused: [unknown, string][] = [
    [object.method, "method"],
    [Object.getOwnPropertyDescriptor(object, "value")?.get, "getter"],
    [Math.max, "native"],
    [((x: number) => x).bind(null), "bound"],
    [class Point {}, "shareable(import.meta, Point)"],
    [() => import.meta.url, "'import.meta'"],
    [() => import("./nowhere.ts"), "'./nowhere.ts'"],
  ];
  for (const [fn, text] of refused) {
    assertThrows(() => encode(fn, "thread"), UnshareableError, text);
  }
});

Deno.test("findFreeNames() finds free names", () => {
  const cases: [string, string[]][] = [
    ["() => x", ["x"]],
    ["(a = b) => a", ["b"]],
    ["() => this.x", ["this"]],
    ["() => () => this", ["this"]],
    ["() => arguments", ["arguments"]],
    ["() => ({ x })", ["x"]],
    ["() => ({ [x]: 1, y: z })", ["x", "z"]],
    ["() => { x = 1; y++; }", ["x", "y"]],
    ["() => { [x, { y }] = [1, {}]; }", ["x", "y"]],
    ["() => `${x}`", ["x"]],
    ["() => tag`a`", ["tag"]],
    ["() => { { let x = 1; } return x; }", ["x"]],
    ["() => { for (const x of []) ; return x; }", ["x"]],
    ["() => class extends Base { [key] = field; static { stat(); } }", [
      "Base",
      "key",
      "field",
      "stat",
    ]],
    ["() => { try { f(); } catch (e) { e; } return e; }", ["f", "e"]],
    ["({ a: { b = c } }) => b", ["c"]],
    ["async () => { await using x = y; }", ["y"]],
    ["function f() { return g(f); }", ["g"]],
  ];
  for (const [source, free] of cases) assertEquals(findFreeNames(source)?.free, free, source);
});

Deno.test("findFreeNames() takes no ordinary code for free", () => {
  const sources = [
    "function f(a, { b, c: [d = a, ...e], ...g }, ...h) { return [a, b, d, e, g, h, f, arguments, this]; }",
    "() => { outer: for (let i = 0; i < 3; i++) { for (;;) continue outer; } }",
    "() => { try { JSON.parse(''); } catch { return 1; } try { } catch ({ message }) { return message; } }",
    "() => { hoisted(); return v; function hoisted() {} var v; }",
    "() => { if (true) { var x = 1; } return x; }",
    "() => { class A { #p = 1; static s = A; m(q) { return this.#p + q + (#p in this); } get g() { return arguments; } } return new A(); }",
    "(o) => o.x?.y.z + o?.[0] + { key: 1, 'a b': 2, 3: 4, m(p) { return p; }, async *n() { yield 1; } }.key",
    "() => [console, Math, Deno, process, fetch, globalThis, undefined, NaN, Array, setTimeout, structuredClone, Buffer]",
    "() => /x[/]y/g.test(`a${(y => y)(1)}b`)",
    "() => typeof nothing === 'undefined' ? 1 : nothing",
    "async (url) => { for await (const x of url) yield_(x); function yield_(z) { return z; } }",
    "function () { return () => this; }",
    "function () { return new.target; }",
    "async () => (await import('node:fs')).existsSync('/')",
    "() => { switch (1) { case 1: let s = 1; return s; default: return s; } }",
    "() => { const f = function g(n) { return n ? g(n - 1) : f; }; return f; }",
    "() => { const { a, b: { c } = {}, ...rest } = {}; let [x, , y = a] = []; return { a, c, rest, x, y }; }",
    "() => { let i; for (i in {}) ; for (const [k, v] of []) k(v); return i; }",
    "(a, b) => { debugger; return a ?? (b ||= 1), void 0, delete a.b, 'x' in a; }",
  ];
  for (const source of sources) {
    const names = findFreeNames(source);
    assert(names !== null, source);
    assertEquals(names.free, [], source);
  }
});

Deno.test("a global of the program must be there on the other side", () => {
  const globals = globalThis as unknown as { programGlobal?: number };
  globals.programGlobal = 1;
  const fn = new Function("return () => programGlobal")() as () => number;
  const { bytes } = encode(fn, "thread");
  assertEquals((decode(bytes) as () => number)(), 1);
  delete globals.programGlobal;
  assertThrows(() => decode(bytes), ReferenceError, "'programGlobal' is a global");
});
