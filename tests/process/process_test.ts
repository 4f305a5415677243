import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import {
  InvalidStateError,
  NotSupportedError,
  TimeoutError,
  UnshareableError,
  WorkerLostError,
} from "../../errors.ts";
import { asCompleted, wait } from "../../pool/mod.ts";
import {
  activeChildren,
  type AnyProcess,
  cpuCount,
  currentProcess,
  getpid,
  getppid,
  parentProcess,
  Process,
} from "../../process/mod.ts";
import { Lock } from "../../sync/mod.ts";
import { Thread } from "../../thread/mod.ts";
import { runProcesses } from "../stress/process_run.ts";
import * as tasks from "./process_tasks.ts";
import { until } from "../support.ts";

const isDeno = "deno" in process.versions;
const { SIGINT, SIGKILL, SIGTERM } = constants.signals;

/** Tells whether a process exists, zombies included. */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Calls a function with the path of a folder of its own. */
async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "test-"));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Paths of the sockets at which this process waits for its children; those that are no files begin with a zero. */
function sockets(): string[] {
  const own = `nogil-${getpid()}-`;
  const folders = readdirSync(tmpdir()).filter((name) => name.startsWith(own));
  const files = folders.map((name) => join(tmpdir(), name, "s"));
  if (process.platform !== "linux") return files;
  const names = readFileSync("/proc/net/unix", "utf8").split("\n").flatMap((line) => {
    const [flags, , , , path = ""] = line.trim().split(/\s+/).slice(3);
    // Node 20 fills names up with zeros.
    const name = /^@(.*?)@*$/.exec(path)?.[1] ?? "";
    return flags === LISTENING && name.startsWith(own) ? [`\0${name}`] : [];
  });
  return [...files, ...names];
}

/** The flags of a socket in `/proc/net/unix` at which somebody listens. */
const LISTENING = "00010000";

Deno.test("Process.start() runs the target in a process of its own", async () => {
  const child = new Process({ target: tasks.whoAmI, args: ["a", { b: [1] }], name: "Who" }).start();
  const pid = child.pid as number;
  const seen = await child.join();
  assertEquals(seen, {
    pid,
    ppid: getpid(),
    name: "Who",
    daemon: false,
    ownPid: pid,
    alive: true,
    parentPid: getpid(),
    parentName: "MainProcess",
    children: 0,
    args: ["a", { b: [1] }],
  });
  assertNotEquals(pid, getpid());
});

Deno.test("Process goes through its states", async () => {
  const child = new Process({ target: tasks.touchAndWait, args: ["/dev/null"] });
  assertEquals([child.isAlive(), child.pid, child.ident, child.exitcode], [
    false,
    null,
    null,
    null,
  ]);
  assertStrictEquals(child.start(), child);
  assert(child.isAlive());
  assertEquals(typeof child.pid, "number");
  assertEquals([child.ident, child.exitcode], [child.pid, null]);
  assert(activeChildren().includes(child as unknown as AnyProcess));
  const pid = child.pid as number;
  child.kill();
  await assertRejects(() => child.join(), WorkerLostError);
  assertFalse(child.isAlive());
  assertEquals([child.pid, child.exitcode], [pid, -SIGKILL]);
  assertFalse(activeChildren().includes(child as unknown as AnyProcess));
  assertFalse(exists(pid));
});

Deno.test("Process.join() gives the result, as often as it is called", async () => {
  const child = new Process({ target: tasks.square, args: [7] }).start();
  assertEquals(await Promise.all([child.join(), child.join()]), [49, 49]);
  assertEquals([await child.join(), child.joinSync(), child.exitcode], [49, 49, 0]);
});

Deno.test("Process.joinSync() blocks while the process is started and ends", () => {
  const child = new Process({ target: (x: number) => x + 1, args: [1] }).start();
  assertEquals(child.joinSync(), 2);
  assertEquals(child.exitcode, 0);
});

