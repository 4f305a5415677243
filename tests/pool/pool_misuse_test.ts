import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CancelledError, UnshareableError } from "../../errors.ts";
import { AsyncResult, MapIterator, ThreadPool, ThreadPoolExecutor } from "../../pool/mod.ts";
import { Lock } from "../../sync/mod.ts";
import { Thread, ThreadLocal } from "../../thread/mod.ts";

const square = (x: number): number => x * x;
/** Calls that a type checker would refuse. */
type Loose = Record<string, (...args: unknown[]) => unknown>;

Deno.test("pools and executors refuse numbers out of range and options of a wrong type", () => {
  for (const processes of [0, -1, 1.5, NaN, Infinity]) {
    assertThrows(() => new ThreadPool(processes), RangeError, "'processes' must be an integer");
    assertThrows(
      () => new ThreadPoolExecutor({ maxWorkers: processes }),
      RangeError,
      "'maxWorkers'",
    );
    assertThrows(() => new ThreadPool(1, { maxtasksperchild: processes }), RangeError);
    assertThrows(() => new ThreadPool(1, { concurrency: processes }), RangeError);
  }
  const options: [options: unknown, name: string][] = [
    [{ initializer: 5 }, "'initializer' must be a function"],
    [{ initargs: 5 }, "'initargs' must be an array"],
    [{ maxtasksperchild: "12" }, "'maxtasksperchild' must be a number"],
    [{ grace: "1" }, "'grace' must be a number"],
    [{ memoryLimit: "1" }, "'memoryLimit' must be a number"],
    [{ context: {} }, "'context' must be an array"],
    [{ name: 7 }, "'name' must be a string"],
    [square, "options must be an object"],
  ];
  for (const [option, message] of options) {
    assertThrows(() => new ThreadPool(1, option as never), TypeError, message);
  }
  assertThrows(() => new ThreadPool("4" as never), TypeError, "'processes' must be a number");
  assertThrows(() => new ThreadPool(1, { grace: -1 }), RangeError, "'grace'");
  assertThrows(() => new ThreadPool(1, { stackSize: 0 }), RangeError, "'stackSize'");
  assertThrows(() => new ThreadPoolExecutor(4 as never), TypeError, "options must be an object");
  assertThrows(
    () => new ThreadPoolExecutor({ threadNamePrefix: 7 as never }),
    TypeError,
    "'threadNamePrefix'",
  );
  const local = 5;
  assertThrows(() => new ThreadPool(1, { initializer: () => local }), UnshareableError, "'local'");
});

Deno.test("methods of a pool say what is wrong with their arguments", async () => {
  await ThreadPool.with(1, async (typed) => {
    const pool = typed as unknown as Loose;
    for (const method of ["map", "starmap"]) {
      await assertRejects(
        async () => await pool[method]?.(square),
        TypeError,
        `Cannot ${method}: 'iterable' must be an iterable or an async iterable: received undefined`,
      );
      await assertRejects(
        async () => await pool[method]?.(square, 5),
        TypeError,
        "received number",
      );
      await assertRejects(
        async () => await pool[method]?.("x", []),
        TypeError,
        "'fn' must be a function",
      );
      await assertRejects(async () => await pool[method]?.(square, [], 5), TypeError, "options");
    }
    const calls = ["mapAsync", "starmapAsync", "mapSync", "starmapSync", "imap", "imapUnordered"];
    for (const method of calls) {
      assertThrows(() => pool[method]?.(square), TypeError, "'iterable'");
      assertThrows(() => pool[method]?.(square, null), TypeError, "received null");
      assertThrows(() => pool[method]?.(undefined, []), TypeError, "'fn' must be a function");
      assertThrows(() => pool[method]?.(square, [], { chunksize: 0 }), RangeError, "'chunksize'");
      assertThrows(() => pool[method]?.(square, [], { chunksize: "2" }), TypeError, "'chunksize'");
      assertThrows(() => pool[method]?.(square, [], { timeout: -1 }), RangeError, "'timeout'");
      assertThrows(() => pool[method]?.(square, [], { timeout: "5" }), TypeError, "'timeout'");
      assertThrows(() => pool[method]?.(square, [], { signal: 5 }), TypeError, "'signal'");
      assertThrows(() => pool[method]?.(square, [], { onProgress: 5 }), TypeError, "'onProgress'");
      assertThrows(() => pool[method]?.(square, [], { progress: 5 }), TypeError, "'progress'");
    }
    assertThrows(() => pool["imap"]?.(square, [], { buffersize: 0 }), RangeError, "'buffersize'");
    await assertRejects(
      async () => await pool["apply"]?.(square, 5),
      TypeError,
      "'args' must be an array",
    );
    await assertRejects(async () => await pool["apply"]?.(5), TypeError, "'fn' must be a function");
    await assertRejects(async () => await pool["apply"]?.(square, [1], 5), TypeError, "options");
    assertThrows(() => pool["applyAsync"]?.(square, 5), TypeError, "'args'");
    assertThrows(() => pool["applySync"]?.(square, 5), TypeError, "'args'");
    assertThrows(() => pool["applyAsync"]?.(square, [1], { callback: 5 }), TypeError, "'callback'");
    assertThrows(
      () => pool["mapAsync"]?.(square, [1], { errorCallback: 5 }),
      TypeError,
      "'errorCallback'",
    );
    async function* later(): AsyncGenerator<number> {
      yield await Promise.resolve(1);
    }
    assertThrows(() => pool["mapSync"]?.(square, later()), TypeError, "async iterable");
    assertThrows(() => pool["mapSync"]?.(square, [1], { progress: true }), TypeError, "'progress'");
    assertEquals(await typed.map(square, [2]), [4]);
  });
});

