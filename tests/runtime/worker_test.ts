import { assert, assertEquals } from "@std/assert";
import { runtime } from "../../_runtime/runtime.ts";
import type { SpawnOptions, WorkerHandle } from "../../_runtime/runtime.ts";
import { fixtureUrl, type Job } from "./worker_fixture.ts";
import { until } from "../support.ts";

interface Started {
  words: Int32Array;
  worker: WorkerHandle;
  errors: unknown[];
  messages: unknown[];
  exit: Promise<number>;
}

function start(mode: string, options?: SpawnOptions, port?: MessagePort): Started {
  const words = new Int32Array(new SharedArrayBuffer(16));
  const errors: unknown[] = [];
  const messages: unknown[] = [];
  let worker: WorkerHandle | undefined;
  const exit = new Promise<number>((resolve) => {
    const job: Job = { fixture: "runtime", mode, words, ...(port ? { port } : {}) };
    worker = runtime().spawnWorker(fixtureUrl, job, {
      ...options,
      onError: (error) => errors.push(error),
      onMessage: (message) => messages.push(message),
      onExit: resolve,
    });
  });
  return { words, worker: worker as WorkerHandle, errors, messages, exit };
}

/** Blocks this thread until the worker says that it is ready. */
function untilReady(words: Int32Array): void {
  assert(Atomics.wait(words, 1, 0, 60_000) !== "timed-out", "the worker never got ready");
}

Deno.test("WorkerHandle.terminate() stops a worker that spins", async () => {
  const { words, worker, exit } = start("spin");
  untilReady(words);
  await worker.terminate();
  assertEquals(await exit, 1);
  let last = -1;
  await until(() => last === (last = Atomics.load(words, 0)));
  for (let i = 0; i < 10; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    assertEquals(Atomics.load(words, 0), last);
  }
});

Deno.test("WorkerHandle.terminate() stops a worker that is parked", async () => {
  const { words, worker, exit } = start("park");
  untilReady(words);
  await worker.terminate();
  assertEquals(await exit, 1);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assertEquals(Atomics.notify(words, 2), 0);
  assertEquals(Atomics.load(words, 3), 0);
});

for (
  const [mode, code] of [
    ["process.exit", 3],
    ["Deno.exit", 4],
    ["exitWorker", 5],
  ] as const
) {
  Deno.test(`Runtime.spawnWorker() reports the exit code of ${mode}`, async () => {
    const { errors, exit } = start(mode);
    assertEquals(await exit, code);
    assertEquals(errors, []);
  });
}

for (
  const [mode, message] of [
    ["throw", "boom"],
    ["throw in a timer", "late"],
    ["reject", "rejected"],
  ] as const
) {
  Deno.test(`Runtime.spawnWorker() reports the error and the end of a worker: ${mode}`, async () => {
    const { errors, exit } = start(mode);
    assertEquals(await exit, 1);
    assertEquals(errors.length, 1);
    assert(errors[0] instanceof RangeError);
    assertEquals(errors[0].message, message);
  });
}

Deno.test("Runtime.spawnWorker() reports a worker that runs out of memory", async () => {
  const { errors, exit } = start("out of memory", {
    resourceLimits: { maxOldGenerationSizeMb: 20 },
  });
  assertEquals(await exit, 1);
  assertEquals((errors[0] as { code?: string }).code, "ERR_WORKER_OUT_OF_MEMORY");
});

Deno.test("Runtime.spawnWorker() reports a boot module that does not load", async () => {
  const missing = new URL("./missing_module.ts", fixtureUrl).href;
  const errors: unknown[] = [];
  const code = await new Promise<number>((onExit) => {
    runtime().spawnWorker(missing, null, { onError: (error) => errors.push(error), onExit });
  });
  assertEquals(code, 1);
  assertEquals(errors.length, 1);
});

Deno.test("Runtime.onUncaught() sees an error and lets the worker live", async () => {
  const { errors, exit, messages } = start("uncaught");
  assertEquals(await exit, 6);
  assertEquals(errors, []);
  assertEquals(messages, ["late"]);
});

Deno.test("Runtime.postToParent() and onParentMessage() carry messages", async () => {
  const { worker, messages, exit } = start("echo");
  worker.post({ number: 7 });
  await until(() => messages.length === 1);
  assertEquals(messages, [{ echo: { number: 7 } }]);
  await worker.terminate();
  await exit;
});

Deno.test("Runtime.onParentMessage() gets the messages that came before, in order", async () => {
  const { worker, messages } = start("echo late");
  for (let i = 0; i < 5; i++) worker.post(i);
  await until(() => messages.length === 5);
  assertEquals(messages, [0, 1, 2, 3, 4]);
  worker.post(5);
  await until(() => messages.length === 6);
  assertEquals(messages[5], 5);
  await worker.terminate();
});

Deno.test("Runtime.receiveMessageSync() takes a message without waiting", async () => {
  const { port1, port2 } = runtime().createChannel();
  port1.postMessage("hello");
  const { worker, messages } = start("receive", { transfer: [port2] }, port2);
  await until(() => messages.length === 1);
  assertEquals(messages, [["hello", null]]);
  port1.close();
  await worker.terminate();
});

Deno.test("Runtime.parallelism(), pid() and ppid() are positive numbers", () => {
  assert(runtime().parallelism() >= 1);
  assert(runtime().pid() > 1);
  assert(runtime().ppid() >= 1);
  assert(!runtime().isWorkerThread);
  assertEquals(runtime().threadId, 0);
  assertEquals(runtime().workerData(), null);
});

Deno.test("Runtime.nextTurn() lets what is due run first", async () => {
  const order: string[] = [];
  queueMicrotask(() => order.push("microtask"));
  setTimeout(() => order.push("timer"), 0);
  const end = performance.now() + 2;
  while (performance.now() < end);
  await new Promise<void>((resolve) => runtime().nextTurn(() => runtime().nextTurn(resolve)));
  assertEquals(order, ["microtask", "timer"]);
});

Deno.test("Runtime.activeResources() counts a pending timer, but not one that is unref'd", () => {
  const before = runtime().activeResources();
  const timer = setTimeout(() => {}, 60_000);
  assertEquals(runtime().activeResources(), before + 1);
  runtime().unrefTimer(timer);
  assertEquals(runtime().activeResources(), before);
  runtime().refTimer(timer);
  assertEquals(runtime().activeResources(), before + 1);
  clearTimeout(timer);
});
