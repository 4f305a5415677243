import { assert, assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { until } from "../conformance/support.ts";
import { isDeno } from "./family_driver.ts";
import { programUrl } from "./scope_programs.ts";

const PROGRAM = fileURLToPath(programUrl);
const FLAGS = isDeno ? ["run", "-A", "--quiet"] : [];

interface Ended {
  lines: string[];
  stderr: string;
  status: number | null;
  took: number;
}

function run(program: string, flags: readonly string[] = FLAGS, ...rest: string[]): Ended {
  const began = performance.now();
  const args = [...flags, PROGRAM, program, ...rest];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
    timeout: 120_000,
  });
  const lines = stdout.split("\n").filter((line) => line !== "");
  return { lines, stderr, status, took: performance.now() - began };
}

/** What each program prints. */
const OUTPUT: Record<string, [statement: string, lines: string[]]> = {
  "idle": ["Process scope does not keep the program alive when nobody waits", ["main is done"]],
  "pending": ["Process scope keeps the program alive while a promise waits", [
    "main is done",
    "late",
  ]],
  "hopeless": ["Process scope lets the program end when nobody else can know the event", [
    "main is done",
  ]],
  "thread": ["Process scope wakes the promise of a thread", ["woken"]],
  "blocked daemon": ["Process scope lets the program end while a daemon is blocked", [
    "main is done",
  ]],
  "blocked and killed": ["Process scope lets a blocked thread be killed", ["WorkerLostError"]],
};

for (const [program, [statement, lines]] of Object.entries(OUTPUT)) {
  Deno.test(statement, () => {
    const { took, ...ended } = run(program);
    assertEquals(ended, { lines, stderr: "", status: 0 });
    assert(took < 60_000, `it took ${took} ms`);
  });
}

if (!isDeno) {
  for (const [program, what] of [["ends", "the program end"], ["kills", "a thread be killed"]]) {
    Deno.test(`Process scope lets ${what} while a thread loads the C library`, () => {
      for (const delay of ["3", "4", "5", "6", "7", "8"]) {
        const { lines, stderr, status } = run(`${program} early`, FLAGS, delay);
        assertEquals({ lines, stderr, status }, { lines: [], stderr: "", status: 0 });
      }
    });
    Deno.test(`Process scope lets ${what} while a thread makes buffer objects`, () => {
      const { lines, stderr, status } = run(`${program} viewing`, FLAGS, "5");
      assertEquals({ lines, stderr, status }, { lines: [], stderr: "", status: 0 });
    });
  }
}

Deno.test("Process scope says what to grant or to install where there is no FFI", () => {
  const folder = mkdtempSync(join(tmpdir(), "nogil-test-"));
  try {
    const hide = join(folder, "hide.cjs");
    writeFileSync(
      hide,
      `const Module = require("module"), find = Module._resolveFilename;
Module._resolveFilename = function (name, ...rest) {
  if (name !== "koffi") return find.call(this, name, ...rest);
  throw Object.assign(new Error("there is no koffi"), { code: "MODULE_NOT_FOUND" });
};`,
    );
    const flags = isDeno ? ["run", "-A", "--deny-ffi", "--quiet"] : ["--require", hide];
    const { lines, stderr, status } = run("no FFI", flags);
    assertEquals([lines.length, stderr, status], [4, "", 0]);
    const advice = isDeno ? "run with --allow-ffi" : "install it: npm install koffi";
    const [first = "", second = "", ...rest] = lines;
    assertStringIncludes(first, "NotSupportedError: Cannot create Lock: ");
    assertStringIncludes(second, "NotSupportedError: Cannot create Value: ");
    for (const line of [first, second]) assertStringIncludes(line, advice);
    assertEquals(rest, ["null", "<Lock unlocked>"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

for (const program of ["root", "named root"]) {
  Deno.test(`Process scope goes on among the children when the first process is killed [${program}]`, async () => {
    const root = spawn(process.execPath, [...FLAGS, PROGRAM, program]);
    let [out, errors] = ["", ""];
    root.stdout.on("data", (chunk) => out += chunk);
    root.stderr.on("data", (chunk) => errors += chunk);
    const closed = new Promise((resolve) => root.on("close", resolve));
    await until(() => out.includes("ready") || root.exitCode !== null, "the children");
    root.kill("SIGKILL");
    await closed; // nobody has its streams any more: the children have ended
    assertEquals(errors, "42 abandoned\n");
    const file = out.trim().replace("ready ", "");
    assertEquals(file.startsWith("/dev/shm/"), program !== "root" && process.platform === "linux");
    assertFalse(existsSync(file));
  });
}

for (const program of ["named", "named by a thread"]) {
  Deno.test(`Process scope takes the name of its memory away at the end [${program}]`, () => {
    if (process.platform !== "linux") return;
    const { took: _, lines, ...ended } = run(program);
    assertEquals(ended, { stderr: "", status: 0 });
    const [file = ""] = lines;
    assertStringIncludes(file, "/dev/shm/nogil-");
    assertFalse(existsSync(file));
  });
}