Deno.test("ThreadPoolExecutor says what is wrong with its arguments", async () => {
  await using typed = new ThreadPoolExecutor({ maxWorkers: 1 });
  const executor = typed as unknown as Loose;
  assertThrows(
    () => executor["submit"]?.(5),
    TypeError,
    "'fn' must be a function: received number",
  );
  assertThrows(() => executor["map"]?.(square), TypeError, "there must be an iterable");
  assertThrows(() => executor["map"]?.(square, 5), TypeError, "'iterables[0]'");
  assertThrows(() => executor["map"]?.(square, [], 5), TypeError, "'iterables[1]'");
  assertThrows(() => executor["map"]?.(5, []), TypeError, "'fn'");
  assertThrows(() => executor["options"]?.(5), TypeError, "options");
  for (const name of ["chunksize", "buffersize"]) {
    assertThrows(() => executor["options"]?.({ [name]: 0 }), RangeError, `'${name}'`);
  }
});

Deno.test("a free variable is refused with advice, wherever a function is given", async () => {
  await ThreadPool.with(1, async (pool) => {
    const factor = 2;
    const scale = (x: number): number => x * factor;
    await assertRejects(() => pool.apply(scale, [1]), UnshareableError, "'factor'");
    await assertRejects(() => pool.map(scale, [1]), UnshareableError, "task(import.meta");
    assertThrows(() => pool.applyAsync(scale, [1]), UnshareableError, "'factor'");
    assertThrows(() => pool.mapAsync(scale, [1]), UnshareableError, "'factor'");
    assertThrows(() => pool.mapSync(scale, []), UnshareableError, "'factor'");
    assertThrows(() => pool.imap(scale, [1]), UnshareableError, "'factor'");
  });
});

Deno.test("results and iterators neither travel nor can be made", async () => {
  await ThreadPool.with(1, async (pool) => {
    const result = pool.applyAsync(square, [1]);
    const results = pool.imap(square, [1]);
    await assertRejects(
      () => pool.apply((x: unknown) => x, [result]),
      UnshareableError,
      "await it first",
    );
    await assertRejects(
      () => pool.apply((x: unknown) => x, [results]),
      UnshareableError,
      "put the results into a Queue",
    );
    assert(result instanceof AsyncResult && results instanceof MapIterator);
    await results.return();
  });
  assertThrows(() => new AsyncResult(), TypeError, "pool.applyAsync()");
  assertThrows(() => new MapIterator(), TypeError, "pool.imap()");
});

