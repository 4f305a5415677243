import { assert, assertEquals } from "@std/assert";
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { programUrl } from "./program_fixture.ts";

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
  milliseconds: number;
}

/** Runs a fixture program in a process of its own; `slow` reads its output late. */
function run(program: string, slow = false): Promise<Ended> {
  const flags = "deno" in process.versions ? ["run", "-A", "--quiet"] : [];
  const began = performance.now();
  const child = spawn(process.execPath, [...flags, fileURLToPath(programUrl), program]);
  const ended: Ended = { code: null, stdout: "", stderr: "", milliseconds: 0 };
  const read = (): void => {
    child.stdout.on("data", (chunk) => ended.stdout += chunk);
  };
  if (slow) setTimeout(read, 300);
  else read();
  child.stderr.on("data", (chunk) => ended.stderr += chunk);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      resolve({ ...ended, code, milliseconds: performance.now() - began });
    });
  });
}

/** What Deno sometimes says of a worker that still ran when the program ended. */
const INTERRUPTED = /.*error.*\(in worker .*terminated.*\n/;

Deno.test("Runtime.installWorkerConsole() prints at once while main is parked", async () => {
  const { code, stdout, stderr } = await run("print while main is parked");
  assertEquals(code, 0);
  assertEquals(
    stdout,
    "by console.log 1\nby stdout.write\nworker is done\nmain goes on\n",
  );
  assertEquals(stderr.replace(INTERRUPTED, ""), "by console.error\n");
});

Deno.test("Runtime.installWorkerConsole() waits for a reader that is late", async () => {
  const { code, stdout } = await run("print much", true);
  assertEquals(code, 0);
  assertEquals(stdout.trimEnd().split("\n").length, 20_000);
  assert(stdout.endsWith("line 19999\n"));
});

Deno.test("WorkerHandle.unref() lets the program end while the worker spins", async () => {
  const { code, milliseconds } = await run("unref");
  assertEquals(code, 0);
  assert(milliseconds < 60_000, `took ${milliseconds} ms`);
});

Deno.test("Runtime.onBeforeExit() and onProcessExit() are called in order", async () => {
  const { code, stdout } = await run("exit hooks");
  assertEquals(stdout, "before exit\nmore work\nbefore exit\nexit 9\n");
  assertEquals(code, 9);
});

Deno.test("Runtime.onProcessExit() sees an exit in the middle of the program", async () => {
  const { code, stdout } = await run("Deno.exit");
  assertEquals(stdout, "exit 5\n");
  assertEquals(code, 5);
});

Deno.test("Runtime.writeErrorSync() writes to the standard error stream", async () => {
  assertEquals((await run("error")).stderr, "an error\n");
});
