import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { BrokenPoolError, WorkerLostError } from "../../errors.ts";
import { Pool, ProcessPoolExecutor } from "../../pool/mod.ts";
import { getpid, Process } from "../../process/mod.ts";
import { Barrier } from "../../sync/mod.ts";
import { isGone, until } from "../chaos/support.ts";
import { childrenOf } from "../stress/process_run.ts";
import process from "node:process";
import * as tasks from "./process_pool_tasks.ts";

const isDeno = "deno" in process.versions;
const onLinux = process.platform === "linux" ? Deno.test : () => {};

Deno.test("Pool runs its tasks in processes of their own", async () => {
  await using pool = new Pool(2);
  const both = new Barrier(2, { scope: "process" });
  const pids = new Set(await pool.map(tasks.meet, [both, both], { chunksize: 1 }));
  assertEquals(pids.size, 2);
  assert(!pids.has(getpid()));
});

Deno.test("Pool survives kill -9 of any of its workers", async () => {
  await using pool = new Pool(2);
  for (let round = 0; round < 2; round++) {
    const waiting = pool.applyAsync(tasks.dieByKill, []);
    const rest = pool.map(tasks.pidLater, Array(8).fill(5), { chunksize: 1 });
    const error = await assertRejects(async () => await waiting, WorkerLostError);
    assertEquals([error.kind, error.signal, error.task], ["process", "SIGKILL", "dieByKill"]);
    assertNotEquals(error.pid, null);
    assertEquals((await rest).length, 8);
    // From outside, while it runs a task.
    const meeting = new Barrier(2, { scope: "process" });
    const pids = await pool.map(tasks.meet, [meeting, meeting], { chunksize: 1 });
    const both = pids.map(() => pool.applyAsync(tasks.pidLater, [60_000]));
    while (pool.statistics().running < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    for (const pid of pids) process.kill(pid, "SIGKILL");
    for (const one of both) await assertRejects(async () => await one, WorkerLostError);
  }
});

onLinux("Pool survives kill -9 of workers that are only starting", async () => {
  const others = childrenOf(process.pid);
  await using pool = new Pool(1);
  const result = pool.apply(tasks.add, [1, 2], { retries: 5 });
  const killed = new Set<number>();
  while (killed.size < 5) {
    for (const pid of childrenOf(process.pid)) {
      if (others.includes(pid) || killed.has(pid)) continue;
      process.kill(pid, "SIGKILL");
      killed.add(pid);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assertEquals(await result, 3);
});

Deno.test("Pool tasks may make pools of their own", async () => {
  await using pool = new Pool(1);
  assertEquals(await pool.apply(tasks.sumInPool, [4]), 30);
});

onLinux(
  "Pool may be made by a process, and leaves nothing behind when that is killed",
  async () => {
    const child = new Process({ target: tasks.poolForEver }).start();
    const { pid } = child;
    const below = (): number[] => childrenOf(pid as number);
    await until(() => below().length === 2, () => `two workers, and not ${below().length}`);
    const workers = below();
    child.kill();
    await assertRejects(() => child.join(), WorkerLostError);
    await until(() => workers.every(isGone), () => `the end of ${workers}`);
  },
);

Deno.test("Pool whose processes do not start is broken, and says why", async () => {
  const execArgv = ["--no-such-flag-for-a-test"];
  const pool = new Pool(1, { execArgv });
  const error = await assertRejects(
    async () => await pool.apply(tasks.add, [1, 2]),
    BrokenPoolError,
  );
  assertMatch(error.message, /it exited with code \d+ before it was ready/);
  assertThrows(() => pool.applyAsync(tasks.add, [1, 2]), BrokenPoolError);
  pool.close();
  await pool.join();
  const executor = new ProcessPoolExecutor({ maxWorkers: 1, execArgv });
  await assertRejects(async () => await executor.submit(tasks.add, 1, 2), BrokenPoolError);
  await executor.shutdown();
});

Deno.test("Pool tasks may print whatever they like", async () => {
  await using pool = new Pool(1);
  assertEquals(await pool.map(tasks.printGarbage, [1, 2]), [1, 2]);
});

Deno.test("Pool with a memory limit loses the worker that needs more, and no other", async () => {
  await using pool = new Pool(1, { memoryLimit: 64 });
  await assertRejects(async () => await pool.apply(tasks.eat, []), WorkerLostError);
  assertEquals(await pool.apply(tasks.add, [1, 2]), 3);
});

Deno.test("Pool moves buffers by copying them", async () => {
  await using pool = new Pool(1);
  const { buffer } = new Uint8Array([1, 2, 3]);
  const result = pool.applyAsync(tasks.sumOf, [new Uint8Array(buffer)], { transfer: [buffer] });
  assertEquals(buffer.byteLength, 0);
  assertEquals(await result, 6);
});

if (isDeno) {
  Deno.test("Pool with permissions runs its tasks in a sandbox", async () => {
    await using pool = new Pool(1, { permissions: { net: false, run: false, ffi: false } });
    const { net, ffi } = await pool.apply(tasks.permissions, []);
    assertEquals([net === "granted", ffi === "granted"], [false, false]);
    assertEquals(await pool.map(tasks.double, [1, 2, 3]), [2, 4, 6]);
  });
}

Deno.test("Pool checks how its processes are started", () => {
  for (const options of [{ permissions: { nett: true } }, { execArgv: 1 }, { memoryLimit: "1" }]) {
    assertThrows(() => new Pool(1, options as never));
    assertThrows(() => new ProcessPoolExecutor(options as never));
  }
});
