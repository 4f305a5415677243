// A consumer of every export, for `tsc --strict`; it is never run.
import * as all from "@nogil/std";
import { isMain, shareable, task } from "@nogil/std";
import { getCurrent, getTrace, RawGreenlet, setTrace } from "@nogil/std/coroutine";
import { AbandonedError, TimeoutError } from "@nogil/std/errors";
import {
  asCompleted,
  type AsyncResult,
  currentTask,
  type Future,
  type MapIterator,
  type PoolStatistics,
  ThreadPool,
  ThreadPoolExecutor,
  wait,
} from "@nogil/std/pool";
import { SharedArray, Value } from "@nogil/std/process";
import { LifoQueue, PriorityQueue, Queue, SimpleQueue } from "@nogil/std/queue";
import {
  Barrier,
  BoundedSemaphore,
  Condition,
  Event,
  Lock,
  RLock,
  RWLock,
  Semaphore,
} from "@nogil/std/sync";
import {
  activeCount,
  currentThread,
  enumerate,
  getIdent,
  mainThread,
  sleepSync,
  Thread,
  ThreadLocal,
  Timer,
} from "@nogil/std/thread";

const error: Error = new TimeoutError("late", { cause: 1 });
const sameClass: typeof TimeoutError = all.TimeoutError;
console.log(error, sameClass, new AbandonedError().message);

export const square = task(import.meta, (x: number) => x * x);
export const Point = shareable(
  import.meta,
  class Point {
    x = 0;
  },
);

export async function locks(signal: AbortSignal): Promise<void> {
  const lock = new Lock({ scope: "thread" });
  {
    using guard = await lock.acquire({ timeout: 10, signal, recover: true });
    const abandoned: boolean = guard.abandoned;
    console.log(abandoned, lock.locked());
  }
  const sum: number = await lock.with(() => Promise.resolve(1));
  const maybe: Disposable | null = lock.tryAcquire();
  maybe?.[Symbol.dispose]();

  const condition = new Condition(new RLock());
  condition.acquireSync();
  condition.notifyAll();
  condition.notify(2);
  const ready: string = condition.waitForSync(() => "ready", { timeout: 0 });
  condition.release();

  const event = new Event();
  event.set();
  await event.wait({ signal });
  event.waitSync({ timeout: 1 });

  const semaphore = new Semaphore(2);
  const bounded: Semaphore = new BoundedSemaphore(2);
  semaphore.acquireSync().release();
  bounded.release(1);

  const barrier = new Barrier(2, { action: () => {}, timeout: 5 });
  const index: number = await barrier.wait();
  const rw = new RWLock();
  (await rw.acquireRead()).release();
  rw.acquireWriteSync({ timeout: 1 }).release();
  console.log(sum, ready, index, semaphore.value);
}

export async function threads(): Promise<number> {
  const thread = new Thread({ target: square, args: [3], name: "squares", daemon: true }).start();
  const result: number = await thread.join({ timeout: 100 });
  const again: number = thread.joinSync({ timeout: 100 });
  // @ts-expect-error: the target takes a number
  new Thread({ target: square, args: ["3"] });
  const timer = new Timer(10, square, [3]);
  timer.start();
  timer.cancel();
  const names: string[] = enumerate().map(({ name }) => name);
  const idents: (number | null)[] = [getIdent(), mainThread().ident, currentThread().ident];
  console.log(names, idents, activeCount(), new ThreadLocal());
  sleepSync(1);
  return result + again;
}

export function shared(): number {
  const counter = new Value("i", 1);
  const before: number = counter.add(1);
  const big: bigint = new Value("q", 1n).value;
  const flag: boolean = new Value("?", true).value;
  const letter: string = new Value("u", "x").value;
  const numbers: Int32Array = SharedArray("i", [1, 2, 3]);
  counter.getLock().acquireSync().release();
  console.log(big, flag, letter, numbers);
  return before;
}

