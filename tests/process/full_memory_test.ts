/** A `/dev/shm` that is full: in a namespace of their own, programs have a small one for themselves. */

import { assertEquals, assertMatch } from "@std/assert";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { programUrl } from "./full_memory_programs.ts";

const isDeno = "deno" in process.versions;

/** Runs a command where `/dev/shm` has so many kilobytes; `null` if the system does not let it. */
function runWith(kilobytes: number, command: string, args: readonly string[] = []): string | null {
  const script = `mount -t tmpfs -o size=${kilobytes}k tmpfs /dev/shm && ${command}`;
  const { status, stdout } = spawnSync("unshare", ["-rm", "sh", "-c", script, "sh", ...args], {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
    timeout: 120_000,
  });
  return status === 0 ? stdout : null;
}

/** Runs programs one after the other; gives what each prints, and what they leave in `/dev/shm`. */
function runPrograms(kilobytes: number, ...names: string[]): string[] {
  const node = [process.execPath, ...isDeno ? ["run", "-A", "--quiet"] : []];
  const command = `for name in ${names.map((name) => `"${name}"`).join(" ")}; ` +
    'do "$@" "$name" || exit 1; done; ls /dev/shm';
  const printed = runWith(kilobytes, command, [...node, fileURLToPath(programUrl)]);
  return (printed ?? "").trimEnd().split("\n");
}

if (process.platform === "linux" && runWith(4, "true") !== null) {
  Deno.test("Process scope without any memory says so, and leaves nothing", () => {
    const lines = runPrograms(4, "lock", "start", "pool");
    const message =
      "RangeError: Cannot allocate shared memory: the system has no memory left for it";
    assertEquals(lines.slice(0, 2), [message, "done"]);
    assertMatch(lines[2] ?? "", /^RangeError: Cannot create pool: there is no memory for /);
    assertEquals(lines.length, 3);
  });

  Deno.test("Process scope with little memory says what finds no room, and leaves nothing", () => {
    const lines = runPrograms(1024, "start with lock", "pool", "array", "memory");
    assertEquals(lines[0], "done");
    assertMatch(lines[1] ?? "", /^RangeError: Cannot create pool: there is no memory for /);
    assertMatch(lines[2] ?? "", /^RangeError: Cannot allocate shared memory: /);
    assertMatch(lines[3] ?? "", /^RangeError: Cannot create SharedMemory: \/dev\/shm has no room /);
    assertEquals(lines.length, 4);
  });
}
