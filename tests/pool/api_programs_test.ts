import { assertEquals, assertMatch } from "@std/assert";
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { programUrl } from "./api_programs.ts";

/** What Deno sometimes says of a worker that still ran when the program ended. */
const INTERRUPTED = /.*error.*\(in worker .*terminated.*\n/g;

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a program of `api_programs.ts` in a process of its own. */
function run(program: string): Promise<Ended> {
  const flags = "deno" in process.versions ? ["run", "-A", "--quiet"] : [];
  const child = spawn(process.execPath, [...flags, fileURLToPath(programUrl), program], {
    env: { ...process.env, NO_COLOR: "1" },
  });
  const ended: Ended = { code: null, stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => ended.stdout += chunk);
  child.stderr.on("data", (chunk) => ended.stderr += chunk);
  const patience = setTimeout(() => child.kill("SIGKILL"), 60_000);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(patience);
      resolve({ ...ended, code, stderr: ended.stderr.replace(INTERRUPTED, "") });
    });
  });
}

Deno.test("idle pools do not keep the program alive", async () => {
  assertEquals(await run("idle"), { code: 0, stdout: "1 2\n", stderr: "" });
});

Deno.test("the end of the program sends idle workers back to their event loops first", async () => {
  const stdout = "3\n0\nInvalidStateError\njoined\n";
  assertEquals(await run("exit"), { code: 0, stdout, stderr: "" });
});

Deno.test("pending work keeps the program alive until it is done", async () => {
  const { code, stdout, stderr } = await run("pending");
  assertEquals([code, stderr], [0, ""]);
  assertEquals(stdout.trimEnd().split("\n").toSorted(), ["1,2", "future", "task"]);
});

Deno.test("an iterator that nobody fetches from does not keep the program alive", async () => {
  const { code, stdout } = await run("left");
  assertEquals([code, stdout], [0, "1\n"]);
});

Deno.test("a failure that nobody looks at is no unhandled rejection", async () => {
  assertEquals(await run("unseen"), { code: 0, stdout: "on\n", stderr: "" });
});

Deno.test("what a callback throws is printed, and the pool goes on", async () => {
  const { code, stdout, stderr } = await run("callbacks");
  assertEquals([code, stdout], [0, "on\n"]);
  const titles = [...stderr.matchAll(/^Exception ignored in (.*):\nRangeError: bad callback$/gm)];
  assertEquals(titles.map(([, where]) => where), ["callback", "errorCallback", "onProgress()"]);
});

Deno.test("without a terminal, progress is a plain line for each map", async () => {
  const { code, stdout, stderr } = await run("progress");
  assertEquals([code, stdout], [0, ""]);
  const lines = stderr.split("\n");
  assertEquals(lines.length, 4);
  assertMatch(lines[0] ?? "", /^nap {2}100% {2}3\/3 {2}[\d.,]+\/s {2}in \d+:\d\d$/);
  assertMatch(lines[1] ?? "", /^fail {2}100% {2}3\/3 {2}[\d.,]+\/s {2}in \d+:\d\d {2}3 failed$/);
  assertMatch(lines[2] ?? "", /^nap {2}100% {2}3\/3 {2}[\d.,]+\/s {2}in \d+:\d\d$/);
  assertEquals(lines[3], "");
});
