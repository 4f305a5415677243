import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { bootUrl } from "../../process/child_boot.ts";
import { programUrl } from "./process_programs.ts";

const isDeno = "deno" in process.versions;

/** A program that was started. */
class Program {
  readonly child: ChildProcess;
  stdout = "";
  stderr = "";
  readonly #closed: Promise<[number | null, string | null]>;

  constructor(
    path: string,
    args: string[],
    flags?: string[],
    cwd?: string,
  ) {
    const all = flags ?? (isDeno ? ["run", "-A", "--quiet"] : []);
    this.child = spawn(process.execPath, [...all, path, ...args], {
      env: { ...process.env, NO_COLOR: "1" },
      ...(cwd === undefined ? {} : { cwd }),
    });
    this.child.stdout?.on("data", (chunk) => this.stdout += chunk);
    this.child.stderr?.on("data", (chunk) => this.stderr += chunk);
    const patience = setTimeout(() => this.child.kill("SIGKILL"), 120_000);
    this.#closed = new Promise((resolve, reject) => {
      this.child.on("error", reject);
      this.child.on("close", (code, signal) => {
        clearTimeout(patience);
        resolve([code, signal]);
      });
    });
  }

  /** Waits until the program has printed the ids of processes, and gives them. */
  async pids(...names: string[]): Promise<number[]> {
    const find = (name: string) =>
      Number(new RegExp(`^${name} (\\d+)$`, "m").exec(this.stdout)?.[1]);
    await until(() => names.every((name) => find(name) > 0), () => this.stdout + this.stderr);
    return names.map(find);
  }

  /** Waits for the end of the program, and of all who hold its output. */
  async end(): Promise<number | null> {
    return (await this.#closed)[0];
  }

  get lines(): string[] {
    return this.stdout.split("\n").filter((line) => line !== "");
  }
}

function run(name: string): Program {
  return new Program(fileURLToPath(programUrl), [name]);
}

