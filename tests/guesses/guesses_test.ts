/**
 * What newcomers guess wrong and the compiler does not find, or is not asked: the message has to tell the right way.
 * `docs/design_notes.md` lists the guesses; `tests/types/guesses.ts` has those that the compiler finds.
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import * as nogil from "../../mod.ts";

// deno-lint-ignore no-explicit-any -- the guesses do not fit the types
const std = nogil as any;

const square = (x: number): number => x * x;
const factor = 3;

class Point {
  x = 1;
}

/** Each guess, and what the message has to say. */
const GUESSES: Record<string, [guess: () => unknown, ...words: string[]]> = {
  "lock.acquire(5)": [() => new std.Lock().acquire(5), "as { timeout: 5000 }"],
  "lock.acquireSync(false)": [() => new std.Lock().acquireSync(false), "options must be an object"],
  "queue.get(false)": [() => new std.Queue().get(false), "use tryGet() or getNowait()"],
  "queue.put(1, false)": [() => new std.Queue().put(1, false), "use tryPut() or putNowait()"],
  "queue.get({ timeout: -1 })": [() => new std.Queue().get({ timeout: -1 }), "milliseconds >= 0"],
  "event.wait({ timeout: '5' })": [() => new std.Event().wait({ timeout: "5" }), "milliseconds"],
  "new Queue({ maxsize: 10 })": [() => new std.Queue({ maxsize: 10 }), "new Queue(0, options)"],
  "Semaphore(-1)": [() => new std.Semaphore(-1), "must be an integer from 0"],
  "queue.getSync() of a queue that nobody knows": [
    () => new std.Queue().getSync(),
    "would never end",
  ],
  "local lock, blocked on": [
    () => {
      const queue = new std.Queue(0, { scope: "local" });
      return queue.getSync();
    },
    "await the promise instead",
  ],

  "new Thread(fn)": [() => new std.Thread(square), "as { target: fn, args: [1] }"],
  "new Thread('./worker.js')": [
    () => new std.Thread("./worker.js"),
    "as { target: fn, args: [1] }",
  ],
  "new Thread({ target: fn(1) })": [
    () => new std.Thread({ target: square(1) }),
    "the function itself, not its result",
  ],
  "new Thread({ target: print() })": [
    () => new std.Thread({ target: undefined }),
    "the function itself, not its result",
  ],
  "new Thread({ args: 'a' })": [
    () => new std.Thread({ target: square, args: "a" }),
    "must be an array of arguments",
  ],
  "join() without start()": [
    () => new std.Thread({ target: square, args: [1] }).join(),
    "call start() first",
  ],
  "new Process(fn)": [() => new std.Process(square), "as { target: fn, args: [1] }"],
  "new Process({ target: fn(1) })": [
    () => new std.Process({ target: square(1) }),
    "the function itself, not its result",
  ],
  "process.join() without start()": [
    () => new std.Process({ target: square, args: [1] }).join(),
    "call start() first",
  ],
  "a lock of scope thread for a process": [
    () => new std.Process({ target: square, args: [new std.Lock()] }).start(),
    '{ scope: "process" }',
  ],
  "spawn(fn())": [() => std.spawn(square(1)), "must be a function"],
  "run(main())": [() => std.run(Promise.resolve(1)), "as run(main)"],
  "sleep('1')": [() => std.sleep("1"), "number"],
  "gather(fn())": [() => std.gather(square(1)), "expected a function, a greenlet"],
  "a greenlet as argument of a thread": [
    () => new std.Thread({ target: square, args: [std.getCurrent()] }).start(),
    "reenlet",
  ],
  "a second start()": [
    () => {
      const thread = new std.Thread({ target: square, args: [1] }).start();
      thread.start();
    },
    "it was started already",
  ],
  "daemon after the start": [
    () => {
      const thread = new std.Thread({ target: square, args: [1] }).start();
      thread.daemon = true;
    },
    "it was started",
  ],
  "a function with captures": [
    () => new std.Thread({ target: (x: number) => x * factor, args: [1] }).start(),
    "'factor'",
    "task(import.meta, …)",
  ],
  "a bound method": [
    () => new std.Thread({ target: square.bind(null), args: [1] }).start(),
    "wrap it",
  ],
  "an instance of a class": [
    () => new std.Thread({ target: square, args: [new Point()] }).start(),
    "Point",
    "shareable",
  ],
  "a promise as argument": [
    () => new std.Thread({ target: square, args: [Promise.resolve(1)] }).start(),
    "romise",
  ],
  "a pool as argument": [
    () => {
      const executor = new std.ThreadPoolExecutor();
      new std.Thread({ target: square, args: [executor] }).start();
    },
    "belongs to the thread that made it",
  ],

  "lock.acquire(true, 5)": [() => new std.Lock().acquire(true, 5), "as { timeout: 5000 }"],
  "lock.with()": [() => new std.Lock().with(), "'fn' must be a function"],
  "lock.with({ timeout: 5 }, fn)": [() => new std.Lock().with({ timeout: 5 }, () => 1), "'fn'"],
  "new Lock('process')": [() => new std.Lock("process"), 'as { scope: "process" }'],
  "new Semaphore({ value: 3 })": [
    () => new std.Semaphore({ value: 3 }),
    "create semaphore: 'value' must be a number",
  ],
  "new Condition({ scope: 'process' })": [
    () => new std.Condition({ scope: "process" }),
    "new Condition(undefined, options)",
  ],
  "new Barrier(2, action)": [() => new std.Barrier(2, () => 1), "options must be an object"],
  "condition.waitFor(async () => …)": [
    async () => {
      const condition = new std.Condition(new std.Lock({ scope: "local" }));
      await condition.acquire();
      await condition.waitFor(() => Promise.resolve(false));
    },
    "'predicate' must answer at once",
  ],
  "condition.waitFor(ready)": [
    async () => {
      const condition = new std.Condition(new std.Lock({ scope: "local" }));
      await condition.acquire();
      await condition.waitFor(true);
    },
    "'predicate' must be a function",
  ],
  "new Listener(8080)": [() => new std.Listener(8080), 'as { address: ["127.0.0.1", 8080] }'],
  "Client({ hostname, port })": [
    () => std.Client({ hostname: "127.0.0.1", port: 8080 }),
    '["host", port]',
  ],
  "a Request in a queue": [
    () => new std.Queue().put(new Request("http://127.0.0.1/")),
    "a Request does not travel, send what it holds",
  ],
  "a GreenletLocal as argument": [
    () => new std.Thread({ target: square, args: [new std.GreenletLocal()] }).start(),
    "every greenlet has its own",
  ],
  "joinAll([promise])": [
    () => std.joinAll([Promise.resolve(1)]),
    "expected greenlets, as spawn() gives them",
  ],
  "spawnLater(fn, 1000)": [() => std.spawnLater(square, 1000), "'fn' must be a function"],
  "createTask(fn())": [
    () => std.createTask(Promise.resolve(1)),
    "pass the function and its arguments",
  ],
  "startNew of a Timeout outside of greenlets": [
    () => std.Timeout.startNew(5),
    "use Timeout.run()",
  ],
  "run() inside of run()": [
    () => std.run(() => std.run(() => Promise.resolve(1))),
    "await the function",
  ],
  "wait(future)": [() => std.wait(new std.Future()), "as [future, thread]"],
  "future.result(5)": [() => new std.Future().result(5), "as { timeout: 5000 }"],
  "a method in a pool": [
    () =>
      withPool((pool) =>
        pool.map(
          {
            double(x: number): number {
              return 2 * x;
            },
          }.double,
          [1],
        )
      ),
    "wrap it into a function",
  ],
  "Math.sqrt in a pool": [() => withPool((pool) => pool.map(Math.sqrt, [4])), "wrap it"],

  "isMain()": [() => std.isMain(), "isMain(import.meta)"],
  "isMain(import.meta.url)": [() => std.isMain(import.meta.url), "isMain(import.meta)"],
  "shareable(Class)": [() => std.shareable(Point), "shareable(import.meta, Class)"],
  "task(fn)": [() => std.task(square), "task(import.meta, fn)"],
  "task(import.meta.url, fn)": [() => std.task(import.meta.url, square), "must be 'import.meta'"],
  "task in a function": [() => std.task(import.meta, square), "top level"],
  "shareable(instance)": [() => std.shareable(import.meta, new Point()), "must be a class"],

  "new ThreadPool({ maxThreads: 4 })": [
    () => new std.ThreadPool({ maxThreads: 4 }),
    "new ThreadPool(4, options)",
  ],
  "new Pool({ maxtasksperchild: 1 })": [
    () => new std.Pool({ maxtasksperchild: 1 }),
    "new Pool(4, options)",
  ],
  "new ProcessPoolExecutor(4)": [() => new std.ProcessPoolExecutor(4), "as { maxWorkers: 4 }"],
  "new ThreadPool(0)": [() => new std.ThreadPool(0), "'processes' must be an integer"],
  "new ThreadPoolExecutor(4)": [() => new std.ThreadPoolExecutor(4), "as { maxWorkers: 4 }"],
  "executor.submit(fn(1))": [
    () => new std.ThreadPoolExecutor().submit(square(1)),
    "the function itself, not its result",
  ],
  "executor.map(fn)": [
    () => new std.ThreadPoolExecutor().map(square),
    "there must be an iterable for each parameter",
  ],
  "pool.apply(fn, 7)": [() => withPool((pool) => pool.apply(square, 7)), "array of arguments"],
  "pool.map([1], fn)": [() => withPool((pool) => pool.map([1], square)), "'fn' must be a function"],
  "pool.map(fn, 1)": [() => withPool((pool) => pool.map(square, 1)), "iterable"],
  "pool.join() of an open pool": [() => withPool((pool) => pool.join()), "close"],
  "submit after shutdown": [
    async () => {
      const executor = new std.ThreadPoolExecutor();
      await executor.shutdown();
      executor.submit(square, 1);
    },
    "the executor is closed",
  ],

  "new Value(0)": [() => new std.Value(0), "type code"],
  "new Value('int')": [() => new std.Value("int", 0), "type code"],
  "new Value('q', 5)": [() => new std.Value("q", 5), "bigint"],
  "new Value('i', 1.5)": [() => new std.Value("i", 1.5), "integer"],
  "release of a free lock": [() => new std.Lock().release(), "it is not held"],
  "release of another's RLock": [() => new std.RLock().release(), "it is not held"],
  "condition.wait() without its lock": [() => new std.Condition().wait(), "not held"],
  "taskDone() too often": [() => new std.Queue().taskDone(), "done"],
};

