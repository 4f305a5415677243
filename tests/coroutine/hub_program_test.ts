import { assertEquals, assertMatch } from "@std/assert";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { programUrl } from "./hub_programs.ts";
import { programUrl as topLevelUrl } from "./top_level_program.ts";

const isDeno = "deno" in process.versions;

function run(
  program: string,
  url = programUrl,
): { lines: string[]; stderr: string; status: number | null } {
  const flags = isDeno ? ["run", "-A", "--quiet"] : [];
  const args = [...flags, fileURLToPath(url), program];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
    timeout: 120_000,
  });
  return { lines: stdout.split("\n").filter((line) => line !== ""), stderr, status };
}

Deno.test("LoopExit lists who waits for what when the loop is empty, and the program fails", () => {
  const { lines, stderr, status } = run("hopeless");
  assertEquals([lines, status], [["main is done"], 1]);
  assertEquals(stderr.trimEnd().split("\n"), [
    "LoopExit: Cannot go on: nothing is left that could wake the greenlets that wait",
    "  <reader running> waits for Queue.get()",
    "  <listener running> waits for Channel.get()",
    "  <dreamer running> waits for a promise",
  ]);
});

Deno.test("LoopExit is thrown to who waits for a greenlet outside of greenlets", () => {
  assertEquals(run("main waits"), {
    lines: ["true   <listener running> waits for Channel.get()"],
    stderr: "",
    status: 0,
  });
});

Deno.test("LoopExit is thrown to whatever waits outside of greenlets", () => {
  const lines = ["true 11"];
  assertEquals(run("main waits for all"), { lines, stderr: "", status: 0 });
});

Deno.test("LoopExit is thrown to who has waited before there were greenlets", () => {
  const lines = ["true", "main goes on"];
  assertEquals(run("main has waited before"), { lines, stderr: "", status: 0 });
});

Deno.test("LoopExit is thrown at a top-level await where the runtime tells of its end", () => {
  const { lines, stderr, status } = run("hopeless", topLevelUrl);
  assertEquals([lines, status], [[], 1]);
  // If Deno tells of it one day, the design notes and `run` can say so.
  if (isDeno) assertMatch(stderr, /^error: Top-level await promise never resolved\n/);
  else assertMatch(stderr, /LoopExit: .*\n {2}<listener running> waits for Channel\.get\(\)\n/);
});

Deno.test("LoopExit is printed when the code outside waits for something else, too", () => {
  const { lines, stderr, status } = run("main waits for a promise");
  assertEquals([lines, status], [[], 1]);
  assertMatch(stderr, /^LoopExit: .*\n {2}<listener running> waits for Channel\.get\(\)\n$/);
});

Deno.test("LoopExit is not raised by a program that exits by itself", () => {
  assertEquals(run("exit"), { lines: [], stderr: "", status: 3 });
});

Deno.test("sleep() keeps the program alive", () => {
  const lines = ["main is done", "the sleeper is done"];
  assertEquals(run("sleeper"), { lines, stderr: "", status: 0 });
});

Deno.test("hub lets a program end whose greenlets have ended", () => {
  assertEquals(run("quiet"), { lines: ["main is done"], stderr: "", status: 0 });
});

Deno.test("hub prints the error of a greenlet at which nobody looks, and the program goes on", () => {
  const { lines, stderr, status } = run("failure");
  assertEquals([lines, status], [[], 0]);
  assertMatch(stderr, /^Exception in greenlet loser:\nRangeError: nobody looks\n/);
});

Deno.test("hub lets what a greenlet was killed with end the program if code outside does not catch it", () => {
  const { lines, stderr, status } = run("killed");
  assertEquals([lines, status], [["the greenlet is dead"], 1]);
  assertMatch(stderr, /RangeError: seen by main/);
});
