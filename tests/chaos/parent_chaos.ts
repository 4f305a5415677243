/**
 * Programs are killed at random instants, with all that they have started, at their start above all:
 * `deno task chaos:parent [--kills=N] [--lanes=2] [--signal=SIGKILL]`.
 *
 * No process of theirs is left, and no socket, entry of `/dev/shm` or temporary file, once the next program has started a
 * process.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { isMain } from "../../_core/task.ts";
import { endless, programUrl as childUrl } from "./parent_chaos_programs.ts";
import { numberGiven, until, within } from "./support.ts";

/** Where this module was loaded from. */
export const programUrl: string = import.meta.url;

/** The longest life of a program, from its start or from that of its first process, in milliseconds. */
const LONGEST_LIFE = 1000;
const SHARED = "/dev/shm";
const isDeno = "deno" in process.versions;

/** Starts a program in a session of its own. */
function start(name: string, folder: string): ChildProcess {
  const flags = isDeno ? ["run", "-A", "--quiet"] : [];
  return spawn(process.execPath, [...flags, fileURLToPath(childUrl), name], {
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, TMPDIR: folder, NO_COLOR: "1" },
  });
}

/** The processes of a session that run, with their states. */
function session(id: number): string[] {
  return readdirSync("/proc").filter((name) => Number(name) > 0).flatMap((pid) => {
    try {
      const line = readFileSync(`/proc/${pid}/stat`, "utf8");
      const [state, , , of] = line.slice(line.lastIndexOf(")") + 2).split(" ");
      // Who has lost its parent is buried by the first process of the system.
      return Number(of) === id && state !== "Z" && state !== "X" ? [`${pid} ${state}`] : [];
    } catch {
      return []; // It is gone.
    }
  });
}

/** The entries of `/dev/shm` that nobody uses: other programs that run at the same time may have some, too. */
function shared(): string[] {
  const names = existsSync(SHARED) ? readdirSync(SHARED).filter((name) => /nogil/.test(name)) : [];
  if (names.length === 0) return names;
  const mapped = readdirSync("/proc").filter((name) => Number(name) > 0).map((pid) => {
    try {
      return readFileSync(`/proc/${pid}/maps`, "utf8");
    } catch {
      return ""; // It is gone, or somebody else's.
    }
  });
  return names.filter((name) => !mapped.some((maps) => maps.includes(`${SHARED}/${name}`)));
}

interface Lane {
  kills: number;
  processes: number;
  leftovers: number;
}

/** Kills some programs, one after the other. */
async function run(kills: number, signal: string, report: () => void): Promise<Lane> {
  const lane: Lane = { kills: 0, processes: 0, leftovers: 0 };
  const folder = mkdtempSync(join(tmpdir(), "chaos-"));
  const known = new Set<string>();
  try {
    const first = Math.floor(Math.random() * endless.length);
    for (; lane.kills < kills; lane.kills++) {
      const name = endless[(first + lane.kills) % endless.length] as string;
      const program = start(name, folder);
      const pid = program.pid as number;
      let errors = "";
      program.stderr?.on("data", (chunk) => errors += chunk);
      let hasEnded = false;
      const ended = new Promise<void>((resolve) => {
        program.on("exit", () => {
          hasEnded = true;
          resolve();
        });
      });
      if (lane.kills % 4 !== 3) await until(() => session(pid).length > 1 || hasEnded, () => name);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * LONGEST_LIFE));
      assertEquals([hasEnded, errors], [false, ""], name);
      lane.processes += session(pid).length - 1;
      if (signal === "group") process.kill(-pid, "SIGINT");
      else process.kill(pid, signal);
      await within(ended, `the end of ${name}`);
      await until(() => session(pid).length === 0, () => `${name}: the end of ${session(pid)}`);
      const left = readdirSync(folder).filter((one) => !known.has(one));
      lane.leftovers += left.length;
      for (const one of left) known.add(one);
      report();
    }
    const tidy = start("tidy", folder);
    let errors = "";
    tidy.stderr?.on("data", (chunk) => errors += chunk);
    const code = await within(new Promise((resolve) => tidy.on("close", resolve)), "tidy");
    assertEquals([code, errors], [0, ""]);
    assertEquals(readdirSync(folder), []);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return lane;
}

async function main(): Promise<void> {
  const kills = numberGiven("kills", 200);
  const lanes = numberGiven("lanes", 2);
  const signal = process.argv.find((one) => one.startsWith("--signal="))?.slice(9) ?? "SIGKILL";
  const began = performance.now();
  const before = shared();
  let done = 0;
  const report = (): void => {
    if (++done % 50 !== 0) return;
    console.log(`${done} kills, ${((performance.now() - began) / 1000).toFixed(0)} s`);
  };
  const all = await Promise.all(
    Array.from({ length: lanes }, () => run(Math.ceil(kills / lanes), signal, report)),
  );
  const sum = (key: keyof Lane): number => all.reduce((total, lane) => total + lane[key], 0);
  await until(
    () => shared().every((name) => before.includes(name)),
    () => `the end of ${shared()}`,
  );
  console.log(
    `${sum("kills")} programs killed with ${sum("processes")} processes; ` +
      `${sum("leftovers")} sockets were left to the next program; nothing left`,
  );
}

if (isMain(import.meta)) await main();
