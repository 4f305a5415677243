import { assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

Deno.test("Runtime.spawnWorker() has no types checked where Deno checks those of the program", () => {
  const folder = mkdtempSync(join(tmpdir(), "nogil-check-"));
  try {
    const library = new URL("../../thread/mod.ts", import.meta.url).href;
    writeFileSync(
      join(folder, "main.js"),
      `const { Thread } = await import(String(${JSON.stringify(library)}));
console.log(await new Thread({ target: () => 42 }).start().join());`,
    );
    const flags = ["run", "--check", "-A", "--no-config", join(folder, "main.js")];
    const { stdout, stderr } = spawnSync(process.execPath, flags, {
      encoding: "utf8",
      env: { ...process.env, NO_COLOR: "1" },
    });
    assertEquals(stdout, "42\n", stderr);
    assertEquals(stderr.includes("Check data:"), false, stderr);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
