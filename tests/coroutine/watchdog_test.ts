import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { spawn as spawnChild } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { hub, spawn } from "../../coroutine/mod.ts";
import { programUrl } from "./hub_programs.ts";

/** Runs a program until it has printed a pattern to the standard error stream, or ends; gives all that it has printed. */
function printed(
  program: string,
  until: RegExp,
  env: Record<string, string> = {},
): Promise<string> {
  const flags = "deno" in process.versions ? ["run", "-A", "--quiet"] : [];
  const child = spawnChild(process.execPath, [...flags, fileURLToPath(programUrl), program], {
    env: { ...process.env, NO_COLOR: "1", ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  return new Promise((resolve) => {
    let text = "";
    const patience = setTimeout(() => child.kill("SIGKILL"), 60_000);
    child.stderr.setEncoding("utf8");
    child.stderr.on("data", (part: string) => {
      text += part;
      if (until.test(text)) child.kill("SIGKILL");
    });
    child.on("close", () => {
      clearTimeout(patience);
      resolve(text);
    });
  });
}

Deno.test("hub.watchdog() tells of a greenlet that never comes back, by a thread", async () => {
  // On a busy machine others may have kept the loop for a moment, too.
  const text = await printed("spinner", /<spinner> .*not come back; it was spawned\n(.*\n)+/);
  assertMatch(
    text,
    /<spinner> has kept the event loop for more than 200 ms, and has not come back; it was spawned\n/,
  );
  assertMatch(text, /^ {4}at .*spawnSpinner.*hub_programs/m);
});

Deno.test("hub.watchdog() is started by the environment", async () => {
  const pattern = /<spinner> has kept the event loop for more than 1000 ms/;
  assertMatch(
    await printed("spinner by the environment", pattern, { NOGIL_WATCHDOG: "20" }),
    pattern,
  );
});

Deno.test("hub.watchdog() tells of a greenlet that comes back where it was spawned, once", async () => {
  const text = await printed("slow", /(?!)/);
  assertMatch(
    text,
    /^<slow running> has kept the event loop for \d+ ms, and has ended; it was spawned\n {4}at .*hub_programs/,
  );
  assertEquals(text.match(/has kept/g)?.length, 1);
});

Deno.test("hub.watchdog() works in the place of the one before until it is stopped", async () => {
  const told: string[] = [];
  const block = async (): Promise<void> => {
    await spawn(() => {
      for (const since = performance.now(); performance.now() - since < 40;);
    });
  };
  const first = hub.watchdog({ limit: 10, onBlocked: () => told.push("first") });
  const second = hub.watchdog({ limit: 10, onBlocked: () => told.push("second") });
  await block();
  second[Symbol.dispose]();
  await block();
  first[Symbol.dispose]();
  await block();
  second[Symbol.dispose]();
  assertEquals(told, ["second", "first"]);
});

Deno.test("hub.watchdog() checks its options", () => {
  assertThrows(() => hub.watchdog({ limit: -1 }), RangeError, "'limit' must be above 0");
  assertThrows(() => hub.watchdog({ limit: 10, hung: 5 }), RangeError, "'hung' must be at least");
  assertThrows(() => hub.watchdog({ hung: "1" as never }), TypeError, "must be numbers");
});