Deno.test("Process.join() rejects with the error of the target", async () => {
  for (const target of [tasks.fail, tasks.failLater, tasks.failOutside]) {
    const child = new Process({ target, args: ["no luck"] }).start();
    const error = await assertRejects(() => child.join(), RangeError, "no luck");
    assertThrows(() => child.joinSync(), RangeError, "no luck");
    assertEquals(child.exitcode, 1);
    if (target === tasks.fail) assertInstanceOf(error.cause, TypeError);
  }
});

Deno.test("Process.join() waits as long as it is told", async () => {
  const child = new Process({ target: tasks.sleepForEver }).start();
  await assertRejects(() => child.join({ timeout: 0 }), TimeoutError, "Cannot join process");
  await assertRejects(() => child.join({ timeout: 20 }), TimeoutError);
  assertThrows(() => child.joinSync({ timeout: 20 }), TimeoutError);
  await assertRejects(() => child.join({ timeout: -1 }), RangeError);
  const reason = new Error("enough");
  const error = await assertRejects(() => child.join({ signal: AbortSignal.abort(reason) }));
  assertStrictEquals(error, reason);
  assert(child.isAlive());
  child.kill();
  await assertRejects(() => child.join(), WorkerLostError);
});

Deno.test("Process.exitcode tells how the process has exited", async () => {
  const zero = new Process({ target: tasks.exitWith, args: [0] }).start();
  assertEquals([await zero.join(), zero.exitcode], [undefined, 0]);
  const eight = new Process({ target: tasks.exitWith, args: [8], name: "Eight" }).start();
  const error = await assertRejects(() => eight.join(), WorkerLostError);
  assertEquals(error.message, "Cannot finish process Eight: it exited with code 8");
  assertEquals([error.kind, error.exitcode, error.signal, error.pid], [
    "process",
    8,
    null,
    eight.pid,
  ]);
  assertEquals(eight.exitcode, 8);
  const three = new Process({ target: tasks.setExitCode, args: [3] }).start();
  assertEquals([await three.join(), three.exitcode], ["done", 3]);
});

Deno.test("Process.terminate(), kill() and interrupt() end the process by a signal", async () => {
  const ways = [
    ["terminate", SIGTERM, "SIGTERM"],
    ["kill", SIGKILL, "SIGKILL"],
    ["interrupt", SIGINT, "SIGINT"],
  ] as const;
  const children = ways.map(() => new Process({ target: tasks.spin }).start());
  for (const [index, [way, number, name]] of ways.entries()) {
    const child = children[index] as Process<[], never>;
    child[way]();
    const error = await assertRejects(() => child.join(), WorkerLostError, `ended by ${name}`);
    assertEquals([error.signal, error.exitcode, child.exitcode], [name, null, -number]);
    child[way]();
  }
});

Deno.test("Process.interrupt() is heard by a process that listens", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "ready");
    const child = new Process({ target: tasks.onInterrupt, args: [path] }).start();
    await until(() => existsSync(path));
    child.interrupt();
    assertEquals([await child.join(), child.exitcode], ["interrupted", 0]);
  });
});

Deno.test("Process runs the run() of a shareable subclass, with its fields", async () => {
  const greeter = new tasks.Greeter("ada");
  greeter.greeting = "good morning";
  assertEquals(await greeter.start().join(), "good morning, ada: true");
  assertThrows(
    () => new tasks.Unknown().start(),
    UnshareableError,
    "shareable(import.meta, Unknown)",
  );
});

Deno.test("Process starts processes, and these others", async () => {
  const child = new Process({ target: tasks.factorial, args: [3] }).start();
  assertEquals(await child.join(), 6);
});

Deno.test("Process has a default name that tells whose child it is", async () => {
  const child = new Process({ target: tasks.namesBelow, args: [1] });
  const [name, below] = await child.start().join();
  assertMatch(child.name, /^Process-\d+$/);
  assertEquals([name, below], [child.name, `${child.name}:1`]);
});