// deno-lint-ignore no-explicit-any -- as above
function withPool(fn: (pool: any) => unknown): Promise<unknown> {
  return std.ThreadPool.with(1, async (pool: unknown) => await fn(pool));
}

for (const [guess, [make, ...words]] of Object.entries(GUESSES)) {
  Deno.test(`the guess '${guess}' meets a message that helps`, async () => {
    let message = "";
    try {
      await make();
    } catch (error) {
      message = (error as Error).message;
    }
    for (const word of words) assertStringIncludes(message, word);
    assertStringIncludes(message, "Cannot ");
  });
}

/** Programs that lack the guard `isMain(import.meta)`, and how often their module may be imported. */
const UNGUARDED: Record<string, [program: URL, imports: number]> = {
  "a thread": [new URL("./no_guard_thread.ts", import.meta.url), 2],
  "a process": [new URL("./no_guard_process.ts", import.meta.url), 2],
  "a pool": [new URL("./no_guard_pool.ts", import.meta.url), 20],
  "an executor": [new URL("./no_guard_executor.ts", import.meta.url), 20],
  "a pool of processes": [new URL("./no_guard_process_pool.ts", import.meta.url), 20],
};

const IS_DENO = "deno" in process.versions;

function runProgram(program: URL, ...flags: string[]): SpawnSyncReturns<string> {
  return spawnSync(
    process.execPath,
    [...IS_DENO ? ["run", "--quiet", "--no-prompt", ...flags] : [], fileURLToPath(program)],
    { encoding: "utf8", env: { ...process.env, NO_COLOR: "1" }, timeout: 120_000 },
  );
}

