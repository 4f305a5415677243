import { assertEquals, assertThrows } from "@std/assert";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { childCommand } from "../../_runtime/child_command.ts";
import { NotSupportedError } from "../../errors.ts";
import { lineage, setLineage } from "../../_runtime/lineage.ts";

let programs = 0;

/** Gives the flags for settings of a child of another program in a folder. */
const flagsFor = (folder: string): string[] => {
  const own = lineage();
  setLineage({ ...own, main: pathToFileURL(join(folder, `main${++programs}.ts`)).href });
  try {
    const options = { permissions: null, execArgv: null, config: null };
    const { args } = childCommand(import.meta.url, options, []);
    return args.filter((arg) => /config|node-modules/.test(arg));
  } finally {
    setLineage(own);
  }
};

Deno.test("childCommand() takes the settings of the nearest folder that has any, as Deno does", () => {
  const root = mkdtempSync(join(tmpdir(), "test-"));
  try {
    const inner = join(root, "inner");
    mkdirSync(inner);
    writeFileSync(join(root, "deno.jsonc"), "{}");
    assertEquals(flagsFor(inner), [`--config=${join(root, "deno.jsonc")}`]);
    writeFileSync(join(inner, "package.json"), "{}");
    assertEquals(flagsFor(inner), ["--no-config", "--node-modules-dir=manual"]);
    writeFileSync(join(inner, "deno.json"), "{}");
    assertEquals(flagsFor(inner), [`--config=${join(inner, "deno.json")}`]);
  } finally {
    rmSync(root, { recursive: true });
  }
});

Deno.test("childCommand() refuses to start a compiled program, which would start itself again and again", () => {
  const { build } = Deno;
  Object.defineProperty(Deno, "build", { value: { ...build, standalone: true } });
  try {
    const options = { permissions: null, execArgv: null, config: null };
    assertThrows(() => childCommand(import.meta.url, options, []), NotSupportedError, "compile");
  } finally {
    Object.defineProperty(Deno, "build", { value: build });
  }
});
