/**
 * What newcomers from Python and from Node guess wrong, and the compiler finds: `deno check` fails if one of these lines is
 * accepted. None of it is ever run. `docs/design_notes.md` lists the guesses.
 *
 * @module
 */

import {
  asCompleted,
  Client,
  Condition,
  createTask,
  type Event,
  Future,
  gather,
  type Greenlet,
  joinAll,
  Lock,
  monkey,
  Pipe,
  type Pool,
  Process,
  Queue,
  run,
  Semaphore,
  SharedArray,
  SharedMemory,
  sleep,
  sleepSync,
  spawn,
  spawnLater,
  task,
  Thread,
  ThreadPool,
  ThreadPoolExecutor,
  Timer,
  Value,
} from "../../mod.ts";

function square(x: number): number {
  return x * x;
}

/** Python's names, with underscores. */
export function snakeCase(thread: Thread, queue: Queue<number>, event: Event): void {
  // @ts-expect-error -- isAlive
  thread.is_alive();
  // @ts-expect-error -- getNowait
  queue.get_nowait();
  // @ts-expect-error -- taskDone
  queue.task_done();
  // @ts-expect-error -- isSet
  event.is_set();
  // @ts-expect-error -- maxWorkers
  new ThreadPoolExecutor({ max_workers: 4 });
}

/** Python's arguments, by position. */
export async function positions(lock: Lock, queue: Queue<number>, event: Event): Promise<void> {
  // @ts-expect-error -- acquireSync({ timeout: 5000 })
  lock.acquireSync(5);
  // @ts-expect-error -- tryAcquire()
  await lock.acquire(false);
  // @ts-expect-error -- tryGet()
  await queue.get(false);
  // @ts-expect-error -- tryPut(1)
  queue.putSync(1, { block: false });
  // @ts-expect-error -- wait({ timeout: 5000 })
  await event.wait(5);
  // @ts-expect-error -- new Queue(10)
  new Queue({ maxsize: 10 });
  // @ts-expect-error -- new Thread({ target: square, args: [1] })
  new Thread(null, square, "name", [1]);
  // @ts-expect-error -- args: [1]
  new Thread({ target: square, args: 1 });
  // @ts-expect-error -- args: ["a"]
  new Thread({ target: (name: string) => name, args: "a" });
  // @ts-expect-error -- the function itself, not its result
  new Thread({ target: square(1) });
  // @ts-expect-error -- as the last argument of the target, in args
  new Thread({ target: square, kwargs: { x: 1 } });
  // @ts-expect-error -- new ThreadPoolExecutor({ maxWorkers: 4 })
  new ThreadPoolExecutor(4);
  // @ts-expect-error -- new Value("i", 0)
  new Value(0);
  // @ts-expect-error -- "i"
  new Value("int", 0);
  // @ts-expect-error -- 5n
  new Value("q", 5);
  // @ts-expect-error -- SharedArray
  SharedArray("i", 10).get_obj();
  // @ts-expect-error -- a number of milliseconds
  sleepSync("1");
  // @ts-expect-error -- new
  Lock();
  // @ts-expect-error -- new Timer(1000, fn)
  new Timer(() => {}, 1000);
  // @ts-expect-error -- tryAcquire()
  await lock.acquire({ blocking: false });
  // @ts-expect-error -- tryGet()
  await queue.get({ block: false });
  // @ts-expect-error -- get({ timeout: 5000 })
  await queue.get(true, 5);
  // @ts-expect-error -- { scope: "process" }
  new Lock("process");
  // @ts-expect-error -- new Condition(undefined, { scope: "process" })
  new Condition({ scope: "process" });
  // @ts-expect-error -- Value.add()
  console.log(new Value("i", 0) + 1);
  // @ts-expect-error -- Pipe(false)
  Pipe({ duplex: false });
  // @ts-expect-error -- Client(["localhost", 8080])
  await Client("localhost", 8080);
  // @ts-expect-error -- { create: true, size: 10 }
  new SharedMemory("name", true, 10);
}

/** A promise that was not awaited. */
export async function awaiting(
  lock: Lock,
  queue: Queue<number>,
  event: Event,
  pool: ThreadPool,
  thread: Thread<[], number>,
  future: Future<number>,
): Promise<void> {
  // @ts-expect-error -- await lock.acquire()
  lock.acquire().release();
  {
    // @ts-expect-error -- using _ = await lock.acquire()
    using _ = lock.acquire();
  }
  {
    // @ts-expect-error -- using _ = lock.acquireSync()
    using _ = lock;
  }
  {
    // @ts-expect-error -- await using
    using _pool = new ThreadPool(2);
  }
  // @ts-expect-error -- await queue.get()
  console.log(queue.get() + 1);
  // @ts-expect-error -- await thread.join()
  console.log(thread.join() + 1);
  // @ts-expect-error -- await future.result()
  console.log(future.result() + 1);
  // @ts-expect-error -- await pool.map(…)
  console.log(pool.map(square, [1, 2]).length);
  // @ts-expect-error -- for await
  for (const x of pool.imap(square, [1, 2])) console.log(x);
  // @ts-expect-error -- if (event.isSet())
  if (event.isSet) console.log("set");
  await Promise.resolve();
}

