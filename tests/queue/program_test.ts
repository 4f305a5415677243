import { assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { programUrl } from "./programs.ts";

/** What Deno sometimes says of a worker that still ran, or loaded its modules, when the program ended. */
const INTERRUPTED = /.*error.*\(in worker .*terminated.*\n/g;

/** What each program prints. */
const OUTPUT: Record<string, [statement: string, lines: string[]]> = {
  "idle": ["Queue does not keep the program alive when nobody waits", ["main is done"]],
  "pending get": ["Queue.get() keeps the program alive while it waits", ["main is done", "late"]],
  "pending loop": ["Queue: a loop keeps the program alive while it waits", [
    "main is done",
    "late",
  ]],
  "hopeless get": ["Queue.get() that nobody can serve lets the program end", ["main is done"]],
  "thread's loop": ["Queue: a loop in a thread goes on until shutdown", [
    "a",
    "b",
    "main is done",
    "over",
  ]],
};

for (const [program, [statement, lines]] of Object.entries(OUTPUT)) {
  Deno.test(statement, () => {
    const flags = "deno" in process.versions ? ["run", "-A", "--quiet"] : [];
    const args = [...flags, fileURLToPath(programUrl), program];
    const { stdout, stderr, status } = spawnSync(process.execPath, args, {
      encoding: "utf8",
      env: { ...process.env, NO_COLOR: "1" },
      timeout: 120_000,
    });
    const printed = stdout.split("\n").filter((line) => line !== "").sort();
    const errors = stderr.replace(INTERRUPTED, "");
    assertEquals([printed, errors, status], [[...lines].sort(), "", 0]);
  });
}