Deno.test("an error of a blocking call names the call, and refuses a signal", async () => {
  const { signal } = new AbortController();
  await ThreadPool.with(1, (pool) => {
    const iterator = pool.imap(square, [1]);
    const result = pool.applyAsync(square, [1]);
    const calls: [string, (options: object) => unknown][] = [
      ["apply", (options) => pool.applySync(square, [1], options)],
      ["map", (options) => pool.mapSync(square, [1], options)],
      ["imap", (options) => iterator.nextSync(options)],
      ["get result", (options) => result.getSync(options)],
      ["wait for result", (options) => result.waitSync(options)],
    ];
    for (const [verb, call] of calls) {
      assertThrows(() => call({ timeout: -1 }), RangeError, `Cannot ${verb}: 'timeout'`);
      assertThrows(() => call({ timeout: "1" }), TypeError, `Cannot ${verb}: 'timeout'`);
      assertThrows(() => call({ signal }), TypeError, `Cannot ${verb}: no 'signal' reaches`);
    }
  });
});

Deno.test("what is transferred has to be buffers, each once", async () => {
  await ThreadPool.with(1, async (pool) => {
    const buffer = new ArrayBuffer(8);
    const wrong: [unknown[], string][] = [
      [[3], "received number at transfer[0]"],
      [[buffer, new Uint8Array(8)], "received a view, give its 'buffer' at transfer[1]"],
      [[buffer, buffer], "transfer[1] stands twice"],
    ];
    for (const [transfer, message] of wrong) {
      const options = { transfer: transfer as ArrayBuffer[] };
      await assertRejects(() => pool.apply(square, [1], options), TypeError, message);
    }
  });
  await using executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  const moving = executor.options({ transfer: [new ArrayBuffer(8)] });
  assertThrows(() => moving.map(square, [1]), TypeError, "'transfer' is for submit()");
});

Deno.test("numbers that are too large are refused in words", () => {
  assertThrows(() => new ThreadPool(1e9), RangeError, "from 1 to 4000: received 1000000000");
  assertThrows(() => new ThreadPoolExecutor({ maxWorkers: 4001 }), RangeError, "from 1 to 4000");
  assertThrows(
    () => new ThreadPool(1, { concurrency: 1e15 }),
    RangeError,
    "Cannot create pool: there is no memory for 1 workers of 1000000000000000 tasks at once",
  );
});

Deno.test("retries that are refused are told from which number on they are not", async () => {
  await ThreadPool.with(1, async (pool) => {
    const options = { retries: -1 };
    const message = "Cannot apply: 'retries' must be an integer of at least 0: received -1";
    await assertRejects(() => pool.apply(square, [1], options), RangeError, message);
  });
});

Deno.test("a pool, an executor and an iterator say where in the arguments they stand", async () => {
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  await ThreadPool.with(1, (pool) => {
    const refused: [unknown, string][] = [
      [
        pool,
        "Cannot send thread.args[0].deep (thread pool): it belongs to the thread that made it",
      ],
      [
        executor,
        "Cannot send thread.args[0].deep (executor): it belongs to the thread that made it",
      ],
      [pool.imap(square, []), "Cannot send thread.args[0].deep (iterator of results): it belongs"],
      [
        new ThreadLocal(),
        "Cannot send thread.args[0].deep (ThreadLocal): every thread has its own",
      ],
      [
        new Lock({ scope: "local" }),
        'Cannot send thread.args[0].deep (Lock): its scope is "local"',
      ],
    ];
    for (const [deep, message] of refused) {
      const start = (): unknown =>
        new Thread({ target: (_: unknown) => {}, args: [{ deep }] }).start();
      const error = assertThrows(start, UnshareableError, message);
      assertEquals(error.path, "thread.args[0].deep");
    }
  });
  await executor.shutdown();
});

Deno.test("what is cancelled says so as every other error does", async () => {
  const pool = new ThreadPool(1);
  const result = pool.applyAsync(square, [1]);
  pool.terminate();
  await assertRejects(
    () => result.get(),
    CancelledError,
    "Cannot finish task: the thread pool was terminated",
  );
  await pool.join();
});

Deno.test("pools and executors say how they are", async () => {
  const pool = new ThreadPool(3);
  const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
  assertEquals([String(pool), String(executor)], [
    "<ThreadPool workers=3 open>",
    "<ThreadPoolExecutor workers=1 open>",
  ]);
  pool.close();
  executor.shutdownSync();
  assertEquals([String(pool), String(executor)], [
    "<ThreadPool workers=3 closed>",
    "<ThreadPoolExecutor workers=1 closed>",
  ]);
  await pool.terminate();
  assertEquals(String(pool), "<ThreadPool workers=3 terminated>");
});
