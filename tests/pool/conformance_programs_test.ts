import { assert, assertEquals, assertMatch } from "@std/assert";
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { programUrl } from "./conformance_programs.ts";

/** What Deno sometimes says of a worker that still ran when the program ended. */
const INTERRUPTED = /.*error.*\(in worker .*terminated.*\n/g;

interface Ended {
  code: number | null;
  stdout: string[];
  stderr: string;
  /** When the process was gone, in milliseconds since the epoch. */
  at: number;
}

/** Runs a program of `conformance_programs.ts` in a process of its own. */
function run(program: string): Promise<Ended> {
  const flags = "deno" in process.versions ? ["run", "-A", "--quiet"] : [];
  const child = spawn(process.execPath, [...flags, fileURLToPath(programUrl), program], {
    env: { ...process.env, NO_COLOR: "1" },
  });
  let stdout = "";
  let stderr = "";
  let at = 0;
  child.stdout.on("data", (chunk) => stdout += chunk);
  child.stderr.on("data", (chunk) => stderr += chunk);
  const patience = setTimeout(() => child.kill("SIGKILL"), 120_000);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", () => at = Date.now());
    child.on("close", (code) => {
      clearTimeout(patience);
      const lines = stdout.split("\n").filter((line) => line !== "");
      resolve({ code, stdout: lines, stderr: stderr.replace(INTERRUPTED, ""), at });
    });
  });
}

/** Runs a program that has to print certain lines and nothing else. */
async function assertPrints(program: string, lines: string[]): Promise<void> {
  const { code, stdout, stderr } = await run(program);
  assertEquals([stdout, stderr, code], [lines, "", 0]);
}

/** Runs a program that prints the time of its last work; it has to be gone soon, on an idle machine within 150 ms. */
async function assertEndsSoon(program: string): Promise<void> {
  let late = Infinity;
  // On a busy machine one measurement says little.
  for (let attempt = 0; attempt < 5 && late > 150; attempt++) {
    const { code, stdout, stderr, at } = await run(program);
    assertEquals([code, stderr], [0, ""]);
    late = Math.min(late, at - Number(stdout[0]));
  }
  assert(late <= 5_000, `it took ${late} ms`);
}

Deno.test("ThreadPoolExecutor with tasks keeps the program alive [F52]", async () => {
  await assertPrints("executor with tasks", ["main is done", "first", "second"]);
});

Deno.test("ThreadPoolExecutor.shutdown({ wait: false }) does not hang at the end [F58]", async () => {
  await assertPrints("executor after shutdown without waiting", ["main is done", "first"]);
});

Deno.test("ThreadPool with tasks keeps the program alive", async () => {
  await assertPrints("pool with tasks", ["main is done", "first", "1,4,9"]);
});

for (const program of ["idle pool", "closed pool", "terminated pool"]) {
  Deno.test(`ThreadPool does not keep the program alive: ${program}`, async () => {
    await assertEndsSoon(program);
  });
}

Deno.test("ThreadPool task prints whole lines", async () => {
  const { code, stdout, stderr } = await run("prints");
  assertEquals([stdout.sort(), stderr, code], [["main is done", "one", "three", "two"], "", 0]);
});

Deno.test("ThreadPool callback that throws is reported, and the program goes on", async () => {
  const { code, stdout, stderr } = await run("failing callback");
  assertEquals([stdout, code], [["9"], 0]);
  assertMatch(stderr, /RangeError: a broken callback/);
});

Deno.test("Future that fails unseen is not reported", async () => {
  await assertPrints("unseen failure", ["main is done"]);
});

Deno.test("ThreadPool that a task leaves behind does not keep the program alive", async () => {
  await assertPrints("pool left in a task", ["left", "main is done"]);
});

Deno.test("Future.resultSync() blocks a main thread that does nothing else", async () => {
  await assertPrints("blocked main", ["9", "1,4,9"]);
});
