/**
 * What hangs, leaks or loses in Python, and here ends with a result or a clear error: each test is the twin of a short
 * program for CPython.
 */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { AbandonedError, RemoteError, UnshareableError, WorkerLostError } from "../../errors.ts";
import { Pool, ProcessPoolExecutor, ThreadPool, ThreadPoolExecutor } from "../../pool/mod.ts";
import { Process, SharedMemory, Value } from "../../process/mod.ts";
import { Queue } from "../../queue/mod.ts";
import { Event, Lock } from "../../sync/mod.ts";
import { isGone, until } from "./support.ts";
import * as tasks from "./pains_tasks.ts";
import { names, programUrl } from "./pains_programs.ts";

const scope = "process";
const isDeno = "deno" in process.versions;

// What starts while a test runs is there for the next.
await Process.prewarm(2);

Deno.test("a pool whose worker is killed fails that task, says who died, and goes on", async () => {
  await using pool = new Pool(2);
  const result = pool.mapAsync(tasks.killAtZero, [0, 1, 2, 3], { chunksize: 1 });
  const error = await assertRejects(async () => await result, WorkerLostError);
  assertEquals([error.signal, error.task, typeof error.pid], ["SIGKILL", "killAtZero", "number"]);
  assertEquals(await pool.map(tasks.killAtZero, [1, 2, 3]), [1, 2, 3]);
});

Deno.test("a lock whose holder was killed says so once, and is free", async () => {
  const lock = new Lock({ scope });
  const child = new Process({ target: tasks.killHolding, args: [lock] }).start();
  await assertRejects(() => child.join(), WorkerLostError);
  assertThrows(() => lock.acquireSync({ timeout: 60_000 }), AbandonedError);
  lock.acquireSync({ timeout: 0 }).release();
});

Deno.test("a process that has put what nobody has got yet ends, and can be joined first", async () => {
  const queue = new Queue<string>(0, { scope });
  const child = new Process({ target: tasks.putLong, args: [queue] }).start();
  await child.join({ timeout: 60_000 });
  assertEquals(queue.getSync({ timeout: 0 }).length, 200_000);
});

Deno.test("Queue.put() throws what cannot travel, takes items as they are, and is seen at once", () => {
  const queue = new Queue<unknown>(0, { scope });
  assertThrows(() => queue.putSync(new WeakMap()), UnshareableError);
  assert(queue.empty());
  const list = [1];
  queue.putSync(list);
  list.push(2);
  assertEquals(queue.getSync({ timeout: 0 }), [1]);
  for (let i = 0; i < 200; i++) {
    queue.putSync(i);
    assertEquals([queue.empty(), queue.getSync({ timeout: 0 })], [false, i]);
  }
});

Deno.test("a task that ends its process breaks no executor: the others have their results", async () => {
  const executor = new ProcessPoolExecutor({ maxWorkers: 2 });
  const futures = [0, 1, 2, 3, 4, 5].map((i) => executor.submit(tasks.exitAtZero, i));
  const outcomes = await Promise.allSettled(futures);
  const [first, ...rest] = outcomes.map((o) => o.status === "fulfilled" ? o.value : o.reason);
  assertInstanceOf(first, WorkerLostError);
  assertEquals([first.exitcode, rest], [7, [1, 2, 3, 4, 5]]);
  await executor.shutdown();
});

Deno.test("an error that cannot be made again from its message arrives, known or not", async () => {
  await using pool = new Pool(1);
  const unknown = await assertRejects(
    async () => await pool.apply(tasks.failWith, [false]),
    RemoteError,
  );
  assertEquals([unknown.remoteName, unknown.message], ["TwoArguments", "one"]);
  const known = await assertRejects(
    async () => await pool.apply(tasks.failWith, [true]),
    tasks.Known,
  );
  assertEquals([known.message, known.b], ["one", 2]);
});

Deno.test("a task that exits fails with its exit code", async () => {
  await using pool = new Pool(1);
  const error = await assertRejects(
    async () => await pool.apply(tasks.exitWith, [3]),
    WorkerLostError,
  );
  assertEquals(error.exitcode, 3);
});

