import { assert, assertEquals, assertMatch } from "@std/assert";
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { programUrl } from "./programs.ts";

/** What Deno sometimes says of a worker that still ran when the program ended. */
const INTERRUPTED = /.*error.*\(in worker .*terminated.*\n/g;

interface Ended {
  code: number | null;
  stdout: string[];
  stderr: string;
  /** The same, with what Deno says of workers that were interrupted. */
  allStderr: string;
  /** When the process was gone, in milliseconds since the epoch. */
  at: number;
}

/** Runs a program of `programs.ts` in a process of its own; on Deno, with all permissions or those that are given. */
function run(program: string, permissions: readonly string[] = ["-A"]): Promise<Ended> {
  const flags = "deno" in process.versions
    ? ["run", "--quiet", "--no-prompt", "--no-check", ...permissions]
    : [];
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
      const stderrOfProgram = stderr.replace(INTERRUPTED, "");
      resolve({ code, stdout: lines, stderr: stderrOfProgram, allStderr: stderr, at });
    });
  });
}

/** Runs a program that prints the time of its last work; it has to be gone soon, on an idle machine within 100 ms. */
async function assertEndsSoon(program: string): Promise<void> {
  let late = Infinity;
  // On a busy machine one measurement says little.
  for (let attempt = 0; attempt < 5 && late > 100; attempt++) {
    const { code, stdout, stderr, at } = await run(program);
    assertEquals([code, stderr], [0, ""]);
    late = Math.min(late, at - Number(stdout[0]));
  }
  assert(late <= 5_000, `it took ${late} ms`);
}

Deno.test("Thread keeps the program alive until it has ended", async () => {
  const { code, stdout, stderr } = await run("non-daemon");
  assertEquals(stdout[0], "main is done");
  assertEquals(stdout.slice(1).toSorted(), ["async thread is done", "sync thread is done"]);
  assertEquals([code, stderr], [0, ""]);
});

Deno.test("Thread that is a daemon does not keep the program alive", async () => {
  await assertEndsSoon("daemon");
});

Deno.test("Thread does not keep the program alive after its end, cached workers included", async () => {
  await assertEndsSoon("cached");
  await assertEndsSoon("last thread");
});

Deno.test("Thread started by a daemon keeps the program alive if it is none", async () => {
  const { code, stdout, stderr } = await run("grandchild");
  assertEquals(stdout, ["main is done", "the grandchild is done"]);
  assertEquals([code, stderr], [0, ""]);
});

Deno.test("registerAtExit() runs callbacks once, the last first, before threads are waited for", async () => {
  const { code, stdout, stderr } = await run("at exit");
  assertEquals(stdout, ["main is done", "second", "InvalidStateError", "first", "stopped"]);
  assertMatch(stderr, /^Exception ignored in exit callback:\n.*a broken callback/);
  assertEquals(code, 0);
});

Deno.test("Thread.start() throws InvalidStateError when the program is ending", async () => {
  const { code, stdout } = await run("start at exit");
  assertEquals(stdout, [
    "InvalidStateError: Cannot start thread Thread-2 (target): the program is ending",
  ]);
  assertEquals(code, 0);
});

Deno.test("excepthook() prints an error that nobody joins, and the program goes on", async () => {
  const { code, stdout, stderr } = await run("unjoined error");
  assertEquals(stdout, ["main is done"]);
  assertMatch(stderr, /^Exception in thread loser:\nRangeError: nobody joins\n/);
  assertEquals(stderr.match(/Exception/g)?.length, 1);
  assertEquals(code, 0);
  const late = await run("unjoined error of a late thread");
  assertMatch(late.stderr, /^Exception in thread latecomer:\nTypeError: too late\n/);
  assertEquals(late.stderr.match(/Exception/g)?.length, 1);
});

Deno.test("excepthook() does not print an error that is joined", async () => {
  assertEquals((await run("joined error")).stdout, ["caught"]);
  assertEquals((await run("joined error")).stderr, "");
  const blocking = await run("error joined while main blocks");
  assertEquals([blocking.stdout, blocking.stderr], [["second", "caught"], ""]);
});

Deno.test("setExcepthook() replaces the hook and returns the one before", async () => {
  const { stdout, stderr } = await run("custom hook");
  assertEquals([stdout, stderr], [["hook: A: RangeError: a"], ""]);
});

Deno.test("setExcepthook() hook that throws is printed together with the error", async () => {
  const { code, stderr } = await run("failing hook");
  assertMatch(stderr, /^Exception in the except hook:\nTypeError: the hook is broken\n/);
  assertMatch(stderr, /\nException in thread B:\nRangeError: the thread is broken\n/);
  assertEquals(code, 0);
});

Deno.test("Thread that was killed or stopped on purpose is not reported", async () => {
  const killed = await run("killed");
  assertEquals([killed.code, killed.stderr], [0, ""]);
  const stopped = await run("stopped");
  assertEquals([stopped.stdout, stopped.stderr], [["main is done"], ""]);
});

Deno.test("Thread that is killed while it is blocked ends without a word", async () => {
  const { code, stdout, allStderr } = await run("killed while blocked");
  assertEquals([code, stdout.length, allStderr], [0, 40, ""]);
});

Deno.test("Thread that is a daemon and blocks at the end of the program ends without a word", async () => {
  const { code, stdout, allStderr } = await run("daemons block");
  assertEquals([code, stdout, allStderr], [0, ["main is done"], ""]);
});

Deno.test("Thread prints at once, also while main blocks", async () => {
  assertEquals((await run("print while main blocks")).stdout, ["thread", "main"]);
});

Deno.test("Thread.start() at the top level of a module that a thread imports is an error", async () => {
  const { code, stdout } = await run("missing guard");
  assertEquals(stdout.length, 1);
  assertMatch(
    stdout[0] as string,
    /^InvalidStateError: Cannot start thread .*isMain\(import\.meta\)/,
  );
  assertEquals(code, 0);
});

if ("deno" in process.versions) {
  Deno.test("Thread.start() says that it may not read modules, as often as it is called", async () => {
    const { code, stdout, stderr } = await run("start twice", ["--allow-env"]);
    const refused =
      "NotSupportedError: Cannot start worker: it may not read the modules of the program, run it with --allow-read";
    assertEquals([code, stdout, stderr], [0, [refused, refused], ""]);
    assertEquals((await run("start twice", ["--allow-read"])).stdout, ["1", "1"]);
  });
}
