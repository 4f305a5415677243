import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CancelledError, Thread, ThreadPool, WorkerLostError } from "../../mod.ts";
import { run as endless } from "./loading/endless.ts";
import { isMarked, leave, marked, unmark } from "./loading/marks.ts";
import { run as runInPool } from "./loading/slow_for_pool.ts";
import { run as runInThread } from "./loading/slow_for_thread.ts";

Deno.test("Thread.kill() lets a worker load its modules to the end, and run nothing", async () => {
  const thread = new Thread({ target: runInThread, daemon: true }).start();
  await marked("thread begun");
  thread.kill();
  leave("thread killed");
  const error = await assertRejects(() => thread.join(), WorkerLostError);
  assertStringIncludes(error.message, "it was killed");
  assertEquals([isMarked("thread loaded"), isMarked("thread run")], [true, false]);
  unmark("thread begun", "thread killed", "thread loaded");
});

Deno.test("Thread.kill() ends a worker that never ends to load its modules", async () => {
  const thread = new Thread({ target: endless, daemon: true }).start();
  await marked("endless begun");
  thread.kill();
  await assertRejects(() => thread.join(), WorkerLostError);
  unmark("endless begun");
});

Deno.test("ThreadPool.terminate() lets a worker load its modules to the end, and run nothing", async () => {
  const pool = new ThreadPool(1);
  const result = pool.applyAsync(runInPool);
  await marked("pool begun");
  pool.terminate();
  leave("pool killed");
  await assertRejects(() => result.get(), CancelledError);
  await pool.join();
  assert(isMarked("pool loaded") && !isMarked("pool run"));
  unmark("pool begun", "pool killed", "pool loaded");
});
