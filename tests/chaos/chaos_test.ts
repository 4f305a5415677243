/** A few kills of each kind; the programs alone do many. */

import { assertEquals, assertMatch } from "@std/assert";
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { programUrl as family } from "./family_chaos.ts";
import { programUrl as parent } from "./parent_chaos.ts";
import { programUrl as pool } from "./pool_chaos.ts";

const isDeno = "deno" in process.versions;

/** Runs a program to its end, and gives the last line that it prints. */
async function run(url: string, ...args: string[]): Promise<string> {
  const flags = isDeno ? ["run", "-A", "--quiet"] : [];
  const program = spawn(process.execPath, [...flags, fileURLToPath(url), ...args], {
    env: { ...process.env, NO_COLOR: "1" },
  });
  let [stdout, stderr] = ["", ""];
  program.stdout.on("data", (chunk) => stdout += chunk);
  program.stderr.on("data", (chunk) => stderr += chunk);
  const code = await new Promise((resolve) => program.on("close", resolve));
  assertEquals([code, stderr], [0, ""], stdout);
  return stdout.trim().split("\n").at(-1) as string;
}

if (process.platform === "linux") {
  Deno.test("processes that share locks, events, barriers and queues may be killed at any instant", async () => {
    assertMatch(await run(family, "--kills=4"), /^4 kills, \d+ items, nothing left/);
  });

  Deno.test("the workers of every pool of processes may be killed at any instant", async () => {
    assertMatch(await run(pool, "--kills=6"), /^6 kills, .*; nothing left$/);
  });

  Deno.test("a program that is killed at any instant leaves nothing behind", async () => {
    assertMatch(await run(parent, "--kills=2"), /^2 programs killed .*; nothing left$/);
  });
}