/** What functions take, and where. */
export async function functions(
  pool: ThreadPool,
  executor: ThreadPoolExecutor,
): Promise<void> {
  // @ts-expect-error -- pool.apply(square, [7])
  await pool.apply(square, 7);
  // @ts-expect-error -- pool.map(square, [1, 2])
  await pool.map(square, 1, 2);
  // @ts-expect-error -- the function first
  await pool.map([1, 2], square);
  // @ts-expect-error -- the argument fits the function
  await pool.map(square, ["a"]);
  // @ts-expect-error -- pool.apply(square, [7])
  executor.submit(square(7));
  // @ts-expect-error -- executor.submit(square, 7)
  executor.submit(square, [7]);
  // @ts-expect-error -- task(import.meta, square)
  task(square);
  // @ts-expect-error -- task(import.meta, square)
  task(import.meta.url, square);
}

/** What Node's workers and the pools on npm have. */
export async function fromNode(pool: ThreadPool, thread: Thread): Promise<void> {
  // @ts-expect-error -- a thread runs a function
  new Thread("./worker.js", { workerData: 1 });
  // @ts-expect-error -- args
  new Thread({ target: square, workerData: 1 });
  // @ts-expect-error -- a Queue
  thread.postMessage("hello");
  // @ts-expect-error -- await thread.join()
  thread.on("exit", () => {});
  // @ts-expect-error -- thread.kill()
  await thread.terminate();
  // @ts-expect-error -- new ThreadPool(4)
  new ThreadPool({ maxThreads: 4 });
  // @ts-expect-error -- pool.apply(square, [7])
  await pool.run(7);
  // @ts-expect-error -- pool.apply(square, [7])
  await pool.exec("square", [7]);
  // @ts-expect-error -- close() and join(), or terminate()
  await pool.destroy();
  // @ts-expect-error -- new Semaphore(2)
  new Semaphore({ max: 2 });
  // @ts-expect-error -- lock.with(fn)
  await new Lock().runExclusive(() => {});
  // @ts-expect-error -- pool.apply(square, [7])
  await pool.run(square, { name: "square" });
  // @ts-expect-error -- { chunksize: 2 }
  await pool.map(square, [1], { chunkSize: 2 });
  // @ts-expect-error -- { callback }
  pool.applyAsync(square, [1], () => {});
  // @ts-expect-error -- for await
  for (const future of asCompleted([pool.applyAsync(square, [1])])) console.log(future);
  // @ts-expect-error -- setResult() and setException()
  new Future<number>((resolve: (value: number) => void) => resolve(1));
}

/** Processes and their pools. */
export function processes(process: Process<[], number>, pool: Pool): void {
  // @ts-expect-error -- args, with one object
  new Process({ target: square, kwargs: { x: 1 } });
  // @ts-expect-error -- isAlive
  process.is_alive();
  // @ts-expect-error -- exitcode
  console.log(process.exitCode);
  // @ts-expect-error -- await process.join()
  console.log(process.join() + 1);
  // @ts-expect-error -- applyAsync
  pool.apply_async(square, [1]);
  // @ts-expect-error -- imapUnordered
  pool.imap_unordered(square, [1]);
}

/** Greenlets and tasks. */
export async function greenlets(greenlet: Greenlet<number>): Promise<void> {
  // @ts-expect-error -- spawn(square, 1)
  spawn(square(1));
  // @ts-expect-error -- the argument fits the function
  spawn(square, "1");
  // @ts-expect-error -- run(main)
  await run(Promise.resolve(1));
  // @ts-expect-error -- a number of milliseconds
  await sleep("1");
  // @ts-expect-error -- await greenlet
  console.log(greenlet + 1);
  // @ts-expect-error -- linkValue
  greenlet.link_value(() => {});
  // @ts-expect-error -- spawnLater(1000, square, 1)
  spawnLater(square, 1000, 1);
  // @ts-expect-error -- joinAll([greenlet])
  await joinAll(greenlet);
  // @ts-expect-error -- joinAll([greenlet], { timeout: 5000 })
  await joinAll([greenlet], 5);
  // @ts-expect-error -- gather, or Promise.all
  await joinAll([Promise.resolve(1)]);
  // @ts-expect-error -- createTask(square, 1)
  createTask(square(1));
  // @ts-expect-error -- { returnExceptions: true }
  await gather([square], { return_exceptions: true });
  // @ts-expect-error -- patchAll
  monkey.patch_all();
  // @ts-expect-error -- patch({ fetch: true })
  monkey.patch("fetch");
  // @ts-expect-error -- hub.current
  console.log(getcurrent());
}
