import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { UnshareableError } from "../../errors.ts";
import { AsyncResult, MapIterator, ThreadPool, ThreadPoolExecutor } from "../../pool/mod.ts";

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
    const negative = executor["options"]?.({ [name]: -1 }) as Loose;
    assertThrows(() => negative["map"]?.(square, []), RangeError, `'${name}'`);
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
