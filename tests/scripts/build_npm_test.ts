import { assert, assertEquals } from "@std/assert";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { completePackageJson, OPTIONAL_PEERS } from "../../scripts/build_npm.ts";

Deno.test("completePackageJson() adds optional packages as optional peers, and nothing to the dependencies", async () => {
  const folder = await mkdtemp(join(tmpdir(), "nogil-test-"));
  try {
    const path = join(folder, "package.json");
    const exports = { "./sync": { import: "./sync/mod.js" } };
    const packed = {
      name: "@nogil/std",
      version: "1.2.3",
      type: "module",
      exports,
      dependencies: {},
    };
    await Deno.writeTextFile(path, JSON.stringify(packed));
    assertEquals(await completePackageJson(path), ["sync/mod"]);
    const { peerDependencies, peerDependenciesMeta, dependencies, ...rest } = JSON.parse(
      await readFile(path, "utf8"),
    );
    assertEquals(peerDependencies, OPTIONAL_PEERS);
    assertEquals(Object.keys(peerDependencies), ["koffi"]);
    assertEquals(peerDependenciesMeta, { koffi: { optional: true } });
    assertEquals([dependencies, rest.name, rest.version], [{}, "@nogil/std", "1.2.3"]);
    assert(rest.description.length > 20);
    assertEquals(rest.exports, { ...exports, "./package.json": "./package.json" });
    assertEquals([rest.engines, rest.type, rest.sideEffects], [{ node: ">=20" }, "module", false]);
    for (const word of ["threading", "multiprocessing", "worker-pool", "greenlet", "asyncio"]) {
      assert(rest.keywords.includes(word), word);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

Deno.test("koffi is imported by a name that deno pack does not see", async () => {
  const source = await readFile(new URL("../../_runtime/ffi_node.ts", import.meta.url), "utf8");
  assert(!/(from|import\(|require\)?\()\s*"koffi"/.test(source));
  assert(source.includes('const KOFFI: string = "koffi"'));
});