async function until(condition: () => boolean, what: () => string = () => ""): Promise<void> {
  const end = Date.now() + 60_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`Waited too long: ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Tells whether a process runs: a zombie does not. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    try {
      return process.platform !== "linux" && process.kill(pid, 0);
    } catch {
      return false;
    }
  }
}

Deno.test("Process keeps the program alive until it has ended", async () => {
  const program = run("non-daemon");
  assertEquals(await program.end(), 0);
  assertEquals([program.lines, program.stderr], [["main is done", "the child is done"], ""]);
});

Deno.test("Process that is a daemon is ended with the program", async () => {
  const program = run("daemon");
  const [pid] = await program.pids("child") as [number];
  program.child.stdin?.end("go on\n");
  assertEquals([await program.end(), program.stderr], [0, ""]);
  // A process closes its streams a moment before it is gone.
  await until(() => !isRunning(pid));
});

Deno.test("Process that is a daemon can hear that the program ends", async () => {
  // It has a second for that, which may be too short on a busy machine.
  let isHeard = false;
  for (let attempts = 3; !isHeard; attempts--) {
    const program = run("daemon listens");
    await program.pids("child");
    program.child.stdin?.end("go on\n");
    assertEquals(await program.end(), 0);
    isHeard = program.lines.at(-1) === "child heard it";
    assertEquals(isHeard || attempts > 1, true, program.stdout);
  }
});

for (const signal of ["SIGKILL", "SIGTERM", "SIGINT"] as const) {
  Deno.test(`Process does not outlive a program that gets ${signal}, spinning or not`, async () => {
    const family = run("family");
    const others = ["family of a thread", "family without FFI", "blocked"].map(run);
    const pids = await family.pids("child", "grandchild");
    for (const program of others) pids.push(...await program.pids("child"));
    const programs = [family, ...others];
    for (const { child } of programs) child.kill(signal);
    for (const program of programs) await program.end();
    await until(() => !pids.some(isRunning), () => `${pids}`);
  });
}

Deno.test("Process does not outlive a program that exits or throws", async () => {
  for (const [name, code] of [["exits", 3], ["throws", 1]] as const) {
    const program = run(name);
    const [pid] = await program.pids("child") as [number];
    program.child.stdin?.end("go on\n");
    assertEquals(await program.end(), code);
    await until(() => !isRunning(pid));
  }
});

Deno.test("Process.prewarm() does not keep the program alive", async () => {
  const program = run("spare");
  assertEquals([await program.end(), program.lines, program.stderr], [0, ["ready"], ""]);
});

Deno.test("Process.prewarm() leaves nothing behind when the program is killed", async () => {
  const program = run("spare while it is killed");
  await until(() => program.lines.length > 0);
  program.child.kill("SIGKILL");
  // The spares hold its output, too.
  await program.end();
});

Deno.test("Process whose error nobody joins is reported", async () => {
  const program = run("unjoined failure");
  assertEquals(await program.end(), 0);
  assertMatch(program.stderr, /^Exception in process Failing:\nRangeError: nobody joins\n/);
  assertStringIncludes(program.stderr, "Caused by: TypeError: the cause");
});

Deno.test("setExcepthook() is told of processes, but not of those that were killed", async () => {
  const program = run("hook");
  assertEquals([await program.end(), program.lines, program.stderr], [
    0,
    ["Failing: nobody joins"],
    "",
  ]);
});

Deno.test("Process.join() settles though nobody can clean up after the process", async () => {
  const program = run("burial fails");
  assertEquals([await program.end(), program.lines], [0, ["WorkerLostError"]]);
  assertStringIncludes(program.stderr, "Exception ignored in the end of a process:\nTypeError");
});

Deno.test("Process whose error is joined is not reported", async () => {
  const program = run("joined failure");
  assertEquals([await program.end(), program.lines, program.stderr], [0, ["joined", "0"], ""]);
});

/** Writes a program into a folder of its own, and runs it from another one. */
async function runElsewhere(
  files: Record<string, string>,
  flags: string[] | undefined,
  use: (program: Program) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "test-"));
  try {
    mkdirSync(join(folder, "program"));
    mkdirSync(join(folder, "elsewhere"));
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(folder, "program", name), text);
    }
    const main = join(folder, "program", isDeno ? "main.ts" : "main.mjs");
    await use(new Program(main, ["an argument"], flags, join(folder, "elsewhere")));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const library = (name: string) => JSON.stringify(new URL(`../${name}`, bootUrl).href);
const suffix = bootUrl.endsWith(".ts") ? "ts" : "js";

function mainProgram(body: string): Record<string, string> {
  return {
    [isDeno ? "main.ts" : "main.mjs"]: `
      import { Process } from ${library(`process/mod.${suffix}`)};
      import { isMain, task } from ${library(`mod.${suffix}`)};
      ${body}`,
  };
}

Deno.test("Process finds the packages and settings of the program, wherever that was started", async () => {
  const files = {
    ...mainProgram(`
      import process from "node:process";
      import { answer } from "#answer";
      export const ask = task(import.meta, async () => {
        const { answer: again } = await import("#answer");
        return [answer, again, process.cwd(), ...process.argv.slice(2)];
      });
      if (isMain(import.meta)) {
        const [first, again, folder, argument] = await new Process({ target: ask }).start().join();
        console.log(first, again, folder === process.cwd(), argument);
      }`),
    "answer.mjs": "export const answer = 42;",
    "deno.json": JSON.stringify({ imports: { "#answer": "./answer.mjs" } }),
    "package.json": JSON.stringify({ type: "module", imports: { "#answer": "./answer.mjs" } }),
  };
  if (isDeno) delete (files as Record<string, string>)["package.json"];
  await runElsewhere(files, undefined, async (program) => {
    const code = await program.end();
    assertEquals([code, program.stdout, program.stderr], [0, "42 42 true an argument\n", ""]);
  });
});

Deno.test("Process.join() says that a module cannot be imported", async () => {
  const files = {
    ...mainProgram(`
      import * as broken from "./broken.mjs";
      import { writeFileSync } from "node:fs";
      import { fileURLToPath } from "node:url";
      if (isMain(import.meta)) {
        const path = fileURLToPath(new URL("./broken.mjs", import.meta.url));
        writeFileSync(path, "throw new RangeError('cannot be imported')");
        const child = new Process({ target: broken.go }).start();
        await child.join().catch((error) => console.log(error.name, error.message, child.exitcode));
      }`),
    "broken.mjs": `import { task } from ${library(`mod.${suffix}`)};
      export const go = task(import.meta, () => 1);`,
  };
  await runElsewhere(files, undefined, async (program) => {
    const code = await program.end();
    assertEquals([code, program.stdout, program.stderr], [
      0,
      "RangeError cannot be imported 1\n",
      "",
    ]);
  });
});

Deno.test("Process.start() in a module that is imported for its task is refused", async () => {
  const files = mainProgram(`
      export const go = task(import.meta, () => 1);
      const child = new Process({ target: go }).start();
      if (isMain(import.meta)) {
        await child.join().catch((error) => console.log(error.name, error.message));
      }`);
  await runElsewhere(files, undefined, async (program) => {
    const code = await program.end();
    assertEquals([code, program.stderr], [0, ""]);
    assertMatch(program.stdout, /^InvalidStateError Cannot start process Process-1:1: .*isMain/);
  });
});

if (isDeno) {
  const files = mainProgram(`
      export const go = task(import.meta, () => Deno.permissions.querySync({ name: "net" }).state);
      if (isMain(import.meta)) {
        for (const permissions of [undefined, { run: false, write: true }, { run: [], write: [], net: true }]) {
          try {
            console.log(await new Process({ target: go, permissions }).start().join());
          } catch (error) {
            console.log(error.name, error.message);
          }
        }
      }`);
  const deno = process.execPath;

  Deno.test("Process.start() asks for the names of what was granted in part", async () => {
    const flags = [
      "run",
      "--quiet",
      "--no-prompt",
      "-R",
      "-W",
      "-N",
      "-E",
      "-S",
      `--allow-run=${deno}`,
    ];
    await runElsewhere(files, flags, async (program) => {
      assertEquals(await program.end(), 0, program.stderr);
      const [first, ...rest] = program.lines;
      assertMatch(first as string, /^NotSupportedError .* write and run granted in part/);
      assertEquals(rest, ["granted", "granted"]);
    });
  });

  Deno.test("Process.start() says that it may start none", async () => {
    await runElsewhere(files, ["run", "--quiet", "--no-prompt", "-R"], async (program) => {
      assertEquals(await program.end(), 0, program.stderr);
      for (const line of program.lines) assertStringIncludes(line, "--allow-run");
    });
  });
}

if (process.allowedNodeEnvironmentFlags.has("--permission")) {
  const packages = fileURLToPath(new URL("../../../", bootUrl));
  const files = mainProgram(`
    import { accessSync } from "node:fs";
    export const look = task(import.meta, () => {
      try {
        accessSync("/etc/passwd");
        return "seen";
      } catch (error) {
        return error.code;
      }
    });
    if (isMain(import.meta)) {
      for (const permissions of [undefined, { ffi: false }, { read: ["/etc", ...${
    JSON.stringify([tmpdir(), packages])
  }] }]) {
        console.log(await new Process({ target: look, permissions }).start().join());
      }
    }`);

  Deno.test("Process may read no more than its parent, unless that says so", async () => {
    const flags = [
      "--permission",
      "--allow-worker",
      "--allow-child-process",
      "--allow-fs-read",
      tmpdir(),
      `--allow-fs-read=${packages}`,
      `--allow-fs-write=${tmpdir()}`,
    ];
    await runElsewhere(files, flags, async (program) => {
      assertEquals(await program.end(), 0, program.stderr);
      const denied = "ERR_ACCESS_DENIED";
      assertEquals(program.lines, [denied, denied, "seen"]);
    });
  });
}

if (isDeno) {
  Deno.test("Pool and ProcessPoolExecutor say that they may start no process", async () => {
    const files = mainProgram(`
      import { Pool, ProcessPoolExecutor } from ${library(`mod.${suffix}`)};
      export const go = task(import.meta, () => 1);
      if (isMain(import.meta)) {
        for (const run of [() => new Pool(1).apply(go, []), () => new ProcessPoolExecutor().submit(go)]) {
          try {
            console.log(await run());
          } catch (error) {
            console.log(error.name, error.message);
          }
        }
      }`);
    await runElsewhere(files, ["run", "--quiet", "--no-prompt", "-R"], async (program) => {
      assertEquals(await program.end(), 0, program.stderr);
      assertEquals(program.lines.length, 2);
      for (const line of program.lines) {
        assertMatch(line, /^(NotSupported|BrokenPool)Error .*--allow-run/);
      }
    });
  });
}