Deno.test("Process.name can be changed, and is text", async () => {
  const child = new Process({ target: tasks.nameOfProcess, name: "one" });
  child.name = "two";
  assertEquals(await child.start().join(), "two");
  assertThrows(() => child.name = 1 as never, TypeError);
});

Deno.test("Process.daemon is inherited and fixed by the start", async () => {
  const child = new Process({ target: tasks.whoAmI, daemon: true }).start();
  assertThrows(() => child.daemon = false, InvalidStateError);
  assertThrows(() => child.daemon = 1 as never, TypeError);
  assert((await child.join()).daemon);
  assertFalse(new Process({ target: tasks.whoAmI }).daemon);
});

Deno.test("Process.sentinel is done when the process has ended", async () => {
  const child = new Process({ target: tasks.sleepForEver });
  assertThrows(() => child.sentinel, InvalidStateError);
  child.start();
  const { sentinel } = child;
  assertStrictEquals(child.sentinel, sentinel);
  assertEquals((await wait([sentinel], { timeout: 0 })).done.size, 0);
  child.kill();
  assertEquals([...(await wait([sentinel])).done], [sentinel]);
  assertEquals(child.exitcode, -SIGKILL);
  await assertRejects(() => child.join(), WorkerLostError);
});

Deno.test("wait() and asCompleted() take processes", async () => {
  const slow = new Process({ target: tasks.sleepForEver }).start();
  const quick = new Process({ target: tasks.fail, args: ["quick"] }).start();
  const { done, notDone } = await wait([slow, quick], { returnWhen: "FIRST_EXCEPTION" });
  assertEquals([[...done], [...notDone]], [[quick], [slow]]);
  await assertRejects(() => quick.join(), RangeError);
  slow.kill();
  const order: unknown[] = [];
  for await (const child of asCompleted([slow, quick])) order.push(child);
  assertEquals(order.length, 2);
  await assertRejects(() => slow.join(), WorkerLostError);
});

Deno.test("Process.close() gives back what an ended process holds", async () => {
  const child = new Process({ target: tasks.sleepForEver }).start();
  assertThrows(() => child.close(), InvalidStateError, "still running");
  child.kill();
  await assertRejects(() => child.join(), WorkerLostError);
  child.close();
  child.close();
  assertThrows(() => child.isAlive(), InvalidStateError, "it was closed");
  assertThrows(() => child.terminate(), InvalidStateError);
  assertThrows(() => child.sentinel, InvalidStateError);
  await assertRejects(() => child.join(), InvalidStateError);
  const unused = new Process({ target: tasks.sleepForEver });
  unused.close();
  assertThrows(() => unused.start(), InvalidStateError);
});

Deno.test("Process can do nothing before its start that needs it", async () => {
  const child = new Process({ target: tasks.spin });
  await assertRejects(() => child.join(), InvalidStateError, "it was not started");
  assertThrows(() => child.joinSync(), InvalidStateError);
  assertThrows(() => child.kill(), InvalidStateError);
  await assertRejects(() => wait([child]), InvalidStateError);
});

Deno.test("Process.start() works once", async () => {
  const child = new Process({ target: tasks.square, args: [2] }).start();
  assertThrows(() => child.start(), InvalidStateError, "it was started already");
  assertEquals(await child.join(), 4);
});

Deno.test("Process waits for its threads before it ends, and not for its timers", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "touched");
    const child = new Process({ target: tasks.leaveThread, args: [path] }).start();
    assertEquals(await child.join(), "returned");
    assert(existsSync(path));
    assertFalse(existsSync(`${path}.timer`));
  });
});

Deno.test("Process.start() refuses what cannot travel, and starts nothing", () => {
  const before = activeChildren().length;
  const target = tasks.total as (...args: unknown[]) => unknown;
  const shared = new SharedArrayBuffer(4);
  for (const value of [Symbol("no"), new Lock(), shared, new Process()]) {
    assertThrows(() => new Process({ target, args: [value] }).start(), UnshareableError);
  }
  const outer = 1;
  assertThrows(() => new Process({ target: () => outer }).start(), UnshareableError, "outer");
  assertEquals(activeChildren().length, before);
});

