import { assertEquals, assertMatch } from "@std/assert";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { programUrl } from "./hub_programs.ts";

function run(program: string): { lines: string[]; stderr: string; status: number | null } {
  const flags = "deno" in process.versions ? ["run", "-A", "--quiet"] : [];
  const args = [...flags, fileURLToPath(programUrl), program];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
    timeout: 60_000,
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

Deno.test("LoopExit is thrown to whatever waits for greenlets outside of greenlets", () => {
  const lines = ["[ true, true, true, true ]"];
  assertEquals(run("main waits for all"), { lines, stderr: "", status: 0 });
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
