import { assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** What each example prints on standard output. */
const OUTPUT: Record<string, [url: URL, stdout: string]> = {
  "square": [new URL("../../examples/square.ts", import.meta.url), "49\n"],
  "pipeline": [new URL("../../examples/pipeline.ts", import.meta.url), "1229\n"],
  "task_done": [new URL("../../examples/task_done.ts", import.meta.url), "0 1 4\n"],
  "point": [new URL("../../examples/point.ts", import.meta.url), "5\n"],
};

for (const [name, [url, stdout]] of Object.entries(OUTPUT)) {
  Deno.test(`the example '${name}' prints what it says`, () => {
    const flags = "deno" in process.versions ? ["run", "-A", "--quiet"] : [];
    const result = spawnSync(process.execPath, [...flags, fileURLToPath(url)], {
      encoding: "utf8",
      env: { ...process.env, NO_COLOR: "1" },
      timeout: 30_000,
    });
    assertEquals([result.stdout, result.stderr, result.status], [stdout, "", 0]);
  });
}