Deno.test("Process gives back functions that it has made, alone and in errors", async () => {
  const ends = await Promise.allSettled([
    new Process({ target: () => ({ double: (x: number) => 2 * x }) }).start().join(),
    new Process({
      target: () => {
        throw Object.assign(new Error("with a function"), { double: (x: number) => 2 * x });
      },
    }).start().join(),
    new Process({ target: (x: number) => () => x, args: [1] }).start().join(),
  ]);
  assertEquals(ends.map(({ status }) => status), ["fulfilled", "rejected", "rejected"]);
  const [made, thrown, refused] = ends as unknown as [
    { value: { double(x: number): number } },
    { reason: Error & { double(x: number): number } },
    { reason: Error },
  ];
  assertEquals([made.value.double(2), thrown.reason.double(3)], [4, 6]);
  assertInstanceOf(refused.reason, UnshareableError);
  assertStringIncludes(refused.reason.message, "'x'");
});

Deno.test("Process.join() says that a result cannot travel", async () => {
  const child = new Process({ target: tasks.returnFunction }).start();
  await assertRejects(() => child.join(), UnshareableError);
  assertEquals(child.exitcode, 1);
});

Deno.test("Process takes and gives large values", async () => {
  const given = new Uint8Array(3_000_000).fill(1);
  assertEquals(await new Process({ target: tasks.total, args: [given] }).start().join(), 3_000_000);
  const result = await new Process({ target: tasks.bytes, args: [5_000_000] }).start().join();
  assertEquals([result.length, result[0], result.at(-1)], [5_000_000, 7, 7]);
});

Deno.test("Process can be joined by another thread, and started by one", async () => {
  const child = new Process({ target: tasks.square, args: [5] }).start();
  const thread = new Thread({
    target: tasks.joinInThread,
    args: [child as unknown as Process<never[], number>],
  }).start();
  assertEquals([await thread.join(), await child.join()], [26, 25]);
  const starter = new Thread({ target: tasks.startInThread, args: [6] }).start();
  assertEquals(await starter.join(), 36);
});

Deno.test("currentProcess() is known in the threads of a process", async () => {
  const child = new Process({ target: tasks.whoAmIInThread, name: "Outer" }).start();
  assertEquals(await child.join(), "Outer");
});

Deno.test("currentProcess() is the main process here", async () => {
  const own = currentProcess();
  assertStrictEquals(currentProcess(), own);
  assertEquals([own.name, own.pid, own.daemon, own.isAlive()], [
    "MainProcess",
    getpid(),
    false,
    true,
  ]);
  assertEquals([parentProcess(), getppid()], [null, process.ppid]);
  assert(cpuCount() >= 1);
  await assertRejects(() => own.join(), InvalidStateError, "it is the current one");
  assertThrows(() => own.terminate(), InvalidStateError);
  assertThrows(() => own.start(), InvalidStateError);
});

Deno.test("new Process() checks its options", () => {
  const bad = [
    1,
    null,
    { target: 1 },
    { args: 1 },
    { name: 1 },
    { daemon: 1 },
    { permissions: 1 },
    { permissions: { nett: false } },
    { permissions: { net: 1 } },
    { execArgv: "x" },
    { config: 1 },
  ];
  for (const options of bad) assertThrows(() => new Process(options as never), TypeError);
});

Deno.test("Process.prewarm() lets a process start at once", async () => {
  await assertRejects(() => Process.prewarm(-1), RangeError);
  await assertRejects(() => Process.prewarm("1" as never), TypeError);
  await Process.prewarm(1);
  assertEquals(activeChildren().length, 0);
  const ready = Date.now();
  const began = await new Process({ target: () => performance.timeOrigin }).start().join();
  assert(began < ready, "It was started anew");
  await Process.prewarm(1);
  const [one, other] = [1, 2].map((n) => new Process({ target: tasks.square, args: [n] }).start());
  assertEquals([await one?.join(), await other?.join()], [1, 4]);
  await Process.prewarm(1);
  await Process.prewarm(0);
});

