import { assertEquals, assertMatch } from "@std/assert";
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { programUrl } from "./wait_programs.ts";

/** What Deno sometimes says of a worker that still ran when the program ended. */
const INTERRUPTED = /.*error.*\(in worker .*terminated.*\n/g;

/** Runs a program of `wait_programs.ts` in a process of its own. */
function run(program: string): Promise<{ code: number | null; stdout: string[]; stderr: string }> {
  const flags = "deno" in process.versions ? ["run", "-A", "--quiet"] : [];
  const child = spawn(process.execPath, [...flags, fileURLToPath(programUrl), program], {
    env: { ...process.env, NO_COLOR: "1" },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => stdout += chunk);
  child.stderr.on("data", (chunk) => stderr += chunk);
  const patience = setTimeout(() => child.kill("SIGKILL"), 120_000);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(patience);
      const lines = stdout.split("\n").filter((line) => line !== "");
      resolve({ code, stdout: lines, stderr: stderr.replace(INTERRUPTED, "") });
    });
  });
}

Deno.test("wait() and asCompleted() keep the program alive for events and threads", async () => {
  const { code, stdout, stderr } = await run("keep alive");
  assertEquals([stdout, code, stderr], [["set: true", "alive: false"], 0, ""]);
});

Deno.test("wait() and asCompleted() that gave up keep nothing alive", async () => {
  const { code, stdout, stderr } = await run("give up");
  assertEquals([stdout, code, stderr], [["TimeoutError", "main is done"], 0, ""]);
});

Deno.test("wait() leaves the report of a failed thread that nobody joins", async () => {
  const { code, stdout, stderr } = await run("report");
  assertEquals([stdout, code], [["main is done"], 0]);
  assertMatch(stderr, /^Exception in thread lonely:\n.*nobody joins/);
});