for (const [what, [program, most]] of Object.entries(UNGUARDED)) {
  Deno.test(`a program that starts ${what} without a guard is stopped at the first level`, () => {
    const { stdout, stderr, status } = runProgram(program, "-A");
    assertEquals(status, 1, stderr);
    const imports = stdout.trimEnd().split("\n");
    assertEquals(imports.filter((line) => line !== "the module is imported"), []);
    assertEquals(imports.length <= most, true, stdout);
    assertStringIncludes(stderr, "if (isMain(import.meta)) { … }");
  });
}

Deno.test("a program that waits for a greenlet that nobody has started is told so", () => {
  const program = new URL("./no_start_greenlet.ts", import.meta.url);
  const { stdout, stderr, status } = runProgram(program);
  assertEquals([stdout, status], ["", 1], stderr);
  assertStringIncludes(stderr, "LoopExit: Cannot go on");
  assertStringIncludes(stderr, "waits for start(), which nobody has called");
});

Deno.test("a program that may not start processes is told what to grant", () => {
  if (!IS_DENO) return;
  const program = new URL("./no_guard_process.ts", import.meta.url);
  const { stderr, status } = runProgram(program, "--allow-read", "--allow-net");
  assertEquals(status, 1);
  assertStringIncludes(stderr, "NotSupportedError: Cannot start process");
  assertStringIncludes(stderr, "grant --allow-write --allow-run");
});
