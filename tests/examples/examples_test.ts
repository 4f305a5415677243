import { assertEquals, assertMatch } from "@std/assert";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** What each example prints on standard output, and on standard error if it does. */
const OUTPUT: Record<string, [url: URL, stdout: string, stderr?: RegExp]> = {
  "square": [new URL("../../examples/square.ts", import.meta.url), "49\n"],
  "pipeline": [new URL("../../examples/pipeline.ts", import.meta.url), "1229\n"],
  "task_done": [new URL("../../examples/task_done.ts", import.meta.url), "0 1 4\n"],
  "primes": [
    new URL("../../examples/primes.ts", import.meta.url),
    "78498\n",
    /^.*100% {2}100\/100 .*\n$/,
  ],
  "as_completed": [
    new URL("../../examples/as_completed.ts", import.meta.url),
    "30 three is too many\n",
  ],
  "cancel": [
    new URL("../../examples/cancel.ts", import.meta.url),
    "true\ntrue\nnot needed any more\n",
  ],
  "context": [new URL("../../examples/context.ts", import.meta.url), "request 7\n"],
  "greenlets": [
    new URL("../../examples/greenlets.ts", import.meta.url),
    "12 56 34 78\n0 0 1 1 2 2 3 3 4 4\n",
  ],
  "genlet": [new URL("../../examples/genlet.ts", import.meta.url), "1 2 3 4 5\n"],
  "point": [new URL("../../examples/point.ts", import.meta.url), "5\n"],
};

/** What Deno sometimes says of a worker that is still parking when the program ends. */
const INTERRUPTED = /.*error.*\(in worker .*terminated.*\n/g;

for (const [name, [url, stdout, stderr]] of Object.entries(OUTPUT)) {
  Deno.test(`the example '${name}' prints what it says`, () => {
    const flags = "deno" in process.versions ? ["run", "-A", "--quiet"] : [];
    const result = spawnSync(process.execPath, [...flags, fileURLToPath(url)], {
      encoding: "utf8",
      env: { ...process.env, NO_COLOR: "1" },
      timeout: 30_000,
    });
    assertEquals([result.stdout, result.status], [stdout, 0], result.stderr);
    assertMatch(result.stderr.replace(INTERRUPTED, ""), stderr ?? /^$/);
  });
}
