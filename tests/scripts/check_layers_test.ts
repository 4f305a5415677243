import { assertEquals, assertThrows } from "@std/assert";
import { checkLayers } from "../../scripts/check_layers.ts";
import { imports, scan } from "../../scripts/scan.ts";

const GOOD: Record<string, string> = {
  "errors.ts": "export class TimeoutError extends Error {}",
  "_runtime/runtime.ts": `import { TimeoutError } from "../errors.ts";
    import { Worker } from "node:worker_threads";
    export const onDeno: boolean = "Deno" in globalThis && Deno.pid > 0;`,
  "_core/words.ts": `import { onDeno } from "../_runtime/runtime.ts";
    export const buffer = new SharedArrayBuffer(4);`,
  "sync/lock.ts": `/** Uses Atomics and Deno.serve; import "node:fs". */
    import type { Event } from "./event.ts";
    import { buffer } from "../_core/words.ts"; // SharedArrayBuffer
    const text = "Deno needs " + \`Atomics \${buffer} Deno\` + /Deno|Atomics/.source;`,
  "sync/event.ts": `import { text } from "./lock.ts";`,
  "sync/mod.ts": `/** Locks. @module */
    export { text } from "./lock.ts";
    export type { Event } from "./event.ts";
    export * from "./event.ts";`,
  "pool/pool.ts": `import { text } from "../sync/lock.ts";`,
  "coroutine/hub.ts": `const pool = await import("../pool/pool.ts");`,
  "mod.ts": `export * from "./sync/mod.ts"; export * from "./errors.ts";`,
};

function check(changes: Record<string, string> = {}): string[] {
  return checkLayers(new Map(Object.entries({ ...GOOD, ...changes })));
}

Deno.test("checkLayers() accepts a tree that keeps the rules", () => {
  assertEquals(check(), []);
});

Deno.test("checkLayers() keeps shared memory in _core", () => {
  assertEquals(check({ "sync/a.ts": "\nAtomics.load(x, 0);" }), [
    "sync/a.ts:2: only _core may say 'Atomics'",
  ]);
  assertEquals(check({ "_runtime/a.ts": "let b: SharedArrayBuffer;" }), [
    "_runtime/a.ts:1: only _core may say 'SharedArrayBuffer'",
  ]);
  assertEquals(check({ "errors.ts": "`${Atomics.load(x, 0)}`" }), [
    "errors.ts:1: only _core may say 'Atomics'",
  ]);
});

Deno.test("checkLayers() keeps the runtimes' own APIs in _runtime", () => {
  const problem = ["_core/a.ts:1: only _runtime may say 'Deno'"];
  assertEquals(check({ "_core/a.ts": "Deno.exit()" }), problem);
  assertEquals(check({ "_core/a.ts": "globalThis.Deno" }), problem);
  assertEquals(check({ "_core/a.ts": 'globalThis["Deno"]' }), problem);
  assertEquals(check({ "thread/a.ts": 'import "node:fs";' }), [
    "thread/a.ts:1: only _runtime may say 'node:fs'",
  ]);
});

Deno.test("checkLayers() rejects imports that point upwards", () => {
  assertEquals(check({ "_core/a.ts": 'import { text } from "../sync/lock.ts";' }), [
    "_core/a.ts:1: _core may not import sync",
  ]);
  assertEquals(check({ "_runtime/a.ts": 'export * from "../_core/words.ts";' }), [
    "_runtime/a.ts:1: _runtime may not import _core",
  ]);
  assertEquals(check({ "sync/a.ts": 'import type { P } from "../pool/pool.ts";' }), [
    "sync/a.ts:1: sync may not import pool",
  ]);
  assertEquals(check({ "sync/a.ts": 'await import("../pool/pool.ts");' }), [
    "sync/a.ts:1: sync may not import pool",
  ]);
  assertEquals(check({ "thread/a.ts": 'import "../process/b.ts";', "process/b.ts": "" }), [
    "thread/a.ts:1: thread may not import process",
  ]);
  assertEquals(check({ "sync/a.ts": 'import "../mod.ts";' }), [
    "sync/a.ts:1: sync may not import mod.ts",
  ]);
});

Deno.test("checkLayers() lets coroutine reach pool by a dynamic import alone", () => {
  assertEquals(check({ "coroutine/a.ts": 'import { Pool } from "../pool/pool.ts";' }), [
    "coroutine/a.ts:1: coroutine may reach pool by a dynamic import() alone",
  ]);
});

Deno.test("checkLayers() rejects missing files and foreign sources", () => {
  assertEquals(check({ "sync/a.ts": 'import "./b.ts";' }), [
    "sync/a.ts:1: cannot import './b.ts': the library has no such file",
  ]);
  assertEquals(check({ "sync/a.ts": 'import "jsr:@std/async";' }), [
    "sync/a.ts:1: cannot import 'jsr:@std/async': use a relative path or an npm package",
  ]);
  assertEquals(check({ "sync/a.ts": 'import "@nogil/std/queue";' }), [
    "sync/a.ts:1: cannot import '@nogil/std/queue': use a relative path or an npm package",
  ]);
});

Deno.test("checkLayers() finds import cycles", () => {
  const cycle = {
    "sync/a.ts": 'import "./b.ts";',
    "sync/b.ts": 'export { x } from "./c.ts";',
    "sync/c.ts": 'import { x } from "./a.ts";',
  };
  assertEquals(check(cycle), ["import cycle: sync/a.ts → sync/b.ts → sync/c.ts → sync/a.ts"]);
  assertEquals(check({ ...cycle, "sync/c.ts": 'import type { x } from "./a.ts";' }), []);
});

Deno.test("checkLayers() rejects code in a mod.ts", () => {
  const problem = ["sync/mod.ts:2: a mod.ts re-exports and does nothing else"];
  const first = 'export * from "./lock.ts";\n';
  for (
    const code of [
      "export const x = 1;",
      "export default from",
      "export function from() {}",
      "console.log(1);",
      'import "./lock.ts";',
      "export { x };",
    ]
  ) assertEquals(check({ "sync/mod.ts": first + code }), problem, code);
});

Deno.test("scan() tells regular expressions from divisions", () => {
  assertEquals(scan("a / b; x = /'/g; f(/[/]\"/) / 2").map((token) => token.text), [
    ..."a/b;x=".split(""),
    "/'/g",
    ";",
    "f",
    "(",
    '/[/]"/',
    ")",
    "/",
    "2",
  ]);
});

Deno.test("scan() finds the code inside templates", () => {
  const tokens = scan("`a ${ { b: `c ${d} e` } } f` + g");
  assertEquals(tokens.filter((token) => token.kind === "name").map((token) => token.text), [
    "b",
    "d",
    "g",
  ]);
  assertThrows(() => scan("\n`a ${b()"), SyntaxError, "in line 2 does not end");
});

Deno.test("imports() finds each kind of import", () => {
  const source = `import a, { type b as c } from "1"; import "2"; import type { d } from "3";
    export * as e from '4'; export type { f } from "5"; await import("6"); import(g);
    const from = "7"; import type from "8"; import * as h from "9" with { type: "json" };`;
  assertEquals(imports(scan(source)).map(({ specifier, kind }) => `${specifier} ${kind}`), [
    "1 static",
    "2 static",
    "3 type",
    "4 static",
    "5 type",
    "6 dynamic",
    "8 static",
    "9 static",
  ]);
});