Deno.test("Process.prewarm() rejects when a process cannot be started", async () => {
  const error = await assertRejects(
    () => Process.prewarm(1, { execArgv: ["--no-such-flag-for-a-test"] }),
    WorkerLostError,
  );
  assertMatch(error.message, /^Cannot prewarm a process: it ended with code/);
  await Process.prewarm(0, { execArgv: ["--no-such-flag-for-a-test"] });
});

Deno.test("Process.join() says that the process has died before it was ready", async () => {
  const child = new Process({
    target: tasks.square,
    args: [1],
    name: "Stillborn",
    execArgv: ["--no-such-flag-for-a-test"],
  }).start();
  const error = await assertRejects(() => child.join(), WorkerLostError);
  assertMatch(error.message, /^Cannot start process Stillborn: it exited with code \d+ before/);
  assertEquals(child.exitcode, error.exitcode);
});

Deno.test("Process.kill() right after the start", async () => {
  const child = new Process({ target: tasks.spin }).start();
  child.kill();
  await assertRejects(() => child.join(), WorkerLostError);
  assertEquals(child.exitcode, -SIGKILL);
});

Deno.test("Process leaves no socket behind", async () => {
  const before = sockets();
  const children = [1, 2, 3].map((n) => new Process({ target: tasks.square, args: [n] }).start());
  (children[2] as Process<[number], number>).kill();
  await Promise.allSettled(children.map((child) => child.join()));
  // A child tells of its end some milliseconds before it is gone.
  await until(() => sockets().every((name) => before.includes(name)));
});

if (process.platform !== "win32") {
  for (const permissions of isDeno ? [{}, { net: false }] : [{}]) {
    Deno.test(`Process is not disturbed by strangers at its socket [${Object.keys(permissions)}]`, async () => {
      const bytes = crypto.getRandomValues(new Uint8Array(1000));
      const strangers: Socket[] = [];
      const paths: string[] = [];
      while (strangers.length < 5) {
        const before = sockets();
        const child = new Process({ target: tasks.square, args: [7], permissions }).start();
        await until(() => {
          for (const path of sockets()) {
            if (before.includes(path)) continue;
            paths.push(path);
            const stranger = connect({ path });
            stranger.on("error", () => {}); // The child was quicker.
            stranger.on("connect", () => {
              stranger.write(bytes.subarray(strangers.push(stranger)));
            });
            before.push(path);
          }
          return !child.isAlive();
        });
        assertEquals(await child.join(), 49);
      }
      for (const stranger of strangers) stranger.destroy();
      // Nothing can be left of what is no file; a child in a sandbox reaches nothing else.
      const needsFile = process.platform !== "linux" || "net" in permissions;
      assertEquals(paths.some((path) => !path.startsWith("\0")), needsFile);
    });
  }
}

Deno.test("Process keeps the key of its control channel from the task", async () => {
  const child = new Process({ target: tasks.variable, args: ["NOGIL_KEY"] }).start();
  assertEquals(await child.join(), null);
});

if (isDeno) {
  Deno.test("Process starts when its flags take something away", async () => {
    for (const flag of ["--deny-env", "--deny-sys"]) {
      const child = new Process({ target: tasks.square, args: [3], execArgv: [flag] }).start();
      assertEquals(await child.join(), 9);
    }
  });
}

if (process.platform === "linux") {
  Deno.test("Process inherits no socket, which would outlive its parent with it", async () => {
    const children = [1, 2].map(() => new Process({ target: tasks.namedSockets }).start());
    for (const child of children) assertEquals(await child.join(), []);
  });
}

const NOTHING = {
  read: false,
  write: false,
  net: false,
  env: false,
  run: false,
  sys: false,
  ffi: false,
};

