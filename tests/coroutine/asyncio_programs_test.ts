import { assert, assertEquals, assertMatch } from "@std/assert";
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { programUrl } from "./asyncio_programs.ts";

interface Ended {
  code: number | null;
  lines: string[];
  stderr: string;
}

/** Runs a program of `asyncio_programs.ts` in a process of its own. */
function run(
  program: string,
  onLine: (line: string, child: ChildProcess) => void = () => {},
): Promise<Ended> {
  const flags = "deno" in process.versions ? ["run", "-A", "--quiet"] : [];
  const child = spawn(process.execPath, [...flags, fileURLToPath(programUrl), program], {
    env: { ...process.env, NO_COLOR: "1" },
  });
  const lines: string[] = [];
  let rest = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() as string;
    for (const line of parts) {
      lines.push(line);
      onLine(line, child);
    }
  });
  child.stderr.on("data", (chunk) => stderr += chunk);
  const patience = setTimeout(() => child.kill("SIGKILL"), 60_000);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(patience);
      resolve({ code, lines, stderr });
    });
  });
}

/** Sends Ctrl-C. After `child.kill`, Deno gives no exit code. */
function interrupt({ pid }: ChildProcess): void {
  if (pid !== undefined) process.kill(pid, "SIGINT");
}

const interruptWhen = (wanted: string) => (line: string, child: ChildProcess): void => {
  if (line === wanted) interrupt(child);
};

Deno.test("A77 run() cancels its function at Ctrl-C, and cleans up", async () => {
  const { code, lines, stderr } = await run("interrupted", interruptWhen("ready"));
  assertEquals(lines, [
    "ready",
    "main ends",
    "cleaned up",
    "task ends",
    "CancelledError: Cannot go on: interrupted by Ctrl-C",
  ]);
  assertEquals([code, stderr], [130, ""]);
});

Deno.test("A77 run() ends the program at the second Ctrl-C", async () => {
  const { code, lines } = await run("swallows the interrupt", (line, child) => {
    if (line === "ready" || line === "again") interrupt(child);
  });
  assertEquals([code, lines], [130, ["ready", "main ends", "cleaned up", "again"]]);
});

Deno.test("A77 run() leaves Ctrl-C to a program that listens itself", async () => {
  const { code, lines } = await run("listens itself", interruptWhen("ready"));
  assertEquals([code, lines], [7, ["ready", "own listener"]]);
});

Deno.test("run() leaves nothing behind that keeps the program alive", async () => {
  const { code, lines, stderr } = await run("ends");
  assertEquals([code, lines, stderr], [0, ["task ends", "5"], ""]);
});

Deno.test("TaskGroup that nobody can bring to its end is a LoopExit, or the end of the program", async () => {
  const { code, lines, stderr } = await run("dead end");
  // Deno ends a program itself whose main module waits for nothing.
  if ("deno" in process.versions) assertMatch(stderr, /Top-level await promise never resolved/);
  else assertEquals(lines, ["LoopExit"]);
  assert(code === 1 || lines.length === 1);
});

Deno.test("A37 a task that fails and at which nobody looks is told of once", async () => {
  const { code, lines, stderr } = await run("failures");
  assertEquals([code, lines.sort()], [0, ["Error: one", "cancelled ends", "looked"]]);
  assertEquals(stderr.match(/^Exception in greenlet .*$/gm)?.length, 1);
  assertMatch(stderr, /nobody looks/);
});