export async function queues(signal: AbortSignal): Promise<void> {
  const numbers = new Queue<number>(10, { scope: "thread" });
  await numbers.put(1, { timeout: 10, signal });
  numbers.putSync(2, { timeout: 10 });
  const put: boolean = numbers.tryPut(3);
  // @ts-expect-error: a string is no number
  numbers.putNowait("4");
  const first: number = await numbers.get({ signal });
  const second: number = numbers.getSync({ timeout: 0 });
  const found: { value: number } | null = numbers.tryGet();
  const state: (number | boolean)[] = [
    numbers.qsize(),
    numbers.empty(),
    numbers.full(),
    numbers.isShutdown,
    numbers.unfinishedTasks,
  ];
  numbers.maxsize = 5;
  numbers.taskDone();
  await numbers.join({ signal });
  numbers.joinSync({ timeout: 1 });
  numbers.shutdown({ immediate: true });
  for await (const n of numbers) console.log(n + 1);
  console.log(put, first, second, found?.value, state);

  const jobs = new PriorityQueue(0, { key: (job: { cost: number }) => job.cost });
  const cost: number = jobs.getNowait().cost;
  const words = new PriorityQueue<string>(0, { compare: (a, b) => a.length - b.length });
  const stack: Queue<string> = new LifoQueue<string>();
  const simple = new SimpleQueue<string>({ scope: "local" });
  await simple.put(words.getNowait() + stack.getNowait());
  // @ts-expect-error: a SimpleQueue has no limit
  console.log(cost, simple.maxsize);
}

export async function pools(signal: AbortSignal): Promise<void> {
  await using pool = new ThreadPool(2, { initializer: square, initargs: [1], concurrency: 4 });
  const applied: number = await pool.apply(square, [2], { timeout: 10, signal, retries: 1 });
  const awaited: string = await pool.apply(() => Promise.resolve("x"));
  // @ts-expect-error: the function takes a number
  await pool.apply(square, ["2"]);
  // @ts-expect-error: the function takes an argument
  await pool.apply(square);
  const result: AsyncResult<number> = pool.applyAsync(square, [3], {
    callback: (value) => console.log(value.toFixed(1)),
  });
  const mapped: number[] = await pool.map(square, new Set([1, 2]), {
    onProgress: ({ done, total }) => console.log(done, total),
    progress: true,
  });
  // @ts-expect-error: the function takes numbers
  await pool.map(square, ["x"]);
  const inferred: number[] = await pool.map((word) => word.length, ["a", "bc"]);
  const stars: string[] = pool.starmapSync((a: number, b: string) => b.repeat(a), [[1, "x"]]);
  // @ts-expect-error: two arguments are needed
  pool.starmapAsync((a: number, b: string) => b.repeat(a), [[1]]);
  const iterator: MapIterator<number> = pool.imap(square, [1, 2], { buffersize: 2 });
  for await (const n of iterator) console.log(n.toFixed(1));
  const next: IteratorResult<number> = iterator.nextSync({ timeout: 0 });
  const statistics: PoolStatistics = pool.statistics();
  const aborted: boolean | undefined = currentTask()?.signal.aborted;
  const within: number = await ThreadPool.with(1, (inner) => inner.apply(square, [3]));
  console.log(applied, awaited, await result, mapped, inferred, stars, next, statistics, aborted);

  await using executor = new ThreadPoolExecutor({ maxWorkers: 2, threadNamePrefix: "worker" });
  const future: Future<number> = executor.submit(square, within);
  // @ts-expect-error: the function takes a number
  executor.submit(square, "x");
  // @ts-expect-error: the function takes an argument
  executor.submit(square);
  const value: number = future.resultSync({ timeout: 1 });
  const { done, notDone } = await wait([future, result], { returnWhen: "FIRST_COMPLETED" });
  for await (const one of asCompleted([future])) console.log(await one.result({ signal }));
  const pairs = executor.options({ priority: 1, chunksize: 2 })
    .map((a: number, b: string) => b.repeat(a), [1, 2], new Set(["x"]));
  for await (const text of pairs) console.log(text.length);
  // @ts-expect-error: the second iterable has to give strings
  executor.map((a: number, b: string) => b.repeat(a), [1, 2], [3]);
  await executor.shutdown({ cancelFutures: true });
  console.log(value, done.size, notDone.size);
}

export function greenlets(): number {
  const main: RawGreenlet = getCurrent();
  const greenlet = new RawGreenlet(function* (x: number) {
    const untyped: string = yield main.switch(x);
    const length: number = yield* main.switch<number>(untyped);
    // @ts-expect-error: a number has no such property
    console.log(length.missing);
    const text: string = yield* main.switch<string>();
    yield main.throw(new RangeError());
    return text;
  });
  class Counter extends RawGreenlet {
    count = 0;
    override *run(step: number): Generator<unknown, void, number> {
      for (;;) this.count += yield this.parent?.switch(step);
    }
  }
  const counter = new Counter(null, greenlet);
  counter.parent = main;
  const first: number = counter.switch(1);
  const second = counter.switch<number>(first) + 1;
  const previous = setTrace((event, origin, target) => console.log(event, origin.dead, target));
  console.log(previous === getTrace(), counter.started, greenlet.throw(), counter.grContext);
  return second;
}

if (isMain(import.meta)) await threads();
