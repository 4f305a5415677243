import { assertEquals, assertStrictEquals } from "@std/assert";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundleNpm } from "../../scripts/bundle_npm.ts";

/** A package, by file. */
const FILES = {
  "mod.js": 'export { counter } from "./sync/counter.js"; export { later } from "./later.js";',
  "sync/counter.js":
    'import { BASE } from "../_core/base.js"; export const counter = { url: import.meta.url, BASE }; export const meta = import.meta;',
  "later.js": 'export const later = () => import("./rare.js");',
  "rare.js": 'export { counter } from "./sync/counter.js"; export const url = import.meta.url;',
  "_core/base.js": "export let BASE = 1;",
  "process/child_boot.js": 'import "../_core/base.js"; export const bootUrl = import.meta.url;',
  "process/child_main.js": "export const runChild = () => 1;",
  "_runtime/node_socket.js": "export const connectOnNode = () => 1;",
  "thread/boot.js": "export const bootUrl = import.meta.url;",
  "thread/supervisor.js": 'import "./boot.js"; export const supervise = 1;',
  "thread/worker.js": "export const serve = 1;",
};

Deno.test("bundleNpm() leaves every module importable, once, and knowing its own file", async () => {
  const folder = await mkdtemp(join(tmpdir(), "nogil-test-"));
  try {
    for (const [file, text] of Object.entries(FILES)) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), text);
    }
    await bundleNpm(folder, ["mod"]);
    const urlOf = (file: string): string => pathToFileURL(join(folder, file)).href;
    const [mod, own, boot] = await Promise.all(
      ["mod.js", "sync/counter.js", "thread/boot.js"].map((file) => import(urlOf(file))),
    );
    assertStrictEquals(mod.counter, own.counter);
    assertEquals(own.counter.url, urlOf("sync/counter.js"));
    assertEquals(own.meta.url, urlOf("sync/counter.js"));
    assertEquals(boot.bootUrl, urlOf("thread/boot.js"));
    const rare = await mod.later();
    assertEquals(rare.url, urlOf("rare.js"));
    assertStrictEquals(rare.counter, mod.counter);
    const facade = await readFile(join(folder, "mod.js"), "utf8");
    assertEquals([...facade.matchAll(/from '(.*?)'/g)].map(([, from]) => from), [
      "./_bundle/library.js",
    ]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