Deno.test("Event.set() returns though a waiter was killed", async () => {
  const [event, here] = [new Event({ scope }), new Event({ scope })];
  const child = new Process({ target: tasks.waitFor, args: [event, here] }).start();
  await here.wait();
  child.kill();
  await assertRejects(() => child.join(), WorkerLostError);
  event.set();
  event.waitSync({ timeout: 0 });
});

Deno.test("a task of a pool may make a pool", async () => {
  await using pool = new Pool(1);
  assertEquals(await pool.map(tasks.poolOfOne, [1]), [[1]]);
});

Deno.test("executors and pools take no more of their input than they need", async () => {
  let taken = 0;
  function* numbers(): Generator<number> {
    for (let i = 0; i < 100_000; i++) {
      taken++;
      yield i;
    }
  }
  const executor = new ThreadPoolExecutor({ maxWorkers: 2 });
  const results = executor.map(tasks.same, numbers());
  assert(taken < 1000, `${taken} before the first result`);
  await results.return();
  await executor.shutdown();
  taken = 0;
  const pool = new ThreadPool(2);
  const iterator = pool.imap(tasks.same, numbers());
  assertEquals((await iterator.next()).value, 0);
  await until(() => pool.statistics().running === 0, () => "the end of what was taken");
  assert(taken < 1000, `${taken} after the first result`);
  pool.terminate();
  await pool.join();
});

Deno.test("Value.add() loses no increment of two processes", async () => {
  const value = new Value("i", 0, { scope });
  const children = [1, 2].map(() =>
    new Process({ target: tasks.increment, args: [value, 20_000] }).start()
  );
  for (const child of children) await child.join();
  assertEquals(value.value, 40_000);
});

Deno.test("shared memory stays when a process ends that had it open", async () => {
  const memory = new SharedMemory({ create: true, size: 16 });
  memory.buf[0] = 42;
  const child = new Process({ target: tasks.attach, args: [memory.name] }).start();
  assertEquals(await child.join(), 42);
  const again = new SharedMemory({ name: memory.name });
  assertEquals(again.buf[0], 42);
  again.close();
  memory.unlink();
  memory.close();
});

/** Runs a program in a process group of its own until it has said what it has started, and then kills it. */
async function runAndKill(
  name: string,
  kill: (pid: number) => void,
): Promise<{ end: number | string | null; stderr: string }> {
  const program = spawn(process.execPath, [
    ...isDeno ? ["run", "-A", "--quiet"] : [],
    fileURLToPath(programUrl),
    name,
  ], { detached: true, env: { ...process.env, NO_COLOR: "1" } });
  let [stdout, stderr] = ["", ""];
  program.stdout.on("data", (chunk) => stdout += chunk);
  program.stderr.on("data", (chunk) => stderr += chunk);
  const closed = new Promise<number | string | null>((resolve) => {
    program.on("close", (code, signal) => resolve(signal ?? code));
  });
  await until(() => stdout.includes("\n") || program.exitCode !== null, () => `${name}: ${stderr}`);
  const started = stdout.trim().split(" ").slice(1).map(Number);
  assert(started.length > 0, stderr);
  kill(program.pid as number);
  const end = await closed;
  await until(() => started.every(isGone), () => `the end of what ${name} has started`);
  assertEquals(readdirSync(tmpdir()).filter((n) => n.startsWith(`nogil-${program.pid}-`)), []);
  return { end, stderr };
}

if (process.platform === "linux") {
  Deno.test("Ctrl-C ends whatever waits for a pool or a process, without a word", async () => {
    await Promise.all(names.map(async (name) => {
      const { end, stderr } = await runAndKill(name, (pid) => process.kill(-pid, "SIGINT"));
      assertMatch(`${end}`, /^(SIGINT|130)$/, name);
      assertEquals(stderr, "", name);
    }));
  });

  Deno.test("the workers of an executor do not outlive a program that is killed", async () => {
    const kill = (pid: number): boolean => process.kill(pid, "SIGKILL");
    assertEquals((await runAndKill("ProcessPoolExecutor", kill)).end, "SIGKILL");
  });
}