if (isDeno) {
  Deno.test("Process with permissions runs in a sandbox", async () => {
    const child = new Process({
      target: async () => {
        try {
          await fetch("http://127.0.0.1:9999/");
          return "reached";
        } catch (error) {
          return (error as Error).name;
        }
      },
      permissions: { net: false, run: false, ffi: false },
    }).start();
    assertEquals([await child.join(), child.exitcode], ["NotCapable", 0]);
  });

  Deno.test("Process that may do nothing runs tasks, and can be ended", async () => {
    const child = new Process({ target: tasks.square, args: [3], permissions: NOTHING }).start();
    assertEquals(await child.join(), 9);
    const spinning = new Process({ target: tasks.spin, permissions: NOTHING }).start();
    spinning.kill();
    await assertRejects(() => spinning.join(), WorkerLostError);
  });
} else {
  const knowsPermissions = process.allowedNodeEnvironmentFlags.has("--permission");

  Deno.test("Process.start() refuses what Node cannot restrict", () => {
    for (
      const permissions of knowsPermissions ? [{ env: false }, { sys: [] }] : [{ read: false }]
    ) {
      const child = new Process({ target: tasks.square, args: [3], permissions });
      assertThrows(() => child.start(), NotSupportedError);
    }
  });

  if (knowsPermissions) {
    Deno.test("Process with permissions runs in a sandbox", async () => {
      const child = new Process({
        target: tasks.touchLater,
        args: ["/tmp/never-written", 0],
        permissions: { write: false, run: false },
      }).start();
      const error = await assertRejects(() => child.join(), Error);
      assertEquals((error as { code?: string }).code, "ERR_ACCESS_DENIED");
    });
  }
}

if (process.platform === "linux") {
  Deno.test("Process leaves nothing behind", async () => {
    const [before, after] = await runProcesses(10, 5, 5);
    // What earlier tests have left may have gone meanwhile.
    assertEquals([after.children, after.sockets <= before.sockets], [0, true]);
    assert(after.descriptors <= before.descriptors, `${after.descriptors} descriptors`);
  });
}

Deno.test("Process.start() passes on the environment as it is by then, and threads see it, too", async () => {
  await new Process({ target: tasks.square, args: [1] }).start().join();
  process.env.NOGIL_TEST_VARIABLE = "set late";
  try {
    const args: [string] = ["NOGIL_TEST_VARIABLE"];
    assertEquals(await new Process({ target: tasks.variable, args }).start().join(), "set late");
    assertEquals(await new Thread({ target: tasks.variable, args }).start().join(), "set late");
  } finally {
    delete process.env.NOGIL_TEST_VARIABLE;
  }
});

Deno.test("Process.toString() says how it is", async () => {
  const child = new Process({ target: tasks.square, args: [2], name: "squares", daemon: true });
  assertEquals(String(child), "<Process squares initial daemon>");
  child.start();
  assertMatch(
    String(child),
    /^<Process squares( pid=\d+)? (started|stopped exitcode=0) daemon>$/,
  );
  await child.join();
  assertEquals(String(child), `<Process squares pid=${child.pid} stopped exitcode=0 daemon>`);
  child.close();
  assertEquals(String(child), `<Process squares pid=${child.pid} closed daemon>`);
  assertEquals(String(currentProcess()), `<Process MainProcess pid=${getpid()} current>`);
});

Deno.test("Process that keeps itself from ending is ended, and spares are of today", async () => {
  const stubborn = new Process({ target: tasks.forbidExit }).start();
  assertEquals([await stubborn.join(), stubborn.exitcode], ["done", 0]);

  const folder = process.cwd();
  await Process.prewarm(1);
  process.env.NOGIL_TEST_VARIABLE = "set later";
  process.chdir("/");
  try {
    const target = tasks.surroundings;
    const child = new Process({ target, args: ["NOGIL_TEST_VARIABLE"] }).start();
    assertEquals(await child.join(), ["set later", process.cwd()]);
  } finally {
    process.chdir(folder);
    delete process.env.NOGIL_TEST_VARIABLE;
    await Process.prewarm(0);
  }

  const pid = stubborn.pid as number;
  await until(() => !isThere(pid));
});

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
